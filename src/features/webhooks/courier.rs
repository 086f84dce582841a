//! Carries one delivery to one address, and nothing anywhere else.
//!
//! The address that was looked at is the one that is connected to: literal ones are looked at before the request, names when they are
//! looked up for the connection, each time. No redirect is followed, no proxy asked, nothing waited for longer than ten seconds.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::RETRY_AFTER;
use reqwest::redirect::Policy;

use super::address;
use super::delivery::{Outcome, retry_after};
use crate::clock::Timestamp;
use crate::{tls, wording};

/// How long a try may take.
const TRY: Duration = Duration::from_secs(10);
/// How much of an answer is taken, so that its connection can be used again.
const ANSWER: usize = 64 << 10;

/// Looks names up.
pub type Lookup = Arc<dyn Fn(String) -> BoxFuture<'static, std::io::Result<Vec<SocketAddr>>> + Send + Sync>;

/// As the machine does.
pub fn names() -> Lookup {
    Arc::new(|name| async move { Ok(tokio::net::lookup_host((name, 0)).await?.collect()) }.boxed())
}

/// Gives out addresses that may be connected to, and no others.
struct Vetted {
    lookup: Lookup,
    allowed: Arc<[IpNet]>,
}

impl Resolve for Vetted {
    fn resolve(&self, name: Name) -> Resolving {
        let (found, allowed) = ((self.lookup)(name.as_str().to_owned()), self.allowed.clone());
        Box::pin(async move {
            let mut found = found.await?;
            found.retain(|each| address::may(each.ip(), &allowed));
            if found.is_empty() {
                return Err(Forbidden.into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// No address of a name may be connected to.
#[derive(Debug)]
struct Forbidden;

impl std::fmt::Display for Forbidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("no address of this name may be connected to")
    }
}

impl std::error::Error for Forbidden {}

/// What is carried.
pub struct Letter {
    pub url: String,
    pub id: String,
    pub at: Timestamp,
    pub signatures: String,
    pub body: Vec<u8>,
}

pub struct Courier {
    client: reqwest::Client,
    allowed: Arc<[IpNet]>,
}

impl Courier {
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(allowed: &[IpNet], lookup: Lookup) -> Result<Self, reqwest::Error> {
        let allowed: Arc<[IpNet]> = Arc::from(allowed);
        let vetted = Vetted {
            lookup,
            allowed: allowed.clone(),
        };
        let client = tls::client()
            .user_agent(concat!("Touchbase-Webhooks/", env!("CARGO_PKG_VERSION")))
            .no_proxy()
            .redirect(Policy::none())
            .referer(false)
            .timeout(TRY)
            .pool_max_idle_per_host(4)
            .pool_idle_timeout(Duration::from_secs(20))
            .dns_resolver(Arc::new(vetted))
            .build()?;
        Ok(Self { client, allowed })
    }

    /// Carries it. Whatever goes wrong is an outcome.
    pub async fn carry(&self, letter: Letter) -> Outcome {
        let started = Instant::now();
        let now = letter.at;
        let mut outcome = match address::objection(&letter.url, &self.allowed) {
            Some(objection) => failed(objection),
            None => self.send(letter, now).await,
        };
        outcome.milliseconds = i64::try_from(started.elapsed().as_millis()).unwrap_or(i64::MAX);
        outcome
    }

    async fn send(&self, letter: Letter, now: Timestamp) -> Outcome {
        let request = self
            .client
            .post(letter.url)
            .header("content-type", "application/json")
            .header("webhook-id", letter.id)
            .header("webhook-timestamp", letter.at.timestamp().to_string())
            .header("webhook-signature", letter.signatures)
            .body(letter.body);
        let mut answer = match request.send().await {
            Ok(answer) => answer,
            Err(error) => return failed(&reason(&error)),
        };
        let status = answer.status();
        let wait = answer
            .headers()
            .get(RETRY_AFTER)
            .and_then(|header| header.to_str().ok());
        let wait = wait.and_then(|header| retry_after(header, now));
        let mut taken = 0;
        // The status says it all; the rest is read so that the connection can be used again.
        while let Ok(Some(chunk)) = answer.chunk().await {
            taken += chunk.len();
            if taken > ANSWER {
                break;
            }
        }
        let error = (!status.is_success()).then(|| match status.is_redirection() {
            true => format!("It answered {}: redirects are not followed.", status.as_u16()),
            false => format!("It answered {}.", status.as_u16()),
        });
        Outcome {
            milliseconds: 0,
            status_code: Some(i64::from(status.as_u16())),
            error,
            retry_after: wait,
        }
    }
}

fn failed(why: &str) -> Outcome {
    Outcome {
        milliseconds: 0,
        status_code: None,
        error: Some(wording::cut(why, 199)),
        retry_after: None,
    }
}

/// In words, without the URL: it may hold a secret.
fn reason(error: &reqwest::Error) -> String {
    let mut causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    if causes.any(|cause| cause.is::<Forbidden>()) {
        return "No address of this name is public, or allowed by this installation.".into();
    }
    if error.is_timeout() {
        return format!("It did not answer within {} seconds.", TRY.as_secs());
    }
    if error.is_connect() {
        return "It could not be connected to.".into();
    }
    "The connection broke off.".into()
}
