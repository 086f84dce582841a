//! Attempts: calls placed, and all that comes of them.

pub mod attempt;
pub mod store;
