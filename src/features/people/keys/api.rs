//! Speaks: API keys.

use actix_web::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::key::{ApiKey, ApiKeyInput};
use super::store::{self, ApiKeyFilter};
use crate::access::{Caller, Permission, key};
use crate::clock::Timestamp;
use crate::features::people::consequences;
use crate::http::page::Paging;
use crate::http::precondition::IfMatch;
use crate::http::{Access, Answer, App, Endpoint, Fault, Json, Known, Path, Problem, Query, Reply};
use crate::id::ApiKeyId;
use crate::journal::{Change, Unit};
use crate::refusal::{Code, Refusal};

crate::page!(ApiKeyPage of ApiKey);

pub fn endpoints() -> Vec<Endpoint> {
    crate::endpoints![
        list_api_keys: Access::Needs(Permission::ApiKeysManage) => sorted(store::SORTS, "name"),
        create_api_key: Access::Needs(Permission::ApiKeysManage),
        get_api_key: Access::Needs(Permission::ApiKeysManage),
        revoke_api_key: Access::Needs(Permission::ApiKeysManage),
    ]
}

/// A new API key.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewApiKey {
    /// Chosen by the client, so that the request can be repeated; else by the server.
    pub id: Option<ApiKeyId>,
    #[serde(flatten)]
    pub fields: ApiKeyInput,
}

/// A new API key with its secret.
#[derive(Debug, Serialize, ToSchema)]
pub struct CreatedApiKey {
    pub api_key: ApiKey,
    /// Send it as `Authorization: Bearer …`. Shown this once: null when the request is repeated.
    #[schema(max_length = 100)]
    pub secret: Option<String>,
}

/// List API keys.
#[utoipa::path(get, path = "/v1/api-keys", operation_id = "list_api_keys", tag = "api-keys", params(ApiKeyFilter, Paging),
    responses((status = 200, description = "A page of keys", body = ApiKeyPage)))]
async fn list_api_keys(app: App, caller: Caller, filter: Query<ApiKeyFilter>, paging: Paging) -> Answer<ApiKeyPage> {
    let window = paging.window(&app, &caller, store::SORTS)?;
    let listed = store::list(&mut app.read(), &caller.scope(), &filter, &window).await?;
    Ok(Reply::ok(paging.close(&app, &caller, listed).into()))
}

/// Create an API key.
///
/// Its secret is in the answer and nowhere else: when the answer is lost, revoke the key and make another. A key can do no more than whoever makes it,
/// and one that a key makes ends no later than that key.
#[utoipa::path(post, path = "/v1/api-keys", operation_id = "create_api_key", tag = "api-keys", request_body = NewApiKey,
    responses((status = 201, description = "The new key and its secret", body = CreatedApiKey), (status = 200, description = "It was there already, just so", body = CreatedApiKey)))]
async fn create_api_key(app: App, caller: Caller, new: Json<NewApiKey>) -> Answer<CreatedApiKey> {
    let mut unit = app.write(&caller).await?;
    let id = new.0.id.unwrap_or_else(|| unit.new_id());
    if let Some(there) = store::find(&mut unit, &caller.scope(), id).await? {
        return again(unit, there, &new.0.fields).await;
    }
    sound(&caller, &new.0.fields, unit.now())?;
    outlived(&mut unit, &caller, &new.0.fields).await?;
    let secret = key::generate();
    let made = ApiKey::new(id, new.0.fields, &secret, &caller, unit.now());
    let api_key = unit.save(Change::created(made)).await?;
    let revision = api_key.revision;
    let shown = CreatedApiKey {
        api_key,
        secret: Some(secret),
    };
    let reply = Reply::status(StatusCode::CREATED, shown)
        .revision(revision)
        .location(format!("/v1/api-keys/{id}"));
    unit.answer(reply.shown_once(&["secret"])).await
}

/// Read an API key.
#[utoipa::path(get, path = "/v1/api-keys/{id}", operation_id = "get_api_key", tag = "api-keys",
    responses((status = 200, description = "The key", body = ApiKey)))]
async fn get_api_key(app: App, caller: Caller, id: Path<ApiKeyId>, known: Known) -> Answer<ApiKey> {
    Reply::found(&app, &caller, *id, known).await
}

/// Revoke an API key.
///
/// It stops working at once, for good, and so do the keys that it made. Only who can do what the key can may revoke it. The record stays, so that the audit log can be read.
#[utoipa::path(delete, path = "/v1/api-keys/{id}", operation_id = "revoke_api_key", tag = "api-keys",
    responses((status = 200, description = "The key, revoked", body = ApiKey)))]
async fn revoke_api_key(app: App, caller: Caller, id: Path<ApiKeyId>, if_match: IfMatch) -> Answer<ApiKey> {
    let mut unit = app.write(&caller).await?;
    let key = store::find(&mut unit, &caller.scope(), *id)
        .await?
        .ok_or_else(Problem::not_found)?;
    holds(&caller, &key.fields, "Whoever revokes a key can do what it can")?;
    let change = key.revoke(unit.now());
    if_match.allows(&change)?;
    let key = unit.save(change).await?;
    let made = store::made_by_key(&mut unit, caller.organization, *id).await?;
    let made: Vec<ApiKey> = crate::journal::find_all(&mut unit, caller.organization, &made).await?;
    consequences::revoke(&mut unit, made).await?;
    let answer = unit.answer(Reply::record(key)).await;
    app.callers.forget();
    answer
}

/// The same id with the same content is the same key; its secret was shown before.
async fn again(unit: Unit, there: ApiKey, fields: &ApiKeyInput) -> Answer<CreatedApiKey> {
    if there.fields != *fields {
        return Err(Problem::new(
            Code::IdInUse,
            format!(
                "A key with the id {} exists with other content. Choose another id.",
                there.id
            ),
        ));
    }
    let revision = there.revision;
    let shown = CreatedApiKey {
        api_key: there,
        secret: None,
    };
    unit.answer(Reply::ok(shown).revision(revision)).await
}

/// A key holds a part of its role and of what its maker has.
fn sound(caller: &Caller, fields: &ApiKeyInput, now: Timestamp) -> Result<(), Problem> {
    let mut faults = Vec::new();
    for (at, permission) in fields.permissions.iter().flat_map(|only| only.iter()).enumerate() {
        if !fields.role.may(*permission) {
            faults.push(Fault::new(
                format!("/permissions/{at}"),
                "not_allowed",
                format!("The role `{}` does not hold `{permission}`.", fields.role),
            ));
        }
    }
    if fields.expires_at.is_some_and(|at| at <= now) {
        faults.push(Fault::new("/expires_at", "out_of_range", "This time has passed."));
    }
    if !faults.is_empty() {
        return Err(Problem::invalid(faults));
    }
    holds(caller, fields, "A key can do no more than whoever makes it")
}

/// # Errors
/// `insufficient_permission`, when the key grants what the caller does not hold.
fn holds(caller: &Caller, fields: &ApiKeyInput, rule: &str) -> Result<(), Problem> {
    match fields.grants().iter().find(|permission| !caller.may(**permission)) {
        None => Ok(()),
        Some(beyond) => Err(Refusal::new(
            Code::InsufficientPermission,
            format!("{rule}, and you do not hold `{beyond}`."),
        )
        .into()),
    }
}

/// A key that a key makes ends no later than its maker.
async fn outlived(unit: &mut Unit, caller: &Caller, fields: &ApiKeyInput) -> Result<(), Problem> {
    let Some(maker) = caller.api_key else { return Ok(()) };
    let maker = store::find(unit, &caller.scope(), maker).await?;
    let Some(end) = maker.and_then(|maker| maker.fields.expires_at) else {
        return Ok(());
    };
    if fields.expires_at.is_some_and(|at| at <= end) {
        return Ok(());
    }
    Err(Problem::fault(
        "/expires_at",
        "out_of_range",
        format!("A key that a key makes ends no later than its maker: {end}."),
    ))
}
