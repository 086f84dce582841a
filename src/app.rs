//! What a handler may reach.

use std::sync::Arc;

use metrics_exporter_prometheus::PrometheusHandle;
use tokio::sync::watch;

use crate::access::{Actor, ActorKind, Caller, Callers, Origin, login, token::Keys};
use crate::clock::Clock;
use crate::config::Config;
use crate::db::{Db, Reader, Tx};
use crate::id::OrganizationId;
use crate::journal::{self, Unit};
use crate::mail::Mailer;

/// One running instance.
pub struct App {
    pub db: Db,
    pub clock: Clock,
    pub config: Config,
    pub keys: Keys,
    pub callers: Callers,
    /// None where no mail server is configured.
    pub mail: Option<Mailer>,
    /// Signs page cursors, and keys the fingerprints of requests.
    pub cursor_secret: Vec<u8>,
    pub metrics: Option<PrometheusHandle>,
    /// Set when the server is about to stop: readiness says no, so that load balancers look elsewhere.
    pub stopping: Stopping,
}

/// Whether the server is about to stop: asked by readiness, awaited by what would go on for ever.
#[derive(Default)]
pub struct Stopping(watch::Sender<bool>);

impl Stopping {
    pub fn set(&self, stopping: bool) {
        self.0.send_replace(stopping);
    }

    pub fn is_set(&self) -> bool {
        *self.0.borrow()
    }

    /// Until it is.
    pub async fn wait(&self) {
        // The sender is ours, and lives as long as this borrow.
        let _ = self.0.subscribe().wait_for(|stopping| *stopping).await;
    }
}

/// The instance could not be put together.
#[derive(Debug)]
pub struct Broken(pub String);

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Broken {}

impl App {
    /// Opens the database, brings its schema up to date, and loads the keys.
    ///
    /// # Errors
    /// With a sentence for the person who starts it.
    pub async fn open(config: Config, clock: Clock, metrics: Option<PrometheusHandle>) -> Result<Arc<Self>, Broken> {
        let mail = Mailer::open(config.smtp_url.as_deref(), config.mail_from.as_deref()).map_err(Broken)?;
        let db = Db::open(&config.database_url, config.database_connections)
            .await
            .map_err(|error| Broken(format!("The database cannot be opened: {error}")))?;
        db.migrate()
            .await
            .map_err(|error| Broken(format!("The database cannot be migrated: {error}")))?;
        let keys = Keys::open(&db, &clock, &config.public_url)
            .await
            .map_err(|error| Broken(format!("The signing keys cannot be used: {}", error.0)))?;
        let cursor_secret = login::cursor_secret(&db)
            .await
            .map_err(|error| Broken(format!("The database cannot be written: {error}")))?;
        Ok(Arc::new(Self {
            db,
            clock,
            config,
            keys,
            callers: Callers::default(),
            mail,
            cursor_secret,
            metrics,
            stopping: Stopping::default(),
        }))
    }

    /// Reads, each statement by itself.
    pub fn read(&self) -> Reader {
        self.db.read()
    }

    /// Opens the one door for writes, as this caller.
    ///
    /// # Errors
    /// When no connection is to be had, or the request's idempotency key was answered meanwhile.
    pub async fn write(&self, caller: &Caller) -> Result<Unit, journal::Error> {
        self.unit(self.db.begin_turn(caller.organization, false).await?, caller)
            .await
    }

    /// The same for what writes thousands of records: nobody else's answer waits for it.
    ///
    /// # Errors
    /// When no connection is to be had, or the request's idempotency key was answered meanwhile.
    pub async fn write_long(&self, caller: &Caller) -> Result<Unit, journal::Error> {
        self.unit(self.db.begin_turn(caller.organization, true).await?, caller)
            .await
    }

    /// The same as Touchbase itself: for work in the background.
    ///
    /// # Errors
    /// When no connection is to be had.
    pub async fn write_by_itself(&self, organization: OrganizationId) -> Result<Unit, journal::Error> {
        let actor = Actor {
            kind: ActorKind::System,
            id: None,
        };
        let origin = Origin {
            client: Some("touchbase".into()),
            ..Origin::default()
        };
        Unit::begin(&self.db, &self.clock, organization, actor, origin).await
    }

    async fn unit(&self, tx: Tx, caller: &Caller) -> Result<Unit, journal::Error> {
        let (actor, origin) = (caller.actor(), caller.origin.clone());
        Unit::open(&self.db, tx, &self.clock, caller.organization, actor, origin).await
    }
}
