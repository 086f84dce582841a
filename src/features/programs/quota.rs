//! What a participant owes on a day or in a week: the quota, as far as the program has grown to it.
//!
//! A program with `ramp_up_weeks` begins slowly: in the k-th of n weeks from its start the quota is k ÷ n of the whole, rounded up; from
//! the n-th week on it is whole. Before it starts and after it ends there is none.

use chrono::{NaiveDate, NaiveTime};

use super::program::{Participant, Program};
use crate::id::UserId;
use crate::local_time;

/// How many customers are to be called, and how many conversations to be reached with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Goal {
    pub calls: i64,
    pub conversations: i64,
}

impl Goal {
    /// The same for `part` of `whole` days, rounded up.
    #[must_use]
    pub fn scaled(self, part: i64, whole: i64) -> Self {
        Self {
            calls: scaled(self.calls, part, whole),
            conversations: scaled(self.conversations, part, whole),
        }
    }

    /// Whether so many customers called and so many conversations reached attain it: the conversations, or else the calls.
    #[must_use]
    pub fn attained(self, called: i64, reached: i64) -> bool {
        reached >= self.conversations || called >= self.calls
    }
}

/// So much of it as `part` is of `whole`, rounded up.
pub fn scaled(of: i64, part: i64, whole: i64) -> i64 {
    let (part, whole) = (part.max(0), whole.max(1));
    if part >= whole {
        of
    } else {
        (of * part + whole - 1) / whole
    }
}

/// When lists are prepared where nothing is said.
const USUAL_EVENING: (u32, u32) = (18, 0);

impl Program {
    /// Its first day: the one that is said, else the one on which it was made, in this zone.
    pub fn first_day(&self, zone: chrono_tz::Tz) -> NaiveDate {
        let made = || local_time::wall_clock(self.created_at.utc(), zone).date();
        self.fields.starts_on.unwrap_or_else(made)
    }

    /// What a user owes in it, if they take part.
    pub fn participant(&self, user: UserId) -> Option<&Participant> {
        self.fields.participants.iter().find(|part| part.user_id == user)
    }

    /// Whether this day lies between what is said of its start and its end.
    pub fn spans(&self, day: NaiveDate) -> bool {
        self.fields.starts_on.is_none_or(|starts| starts <= day) && self.fields.ends_on.is_none_or(|ends| day <= ends)
    }

    /// What a participant owes in the period of this day, as far as the program has grown to it.
    pub fn goal(&self, participant: &Participant, day: NaiveDate, zone: chrono_tz::Tz) -> Goal {
        let whole = Goal {
            calls: participant.calls_to_prepare,
            conversations: participant.conversations_to_reach,
        };
        let Some(weeks) = self.fields.ramp_up_weeks else {
            return whole;
        };
        let week = (day - self.first_day(zone)).num_days().max(0) / 7 + 1;
        whole.scaled(week, weeks)
    }

    /// When its lists are prepared, on each executive's own clock.
    pub fn evening(&self) -> NaiveTime {
        let said = self.fields.lists_at.as_deref();
        let said = said.and_then(|at| NaiveTime::parse_from_str(at, "%H:%M").ok());
        let (hour, minute) = USUAL_EVENING;
        said.or_else(|| NaiveTime::from_hms_opt(hour, minute, 0))
            .unwrap_or(NaiveTime::MIN)
    }
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;
    use uuid::Uuid;

    use super::*;
    use crate::clock::Timestamp;
    use crate::features::programs::program::ProgramId;

    fn program(edit: impl FnOnce(&mut Program)) -> Program {
        let now = Timestamp::new("2026-03-01T23:30:00Z".parse().unwrap());
        let mut program = Program::one_a_day(ProgramId(Uuid::nil()), now);
        edit(&mut program);
        program
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_quota_grows_to_the_whole_week_by_week() {
        let program = program(|it| {
            it.fields.ramp_up_weeks = Some(4);
            it.fields.starts_on = Some(day("2026-03-02"));
        });
        let participant = serde_json::json!({
            "user_id": Uuid::nil(), "calls_to_prepare": 5, "conversations_to_reach": 2, "period": "day"
        });
        let participant: Participant = serde_json::from_value(participant).unwrap();
        for (on, calls, conversations) in [
            ("2026-03-02", 2, 1),
            ("2026-03-08", 2, 1),
            ("2026-03-09", 3, 1),
            ("2026-03-16", 4, 2),
            ("2026-03-23", 5, 2),
            ("2027-01-01", 5, 2),
        ] {
            let goal = program.goal(&participant, day(on), Tz::UTC);
            assert_eq!(goal, Goal { calls, conversations }, "{on}");
        }
    }

    #[test]
    fn conversations_attain_a_quota_and_so_does_the_whole_list() {
        let goal = Goal {
            calls: 5,
            conversations: 2,
        };
        for (called, reached, attained) in [(2, 2, true), (4, 1, false), (5, 0, true), (0, 0, false)] {
            assert_eq!(goal.attained(called, reached), attained, "{called} {reached}");
        }
        let three_of_five = goal.scaled(3, 5);
        assert_eq!((three_of_five.calls, three_of_five.conversations), (3, 2));
    }

    #[test]
    fn a_program_that_says_nothing_begins_where_it_was_made_and_lists_at_six() {
        let six = NaiveTime::from_hms_opt(18, 0, 0).unwrap();
        let plain = program(|_| {});
        assert_eq!(plain.first_day(Tz::Europe__Berlin), day("2026-03-02"));
        assert_eq!(plain.evening(), six);
        let early = program(|it| it.fields.lists_at = Some("16:45".into()));
        assert_eq!(early.evening().to_string(), "16:45:00");
        let over = program(|it| it.fields.ends_on = Some(day("2026-04-30")));
        assert!(over.spans(day("2026-04-30")) && !over.spans(day("2026-05-01")));
    }
}
