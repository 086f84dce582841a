//! Making organizations and users outside a request: the command line, the demonstration, the tests.

use super::store;
use super::user::{User, UserInput};
use crate::access::password;
use crate::app::{App, Broken};
use crate::id::OrganizationId;
use crate::journal::{Actor, ActorKind, Change, Origin, Unit};

/// Touchbase itself, as the journal names it.
pub const SYSTEM: Actor = Actor {
    kind: ActorKind::System,
    id: None,
};

/// The short name that goes with a name: `Northwind Traders` → `northwind-traders`.
pub fn slug(name: &str) -> String {
    crate::fold::words(name).join("-").chars().take(60).collect()
}

/// A unit of Touchbase's own.
///
/// # Errors
/// When no connection is to be had.
pub async fn unit(app: &App, organization: OrganizationId) -> Result<Unit, Broken> {
    Unit::begin(
        &app.db,
        &app.clock,
        organization,
        SYSTEM,
        Origin {
            client: Some("touchbase".into()),
            ..Origin::default()
        },
    )
    .await
    .map_err(|error| Broken(format!("{error:?}")))
}

/// The organization of this name, made if it is not there.
///
/// # Errors
/// What the database said.
pub async fn organization(app: &App, name: &str, time_zone: &str) -> Result<OrganizationId, Broken> {
    let slug = slug(name);
    let broken = |error: crate::db::Error| Broken(error.to_string());
    store::insert_organization(&app.db, app.clock.id().into(), name, &slug, time_zone, app.clock.now())
        .await
        .map_err(broken)?;
    store::organization_by_slug(&mut app.read(), &slug)
        .await
        .map_err(broken)?
        .ok_or_else(|| Broken(format!("There is no organization `{slug}`.")))
}

/// A new active user, with a password that has been hashed before.
///
/// # Errors
/// When the address is taken, or what the database said.
pub async fn user(
    app: &App,
    organization: OrganizationId,
    fields: UserInput,
    password_hash: Option<String>,
) -> Result<User, Broken> {
    let mut unit = unit(app, organization).await?;
    let mut user = User::new(unit.new_id(), fields, unit.now());
    user.joined_at = password_hash.is_some().then_some(unit.now());
    let email = user.fields.email.clone();
    let user = unit
        .save(Change::created(user))
        .await
        .map_err(|error| Broken(format!("The user {email} could not be made: {error:?}")))?;
    if let Some(hash) = password_hash {
        store::set_password(&mut unit, organization, user.id, hash, None)
            .await
            .map_err(|error| Broken(error.to_string()))?;
    }
    unit.commit().await.map_err(|error| Broken(format!("{error:?}")))?;
    Ok(user)
}

/// Hashes a password.
///
/// # Errors
/// When the machine cannot.
pub async fn hash(password: &str) -> Result<String, Broken> {
    password::hash(password.to_owned())
        .await
        .ok_or_else(|| Broken("The password could not be hashed.".into()))
}
