//! All SQL of transfers: what is open and in one person's hands.

use crate::access::Scope;
use crate::db::{Error, Sqls};
use crate::features::action_items::action_item::ActionItem;
use crate::features::assignments::assignment::Assignment;
use crate::features::cases::rescue_case::RescueCase;
use crate::features::cases::service_interest::ServiceInterest;
use crate::id::UserId;
use crate::journal;

pub async fn assignments(db: &mut impl Sqls, scope: &Scope, user: UserId) -> Result<Vec<Assignment>, Error> {
    journal::select(db, scope.organization, |sql| {
        sql.push(" AND assignments.status IN ('queued', 'scheduled') AND assignments.assignee_id = ")
            .value(user);
    })
    .await
}

/// Open items that the person owns, and all whose promise to the customer somebody is still to keep, done or not.
pub async fn action_items(db: &mut impl Sqls, scope: &Scope, user: UserId) -> Result<Vec<ActionItem>, Error> {
    journal::select(db, scope.organization, |sql| {
        sql.push(" AND ((action_items.promised AND action_items.customer_told_at IS NULL) OR (action_items.status NOT IN ('completed', 'canceled') AND action_items.owner_id = ")
            .value(user)
            .push("))");
    })
    .await
}

pub async fn rescue_cases(db: &mut impl Sqls, scope: &Scope, user: UserId) -> Result<Vec<RescueCase>, Error> {
    journal::select(db, scope.organization, |sql| {
        sql.push(" AND rescue_cases.status IN ('open', 'working') AND rescue_cases.owner_id = ")
            .value(user);
    })
    .await
}

pub async fn service_interests(db: &mut impl Sqls, scope: &Scope, user: UserId) -> Result<Vec<ServiceInterest>, Error> {
    journal::select(db, scope.organization, |sql| {
        sql.push(" AND service_interests.stage NOT IN ('won', 'lost') AND service_interests.owner_id = ")
            .value(user);
    })
    .await
}
