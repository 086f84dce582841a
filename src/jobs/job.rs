//! Decides: the states of a job, and when a failed attempt is repeated.

use chrono::TimeDelta;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::clock::Timestamp;
use crate::db::Json;
use crate::refusal::Refusal;

crate::id! {
    /// A piece of background work.
    JobId;
}

crate::words! {
    /// What has become of a job.
    pub enum Status {
        /// It waits for its time, or for its next attempt.
        Queued = "queued",
        /// An instance has it in hand.
        Running = "running",
        Completed = "completed",
        /// It was tried often enough, and is given up: `retry` begins anew.
        Failed = "failed",
        Canceled = "canceled",
        /// It was done, and what it did was taken back.
        Reverted = "reverted",
    }
}

/// A piece of background work.
#[derive(Debug, Clone, Serialize, ToSchema, sqlx::FromRow)]
pub struct Job {
    pub id: JobId,
    /// What sort of work.
    #[schema(max_length = 60)]
    pub kind: String,
    /// What it is about, where the same must not be done twice.
    #[sqlx(rename = "unique_key")]
    #[schema(max_length = 300)]
    pub key: Option<String>,
    pub status: Status,
    /// When it is due, or was last.
    pub run_at: Timestamp,
    /// How often it was begun.
    #[schema(minimum = 0)]
    pub attempts: i64,
    /// After how many attempts it is given up.
    #[schema(minimum = 1)]
    pub attempt_limit: i64,
    /// Why the last attempt failed.
    #[schema(max_length = 1000)]
    pub error: Option<String>,
    /// What it works on: ids and times.
    #[schema(value_type = Object)]
    pub payload: Json<Value>,
    /// How far it has come, of work that tells; null of other work.
    #[schema(minimum = 0)]
    pub processed_bytes: Option<i64>,
    #[schema(minimum = 0)]
    pub total_bytes: Option<i64>,
    #[schema(minimum = 0)]
    pub processed_rows: Option<i64>,
    /// Null until they are counted.
    #[schema(minimum = 0)]
    pub total_rows: Option<i64>,
    /// When it will be done if it goes on like this; null before the first portion and after the end.
    pub estimated_end_at: Option<Timestamp>,
    /// What has come of it so far, of work that tells.
    #[schema(value_type = Option<Object>)]
    pub result: Option<Json<Value>>,
    /// When the last attempt began.
    pub started_at: Option<Timestamp>,
    /// When it came to an end, one or another. It is kept 30 days from then.
    pub finished_at: Option<Timestamp>,
    /// When the mail server took the message that it carries. Whatever becomes of the job, it is not sent again.
    pub handed_over_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Job {
    /// Whether it waits or runs: it has not come to an end.
    pub const fn open(&self) -> bool {
        match self.status {
            Status::Queued | Status::Running => true,
            Status::Completed | Status::Failed | Status::Canceled | Status::Reverted => false,
        }
    }

    /// Takes it off the list. One that runs loses its lease, and what it has not committed yet is rolled back.
    ///
    /// # Errors
    /// When it has come to an end already, another than this.
    pub fn cancel(mut self, now: Timestamp) -> Result<Self, Refusal> {
        match self.status {
            Status::Queued | Status::Running => {
                self.status = Status::Canceled;
                self.finished_at = Some(now);
                self.estimated_end_at = None;
                self.updated_at = now;
                Ok(self)
            }
            Status::Canceled => Ok(self),
            Status::Completed | Status::Failed | Status::Reverted => {
                Err(Refusal::state(format!("The job is {} already.", self.status)))
            }
        }
    }

    /// Begins anew, with all its attempts.
    ///
    /// # Errors
    /// When it has not been given up, or what it did is taken back: the two would work against each other.
    pub fn retry(self, now: Timestamp) -> Result<Self, Refusal> {
        match self.status {
            Status::Failed if self.undone() => Err(Refusal::state("What the job did is taken back.")),
            Status::Failed => Ok(self.again(now)),
            Status::Queued | Status::Running | Status::Completed | Status::Canceled | Status::Reverted => Err(
                Refusal::state(format!("The job is {}; only failed ones are tried again.", self.status)),
            ),
        }
    }

    /// Goes on where it was left, for whoever asks now, when it was given up or taken off the list. Else it stays as it is.
    #[must_use]
    pub fn resume(mut self, payload: Value, now: Timestamp) -> Self {
        match self.status {
            Status::Failed | Status::Canceled => {
                self.payload = Json(payload);
                self.again(now)
            }
            Status::Queued | Status::Running | Status::Completed | Status::Reverted => self,
        }
    }

    fn again(mut self, now: Timestamp) -> Self {
        self.status = Status::Queued;
        self.run_at = now;
        self.attempts = 0;
        self.finished_at = None;
        self.updated_at = now;
        self
    }

    /// Whether it was asked for that what it did is taken back: its result has it as `undone`.
    fn undone(&self) -> bool {
        let undone = self.result.as_ref().and_then(|result| result.get("undone"));
        undone.is_some_and(|undone| !undone.is_null())
    }

    /// When the next attempt is due after this one has failed; `None` when there were enough.
    pub fn next_attempt(&self, now: Timestamp) -> Option<Timestamp> {
        (self.attempts < self.attempt_limit).then(|| now.plus(self.pause()))
    }

    /// Ten seconds, then twice as long each time, up to an hour; a fifth more or less, so that those who failed together do not come
    /// back together. The job's own id decides it.
    fn pause(&self) -> TimeDelta {
        let doublings = u32::try_from(self.attempts - 1).unwrap_or(0).min(12);
        let whole = (10_000_i64 << doublings).min(3_600_000);
        let chance = self
            .id
            .0
            .as_bytes()
            .iter()
            .fold(self.attempts.unsigned_abs(), |sum, byte| {
                sum.wrapping_mul(31).wrapping_add(u64::from(*byte))
            });
        let fifth = whole / 5;
        let jitter = i64::try_from(chance % 1000).unwrap_or(0) * 2 * fifth / 1000 - fifth;
        TimeDelta::milliseconds(whole + jitter)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::new(chrono::DateTime::UNIX_EPOCH).plus(TimeDelta::seconds(seconds))
    }

    fn job(status: Status, attempts: i64) -> Job {
        Job {
            id: JobId(Uuid::from_u128(7)),
            kind: "sample".into(),
            key: None,
            status,
            run_at: at(0),
            attempts,
            attempt_limit: 20,
            error: None,
            payload: Json(Value::Null),
            processed_bytes: None,
            total_bytes: None,
            processed_rows: None,
            total_rows: None,
            estimated_end_at: None,
            result: None,
            started_at: None,
            finished_at: None,
            handed_over_at: None,
            created_at: at(0),
            updated_at: at(0),
        }
    }

    #[test]
    fn every_state_knows_what_may_be_done() {
        let table = [
            (Status::Queued, Some(Status::Canceled), None),
            (Status::Running, Some(Status::Canceled), None),
            (Status::Completed, None, None),
            (Status::Failed, None, Some(Status::Queued)),
            (Status::Canceled, Some(Status::Canceled), None),
            (Status::Reverted, None, None),
        ];
        assert_eq!(table.len(), Status::ALL.len());
        for (status, canceled, retried) in table {
            let became = |outcome: Result<Job, Refusal>| outcome.ok().map(|job| job.status);
            assert_eq!(became(job(status, 3).cancel(at(9))), canceled, "{status}");
            assert_eq!(became(job(status, 3).retry(at(9))), retried, "{status}");
            let mut undone = job(status, 3);
            undone.result = Some(Json(serde_json::json!({"undone": {"kept": 0}})));
            assert_eq!(became(undone.retry(at(9))), None, "{status}");
            let resumed = job(status, 3).resume(Value::Bool(true), at(9));
            let again = matches!(status, Status::Failed | Status::Canceled);
            assert_eq!(resumed.status, if again { Status::Queued } else { status });
            assert_eq!(
                (resumed.attempts, resumed.payload.0.is_null()),
                (if again { 0 } else { 3 }, !again)
            );
        }
    }

    #[test]
    fn pauses_double_up_to_an_hour_and_end() {
        let mut longest = TimeDelta::zero();
        for attempts in 1..20 {
            let next = job(Status::Running, attempts).next_attempt(at(0)).unwrap();
            let pause = next.signed_duration_since(at(0).utc());
            let whole = (10_i64 << (attempts - 1).min(12)).min(3600);
            assert!(
                pause >= TimeDelta::seconds(whole * 4 / 5) && pause <= TimeDelta::seconds(whole * 6 / 5),
                "{pause}"
            );
            longest = longest.max(pause);
        }
        assert!(longest <= TimeDelta::seconds(4320));
        assert_eq!(job(Status::Running, 20).next_attempt(at(0)), None);
    }
}
