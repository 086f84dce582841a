//! Puts the habit report together: everybody's days, quotas and streaks, and their places on the leader board.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Days, NaiveDate};
use chrono_tz::Tz;
use uuid::Uuid;

use super::{Attainment, Contact, Kept, Part, Span, Standing, Streaks, attainments, idle, streaks, together};
use crate::clock::Timestamp;
use crate::features::absences::working_day::{DayOff, WorkingDays};
use crate::features::programs::program::{Program, ProgramId, ProgramStatus};
use crate::features::reports::store::{BeginningRow, ContactRow};
use crate::id::UserId;
use crate::local_time;

/// An executive who may take part in programs.
#[derive(Debug, Clone)]
pub struct Person {
    pub id: UserId,
    pub name: String,
    pub zone: Tz,
}

/// All that the report is made of.
pub struct Facts {
    pub people: Vec<Person>,
    pub programs: Vec<Program>,
    pub working_days: WorkingDays,
    pub contacts: Vec<ContactRow>,
    pub beginnings: Vec<BeginningRow>,
    pub last_calls: BTreeMap<UserId, Timestamp>,
    /// What was paused, resumed or ended, and when, in order.
    pub moments: Vec<(Uuid, String, Timestamp)>,
}

/// One executive's quota in one program.
pub struct Share {
    pub user: UserId,
    pub program: ProgramId,
    pub attainments: Vec<Attainment>,
    pub calls: i64,
    pub conversations: i64,
}

/// How one executive has kept the habit.
pub struct Standings {
    pub person: Person,
    pub shares: Vec<Share>,
    pub streaks: Streaks,
    /// Due days that are over since the last call.
    pub idle: i64,
    pub last_call: Option<Timestamp>,
}

/// How many of the quotas whose period is over or attained were attained, and of how many.
pub fn attained<'a>(of: impl IntoIterator<Item = &'a Attainment>) -> (i64, i64) {
    of.into_iter().fold((0, 0), |(attained, all), it| match it.kept {
        Kept::Kept => (attained + 1, all + 1),
        Kept::Missed => (attained, all + 1),
        Kept::Open => (attained, all),
    })
}

impl Facts {
    /// Everybody who has a quota, the leader first: by the share of quotas attained, then by the current streak, then by conversations,
    /// then by name. Who had no quota to attain yet comes last.
    pub fn board(&self, from: NaiveDate, to: NaiveDate, now: Timestamp) -> Vec<Standings> {
        let mut board: Vec<Standings> = self
            .people
            .iter()
            .filter_map(|person| self.standings(person, from, to, now))
            .collect();
        board.sort_by(|one, other| {
            let rank = |it: &Standings| {
                let (attained, all) = attained(it.shares.iter().flat_map(|share| &share.attainments));
                (attained, all.max(1), all > 0, it.streaks.current, it.conversations())
            };
            let (mine, theirs) = (rank(one), rank(other));
            (theirs.2, theirs.0 * mine.1, theirs.3, theirs.4)
                .cmp(&(mine.2, mine.0 * theirs.1, mine.3, mine.4))
                .then_with(|| (&one.person.name, one.person.id).cmp(&(&other.person.name, other.person.id)))
        });
        board
    }

    fn standings(&self, person: &Person, from: NaiveDate, to: NaiveDate, now: Timestamp) -> Option<Standings> {
        let today = local_time::wall_clock(now.utc(), person.zone).date();
        let span = Span { from, to, today };
        let (mut shares, mut days) = (Vec::new(), Vec::new());
        for program in &self.programs {
            if let Some((share, kept)) = self.share(person, program, span) {
                shares.push(share);
                days.push(kept);
            }
        }
        if shares.is_empty() {
            return None;
        }
        let days = together(&days);
        let last_call = self.last_calls.get(&person.id).copied();
        let last_day = last_call.map(|at| local_time::wall_clock(at.utc(), person.zone).date());
        // Where the report ends in the past, its last day is over.
        let end = to.succ_opt().unwrap_or(to).min(today);
        Some(Standings {
            person: person.clone(),
            shares,
            streaks: streaks(&days),
            idle: idle(&days, last_day, end),
            last_call,
        })
    }

    fn share(&self, person: &Person, program: &Program, span: Span) -> Option<(Share, BTreeMap<NaiveDate, Kept>)> {
        let participant = program.participant(person.id)?;
        let contacts: Vec<(Contact, bool)> = self.contacts(person, program.id).collect();
        let rests = self.rests(program, person.zone);
        let began = self.began(person, program);
        let runs =
            |day: NaiveDate| program.spans(day) && began.is_some_and(|began| began <= day) && !rests.contains(day);
        let goal = |day: NaiveDate| program.goal(participant, day, person.zone);
        let standing = |day: NaiveDate| match self.working_days.off(person.id, day) {
            None => Standing::Works,
            Some(DayOff::Weekend) => Standing::Weekend,
            Some(DayOff::Holiday { .. } | DayOff::Absence { .. }) => Standing::Off,
        };
        let counted: Vec<Contact> = contacts.iter().map(|(contact, _)| *contact).collect();
        let part = Part {
            period: participant.period,
            goal: &goal,
            runs: &runs,
            contacts: &counted,
        };
        let (attainments, days) = attainments(&part, &standing, span);
        let within = contacts
            .iter()
            .filter(|(it, _)| (span.from..=span.to).contains(&it.day));
        let tally = |of: &dyn Fn(&(Contact, bool)) -> bool| {
            i64::try_from(within.clone().filter(|it| of(it)).count()).unwrap_or(i64::MAX)
        };
        let share = Share {
            user: person.id,
            program: program.id,
            attainments,
            calls: tally(&|(_, is_call)| *is_call),
            conversations: tally(&|(contact, _)| contact.reached),
        };
        Some((share, days))
    }

    fn contacts(&self, person: &Person, program: ProgramId) -> impl Iterator<Item = (Contact, bool)> {
        let (user, zone) = (person.id, person.zone);
        let rows = self
            .contacts
            .iter()
            .filter(move |row| (row.0, row.1) == (user, program));
        rows.map(move |(_, _, customer, at, reached, is_call)| {
            let contact = Contact {
                day: local_time::wall_clock(at.utc(), zone).date(),
                customer: *customer,
                reached: *reached,
            };
            (contact, *is_call)
        })
    }

    /// The first day on which somebody had a customer to call: that of their first call, or the one after they were first given one.
    fn began(&self, person: &Person, program: &Program) -> Option<NaiveDate> {
        let mine = |row: &&BeginningRow| (row.0, row.1) == (person.id, program.id);
        let (_, _, given, called) = self.beginnings.iter().find(mine)?;
        let day = |at: &Timestamp| local_time::wall_clock(at.utc(), person.zone).date();
        let given = given
            .as_ref()
            .map(|at| day(at).checked_add_days(Days::new(1)).unwrap_or_else(|| day(at)));
        let called = called.as_ref().map(day);
        [given, called].into_iter().flatten().min()
    }

    /// The days on which a program rested, whole or in part, or was over.
    fn rests(&self, program: &Program, zone: Tz) -> Rests {
        let mut rests = Rests::default();
        for (_, verb, at) in self.moments.iter().filter(|(id, _, _)| *id == Uuid::from(program.id)) {
            let day = local_time::wall_clock(at.utc(), zone).date();
            match verb.as_str() {
                "resumed" => rests.end(day),
                _ => rests.begin(day),
            }
        }
        // What rests as nobody has written down when.
        if program.status != ProgramStatus::Active && rests.since.is_none() {
            rests.begin(local_time::wall_clock(program.updated_at.utc(), zone).date());
        }
        rests
    }
}

impl Standings {
    pub fn conversations(&self) -> i64 {
        self.shares.iter().map(|share| share.conversations).sum()
    }
}

/// Rows of days.
#[derive(Debug, Default)]
struct Rests {
    over: BTreeSet<(NaiveDate, NaiveDate)>,
    since: Option<NaiveDate>,
}

impl Rests {
    fn begin(&mut self, day: NaiveDate) {
        self.since = self.since.or(Some(day));
    }

    fn end(&mut self, day: NaiveDate) {
        if let Some(since) = self.since.take() {
            self.over.insert((since, day));
        }
    }

    fn contains(&self, day: NaiveDate) -> bool {
        self.since.is_some_and(|since| since <= day)
            || self.over.iter().any(|(first, last)| (*first..=*last).contains(&day))
    }
}
