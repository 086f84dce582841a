//! The command line as a client: the real program asks the real program.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail loudly"
)]

#[path = "../support/mod.rs"]
mod support;

mod assigning;
mod desk;
mod exporting;
mod importing;
mod planning;
mod signing_in;
mod troubles;
