//! The server as the signed-in user or script of a profile.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use chrono::TimeDelta;
use reqwest::Response;
use serde_json::{Value, json};

use super::Common;
use super::profile::{Credentials, Place, Profile, Session};
use super::screen::Screen;
use super::trouble::Trouble;
use super::wire::{Answer, Failure, Patience, Request, Wire};
use crate::clock::Clock;

/// Where a server is when nobody says it: on this machine, as `touchbase serve` begins.
const HERE: &str = "http://127.0.0.1:8080";
/// No token is good for longer than a year, in seconds.
const LONGEST: i64 = 366 * 86_400;
/// The API key of scripts; wins over the profile.
pub const KEY_VARIABLE: &str = "TOUCHBASE_API_KEY";

/// Who asks.
enum With {
    Nobody,
    Key(String),
    Session(Place, Session),
}

pub struct Server {
    pub wire: Wire,
    pub screen: Screen,
    clock: Clock,
    with: RefCell<With>,
    /// Whether the server has answered: then it is the right one, and may be away for a while.
    met: Cell<bool>,
    patience: Duration,
}

/// The API key in the environment.
///
/// # Errors
/// When it cannot be one.
pub fn key_of_environment() -> Result<Option<String>, Trouble> {
    let Some(set) = std::env::var_os(KEY_VARIABLE) else {
        return Ok(None);
    };
    let key = api_key(KEY_VARIABLE, &set.to_string_lossy())?;
    Ok(Some(key).filter(|key| !key.is_empty()))
}

/// An API key as a file or a variable holds it: the line's end after it is not a part of it.
///
/// # Errors
/// When it cannot be one.
pub fn api_key(whence: &str, text: &str) -> Result<String, Trouble> {
    let key = text.trim();
    if key.chars().all(|letter| letter.is_ascii_graphic()) {
        return Ok(key.to_owned());
    }
    Err(Trouble::usage(format!(
        "{whence} holds no API key: there is a line break, a blank or another character in it that none has."
    )))
}

impl Server {
    /// For signing in.
    ///
    /// # Errors
    /// When the address is none.
    pub fn unknown(common: &Common) -> Result<Self, Trouble> {
        let server = common.server.as_deref().unwrap_or(HERE);
        Self::new(Wire::to(server)?, common, With::Nobody)
    }

    /// As the environment's API key, else as the profile says.
    ///
    /// # Errors
    /// When nobody is signed in, or at another server.
    pub fn open(common: &Common) -> Result<Self, Trouble> {
        let Some(key) = key_of_environment()? else {
            return Self::profile(common);
        };
        let server = match &common.server {
            Some(server) => server.clone(),
            None => {
                let profile = common.place()?.read()?;
                profile.map_or_else(|| HERE.to_owned(), |profile| profile.server)
            }
        };
        Self::new(Wire::to(&server)?, common, With::Key(key))
    }

    /// As the profile says, whatever the environment does.
    ///
    /// # Errors
    /// When nobody is signed in, or at another server.
    pub fn profile(common: &Common) -> Result<Self, Trouble> {
        let place = common.place()?;
        let Some(profile) = place.read()? else {
            return Err(Trouble::not_signed_in(format!(
                "Nobody is signed in in the profile `{}`. `touchbase login` signs in; scripts set {KEY_VARIABLE} and TOUCHBASE_SERVER.",
                place.name
            )));
        };
        let wire = Wire::to(&profile.server)?;
        if let Some(wanted) = &common.server {
            // What opens one door is never shown at another.
            let wanted = Wire::to(wanted)?.server;
            if wanted != wire.server {
                return Err(Trouble::not_signed_in(format!(
                    "The profile `{0}` is signed in at {1}, not at {wanted}. `touchbase login --server {wanted} --profile …` signs in there.",
                    place.name, wire.server
                )));
            }
        }
        let with = match profile.with {
            Credentials::ApiKey { api_key } => With::Key(api_key),
            Credentials::Session(session) => With::Session(place, session),
        };
        Self::new(wire, common, with)
    }

    fn new(wire: Wire, common: &Common, with: With) -> Result<Self, Trouble> {
        Ok(Self {
            wire,
            screen: common.screen(),
            clock: Clock::default(),
            with: RefCell::new(with),
            met: Cell::new(false),
            patience: Duration::from_secs(common.patience),
        })
    }

    /// A key under which the server does a thing once: for what a person asks for anew each time.
    pub fn fresh_key(&self) -> String {
        format!("cli-{}", self.clock.id())
    }

    /// From now on as this key.
    pub fn become_key(&self, key: &str) {
        *self.with.borrow_mut() = With::Key(key.to_owned());
    }

    /// Asks until there is a good answer, and reads it whole.
    ///
    /// # Errors
    /// When the server refuses, or cannot be reached for long.
    pub async fn whole(&self, request: &Request) -> Result<Answer, Trouble> {
        self.patiently(async |token| Wire::whole(self.wire.ask(request, token).await?).await)
            .await
    }

    /// The same for a JSON document.
    ///
    /// # Errors
    /// As for `whole`.
    pub async fn json(&self, request: &Request) -> Result<Value, Trouble> {
        self.whole(request).await?.json()
    }

    /// The same, with the answer's body still to come.
    ///
    /// # Errors
    /// As for `whole`.
    pub async fn begun(&self, request: &Request) -> Result<Response, Trouble> {
        self.patiently(async |token| self.wire.ask(request, token).await).await
    }

    async fn patiently<T>(&self, mut ask: impl AsyncFnMut(Option<&str>) -> Result<T, Failure>) -> Result<T, Trouble> {
        let mut patience = match self.met.get() {
            true => Patience::with_known(self.patience),
            false => Patience::default(),
        };
        let mut renewed = false;
        loop {
            let token = self.token(false).await?;
            match ask(token.as_deref()).await {
                Ok(answer) => {
                    self.met.set(true);
                    return Ok(answer);
                }
                Err(Failure::Refused(trouble)) => return Err(trouble),
                Err(Failure::Broken(why)) => patience.broken(&why, &self.wire.server, self.screen).await?,
                Err(Failure::Later(wait, trouble)) => patience.later(wait, trouble, self.screen).await?,
                Err(Failure::Unauthenticated(trouble)) if renewed || !self.is_session() => return Err(trouble),
                Err(Failure::Unauthenticated(_)) => {
                    renewed = true;
                    drop(self.token(true).await?);
                }
            }
        }
    }

    pub fn is_session(&self) -> bool {
        matches!(&*self.with.borrow(), With::Session(..))
    }

    /// The token to show: a session's is renewed when it is about to expire, or was refused.
    async fn token(&self, refused: bool) -> Result<Option<String>, Trouble> {
        let (place, session) = match &*self.with.borrow() {
            With::Nobody => return Ok(None),
            With::Key(key) => return Ok(Some(key.clone())),
            With::Session(place, session) => (place.clone(), session.clone()),
        };
        if !refused && !self.is_about_to_expire(&session) {
            return Ok(Some(session.access_token));
        }
        let session = self.renewed(&place, session).await?;
        let token = session.access_token.clone();
        *self.with.borrow_mut() = With::Session(place, session);
        Ok(Some(token))
    }

    fn is_about_to_expire(&self, session: &Session) -> bool {
        session.access_expires_at <= self.clock.now().plus(TimeDelta::seconds(30))
    }

    /// Continues the session. A refresh token is good once, so only one process at a time does this, and the others take what it got;
    /// where an answer is lost, the same token is sent again, which the server forgives.
    async fn renewed(&self, place: &Place, known: Session) -> Result<Session, Trouble> {
        let over = || {
            Trouble::not_signed_in(format!(
                "The session of the profile `{}` is over. `touchbase login` signs in again.",
                place.name
            ))
        };
        let locked = place.lock()?;
        let current = match place.read()?.map(|profile| (profile.server, profile.with)) {
            Some((server, Credentials::Session(session))) if Wire::to(&server)?.server == self.wire.server => session,
            Some(_) | None => return Err(over()),
        };
        if current.access_token != known.access_token && !self.is_about_to_expire(&current) {
            return Ok(current);
        }
        let body = json!({"refresh_token": current.refresh_token});
        let request = Request::post("/v1/auth/refresh").json(&body);
        let mut patience = Patience::default();
        let answer = loop {
            let answer = match self.wire.ask(&request, None).await {
                Ok(answer) => Wire::whole(answer).await,
                Err(failure) => Err(failure),
            };
            match answer {
                Ok(answer) => break answer.json()?,
                Err(Failure::Unauthenticated(_)) => return Err(over()),
                Err(Failure::Refused(trouble)) => return Err(trouble),
                Err(Failure::Broken(why)) => patience.broken(&why, &self.wire.server, self.screen).await?,
                Err(Failure::Later(wait, trouble)) => patience.later(wait, trouble, self.screen).await?,
            }
        };
        let session = self.session(&answer)?;
        let profile = Profile {
            server: self.wire.server.clone(),
            with: Credentials::Session(session.clone()),
        };
        place.write(&locked, &profile)?;
        Ok(session)
    }

    /// A session out of the server's answer.
    ///
    /// # Errors
    /// When it is none.
    pub fn session(&self, answer: &Value) -> Result<Session, Trouble> {
        let sound = |token: &&str| !token.is_empty() && token.chars().all(|letter| letter.is_ascii_graphic());
        let text = |name: &str| answer[name].as_str().filter(sound).map(str::to_owned);
        let seconds = answer["expires_in"].as_i64().unwrap_or_default().clamp(0, LONGEST);
        match (text("refresh_token"), text("access_token")) {
            (Some(refresh_token), Some(access_token)) => Ok(Session {
                refresh_token,
                access_token,
                access_expires_at: self.clock.now().plus(TimeDelta::seconds(seconds)),
            }),
            _ => Err(Trouble::answered(200, b"")),
        }
    }
}
