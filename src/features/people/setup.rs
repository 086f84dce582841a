//! Making organizations and users outside a request: the command line, the demonstration, the tests.

use super::organization::{Organization, OrganizationInput};
use super::user::{User, UserInput};
use super::{sessions, store};
use crate::access::password;
use crate::app::{App, Broken};
use crate::features::programs::program::Program;
use crate::features::talking_points::points::TalkingPoints;
use crate::id::OrganizationId;
use crate::journal::{self, Actor, ActorKind, Change, Origin, Unit};

/// Touchbase itself, as the journal names it.
pub const SYSTEM: Actor = Actor {
    kind: ActorKind::System,
    id: None,
};

/// The short name that goes with a name: `Northwind Traders` → `northwind-traders`.
pub fn slug(name: &str) -> String {
    crate::fold::words(name).join("-").chars().take(60).collect()
}

fn origin() -> Origin {
    Origin {
        client: Some("touchbase".into()),
        ..Origin::default()
    }
}

/// A unit of Touchbase's own.
///
/// # Errors
/// When no connection is to be had.
pub async fn unit(app: &App, organization: OrganizationId) -> Result<Unit, Broken> {
    Unit::begin(&app.db, &app.clock, organization, SYSTEM, origin())
        .await
        .map_err(|error| Broken(format!("{error:?}")))
}

/// The organization of this name, made if it is not there.
///
/// # Errors
/// When the zone is unknown, or what the database said.
pub async fn organization(app: &App, name: &str, time_zone: &str) -> Result<OrganizationId, Broken> {
    let slug = slug(name);
    if slug.is_empty() {
        return Err(Broken("An organization's name needs a letter or a digit.".into()));
    }
    if let Some(there) = by_slug(app, &slug).await? {
        return Ok(there);
    }
    if !crate::local_time::is_zone(time_zone) {
        return Err(Broken(format!(
            "`{time_zone}` is not the name of a time zone; `Europe/Berlin` is one."
        )));
    }
    let broken = |error: journal::Error| Broken(format!("The organization {name} could not be made: {error:?}"));
    let id: OrganizationId = app.clock.id().into();
    let mut unit = Unit::found(&app.db, &app.clock, id, SYSTEM, origin())
        .await
        .map_err(broken)?;
    let fields = OrganizationInput {
        name: name.to_owned(),
        time_zone: time_zone.to_owned(),
        holiday_region: None,
        working_weekdays: None,
        data_steward_id: None,
        data_steward_department: None,
    };
    let organization = Organization::new(id, slug.clone(), fields, unit.now());
    let made = match ready_made(&mut unit, organization).await {
        Ok(()) => unit.commit().await,
        Err(error) => {
            drop(unit);
            Err(error)
        }
    };
    match made {
        Ok(()) => Ok(id),
        // Another process may have been quicker.
        Err(error) => by_slug(app, &slug).await?.ok_or_else(|| broken(error)),
    }
}

/// The organization, with the talking points and the program that every one begins with.
async fn ready_made(unit: &mut Unit, organization: Organization) -> Result<(), journal::Error> {
    unit.save(Change::created(organization)).await?;
    let points = TalkingPoints::listening_call(unit.new_id(), unit.now());
    let points = unit.save(Change::created(points)).await?;
    let version = points.kept(unit.new_id(), None, unit.now());
    unit.save(version).await?;
    let mut program = Program::one_a_day(unit.new_id(), unit.now());
    program.fields.talking_points_id = Some(points.id);
    unit.save(Change::created(program)).await?;
    Ok(())
}

async fn by_slug(app: &App, slug: &str) -> Result<Option<OrganizationId>, Broken> {
    store::organization_by_slug(&mut app.read(), slug)
        .await
        .map_err(|error| Broken(error.to_string()))
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
    user.password_changed_at = user.joined_at;
    let email = user.fields.email.clone();
    let user = unit
        .save(Change::created(user))
        .await
        .map_err(|error| Broken(format!("The user {email} could not be made: {error:?}")))?;
    if let Some(hash) = password_hash {
        sessions::store::set_password(&mut unit, organization, user.id, hash)
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
        .map_err(|_| Broken("The password could not be hashed.".into()))
}
