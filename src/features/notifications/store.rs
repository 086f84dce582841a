//! All SQL of notifications, and the one way to tell somebody something.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::mailing;
use super::notification::{Notification, NotificationId, NotificationKind, Told};
use super::preferences::{NotificationPreferences, NotificationPreferencesInput};
use crate::access::Scope;
use crate::clock::Timestamp;
use crate::db::{Error, Sql, Sqls};
use crate::features::people::user::User;
use crate::http::query::List;
use crate::id::UserId;
use crate::journal::{self, Change, Listed, Sort, SortKey, Unit, Window};

crate::record!(
    Notification,
    "notification",
    "notifications",
    [user_id, kind, occasion, title, text, about_kind, about_id, read_at],
);

crate::record!(
    NotificationPreferences, "notification_preferences", "notification_preferences",
    [],
    fields NotificationPreferencesInput [mail],
);

/// Fields that notifications can be sorted by.
pub static SORTS: &[Sort<Notification>] = &[Sort {
    name: "created_at",
    column: "notifications.created_at",
    key: |notification| SortKey::Time(notification.created_at),
}];

/// Which notifications are asked for.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct NotificationFilter {
    /// Those that were not read yet; `false` for all others.
    pub unread: Option<bool>,
    /// Kinds, separated by commas.
    #[param(style = Form, explode = false, value_type = Option<Vec<NotificationKind>>, max_items = 20)]
    pub kind_in: Option<List<NotificationKind>>,
    pub created_at_gte: Option<Timestamp>,
    pub created_at_lt: Option<Timestamp>,
}

impl NotificationFilter {
    fn narrow(&self, sql: &mut Sql<'_>, user: UserId) {
        sql.push(" AND notifications.user_id = ").value(user);
        match self.unread {
            Some(true) => drop(sql.push(" AND notifications.read_at IS NULL")),
            Some(false) => drop(sql.push(" AND notifications.read_at IS NOT NULL")),
            None => {}
        }
        sql.within("notifications.kind", self.kind_in.as_deref())
            .compare("notifications.created_at >=", self.created_at_gte)
            .compare("notifications.created_at <", self.created_at_lt);
    }
}

/// A page of what a user was told.
pub async fn list(
    db: &mut impl Sqls,
    scope: &Scope,
    user: UserId,
    filter: &NotificationFilter,
    window: &Window<Notification>,
) -> Result<Listed<Notification>, Error> {
    journal::list(db, scope.organization, window, |sql| filter.narrow(sql, user)).await
}

/// The notification, if it was told to this user: nobody sees another's.
pub async fn find(
    db: &mut impl Sqls,
    scope: &Scope,
    user: UserId,
    id: NotificationId,
) -> Result<Option<Notification>, Error> {
    let found: Option<Notification> = journal::find(db, scope.organization, id).await?;
    Ok(found.filter(|notification| notification.user_id == user))
}

/// What a user has not read yet.
pub async fn unread(db: &mut impl Sqls, scope: &Scope, user: UserId) -> Result<Vec<Notification>, Error> {
    journal::select(db, scope.organization, |sql| {
        sql.push(" AND notifications.read_at IS NULL AND notifications.user_id = ")
            .value(user);
    })
    .await
}

/// How a user wants to be told, where they have said so.
pub async fn preferences(
    db: &mut impl Sqls,
    scope: &Scope,
    user: UserId,
) -> Result<Option<NotificationPreferences>, Error> {
    journal::find(db, scope.organization, user).await
}

/// Tells people: in their list, and by mail where they want it. Who is not active is not told, and nobody is told twice of the same.
///
/// # Errors
/// What the database said.
pub async fn tell(unit: &mut Unit, told: Vec<Told>) -> Result<Vec<Notification>, journal::Error> {
    let organization = unit.organization();
    let users: BTreeSet<Uuid> = told.iter().map(|told| told.user_id.into()).collect();
    let users: Vec<Uuid> = users.into_iter().collect();
    let active: Vec<User> = journal::find_all(unit, organization, &users).await?;
    let active: BTreeSet<UserId> = active.iter().filter(|user| user.active).map(|user| user.id).collect();
    let mut known = known(unit, &told).await?;
    let mut fresh = Vec::new();
    for told in told {
        if active.contains(&told.user_id) && known.insert((told.user_id, told.key.clone())) {
            let notification = Notification::new(unit.new_id(), told, unit.now());
            fresh.push(Change::created(notification));
        }
    }
    if fresh.is_empty() {
        return Ok(Vec::new());
    }
    let fresh = unit.save_all(fresh).await?;
    let preferences: Vec<NotificationPreferences> = journal::find_all(unit, organization, &users).await?;
    let wishes: BTreeMap<UserId, _> = preferences.iter().map(|own| (own.id, own.fields.mail.0)).collect();
    let mut mails = Vec::new();
    for notification in &fresh {
        let wished = wishes.get(&notification.user_id).copied().unwrap_or_default();
        if wished.of(notification.kind) {
            mails.push(mailing::job(notification)?);
        }
    }
    unit.enqueue_all(mails).await?;
    Ok(fresh)
}

/// What was told of something is told anew: who is still to hear of it reads it as it is now, who is not, reads it no longer, and who
/// has not heard is told.
///
/// # Errors
/// What the database said.
pub async fn retell(unit: &mut Unit, key: &str, mut told: Vec<Told>) -> Result<(), journal::Error> {
    let (organization, occasion) = (unit.organization(), key.to_owned());
    let Some(about) = key.rsplit('/').next().and_then(|id| id.parse::<Uuid>().ok()) else {
        return Ok(());
    };
    let there: Vec<Notification> = journal::select(unit, organization, |sql| {
        sql.push(" AND notifications.about_id = ").value(about);
        sql.push(" AND notifications.occasion = ").value(occasion);
    })
    .await?;
    let mut changes = Vec::new();
    for notification in there {
        match told.iter().position(|told| told.user_id == notification.user_id) {
            Some(at) => changes.push(notification.reworded(told.remove(at))),
            None => unit.remove(notification).await?,
        }
    }
    unit.save_all(changes).await?;
    tell(unit, told).await?;
    Ok(())
}

/// Who has heard of what already.
async fn known(unit: &mut Unit, told: &[Told]) -> Result<BTreeSet<(UserId, String)>, Error> {
    let organization = unit.organization();
    let mut known = BTreeSet::new();
    for chunk in told.chunks(200) {
        let mut sql = unit
            .sql("SELECT user_id, occasion FROM notifications WHERE organization_id = $1 AND user_id IN ")
            .bind(organization);
        sql.list(chunk.iter().map(|told| told.user_id));
        sql.push(" AND occasion IN ")
            .list(chunk.iter().map(|told| told.key.clone()));
        known.extend(sql.all::<(UserId, String)>().await?);
    }
    Ok(known)
}
