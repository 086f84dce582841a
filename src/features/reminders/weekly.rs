//! Each Monday morning: who has let go of the habit, and what the week has brought.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::store;
use super::week::{Figures, Week};
use crate::access::{Role, Scope};
use crate::app::App;
use crate::clock::Timestamp;
use crate::db::Sqls;
use crate::features::notifications::{self, notification::NotificationKind, notification::Told};
use crate::features::people::user::User;
use crate::features::reports::habit::LAPSED;
use crate::features::reports::habit::board::{Facts, Standings};
use crate::features::reports::period::{Period, USUAL};
use crate::id::{OrganizationId, UserId};
use crate::jobs::{self, Done, Failure, Kind, Running, Task};
use crate::{journal, local_time};

const WEEK: Kind = Kind::new("week_in_review", 8);

pub fn task() -> Task {
    WEEK.by(review)
}

#[derive(Debug, Serialize, Deserialize)]
struct About {
    week: Week,
    zone: String,
}

/// Asks for the review of every organization whose week has ended: once each. Whom it cannot be asked for now stops nobody else's.
pub async fn look(app: Arc<App>) -> Result<(), journal::Error> {
    let now = app.clock.now();
    let Some(week) = Week::ended_somewhere(now) else {
        return Ok(());
    };
    let mut outcome = Ok(());
    for (organization, zone) in store::without(&mut app.read(), WEEK, &week.label()).await? {
        if let Some(week) = Week::ended(now, local_time::zone([Some(&zone), None])) {
            let key = week.label();
            let job = WEEK.with(&About { week, zone })?.keyed(key);
            outcome = outcome.and(jobs::enqueue_missing(&app, organization, vec![job]).await);
        }
    }
    outcome
}

async fn review(app: Arc<App>, running: Running) -> Result<Done, Failure> {
    let about: About = running.payload()?;
    // All that is read and computed without the organization's lock, for it may take long.
    let (organization, now) = (running.organization(), app.clock.now());
    let review = Review::read(&mut app.read(), organization, about, now).await?;
    let told = [review.lapsed(), review.summaries()].concat();
    let mut unit = running.unit(&app).await?;
    notifications::store::tell(&mut unit, told).await?;
    running.finish(unit).await
}

/// What is known of a week.
struct Review {
    week: Week,
    users: BTreeMap<UserId, User>,
    figures: BTreeMap<UserId, Figures>,
    all: Figures,
    /// How those who have quotas have kept the habit, as the report on it says on the week's last day.
    board: Vec<Standings>,
}

impl Review {
    async fn read(
        db: &mut impl Sqls,
        organization: OrganizationId,
        about: About,
        now: Timestamp,
    ) -> Result<Self, Failure> {
        let scope = Scope::all(organization);
        let (week, zone) = (about.week, local_time::zone([Some(&about.zone), None]));
        let users = store::active(db, organization, None).await?;
        let users: BTreeMap<UserId, User> = users.into_iter().map(|user| (user.id, user)).collect();
        let (mut figures, all) = figures(db, organization, week.instants(zone), now).await?;
        let last = week.until.pred_opt().unwrap_or(week.until);
        let period = Period::last(USUAL, None, Some(last), now, zone);
        let period = period.map_err(|why| Failure::Never(format!("{why:?}")))?;
        let facts = Facts::read(db, &scope, &period, None).await?;
        let board = facts.board(period.from, period.to, now);
        for standings in &board {
            figures.entry(standings.person.id).or_default().streak = Some(standings.streaks.current);
        }
        Ok(Self {
            week,
            users,
            figures,
            all,
            board,
        })
    }

    fn managers(&self) -> impl Iterator<Item = &User> {
        self.users.values().filter(|user| user.fields.role == Role::Manager)
    }

    /// Those who own the program hear of everybody who has lapsed; a manager of somebody's, of theirs.
    fn lapsed(&self) -> Vec<Told> {
        let lapsed = self.board.iter().filter(|standings| standings.idle >= LAPSED);
        let lapsed: Vec<(&User, i64)> = lapsed
            .filter_map(|standings| Some((self.users.get(&standings.person.id)?, standings.idle)))
            .collect();
        let mut whose: BTreeMap<UserId, Vec<(&User, i64)>> = BTreeMap::new();
        for manager in self.managers() {
            whose.insert(manager.id, lapsed.clone());
        }
        for (user, idle) in &lapsed {
            if let Some(manager) = user.fields.manager_id {
                let theirs = whose.entry(manager).or_default();
                if !theirs.iter().any(|(known, _)| known.id == user.id) {
                    theirs.push((user, *idle));
                }
            }
        }
        let heard = whose.into_iter().filter(|(_, lapsed)| !lapsed.is_empty());
        heard.map(|(manager, lapsed)| self.told_of(manager, &lapsed)).collect()
    }

    fn told_of(&self, manager: UserId, lapsed: &[(&User, i64)]) -> Told {
        let title = match lapsed {
            [(one, _)] => format!("{} has let go of the habit", one.fields.name),
            more => format!("{} executives have let go of the habit", more.len()),
        };
        let lines: Vec<String> = lapsed
            .iter()
            .map(|(user, idle)| {
                let name = &user.fields.name;
                format!("{name}: no call on the last {idle} working days, of {USUAL} days looked at.")
            })
            .collect();
        Told {
            user_id: manager,
            kind: NotificationKind::LapsedExecutives,
            key: format!("lapsed/{}", self.week.label()),
            title,
            text: lines.join("\n"),
            about: None,
        }
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
            let own = self.figures.get(&user.id).copied().unwrap_or_default();
            let figures = if manages { self.all } else { own };
            let awaited = manages && !self.board.is_empty();
            if awaited || figures != Figures::default() {
                summaries.push(told(user, figures));
            }
        }
        summaries
    }
}

/// What each has done, and all together.
async fn figures(
    db: &mut impl Sqls,
    organization: OrganizationId,
    (from, until): (Timestamp, Timestamp),
    now: Timestamp,
) -> Result<(BTreeMap<UserId, Figures>, Figures), Failure> {
    let (mut each, mut all) = (BTreeMap::<UserId, Figures>::new(), Figures::default());
    for (user, calls, conversations) in store::calls(db, organization, from, until).await? {
        let own = each.entry(user).or_default();
        (own.calls, own.conversations) = (calls, conversations);
        all.calls += calls;
        all.conversations += conversations;
    }
    for (owner, items, overdue) in store::items(db, organization, now).await? {
        if let Some(owner) = owner {
            let own = each.entry(owner).or_default();
            (own.items, own.overdue) = (items, overdue);
        }
        all.items += items;
        all.overdue += overdue;
    }
    (all.promises, all.broken) = store::promises(db, organization, from, until).await?;
    Ok((each, all))
}
