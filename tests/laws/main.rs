//! What must hold for every endpoint, table and import, read from the registry and the sources, so that what comes later is
//! covered the day it comes. Files that a law compares with are written anew by `TOUCHBASE_BLESS=1 cargo test --test laws`.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail loudly"
)]

#[path = "../support/mod.rs"]
mod support;

mod arrows;
mod document;
mod events;
mod example;
mod grid;
mod indexes;
mod merging;
mod objects;
mod problems;
mod samples;
mod schema;
mod source;
mod sql;
mod tables;
