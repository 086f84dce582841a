//! Briefs: everything that a caller should know, on one page.

mod api;
pub mod brief;
pub mod call_sheet;
mod call_sheet_api;
pub mod call_sheet_pdf;
pub mod gathered;
pub mod paper;
pub mod part;
pub mod parts;
pub mod personal;
pub mod store;
pub mod tenure;

/// This room's rows of the endpoint table.
pub fn endpoints() -> Vec<crate::http::Endpoint> {
    [api::endpoints(), call_sheet_api::endpoints()]
        .into_iter()
        .flatten()
        .collect()
}
