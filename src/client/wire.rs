//! One request and its answer, over a network that breaks: sent again under the same idempotency key, as often as it takes.

use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::{Method, Response, StatusCode};
use serde_json::Value;

use super::input::Input;
use super::screen::Screen;
use super::trouble::Trouble;

/// How long the server may be silent.
const SILENCE: Duration = Duration::from_secs(300);
const CONNECT: Duration = Duration::from_secs(10);
/// How often a broken connection is tried again, with pauses that double from [`PAUSE`].
const RETRIES: u32 = 5;
const PAUSE: Duration = Duration::from_millis(250);
/// How long is waited altogether when the server asks for it.
const PATIENCE: Duration = Duration::from_secs(600);

/// What is asked of the server.
pub struct Request {
    method: Method,
    path: String,
    query: Vec<(String, String)>,
    accept: &'static str,
    body: Body,
    key: Option<String>,
    /// How long the server may ask us to wait.
    patience: Duration,
}

enum Body {
    None,
    Bytes(&'static str, Vec<u8>),
    File(&'static str, Input, indicatif::ProgressBar),
}

impl Request {
    pub fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path)
    }

    pub fn post(path: impl Into<String>) -> Self {
        Self::new(Method::POST, path)
    }

    fn new(method: Method, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            query: Vec::new(),
            accept: "application/json",
            body: Body::None,
            key: None,
            patience: PATIENCE,
        }
    }

    #[must_use]
    pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    #[must_use]
    pub fn accept(self, accept: &'static str) -> Self {
        Self { accept, ..self }
    }

    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        self.bytes("application/json", body.to_string().into_bytes())
    }

    #[must_use]
    pub fn bytes(self, kind: &'static str, bytes: Vec<u8>) -> Self {
        let body = Body::Bytes(kind, bytes);
        Self { body, ..self }
    }

    /// A file, read as it is sent; the bar follows.
    #[must_use]
    pub fn file(self, kind: &'static str, file: Input, bar: indicatif::ProgressBar) -> Self {
        let body = Body::File(kind, file, bar);
        Self { body, ..self }
    }

    /// A person stands by, and would rather know than wait.
    #[must_use]
    pub fn impatiently(self) -> Self {
        let patience = Duration::from_secs(5);
        Self { patience, ..self }
    }

    /// Under this key the server does it once, however often it is asked.
    #[must_use]
    pub fn once(self, key: impl Into<String>) -> Self {
        let key = Some(key.into());
        Self { key, ..self }
    }
}

/// A good answer, whole.
pub struct Answer {
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    /// # Errors
    /// When it is no JSON.
    pub fn json(&self) -> Result<Value, Trouble> {
        serde_json::from_slice(&self.body).map_err(|_| Trouble::answered(200, &self.body))
    }

    /// Whether the server had done this before.
    pub fn replayed(&self) -> bool {
        self.headers.contains_key("idempotency-replayed")
    }
}

/// Why there is no good answer yet.
pub enum Failure {
    /// The connection: nobody knows whether it was done.
    Broken(String),
    /// The server asks to come back.
    Later(Option<Duration>, Trouble),
    /// The token is not good (any more).
    Unauthenticated(Trouble),
    Refused(Trouble),
}

/// The connection to one server.
pub struct Wire {
    http: reqwest::Client,
    pub server: String,
}

impl Wire {
    /// # Errors
    /// When this is no address.
    pub fn to(server: &str) -> Result<Self, Trouble> {
        let address = url::Url::parse(server)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        let address = address.ok_or_else(|| {
            Trouble::usage(format!(
                "`{server}` is no address of a server, like https://touchbase.example.com."
            ))
        })?;
        // None of it would reach the server as it stands here, and a password would be kept and shown.
        let more = [
            (
                !address.username().is_empty() || address.password().is_some(),
                "a user name or password",
            ),
            (address.query().is_some(), "a query"),
            (address.fragment().is_some(), "a fragment"),
        ];
        if let Some((_, what)) = more.into_iter().find(|(there, _)| *there) {
            return Err(Trouble::usage(format!(
                "The server's address has {what} in it. Give it without, like https://touchbase.example.com; `touchbase login` asks who signs in."
            )));
        }
        let http = crate::tls::client()
            .connect_timeout(CONNECT)
            .read_timeout(SILENCE)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("touchbase/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| Trouble::failed("http", spelled(&error)))?;
        let server = address.as_str().trim_end_matches('/').to_owned();
        Ok(Self { http, server })
    }

    /// Whether others on the way can read along.
    pub fn is_open_to_all(&self) -> bool {
        let Ok(address) = url::Url::parse(&self.server) else {
            return true;
        };
        let here = match address.host() {
            Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
            Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
            Some(url::Host::Domain(name)) => name == "localhost",
            None => false,
        };
        address.scheme() == "http" && !here
    }

    /// Asks once, and reads the head of the answer.
    ///
    /// # Errors
    /// Every answer that is not a good one.
    pub async fn ask(&self, request: &Request, token: Option<&str>) -> Result<Response, Failure> {
        let url = url::Url::parse_with_params(&format!("{}{}", self.server, request.path), &request.query);
        let mut url = url.map_err(|error| Failure::Refused(Trouble::failed("http", error)))?;
        if request.query.is_empty() {
            url.set_query(None);
        }
        let mut ask = self
            .http
            .request(request.method.clone(), url)
            .header(ACCEPT, request.accept);
        if let Some(token) = token {
            ask = ask.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        if let Some(key) = &request.key {
            ask = ask.header("idempotency-key", key);
        }
        ask = match &request.body {
            Body::None => ask,
            Body::Bytes(kind, bytes) => ask.header(CONTENT_TYPE, *kind).body(bytes.clone()),
            Body::File(kind, file, bar) => {
                bar.set_position(0);
                let body = file.body(bar.clone()).map_err(Failure::Refused)?;
                let ask = ask.header(CONTENT_TYPE, *kind).header(CONTENT_LENGTH, file.len);
                ask.body(body)
            }
        };
        let answer = ask.send().await.map_err(|error| Failure::Broken(spelled(&error)))?;
        if answer.status().is_success() {
            // A page that greets us on the way to the server is no answer, however good it looks.
            return match answer.status() == StatusCode::NO_CONTENT || is(&answer, request.accept) {
                true => Ok(answer),
                false => Err(Failure::Refused(Trouble::answered(answer.status().as_u16(), b""))),
            };
        }
        Err(match refused(answer).await {
            Failure::Later(Some(wait), trouble) if wait > request.patience => {
                Failure::Refused(asks_to_wait(trouble, wait))
            }
            failure => failure,
        })
    }

    /// The rest of a good answer.
    ///
    /// # Errors
    /// When the connection breaks.
    pub async fn whole(answer: Response) -> Result<Answer, Failure> {
        let headers = answer.headers().clone();
        let body = answer.bytes().await.map_err(|error| Failure::Broken(spelled(&error)))?;
        Ok(Answer {
            headers,
            body: body.to_vec(),
        })
    }
}

/// Whether an answer is of the kind that was asked for.
fn is(answer: &Response, kind: &str) -> bool {
    let named = answer.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let named = named.and_then(|value| value.split(';').next());
    named.is_some_and(|named| named.trim().eq_ignore_ascii_case(kind))
}

async fn refused(answer: Response) -> Failure {
    let status = answer.status();
    let header = |name| {
        answer
            .headers()
            .get(name)
            .and_then(|value: &reqwest::header::HeaderValue| value.to_str().ok())
    };
    let seconds = header(RETRY_AFTER).and_then(|text| text.parse().ok());
    let wait = seconds.map(Duration::from_secs);
    let body = match answer.bytes().await {
        Ok(body) => body,
        Err(error) => return Failure::Broken(spelled(&error)),
    };
    let trouble = Trouble::answered(status.as_u16(), &body);
    match status {
        StatusCode::UNAUTHORIZED => Failure::Unauthenticated(trouble),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => Failure::Later(wait, trouble),
        // Between us and the server: nobody knows what became of it.
        StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT => Failure::Broken(trouble.told()),
        // The first try goes on over there.
        StatusCode::CONFLICT if trouble.code() == "request_in_progress" => {
            Failure::Later(wait.or(Some(Duration::from_secs(1))), trouble)
        }
        _ => Failure::Refused(trouble),
    }
}

fn asks_to_wait(trouble: Trouble, wait: Duration) -> Trouble {
    trouble.and(format!("The server asks to wait {} seconds.", wait.as_secs()))
}

/// An error with its causes: the last one says what really happened.
pub fn spelled(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

/// How much more is borne for one request.
#[derive(Default)]
pub struct Patience {
    broken: u32,
    /// For how long a server that is known to be there may be away, and for how long it has been.
    away: Option<(Duration, Duration)>,
    waited: Duration,
}

impl Patience {
    /// With a server that has answered before: it may be away for as long as it takes to start anew.
    pub fn with_known(longest: Duration) -> Self {
        Self {
            away: Some((longest, Duration::ZERO)),
            ..Self::default()
        }
    }

    /// Waits before the next try.
    ///
    /// # Errors
    /// When there were enough.
    pub async fn broken(&mut self, why: &str, server: &str, screen: Screen) -> Result<(), Trouble> {
        let pause = PAUSE * 2_u32.pow(self.broken.min(RETRIES));
        let enough = match &mut self.away {
            None => self.broken >= RETRIES,
            Some((longest, so_far)) => {
                *so_far += pause;
                so_far > longest
            }
        };
        if enough {
            return Err(Trouble::unreachable(format!("{server} cannot be reached: {why}.")));
        }
        if self.broken == 1 {
            let long = match self.away {
                Some((longest, _)) => format!(", for up to {} seconds", longest.as_secs()),
                None => String::new(),
            };
            screen.aside(&format!(
                "The connection to {server} broke ({why}); trying again{long}."
            ));
        }
        self.broken += 1;
        tokio::time::sleep(pause).await;
        Ok(())
    }

    /// Waits as long as the server asks for; without its word, as after a broken connection.
    ///
    /// # Errors
    /// When that is longer than we wait.
    pub async fn later(&mut self, wait: Option<Duration>, trouble: Trouble, screen: Screen) -> Result<(), Trouble> {
        let pause = wait
            .map(|it| it.max(PAUSE))
            .unwrap_or(PAUSE * 2_u32.pow(self.broken.min(8)));
        if wait.is_none() {
            self.broken += 1;
        }
        if self.waited + pause > PATIENCE {
            return Err(asks_to_wait(trouble, pause));
        }
        if pause > Duration::from_secs(2) {
            screen.aside(&format!("The server asks to wait {} seconds.", pause.as_secs()));
        }
        self.waited += pause;
        tokio::time::sleep(pause).await;
        Ok(())
    }
}
