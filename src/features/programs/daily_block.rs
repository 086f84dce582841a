//! The stretch of a day that an executive keeps free for calls, on their own clock.
//!
//! As a client sees it: `{"starts": "08:00", "ends": "10:00"}`. `ends` is the first minute that is no longer within. When
//! clocks change, it is the stretch between the instants at which the wall clock first shows either.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::local_time;

/// The hours of a day in which an executive places calls. It starts before it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "DailyBlockBody", into = "DailyBlockBody")]
pub struct DailyBlock {
    starts: NaiveTime,
    ends: NaiveTime,
}

/// The hours of a day in which an executive places calls, on their own clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DailyBlock)]
pub struct DailyBlockBody {
    /// `HH:MM`, the first minute within.
    #[schema(pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$", max_length = 5, example = "08:00")]
    pub starts: String,
    /// `HH:MM`, the first minute no longer within.
    #[schema(pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$", max_length = 5, example = "10:00")]
    pub ends: String,
}

impl TryFrom<DailyBlockBody> for DailyBlock {
    type Error = String;

    fn try_from(body: DailyBlockBody) -> Result<Self, String> {
        let time = |text: &str| {
            let read = NaiveTime::parse_from_str(text, "%H:%M");
            read.map_err(|_| "a time of a daily block is HH:MM, from 00:00 to 23:59".to_owned())
        };
        Self::new(time(&body.starts)?, time(&body.ends)?)
            .ok_or_else(|| "a daily block starts before it ends".to_owned())
    }
}

impl From<DailyBlock> for DailyBlockBody {
    fn from(block: DailyBlock) -> Self {
        Self {
            starts: block.starts.format("%H:%M").to_string(),
            ends: block.ends.format("%H:%M").to_string(),
        }
    }
}

impl Default for DailyBlock {
    /// From 09:00 to 17:00: the whole of an ordinary working day.
    fn default() -> Self {
        let hour = |hour| NaiveTime::from_hms_opt(hour, 0, 0).unwrap_or(NaiveTime::MIN);
        Self {
            starts: hour(9),
            ends: hour(17),
        }
    }
}

impl DailyBlock {
    /// `None` when it does not start before it ends.
    pub fn new(starts: NaiveTime, ends: NaiveTime) -> Option<Self> {
        (starts < ends).then_some(Self { starts, ends })
    }

    /// Its first instant on this day of somebody in `zone`, and the first one after it. `None` where clocks skip all of it.
    pub fn stretch(&self, day: NaiveDate, zone: Tz) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        let from = local_time::instant(day.and_time(self.starts), zone);
        let until = local_time::instant(day.and_time(self.ends), zone);
        (from < until).then_some((from, until))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_lies_on_its_owners_clock_on_each_date() {
        let block: DailyBlock = serde_json::from_str(r#"{"starts": "08:00", "ends": "10:00"}"#).unwrap();
        for (day, starts) in [
            ("2026-03-27", "2026-03-27T07:00:00+00:00"),
            ("2026-03-30", "2026-03-30T06:00:00+00:00"),
        ] {
            let (from, until) = block.stretch(day.parse().unwrap(), Tz::Europe__Berlin).unwrap();
            assert_eq!(from.to_rfc3339(), starts);
            assert_eq!((until - from).num_hours(), 2);
        }
    }

    #[test]
    fn a_block_starts_before_it_ends() {
        for text in [
            r#"{"starts": "10:00", "ends": "10:00"}"#,
            r#"{"starts": "10:00", "ends": "09:00"}"#,
            r#"{"starts": "25:00", "ends": "26:00"}"#,
        ] {
            assert!(serde_json::from_str::<DailyBlock>(text).is_err(), "{text}");
        }
    }
}
