//! Files of records, as customer-relationship programs export them: read row by row, good rows kept, bad ones told.

mod api;
pub mod cells;
pub mod columns;
mod contacts;
mod customers;
mod file;
pub mod report;
mod row;
mod run;
mod signals;
mod store;
mod survey;
mod users;

/// This room's rows of the endpoint table.
pub fn endpoints() -> Vec<crate::http::Endpoint> {
    api::endpoints()
}
