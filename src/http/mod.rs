//! HTTP, the same for every feature: the endpoint table, problems, bodies, queries, pages, replies, idempotency.

pub mod accept;
pub mod address;
mod apart;
pub mod arrival;
mod bearer;
pub mod body;
pub mod bulk;
mod checks;
pub mod csv;
pub mod endpoint;
pub mod export;
pub mod gate;
pub mod idempotency;
pub mod page;
pub mod precondition;
pub mod problem;
pub mod query;
pub mod reply;
pub mod request_id;
pub mod rules;
pub mod span;
pub mod stream;
pub mod streamed;

use std::sync::Arc;

pub use actix_web::web::Path;
pub use apart::Apart;
pub use arrival::Upload;
pub use body::{Json, Patch, typed};
pub use bulk::{Bulk, BulkMode};
pub use checks::Checks;
pub use endpoint::{Access, Endpoint};
pub use page::{Cursor, Paging, Sort, SortKey};
pub use precondition::Known;
pub use problem::{Answer, Fault, Problem, ProblemBody};
pub use query::Query;
pub use reply::{Made, Reply};
pub use streamed::{Arrived, Arriving};

/// The application, as handlers take it.
pub type App = actix_web::web::Data<Arc<crate::app::App>>;
