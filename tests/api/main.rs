//! Journeys over HTTP, a file per feature.

#[path = "../support/mod.rs"]
mod support;

mod customers;
mod ground;
