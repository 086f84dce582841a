//! A room per capability. A feature may use another's domain and store, never its api.

pub mod customers;
pub mod people;
