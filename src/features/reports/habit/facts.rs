//! Gathers what the habit report is made of.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Days, NaiveDate, NaiveTime, TimeDelta};
use chrono_tz::Tz;
use uuid::Uuid;

use super::board::{Facts, Person};
use crate::access::Scope;
use crate::clock::Timestamp;
use crate::db::{Error, Sqls};
use crate::features::people::user::User;
use crate::features::reports::period::Period;
use crate::features::reports::store;
use crate::features::{absences, programs};
use crate::id::UserId;
use crate::journal::{self, feed};
use crate::local_time;

/// The words in the journal by which a program's days are known.
const MOMENTS: &[&str] = &["paused", "resumed", "ended"];

impl Facts {
    /// Everything that the report on these days is made of; of one executive alone, where one is named.
    ///
    /// # Errors
    /// What the database said.
    pub async fn read(db: &mut impl Sqls, scope: &Scope, period: &Period, only: Option<UserId>) -> Result<Self, Error> {
        let mut programs = programs::store::all(db, scope).await?;
        programs.sort_by(|one, other| (&one.fields.name, one.id).cmp(&(&other.fields.name, other.id)));
        let taking_part = programs.iter().flat_map(|program| program.fields.participants.iter());
        let ids: BTreeSet<Uuid> = taking_part
            .map(|participant| participant.user_id)
            .filter(|user| only.is_none_or(|only| only == *user))
            .map(Uuid::from)
            .collect();
        let ids: Vec<Uuid> = ids.into_iter().collect();
        let users: Vec<User> = journal::find_all(db, scope.organization, &ids).await?;
        let people: Vec<Person> = users
            .into_iter()
            .filter(|user| user.active)
            .map(|user| Person {
                id: user.id,
                zone: zone(&user, period.zone),
                name: user.fields.name,
            })
            .collect();
        let users: Vec<UserId> = people.iter().map(|person| person.id).collect();
        // Weeks are measured whole, and zones differ by a day at most.
        let day = |date: NaiveDate, by: i64| date.checked_add_signed(TimeDelta::days(by)).unwrap_or(date);
        let (first, last) = (day(period.from, -7), day(period.to, 8));
        let working_days = absences::store::working_days(db, scope, &users, first, last).await?;
        let midnight = |date: NaiveDate| Timestamp::new(local_time::instant(date.and_time(NaiveTime::MIN), Tz::UTC));
        let ends = midnight(day(last, 1));
        let contacts = store::contacts(db, scope, (midnight(day(first, -1)), ends)).await?;
        let ids: Vec<Uuid> = programs.iter().map(|program| program.id.into()).collect();
        // A call after the report's last day does not end what was idle then.
        let until = midnight(period.to.checked_add_days(Days::new(2)).unwrap_or(period.to));
        let last_calls = store::last_calls(db, scope, until.min(period.ends())).await?;
        Ok(Facts {
            people,
            programs,
            working_days,
            contacts,
            beginnings: store::beginnings(db, scope).await?,
            last_calls: last_calls.into_iter().collect::<BTreeMap<_, _>>(),
            moments: feed::moments(db, scope.organization, &ids, MOMENTS).await?,
        })
    }
}

fn zone(user: &User, usual: Tz) -> Tz {
    let own = user.fields.time_zone.as_deref().and_then(|zone| zone.parse().ok());
    own.unwrap_or(usual)
}
