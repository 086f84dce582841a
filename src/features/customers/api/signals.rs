//! Speaks: signals.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::access::{Caller, Permission};
use crate::features::customers::signal::{Signal, SignalId, SignalInput};
use crate::features::customers::store::signals::{self, SignalFilter};
use crate::features::references::References;
use crate::http::page::Paging;
use crate::http::precondition::IfMatch;
use crate::http::{Access, Answer, App, Endpoint, Json, Known, Patch, Path, Problem, Query, Reply};
use crate::journal::{Change, Unit};
use crate::refusal::Code;

crate::page!(SignalPage of Signal);

/// The fields to change.
type SignalPatch = Patch<SignalInput>;

pub fn endpoints() -> Vec<Endpoint> {
    crate::endpoints![
        list_signals: Access::Needs(Permission::CustomersRead) => sorted(signals::SORTS, "-occurred_at"),
        create_signal: Access::Needs(Permission::CustomersManage),
        get_signal: Access::Needs(Permission::CustomersRead),
        update_signal: Access::Needs(Permission::CustomersManage),
    ]
}

/// A new signal.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewSignal {
    /// Chosen by the client, so that it can be made offline; else by the server.
    pub id: Option<SignalId>,
    #[serde(flatten)]
    pub fields: SignalInput,
}

/// List signals.
///
/// What happened to customers elsewhere, newest first unless asked otherwise.
#[utoipa::path(get, path = "/v1/signals", operation_id = "list_signals", tag = "customers", params(SignalFilter, Paging),
    responses((status = 200, description = "A page of signals", body = SignalPage)))]
async fn list_signals(app: App, caller: Caller, filter: Query<SignalFilter>, paging: Paging) -> Answer<SignalPage> {
    let window = paging.window(&app, &caller, signals::SORTS)?;
    let listed = signals::list(&mut app.read(), &caller.scope(), &filter, &window).await?;
    Ok(Reply::ok(paging.close(&app, &caller, listed).into()))
}

/// Create a signal.
///
/// A support case is open until it is closed.
#[utoipa::path(post, path = "/v1/signals", operation_id = "create_signal", tag = "customers", request_body = NewSignal,
    responses((status = 201, description = "The new signal", body = Signal), (status = 200, description = "It was there already, just so", body = Signal)))]
async fn create_signal(app: App, caller: Caller, new: Json<NewSignal>) -> Answer<Signal> {
    let mut unit = app.write(&caller).await?;
    let id = new.0.id.unwrap_or_else(|| unit.new_id());
    let signal = Signal::new(id, new.0.fields, unit.now());
    if let Some(there) = signals::find(&mut unit, &caller.scope(), id).await? {
        return crate::http::reply::again(unit, there, &signal).await;
    }
    let signal = save(&mut unit, &caller, Change::created(signal)).await?;
    unit.answer(Reply::created("/v1/signals", signal)).await
}

/// Read a signal.
#[utoipa::path(get, path = "/v1/signals/{id}", operation_id = "get_signal", tag = "customers",
    responses((status = 200, description = "The signal", body = Signal)))]
async fn get_signal(app: App, caller: Caller, id: Path<SignalId>, known: Known) -> Answer<Signal> {
    Reply::found(&app, &caller, *id, known).await
}

/// Change a signal.
///
/// Its customer and its kind stay as they are.
#[utoipa::path(patch, path = "/v1/signals/{id}", operation_id = "update_signal", tag = "customers",
    request_body(content = SignalPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The signal as it is now", body = Signal)))]
async fn update_signal(
    app: App,
    caller: Caller,
    id: Path<SignalId>,
    patch: SignalPatch,
    if_match: IfMatch,
) -> Answer<Signal> {
    let mut unit = app.write(&caller).await?;
    let signal = signals::find(&mut unit, &caller.scope(), *id).await?;
    let signal = signal.ok_or_else(Problem::not_found)?;
    let fields = patch.apply(&signal.fields)?;
    let change = signal.revise(fields, unit.now())?;
    if_match.allows(&change)?;
    let signal = save(&mut unit, &caller, change).await?;
    unit.answer(Reply::record(signal)).await
}

/// Checks what the schema cannot say, and saves.
async fn save(unit: &mut Unit, caller: &Caller, change: Change<Signal>) -> Result<Signal, Problem> {
    let fields = &change.after.fields;
    let scope = caller.scope();
    let now = unit.now();
    let mut references = References::of(unit, &scope);
    if change.before.as_ref().map(|before| before.fields.occurred_at) != Some(fields.occurred_at) {
        references.happened("/occurred_at", fields.occurred_at, now);
    }
    if change.before.is_none() {
        references.customer("/customer_id", fields.customer_id).await?;
    }
    if fields.user_id != change.before.as_ref().and_then(|before| before.fields.user_id) {
        references.user("/user_id", fields.user_id).await?;
    }
    references.settle()?;
    let others = signals::by_external_ids(unit, &caller.scope(), fields.kind, fields.external_id.clone()).await?;
    if let Some(other) = others.iter().find(|other| other.id != change.after.id) {
        return Err(Problem::new(
            Code::Duplicate,
            format!(
                "This `external_id` belongs to another signal of the kind `{}`, {}.",
                fields.kind, other.id
            ),
        ));
    }
    Ok(unit.save(change).await?)
}
