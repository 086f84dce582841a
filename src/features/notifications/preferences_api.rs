//! Speaks: how the caller wants to be told.

use super::api::person;
use super::preferences::{NotificationPreferences, NotificationPreferencesInput};
use super::store;
use crate::access::Caller;
use crate::db::Sqls;
use crate::http::precondition::IfMatch;
use crate::http::{Access, Answer, App, Endpoint, Patch, Problem, Reply};
use crate::journal::Change;

/// The wishes to change.
type NotificationPreferencesPatch = Patch<NotificationPreferencesInput>;

pub fn endpoints() -> Vec<Endpoint> {
    crate::endpoints![
        get_notification_preferences: Access::SignedIn,
        update_notification_preferences: Access::SignedIn,
    ]
}

/// Read how I want to be told.
///
/// Everything stands in `GET /v1/me/notifications`; this says of each kind whether it comes by mail, too.
#[utoipa::path(get, path = "/v1/me/notification-preferences", operation_id = "get_notification_preferences", tag = "notifications",
    responses((status = 200, description = "The caller's wishes", body = NotificationPreferences)))]
async fn get_notification_preferences(app: App, caller: Caller) -> Answer<NotificationPreferences> {
    let (preferences, _) = own(&mut app.read(), &app, &caller).await?;
    Ok(Reply::record(preferences))
}

/// Change how I want to be told.
///
/// What is left out stays as it is.
#[utoipa::path(patch, path = "/v1/me/notification-preferences", operation_id = "update_notification_preferences", tag = "notifications",
    request_body(content = NotificationPreferencesPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The caller's wishes as they are now", body = NotificationPreferences)))]
async fn update_notification_preferences(
    app: App,
    caller: Caller,
    patch: NotificationPreferencesPatch,
    if_match: IfMatch,
) -> Answer<NotificationPreferences> {
    let mut unit = app.write(&caller).await?;
    let (preferences, said) = own(&mut unit, &app, &caller).await?;
    let fields = patch.apply(&preferences.fields)?;
    let change = preferences.revise(fields);
    if_match.allows(&change)?;
    // What was never said is not there yet, unless it is said now.
    let preferences = match (said, change.before.as_ref() == Some(&change.after)) {
        (false, true) => change.after,
        (false, false) => unit.save(Change::created(change.after)).await?,
        (true, _) => unit.save(change).await?,
    };
    unit.answer(Reply::record(preferences)).await
}

/// The caller's wishes, and whether they were ever said.
async fn own(db: &mut impl Sqls, app: &App, caller: &Caller) -> Result<(NotificationPreferences, bool), Problem> {
    let user = person(caller)?;
    let said = store::preferences(db, &caller.scope(), user).await?;
    let was_said = said.is_some();
    let usual = || NotificationPreferences::usual(user, app.clock.now());
    Ok((said.unwrap_or_else(usual), was_said))
}
