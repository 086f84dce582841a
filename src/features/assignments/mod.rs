//! Assignments: who is to call whom.

pub mod assignment;
pub mod batch;
pub mod store;
