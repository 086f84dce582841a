//! Where time and new ids come from. Nothing else in the crate asks the machine for either.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, SecondsFormat, SubsecRound, TimeDelta, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, schema::Type};
use utoipa::{PartialSchema, ToSchema};
use uuid::{ContextV7, Uuid};

/// An instant in UTC, in whole microseconds: what both databases keep and what JSON shows.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(DateTime<Utc>);

/// How far a client's clock may be ahead of ours, and clocks of instances from one another.
pub const SKEW: TimeDelta = TimeDelta::minutes(5);

impl Timestamp {
    /// Whether this lies ahead, by more than clocks differ: nothing that is put on the record has happened then.
    pub fn lies_ahead(self, now: Self) -> bool {
        self > now.plus(SKEW)
    }

    /// The instant, cut to microseconds.
    pub fn new(at: DateTime<Utc>) -> Self {
        Self(at.trunc_subsecs(6))
    }

    /// This, or 9999-12-31 where there is none: what has no time sorts after all that have one.
    pub fn or_never(at: Option<Self>) -> Self {
        const NEVER: i64 = 253_402_214_400;
        at.unwrap_or_else(|| Self(DateTime::from_timestamp(NEVER, 0).unwrap_or_default()))
    }

    /// The instant as chrono knows it.
    pub fn utc(self) -> DateTime<Utc> {
        self.0
    }

    /// This instant moved by `by`; stays where it is if that leaves chrono's range.
    pub fn plus(self, by: TimeDelta) -> Self {
        Self(self.0.checked_add_signed(by).unwrap_or(self.0))
    }
}

impl Deref for Timestamp {
    type Target = DateTime<Utc>;
    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl From<DateTime<Utc>> for Timestamp {
    fn from(at: DateTime<Utc>) -> Self {
        Self::new(at)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_rfc3339_opts(SecondsFormat::Micros, true))
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let at = DateTime::<Utc>::deserialize(deserializer)?;
        // Both databases and every client can hold these years; chrono alone would go much further.
        if (1..=9999).contains(&chrono::Datelike::year(&at)) {
            Ok(Self::new(at))
        } else {
            Err(serde::de::Error::custom("the year must lie between 1 and 9999"))
        }
    }
}

impl PartialSchema for Timestamp {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .max_length(Some(40))
            .description(Some("An instant, RFC 3339; answers are in UTC with microseconds."))
            .examples([serde_json::json!("2026-03-03T15:30:00.000000Z")])
            .into()
    }
}

impl ToSchema for Timestamp {}

crate::sql_as!(Timestamp as DateTime<Utc>, |t| t.0, |at| Ok(Timestamp::new(at)));

/// The clock of an installation: the machine's, moved by what a test asks for.
#[derive(Clone, Default)]
pub struct Clock {
    ahead_micros: Arc<AtomicI64>,
    ids: Arc<std::sync::Mutex<ContextV7>>,
}

impl Clock {
    /// Now, in UTC.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that asks the machine for the time"
    )]
    pub fn now(&self) -> Timestamp {
        Timestamp::new(Utc::now()).plus(TimeDelta::microseconds(self.ahead_micros.load(Ordering::Relaxed)))
    }

    /// Moves the clock on: for tests and for demonstrations.
    pub fn advance(&self, by: TimeDelta) {
        self.ahead_micros
            .fetch_add(by.num_microseconds().unwrap_or(0), Ordering::Relaxed);
    }

    /// A new UUIDv7: its order is the order of creation in this process.
    pub fn id(&self) -> Uuid {
        let now = self.now();
        let seconds = u64::try_from(now.timestamp()).unwrap_or(0);
        let context = self.ids.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        Uuid::new_v7(uuid::Timestamp::from_unix(
            &*context,
            seconds,
            now.timestamp_subsec_nanos(),
        ))
    }
}
