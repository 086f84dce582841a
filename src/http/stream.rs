//! Server-sent events: an answer that goes on, for as long as there is something to say to somebody who may hear it.
//!
//! It is pulled, not pushed: nothing is read before the client has taken what came before, so a slow reader costs one portion of memory.
//! Whoever listens is asked for again before anything is said, and with each sign of life: who has signed out, lost a permission or was
//! deactivated meanwhile hears no more. A stream ends with its token, and when the server stops; the client comes back and says where it was.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use actix_web::body::BodyStream;
use actix_web::http::{Method, header};
use actix_web::web::Bytes;
use actix_web::{Either, Error, HttpRequest, HttpResponse};
use futures_util::stream;
use serde::Serialize;
use tokio::time::{Instant, sleep_until};

use super::{Access, App, Problem, Reply, bearer};
use crate::access::{Actor, Caller};
use crate::id::OrganizationId;
use crate::refusal::Code;

pub const KIND: &str = "text/event-stream";
/// Where a client says what it heard last (the same by the parameter `last_event_id`, for those that cannot set it).
pub const LAST: &str = "Last-Event-ID";
/// After how many milliseconds a client whose stream has ended comes back.
const RETRY: u32 = 2000;

/// What answers as a document or as a stream, as the client likes it.
pub type DocumentOrStream<T> = Result<Either<Reply<T>, HttpResponse>, Problem>;

/// Where a stream has what it says.
pub trait Source: 'static {
    /// Waits until there may be something to say. It may be dropped at any moment, and is then called again.
    fn wait(&mut self) -> impl Future<Output = ()>;

    /// What there is to say now, to this caller as they are now.
    fn read(&mut self, caller: &Caller) -> impl Future<Output = Result<Said, Problem>>;

    /// How far it has looked: with each sign of life the client hears of it, though nothing was for it.
    fn place(&self) -> Option<i64> {
        None
    }
}

/// What a source has to say.
#[derive(Debug, Default)]
pub struct Said {
    text: String,
    /// There is more at once.
    pub more: bool,
    /// That was all, for good.
    pub last: bool,
}

impl Said {
    /// Adds an event.
    ///
    /// # Errors
    /// Never, but JSON may always fail.
    pub fn event(&mut self, name: Option<&str>, id: Option<i64>, data: &impl Serialize) -> Result<(), Problem> {
        let data = serde_json::to_string(data).map_err(|error| Problem::internal(&error))?;
        if let Some(id) = id {
            let _ = writeln!(self.text, "id: {id}");
        }
        if let Some(name) = name {
            let _ = writeln!(self.text, "event: {name}");
        }
        let _ = write!(self.text, "data: {data}\n\n");
        Ok(())
    }
}

/// What the client heard last: by the header, which comes with every reconnection, or by the parameter.
///
/// # Errors
/// 400 when the header is none of ours.
pub fn heard(request: &HttpRequest, parameter: Option<i64>) -> Result<Option<i64>, Problem> {
    let Some(header) = request.headers().get(LAST).filter(|header| !header.is_empty()) else {
        return Ok(parameter);
    };
    let id = header.to_str().ok().and_then(|id| id.trim().parse::<i64>().ok());
    let id = id.filter(|id| *id >= 0);
    id.map(Some).ok_or_else(|| {
        Problem::fault(
            LAST,
            "invalid_format",
            "This is the `id` of an event, a whole number. Leave it out to hear what comes from now on.",
        )
    })
}

/// Answers with a stream.
///
/// # Errors
/// 429 for a caller who has too many open.
pub fn answer(
    app: &App,
    request: &HttpRequest,
    caller: &Caller,
    access: Access,
    source: impl Source,
) -> Result<HttpResponse, Problem> {
    let mut response = HttpResponse::Ok();
    response
        .content_type(KIND)
        .insert_header((header::CONTENT_ENCODING, "identity"))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        // What stands between would wait for the end.
        .insert_header(("x-accel-buffering", "no"));
    if request.method() == Method::HEAD {
        return Ok(response.finish());
    }
    let open = Open {
        token: bearer::token(request.headers())?.to_owned(),
        place: Place::take(caller, app.config.streams_per_caller)?,
        heartbeat: Duration::from_secs(app.config.stream_heartbeat_seconds.max(1)),
        beat: Instant::now(),
        app: app.clone(),
        access,
        source,
        begun: false,
        more: true,
        over: false,
    };
    let chunks = stream::unfold(open, |mut open| async move {
        let said = open.say().await?;
        Some((Ok::<_, Error>(Bytes::from(said)), open))
    });
    Ok(response.body(BodyStream::new(Box::pin(chunks))))
}

/// An open stream.
struct Open<S> {
    app: App,
    token: String,
    access: Access,
    source: S,
    heartbeat: Duration,
    /// When the next sign of life is due.
    beat: Instant,
    begun: bool,
    more: bool,
    over: bool,
    #[expect(dead_code, reason = "it is given back when the stream ends")]
    place: Place,
}

impl<S: Source> Open<S> {
    /// What is sent next; `None` at the end.
    async fn say(&mut self) -> Option<String> {
        self.beat = Instant::now() + self.heartbeat;
        if !self.begun {
            self.begun = true;
            return Some(format!("retry: {RETRY}\n\n"));
        }
        while !self.over && !self.app.stopping.is_set() {
            let mut quiet = false;
            if !self.more {
                tokio::select! {
                    biased;
                    () = self.app.stopping.wait() => return None,
                    () = self.source.wait() => {}
                    () = sleep_until(self.beat) => quiet = true,
                }
            }
            match self.next(quiet).await {
                Ok(said) if said.is_empty() => {}
                Ok(said) => return Some(said),
                Err(problem) => {
                    self.over = true;
                    return Some(format!(": {}\n\n", problem.code));
                }
            }
        }
        None
    }

    async fn next(&mut self, quiet: bool) -> Result<String, Problem> {
        let caller = bearer::who(&self.app, &self.token).await?;
        self.access.allows(&caller)?;
        if quiet {
            let place = self.source.place().map(|id| format!("id: {id}\n"));
            return Ok(format!(":\n{}\n", place.unwrap_or_default()));
        }
        let said = self.source.read(&caller).await?;
        self.more = said.more;
        self.over = said.last;
        Ok(said.text)
    }
}

/// How many streams each caller has open in this process.
static OPEN: LazyLock<Mutex<HashMap<Listening, usize>>> = LazyLock::new(Mutex::default);

type Listening = (OrganizationId, Actor);

/// One of a caller's streams, for as long as it lives.
struct Place(Listening);

impl Place {
    fn take(caller: &Caller, most: usize) -> Result<Self, Problem> {
        let who = (caller.organization, caller.actor());
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(who).or_default();
        if *count >= most {
            return Err(Problem::new(
                Code::TooManyRequests,
                format!("{most} streams of yours are open here. Close one, or listen to one stream for all you need."),
            )
            .retry_after(30));
        }
        *count += 1;
        metrics::gauge!("streams_open").increment(1.0);
        Ok(Self(who))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        metrics::gauge!("streams_open").decrement(1.0);
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        match open.get_mut(&self.0) {
            Some(count) if *count > 1 => *count -= 1,
            Some(_) | None => drop(open.remove(&self.0)),
        }
    }
}
