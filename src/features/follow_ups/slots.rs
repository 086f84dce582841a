//! Times at which an executive and a customer can speak: within the executive's block and the customer's hours, both on their own clocks.

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;

use super::follow_up::FollowUpSlot;
use crate::clock::Timestamp;
use crate::features::assignments::calling_hours::CallingHours;
use crate::local_time;

/// Times that are offered at most, each on another day.
const MOST: usize = 3;
/// Days that are looked through.
const AHEAD: u64 = 21;
/// How long a call may take.
const LENGTH: TimeDelta = TimeDelta::minutes(30);

/// When an executive calls.
pub struct Executive<'e> {
    pub zone: Tz,
    /// The first instant of a day's block, and the first one after it; nothing on a day off.
    pub block: &'e dyn Fn(NaiveDate) -> Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// When other calls begin.
    pub busy: &'e [Timestamp],
}

/// Up to three times from tomorrow on, each on another of the executive's days: early and late in turns, so that there is something to choose.
pub fn slots(executive: &Executive<'_>, customer: &CallingHours, now: Timestamp) -> Vec<FollowUpSlot> {
    let today = local_time::wall_clock(now.utc(), executive.zone).date();
    let days = (1..=AHEAD).filter_map(|ahead| today.checked_add_days(Days::new(ahead)));
    let mut slots: Vec<FollowUpSlot> = Vec::new();
    for day in days {
        let mut free = times(executive, customer, day);
        let time = if slots.len().is_multiple_of(2) {
            free.next()
        } else {
            free.last()
        };
        slots.extend(time.map(|at| slot(at, customer.zone)));
        if slots.len() == MOST {
            break;
        }
    }
    slots
}

/// The half hours of a day that suit both.
fn times<'t>(
    executive: &'t Executive<'_>,
    customer: &'t CallingHours,
    day: NaiveDate,
) -> impl Iterator<Item = DateTime<Utc>> + 't {
    let block = (executive.block)(day);
    let starts = block.into_iter().flat_map(|(from, until)| {
        (0..48)
            .filter_map(move |half| from.checked_add_signed(LENGTH * half))
            .take_while(move |at| *at + LENGTH <= until)
    });
    starts.filter(|at| {
        let within = |at: DateTime<Utc>| customer.window.contains(at, customer.zone);
        let taken = |busy: &Timestamp| (busy.utc() - *at).abs() < LENGTH;
        within(*at) && within(*at + LENGTH - TimeDelta::minutes(1)) && !executive.busy.iter().any(taken)
    })
}

fn slot(at: DateTime<Utc>, zone: Tz) -> FollowUpSlot {
    FollowUpSlot {
        starts_at: Timestamp::new(at),
        ends_at: Timestamp::new(at + LENGTH),
        words: format!("{} your time", local_time::said(at, zone)),
    }
}

/// `Tuesday, 3 March, 16:30 your time`, with the year where it is far away.
pub fn words(at: DateTime<Utc>, now: DateTime<Utc>, zone: Tz) -> String {
    format!("{} your time", local_time::said_from(at, now, zone))
}

#[cfg(test)]
mod tests {
    use chrono::{Datelike, NaiveTime, Weekday};

    use super::*;
    use crate::features::customers::calling_window::CallingWindow;

    fn at(text: &str) -> Timestamp {
        Timestamp::new(text.parse().unwrap())
    }

    fn hours(zone: Tz) -> CallingHours {
        CallingHours {
            window: CallingWindow::default(),
            zone,
        }
    }

    fn offered(mine: Tz, block: (&str, &str), theirs: Tz, busy: &[Timestamp], now: &str) -> Vec<String> {
        let time = |text: &str| NaiveTime::parse_from_str(text, "%H:%M").unwrap();
        let (opens, closes) = (time(block.0), time(block.1));
        let block = |day: NaiveDate| {
            let off = matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
            let instant = |time| local_time::instant(day.and_time(time), mine);
            (!off).then(|| (instant(opens), instant(closes)))
        };
        let executive = Executive {
            zone: mine,
            block: &block,
            busy,
        };
        let slots = slots(&executive, &hours(theirs), at(now));
        slots.into_iter().map(|slot| slot.words).collect()
    }

    #[test]
    fn times_suit_both_and_are_said_on_the_customers_clock() {
        // A Friday. New York's morning is the only time that both work.
        let (berlin, new_york) = (Tz::Europe__Berlin, Tz::America__New_York);
        assert_eq!(
            offered(berlin, ("08:00", "18:00"), new_york, &[], "2026-02-27T10:00:00Z"),
            [
                "Monday, 2 March, 09:00 your time",
                "Tuesday, 3 March, 11:30 your time",
                "Wednesday, 4 March, 09:00 your time"
            ]
        );
        // Clocks in New York go forward on 8 March 2026, those in Berlin three weeks later.
        assert_eq!(
            offered(berlin, ("17:00", "18:00"), new_york, &[], "2026-03-06T10:00:00Z")
                .first()
                .unwrap(),
            "Monday, 9 March, 12:00 your time"
        );
        assert!(offered(berlin, ("08:00", "09:00"), new_york, &[], "2026-02-27T10:00:00Z").is_empty());
        assert!(offered(berlin, ("08:00", "08:20"), berlin, &[], "2026-02-27T10:00:00Z").is_empty());
    }

    #[test]
    fn what_is_taken_is_not_offered() {
        let berlin = Tz::Europe__Berlin;
        let busy = [at("2026-03-02T08:10:00Z"), at("2026-03-02T09:00:00Z")];
        assert_eq!(
            offered(berlin, ("09:00", "11:00"), berlin, &busy, "2026-02-27T10:00:00Z")
                .first()
                .unwrap(),
            "Monday, 2 March, 10:30 your time"
        );
    }
}
