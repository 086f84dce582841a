//! The endpoint table: method, path, permission, handler and document in one row. There is no other way to mount a handler.

use std::sync::Arc;

use actix_web::http::Method;
use actix_web::middleware::from_fn;
use actix_web::web::{self, ServiceConfig};
use actix_web::{Resource, Route, guard};
use utoipa::openapi::path::{HttpMethod, Operation};
use utoipa::openapi::{RefOr, Schema};

use super::export;
use super::gate::{Gate, other_method};
use super::page::Sort;
use super::rules::Rules;
use super::stream;
use crate::access::{Caller, Permission};
use crate::refusal::Refusal;

/// Who may come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody: signing in, health, the document.
    Public,
    /// Anybody who is signed in: their own profile and session.
    SignedIn,
    /// Whoever has this permission.
    Needs(Permission),
}

impl Access {
    /// Refuses a caller who is signed in but may not come in here.
    ///
    /// # Errors
    /// `insufficient_permission`, naming it.
    pub fn allows(self, caller: &Caller) -> Result<(), Refusal> {
        match self {
            Self::Public | Self::SignedIn => Ok(()),
            Self::Needs(permission) => caller.needs(permission),
        }
    }
}

/// How large a body may be, and who reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    Ordinary,
    Bulk,
    /// Kept on disk, for the handler to read piece by piece.
    File,
    /// Not read before the handler takes it in, piece by piece.
    Streamed,
}

/// One row of the table.
pub struct Endpoint {
    /// `operationId`: `<verb>_<resource>`.
    pub id: String,
    pub method: Method,
    pub path: String,
    pub access: Access,
    pub size: Size,
    /// Refuses requests without an `Idempotency-Key`.
    pub key_required: bool,
    /// Content types that the body may have.
    pub bodies: Vec<String>,
    pub body_required: bool,
    /// The field of its body in which each item stands for itself: what is wrong with one is told to the handler, by [`super::Apart`].
    pub each: Option<&'static str>,
    /// Content types of its good answers; the first is given to who does not care.
    pub offers: Vec<&'static str>,
    /// The columns of a list, which can be had as CSV and NDJSON too.
    pub(super) columns: Option<Vec<(String, Option<String>)>>,
    /// The fields that a list can be sorted by, and its sort when none is named.
    pub sorts: Option<(Vec<&'static str>, &'static str)>,
    /// What the document says of it. Written anew each time: a server needs it once, to begin with.
    operation: fn() -> Operation,
    schemas: Schemas,
    route: fn() -> Route,
}

/// Adds the schemas that an operation names.
pub(super) type Schemas = fn(&mut Vec<(String, RefOr<Schema>)>);

/// The schemas that it adds.
pub(super) fn named(schemas: Schemas) -> Vec<(String, RefOr<Schema>)> {
    let mut all = Vec::new();
    schemas(&mut all);
    all
}

fn written<P: utoipa::Path + for<'t> utoipa::__dev::Tags<'t>>() -> Operation {
    let mut operation = P::operation();
    operation.tags = Some(P::tags().into_iter().map(str::to_owned).collect());
    operation
}

impl Endpoint {
    /// A row, from what `#[utoipa::path]` wrote down. Use [`crate::endpoints!`].
    pub fn new<P: utoipa::Path + utoipa::__dev::SchemaReferences + for<'t> utoipa::__dev::Tags<'t>>(
        access: Access,
        route: fn() -> Route,
    ) -> Self {
        let operation = written::<P>();
        let method = match P::methods().first() {
            Some(HttpMethod::Post) => Method::POST,
            Some(HttpMethod::Put) => Method::PUT,
            Some(HttpMethod::Patch) => Method::PATCH,
            Some(HttpMethod::Delete) => Method::DELETE,
            Some(HttpMethod::Get | HttpMethod::Head | HttpMethod::Options | HttpMethod::Trace) | None => Method::GET,
            #[expect(unreachable_patterns, reason = "utoipa may learn methods that we do not use")]
            Some(_) => Method::GET,
        };
        let body = match &operation.request_body {
            Some(RefOr::T(body)) => Some(body),
            Some(RefOr::Ref(_)) | None => None,
        };
        let bodies: Vec<String> = body.iter().flat_map(|body| body.content.keys().cloned()).collect();
        let body_required = body.is_some_and(|body| body.required == Some(utoipa::openapi::Required::True));
        let columns = export::columns(&operation, P::schemas);
        Self {
            offers: offers(&operation, columns.is_some()),
            columns,
            sorts: None,
            id: operation.operation_id.clone().unwrap_or_default(),
            method,
            path: P::path(),
            access,
            size: Size::Ordinary,
            key_required: false,
            each: None,
            bodies,
            body_required,
            operation: written::<P>,
            schemas: P::schemas,
            route,
        }
    }

    /// The operation as the document describes it.
    pub fn operation(&self) -> Operation {
        (self.operation)()
    }

    /// The schemas that the operation names, and those that these name.
    pub fn schemas(&self) -> Vec<(String, RefOr<Schema>)> {
        named(self.schemas)
    }

    /// Takes many items at once: a larger body, and an `Idempotency-Key` without fail.
    #[must_use]
    pub fn bulk(self) -> Self {
        Self {
            size: Size::Bulk,
            key_required: true,
            ..self
        }
    }

    /// Takes items of which each stands for itself: a bad one does not keep the others from being done.
    #[must_use]
    pub fn each(self, field: &'static str) -> Self {
        Self {
            each: Some(field),
            ..self
        }
    }

    /// A list that can be sorted: what its handler hands to [`super::page::Paging::window`], and the sort when none is named.
    #[must_use]
    pub fn sorted<R>(self, sorts: &'static [Sort<R>], default: &'static str) -> Self {
        self.sorted_by(sorts.iter().map(|sort| sort.name).collect(), default)
    }

    /// The same, of a list that sorts by itself.
    #[must_use]
    pub fn sorted_by(self, names: Vec<&'static str>, default: &'static str) -> Self {
        Self {
            sorts: Some((names, default)),
            ..self
        }
    }

    /// Can be had as a stream of server-sent events, too.
    #[must_use]
    pub fn streamed(mut self) -> Self {
        self.offers.push(stream::KIND);
        self
    }

    /// Takes a file, which arrives on disk: the handler reads it with [`super::Upload`].
    #[must_use]
    pub fn file(self) -> Self {
        Self {
            size: Size::File,
            ..self
        }
    }

    /// Takes a body that memory need not hold, with an `Idempotency-Key` without fail: the handler takes it in with [`super::Arriving`].
    #[must_use]
    pub fn taken_in(self) -> Self {
        Self {
            size: Size::Streamed,
            key_required: true,
            ..self
        }
    }
}

/// What an operation can answer with: as it says, and for every list CSV and NDJSON.
fn offers(operation: &Operation, list: bool) -> Vec<&'static str> {
    let responses = operation
        .responses
        .responses
        .iter()
        .filter(|(status, _)| status.starts_with('2'));
    let kinds: Vec<String> = responses
        .filter_map(|(_, response)| match response {
            RefOr::T(response) => Some(response.content.keys().cloned()),
            RefOr::Ref(_) => None,
        })
        .flatten()
        .collect();
    if list {
        return vec![export::JSON, export::CSV, export::NDJSON];
    }
    let mut offers: Vec<&'static str> = KINDS
        .iter()
        .copied()
        .filter(|kind| kinds.iter().any(|known| known.split(';').next() == Some(kind)))
        .collect();
    if offers.is_empty() {
        offers.push(export::JSON);
    }
    offers
}

/// Every content type that answers can have.
const KINDS: [&str; 9] = [
    export::JSON,
    export::CSV,
    export::NDJSON,
    "text/html",
    "text/plain",
    stream::KIND,
    "text/calendar",
    "message/rfc822",
    "application/pdf",
];

/// Mounts every row; rows of one path share a resource, so that each path knows its methods.
///
/// The paths of one collection share a scope: the router tries the patterns of that collection alone, not all there are.
pub fn mount(config: &mut ServiceConfig, endpoints: &[Arc<Endpoint>], rules: &Arc<Rules>) {
    let mut paths: Vec<&str> = endpoints.iter().map(|endpoint| endpoint.path.as_str()).collect();
    // Literal segments before parameters: `/assignments/bulk` is not an assignment's id.
    paths.sort_by_key(|path| (path.contains('{'), *path));
    paths.dedup();
    let mut collections: Vec<&str> = paths.iter().map(|path| collection(path)).collect();
    collections.sort_unstable();
    collections.dedup();
    for prefix in collections {
        let own = paths.iter().filter(|path| collection(path) == prefix);
        config.service(own.fold(web::scope(prefix), |scope, path| {
            let below = path.strip_prefix(prefix).unwrap_or_default();
            let rows = endpoints.iter().filter(|endpoint| endpoint.path == **path);
            scope.service(resource(below, rows, rules))
        }));
    }
}

/// What all paths of a collection begin with: `/v1/customers`, `/problems`.
fn collection(path: &str) -> &str {
    let segments = if path.starts_with("/v1/") { 2 } else { 1 };
    let end = path.match_indices('/').nth(segments).map_or(path.len(), |(at, _)| at);
    &path[..end]
}

/// The rows of one path.
fn resource<'e>(path: &str, rows: impl Iterator<Item = &'e Arc<Endpoint>>, rules: &Arc<Rules>) -> Resource {
    let mut resource = web::resource(path.to_owned());
    let mut allow = Vec::new();
    for endpoint in rows {
        let gate = Gate {
            endpoint: endpoint.clone(),
            rules: rules.clone(),
        };
        let route = if endpoint.method == Method::GET {
            allow.extend(["GET", "HEAD"]);
            (endpoint.route)().guard(guard::Any(guard::Get()).or(guard::Head()))
        } else {
            allow.push(method_name(&endpoint.method));
            (endpoint.route)().method(endpoint.method.clone())
        };
        resource = resource.route(route.wrap(from_fn(move |request, next| gate.clone().pass(request, next))));
    }
    allow.push("OPTIONS");
    let allow = allow.join(", ");
    resource.default_service(web::to(move |request| other_method(request, allow.clone())))
}

fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        _ => "GET",
    }
}

/// Declares a feature's rows: `endpoints![list_customers: Access::Needs(Permission::CustomersRead), …]`.
#[macro_export]
macro_rules! endpoints {
    ($($handler:ident: $access:expr $(=> $option:ident $(($($given:expr),+))?)*),+ $(,)?) => {
        paste::paste! {
            vec![$(
                $crate::http::Endpoint::new::<[<__path_ $handler>]>($access, || actix_web::web::to($handler))$(.$option($($($given),+)?))*
            ),+]
        }
    };
}
