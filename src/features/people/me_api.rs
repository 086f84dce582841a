//! Speaks: the caller, and the organization that they are of.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::checks;
use super::keys::{self, key::ApiKey};
use super::organization::{Organization, OrganizationInput};
use super::store;
use super::user::{User, UserInput};
use crate::access::{Caller, Permission, Role};
use crate::features::references::References;
use crate::http::precondition::IfMatch;
use crate::http::{Access, Answer, App, Endpoint, Fault, Patch, Problem, Reply};
use crate::refusal::Code;

/// The fields to change.
type ProfilePatch = Patch<ProfileInput>;
/// The fields to change.
type OrganizationPatch = Patch<OrganizationInput>;

pub fn endpoints() -> Vec<Endpoint> {
    crate::endpoints![
        get_me: Access::SignedIn,
        update_me: Access::SignedIn,
        get_organization: Access::Needs(Permission::OrganizationRead),
        update_organization: Access::Needs(Permission::OrganizationManage),
    ]
}

crate::words! {
    /// What sort of caller.
    pub enum MeKind {
        /// A person.
        User = "user",
        /// A script or dashboard.
        ApiKey = "api_key",
    }
}

/// Who is calling, and what they may do.
#[derive(Debug, Serialize, ToSchema)]
pub struct Me {
    pub kind: MeKind,
    /// The person, when it is one.
    pub user: Option<User>,
    /// The key, when it is one.
    pub api_key: Option<ApiKey>,
    pub organization: Organization,
    pub role: Role,
    /// What the role allows, or the part of it that the key was narrowed to.
    #[schema(max_items = 100)]
    pub permissions: Vec<Permission>,
}

/// What people say of themselves.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProfileInput {
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    #[schema(max_length = 200)]
    pub title: Option<String>,
    #[schema(max_length = 50)]
    pub phone: Option<String>,
    /// IANA name; the organization's zone when null.
    #[schema(max_length = 64, example = "Europe/Berlin")]
    pub time_zone: Option<String>,
    #[schema(max_length = 100)]
    pub city: Option<String>,
    #[schema(max_length = 100)]
    pub country: Option<String>,
    /// Whose public holidays I keep, as `GET /v1/holiday-regions` lists them; the organization's when null.
    #[schema(max_length = 64, example = "DE-BY")]
    pub holiday_region: Option<String>,
}

/// Who I am.
///
/// A person or an API key, with the role and the permissions that hold right now.
#[utoipa::path(get, path = "/v1/me", operation_id = "get_me", tag = "people", responses((status = 200, description = "The caller", body = Me)))]
async fn get_me(app: App, caller: Caller) -> Answer<Me> {
    let mut read = app.read();
    let organization = store::organization(&mut read, caller.organization).await?;
    let user = match caller.user {
        Some(user) => store::find(&mut read, &caller.scope(), user).await?,
        None => None,
    };
    let api_key = match caller.api_key {
        Some(key) => keys::store::find(&mut read, &caller.scope(), key).await?,
        None => None,
    };
    let permissions = caller.role.permissions().iter().copied();
    Ok(Reply::ok(Me {
        kind: if user.is_some() { MeKind::User } else { MeKind::ApiKey },
        user,
        api_key,
        organization: organization.ok_or_else(Problem::not_found)?,
        role: caller.role,
        permissions: permissions.filter(|permission| caller.may(*permission)).collect(),
    }))
}

/// Change my own profile.
///
/// Name, title, phone, time zone, city, country and region of public holidays. Everything else is for those who manage users.
#[utoipa::path(patch, path = "/v1/me", operation_id = "update_me", tag = "people",
    request_body(content = ProfilePatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The user as they are now", body = User)))]
async fn update_me(app: App, caller: Caller, patch: ProfilePatch, if_match: IfMatch) -> Answer<User> {
    let id = caller
        .user
        .ok_or_else(|| Problem::new(Code::WrongState, "An API key has no profile."))?;
    let mut unit = app.write(&caller).await?;
    let user = store::find(&mut unit, &caller.scope(), id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let profile = patch.apply(&profile(&user.fields))?;
    let fields = UserInput {
        name: profile.name,
        title: profile.title,
        phone: profile.phone,
        time_zone: profile.time_zone,
        city: profile.city,
        country: profile.country,
        holiday_region: profile.holiday_region,
        ..user.fields.clone()
    };
    let change = user.revise(fields);
    if_match.allows(&change)?;
    checks::user(&mut unit, &caller, &change).await?;
    let user = unit.save(change).await?;
    unit.answer(Reply::record(user)).await
}

fn profile(fields: &UserInput) -> ProfileInput {
    let UserInput {
        name,
        title,
        phone,
        time_zone,
        city,
        country,
        holiday_region,
        ..
    } = fields.clone();
    ProfileInput {
        name,
        title,
        phone,
        time_zone,
        city,
        country,
        holiday_region,
    }
}

/// Read the organization.
#[utoipa::path(get, path = "/v1/organization", operation_id = "get_organization", tag = "people",
    responses((status = 200, description = "The organization", body = Organization)))]
async fn get_organization(app: App, caller: Caller) -> Answer<Organization> {
    Ok(Reply::record(
        store::organization(&mut app.read(), caller.organization)
            .await?
            .ok_or_else(Problem::not_found)?,
    ))
}

/// Change the organization.
///
/// Its name, its time zone, its working weekdays, whose public holidays it keeps, and who looks after data that calls have shown to be wrong; the short name is given once.
#[utoipa::path(patch, path = "/v1/organization", operation_id = "update_organization", tag = "people",
    request_body(content = OrganizationPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The organization as it is now", body = Organization)))]
async fn update_organization(
    app: App,
    caller: Caller,
    patch: OrganizationPatch,
    if_match: IfMatch,
) -> Answer<Organization> {
    let mut unit = app.write(&caller).await?;
    let organization = store::organization(&mut unit, caller.organization)
        .await?
        .ok_or_else(Problem::not_found)?;
    let fields = patch.apply(&organization.fields)?;
    let unknown = !crate::local_time::is_zone(&fields.time_zone);
    let zone = unknown.then(|| checks::zone_fault(&fields.time_zone));
    let region = fields.holiday_region.as_deref().and_then(checks::region_fault);
    let mut faults: Vec<Fault> = zone.into_iter().chain(region).collect();
    if fields.data_steward_id != organization.fields.data_steward_id {
        let scope = caller.scope();
        let mut references = References::of(&mut unit, &scope);
        references
            .active_user("/data_steward_id", fields.data_steward_id)
            .await?;
        faults.extend(references.faults());
    }
    if !faults.is_empty() {
        return Err(Problem::invalid(faults));
    }
    let change = organization.revise(fields);
    if_match.allows(&change)?;
    let organization = unit.save(change).await?;
    unit.answer(Reply::record(organization)).await
}
