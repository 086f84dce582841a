//! Situations out of chance that repeats itself: for the tests of the planner, and to measure it.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate, NaiveTime, TimeDelta, Weekday};
use chrono_tz::Tz;
use uuid::Uuid;

use super::options::PlanOptions;
use super::situation::{Candidate, Executive, Situation, Standing};
use crate::clock::Timestamp;
use crate::features::absences::absence::AbsenceKind;
use crate::features::absences::working_day::DayOff;
use crate::features::assignments::calling_hours::CallingHours;
use crate::features::customers::calling_window::CallingWindow;
use crate::features::programs::daily_block::DailyBlock;
use crate::features::programs::program::Period;
use crate::id::UserId;

/// Chance that repeats itself: a number that looks like any other follows from the one before.
#[derive(Debug, Clone)]
pub struct Dice(pub u64);

impl Dice {
    /// A number below this one.
    pub fn roll(&mut self, below: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below.max(1)
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.roll(100) < percent
    }

    fn one<T: Copy>(&mut self, of: &[T], usual: T) -> T {
        let count = u64::try_from(of.len()).unwrap_or(1);
        let at = usize::try_from(self.roll(count)).unwrap_or(0);
        of.get(at).copied().unwrap_or(usual)
    }

    fn small(&mut self, below: u64) -> i64 {
        i64::try_from(self.roll(below)).unwrap_or(0)
    }
}

const ZONES: [Tz; 12] = [
    Tz::Europe__Berlin,
    Tz::Europe__London,
    Tz::Europe__Athens,
    Tz::America__New_York,
    Tz::America__Chicago,
    Tz::America__Los_Angeles,
    Tz::America__Sao_Paulo,
    Tz::Asia__Kolkata,
    Tz::Asia__Tokyo,
    Tz::Asia__Dubai,
    Tz::Australia__Sydney,
    Tz::Pacific__Apia,
];

/// How large a situation, and of what kind.
#[derive(Debug, Clone)]
pub struct Size {
    pub customers: u64,
    pub executives: u64,
    pub from: NaiveDate,
    pub days: u64,
    /// Calls of an executive in a week, or in a day.
    pub quota: u64,
    /// How many of the zones there are.
    pub zones: usize,
    /// Short blocks and short hours, at any time of the day: slots are scarce.
    pub scarce: bool,
}

fn hour(hour: u64, minute: u64) -> NaiveTime {
    let number = |of| u32::try_from(of).unwrap_or(0);
    NaiveTime::from_hms_opt(number(hour), number(minute), 0).unwrap_or(NaiveTime::MIN)
}

fn hours(dice: &mut Dice, zone: Tz, scarce: bool) -> CallingHours {
    const WEEK: [Weekday; 7] = [
        Weekday::Mon,
        Weekday::Tue,
        Weekday::Wed,
        Weekday::Thu,
        Weekday::Fri,
        Weekday::Sat,
        Weekday::Sun,
    ];
    let window = if scarce {
        let opens = dice.roll(22);
        let weekdays = WEEK.into_iter().filter(|_| dice.chance(70));
        CallingWindow::new(weekdays.collect::<Vec<_>>(), hour(opens, 0), hour(opens + 1, 30)).unwrap_or_default()
    } else {
        let (opens, closes) = (8 + dice.roll(3), 16 + dice.roll(3));
        CallingWindow::new(WEEK.into_iter().take(5), hour(opens, 0), hour(closes, 0)).unwrap_or_default()
    };
    CallingHours { window, zone }
}

/// A situation of this size. Equal chance gives equal situations.
pub fn situation(dice: &mut Dice, size: &Size, options: PlanOptions) -> Situation {
    let now = size.from.and_hms_opt(6, 0, 0).unwrap_or_default().and_utc();
    let zones = ZONES.get(..size.zones.clamp(1, ZONES.len())).unwrap_or(&ZONES);
    let to = size
        .from
        .checked_add_days(Days::new(size.days.max(1) - 1))
        .unwrap_or(size.from);
    let someone = |number: u64| UserId(Uuid::from_u128(u128::from(number) + 1));
    let executives = (0..size.executives)
        .map(|number| {
            let zone = dice.one(zones, Tz::UTC);
            let (starts, length) = if size.scarce {
                (dice.roll(20), 1 + dice.roll(3))
            } else {
                (8, 9)
            };
            let mut off = BTreeMap::new();
            let mut taken = BTreeMap::new();
            for day in size.from.iter_days().take_while(|day| *day <= to) {
                let weekend = chrono::Datelike::weekday(&day).number_from_monday() > 5;
                if weekend {
                    off.insert(day, DayOff::Weekend);
                } else if dice.chance(7) {
                    let kind = AbsenceKind::Vacation;
                    off.insert(day, DayOff::Absence { kind, until: day });
                } else if dice.chance(10) {
                    taken.insert(day, dice.small(3));
                }
            }
            let days = size.from.iter_days().take_while(|day| *day <= to);
            let quotas = days.map(|day| (day, i64::try_from(size.quota).unwrap_or(1))).collect();
            let mut busy: Vec<Timestamp> = (0..dice.roll(3))
                .map(|_| Timestamp::new(now + TimeDelta::minutes(dice.small(size.days * 24 * 60))))
                .collect();
            busy.sort_unstable();
            Executive {
                id: someone(number),
                name: format!("Executive {number}"),
                zone,
                block: DailyBlock::new(hour(starts, 0), hour(starts + length, 0)).unwrap_or_default(),
                quotas,
                period: if dice.chance(80) { Period::Week } else { Period::Day },
                taken,
                busy,
                off,
            }
        })
        .collect();
    let customers = (0..size.customers)
        .map(|number| {
            let day = |days: i64| size.from.checked_add_signed(TimeDelta::days(days));
            let zone = dice.one(zones, Tz::UTC);
            let spoken = dice.chance(50);
            let anybody = dice.roll(size.executives * 3);
            Candidate {
                id: Uuid::from_u128(u128::from(number) + 1).into(),
                hours: hours(dice, zone, size.scarce),
                standing: dice.chance(90).then_some(Standing {
                    segment: usize::try_from(dice.roll(3)).unwrap_or(0),
                    rank: i64::try_from(number).unwrap_or(0) + 1,
                    of: i64::try_from(size.customers).unwrap_or(1),
                }),
                account_manager: (anybody < size.executives).then(|| someone(anybody)),
                last_caller: spoken.then(|| someone(dice.roll(size.executives))),
                not_before: spoken.then(|| day(dice.small(60) - 40)).flatten(),
                due_on: day(dice.small(100) - 50),
                overdue_on: day(dice.small(100)),
                billing: dice.small(1_000) * dice.small(1_000) * 100,
                do_not_contact: dice.chance(2),
                in_hand_of: dice.chance(3).then(|| someone(dice.roll(size.executives))),
            }
        })
        .collect();
    Situation {
        now: Timestamp::new(now),
        from: size.from,
        to,
        segments: 3,
        executives,
        customers,
        options,
    }
}
