//! Each Monday morning: who has let go of the habit, and what the week has brought.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::week::{Figures, Week};
use super::{moment, store};
use crate::access::{Role, Scope};
use crate::app::App;
use crate::clock::Timestamp;
use crate::features::notifications::{self, notification::NotificationKind, notification::Told};
use crate::features::people::user::User;
use crate::features::programs::program::{Program, ProgramStatus};
use crate::features::{absences, programs};
use crate::id::UserId;
use crate::jobs::{self, Done, Failure, Kind, Running, Task};
use crate::journal::{self, Unit};

const WEEK: Kind = Kind::new("week_in_review", 8);

pub fn task() -> Task {
    WEEK.by(review)
}

#[derive(Debug, Serialize, Deserialize)]
struct About {
    week: Week,
    zone: String,
}

/// Asks for the review of every organization whose week has ended: once each.
pub async fn look(app: Arc<App>) -> Result<(), journal::Error> {
    let now = app.clock.now();
    for (organization, zone) in store::zones(&mut app.read()).await? {
        if let Some(week) = Week::ended(now, moment::zone([Some(&zone), None])) {
            let key = week.label();
            let job = WEEK.with(&About { week, zone })?.keyed(key);
            jobs::enqueue_missing(&app, organization, vec![job]).await?;
        }
    }
    Ok(())
}

async fn review(app: Arc<App>, running: Running) -> Result<Done, Failure> {
    let about: About = running.payload()?;
    let mut unit = running.unit(&app).await?;
    let review = Review::read(&mut unit, about).await?;
    let told = [review.lapsed(), review.summaries()].concat();
    notifications::store::tell(&mut unit, told).await?;
    running.finish(unit).await
}

/// What is known of a week.
struct Review {
    week: Week,
    users: BTreeMap<UserId, User>,
    figures: BTreeMap<UserId, Figures>,
    all: Figures,
    /// Who takes part in a program that ran, and was at work that week.
    expected: BTreeSet<UserId>,
}

impl Review {
    async fn read(unit: &mut Unit, about: About) -> Result<Self, Failure> {
        let (organization, now) = (unit.organization(), unit.now());
        let scope = Scope::all(organization);
        let week = about.week;
        let (from, until) = week.instants(moment::zone([Some(&about.zone), None]));
        let users = store::active(unit, organization, None).await?;
        let users: BTreeMap<UserId, User> = users.into_iter().map(|user| (user.id, user)).collect();
        let (figures, all) = figures(unit, (from, until), now).await?;
        let programs = programs::store::all(unit, &scope).await?;
        let running = programs.iter().filter(|program| ran(program, &week));
        let people: Vec<UserId> = running
            .flat_map(|program| program.fields.participants.iter().map(|one| one.user_id))
            .filter(|user| users.contains_key(user))
            .collect();
        let days = absences::store::working_days(unit, &scope, &people, week.from, week.until).await?;
        let at_work = |user: &UserId| days.between(*user, week.from, week.until).next().is_some();
        let expected = people.into_iter().filter(at_work).collect();
        Ok(Self {
            week,
            users,
            figures,
            all,
            expected,
        })
    }

    fn of(&self, user: UserId) -> Figures {
        self.figures.get(&user).copied().unwrap_or_default()
    }

    fn managers(&self) -> impl Iterator<Item = &User> {
        self.users.values().filter(|user| user.fields.role == Role::Manager)
    }

    /// Those who own the program hear of everybody who placed no call; a manager of somebody's, of theirs.
    fn lapsed(&self) -> Vec<Told> {
        let lapsed: Vec<&User> = self
            .expected
            .iter()
            .filter(|user| self.of(**user).calls == 0)
            .filter_map(|user| self.users.get(user))
            .collect();
        let mut whose: BTreeMap<UserId, Vec<&User>> = BTreeMap::new();
        for manager in self.managers() {
            whose.insert(manager.id, lapsed.clone());
        }
        for user in &lapsed {
            if let Some(manager) = user.fields.manager_id {
                let theirs = whose.entry(manager).or_default();
                if !theirs.iter().any(|known| known.id == user.id) {
                    theirs.push(user);
                }
            }
        }
        let heard = whose.into_iter().filter(|(_, lapsed)| !lapsed.is_empty());
        heard
            .map(|(manager, lapsed)| {
                let names: Vec<&str> = lapsed.iter().map(|user| user.fields.name.as_str()).collect();
                let (who, said) = (names.join(", "), self.week.said());
                let title = match names.as_slice() {
                    [one] => format!("{one} placed no call last week"),
                    more => format!("{} executives placed no call last week", more.len()),
                };
                Told {
                    user_id: manager,
                    kind: NotificationKind::LapsedExecutives,
                    key: format!("lapsed/{}", self.week.label()),
                    title,
                    text: format!("From {said}, no call was placed by: {who}."),
                    about: None,
                }
            })
            .collect()
    }

    /// The managers read what all have done, everybody else what they have done themselves. Who had nothing to do reads nothing.
    fn summaries(&self) -> Vec<Told> {
        let told = |user: &User, figures: Figures| Told {
            user_id: user.id,
            kind: NotificationKind::WeeklySummary,
            key: format!("week/{}", self.week.label()),
            title: format!("Your week, {}", self.week.said()),
            text: figures.said(),
            about: None,
        };
        let mut summaries = Vec::new();
        for user in self.users.values() {
            let manages = user.fields.role == Role::Manager;
            let figures = if manages { self.all } else { self.of(user.id) };
            let awaited = self.expected.contains(&user.id) || (manages && !self.expected.is_empty());
            if awaited || figures != Figures::default() {
                summaries.push(told(user, figures));
            }
        }
        summaries
    }
}

/// Whether the program is active, and was within its days in that week.
fn ran(program: &Program, week: &Week) -> bool {
    let fields = &program.fields;
    program.status == ProgramStatus::Active
        && fields.starts_on.is_none_or(|first| first < week.until)
        && fields.ends_on.is_none_or(|last| last >= week.from)
}

/// What each has done, and all together.
async fn figures(
    unit: &mut Unit,
    (from, until): (Timestamp, Timestamp),
    now: Timestamp,
) -> Result<(BTreeMap<UserId, Figures>, Figures), Failure> {
    let organization = unit.organization();
    let (mut each, mut all) = (BTreeMap::<UserId, Figures>::new(), Figures::default());
    for (user, calls, conversations) in store::calls(unit, organization, from, until).await? {
        let own = each.entry(user).or_default();
        (own.calls, own.conversations) = (calls, conversations);
        all.calls += calls;
        all.conversations += conversations;
    }
    for (owner, items, overdue) in store::items(unit, organization, now).await? {
        if let Some(owner) = owner {
            let own = each.entry(owner).or_default();
            (own.items, own.overdue) = (items, overdue);
        }
        all.items += items;
        all.overdue += overdue;
    }
    (all.promises, all.broken) = store::promises(unit, organization, from, until).await?;
    Ok((each, all))
}
