//! Journeys over HTTP, a file per feature.

#[path = "../support/mod.rs"]
mod support;

mod action_items;
mod assignments;
mod bulk_assignments;
mod cases;
mod contacts;
mod customers;
mod ground;
mod notes;
mod nps;
mod programs;
