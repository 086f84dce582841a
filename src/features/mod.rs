//! A room per capability. A feature may use another's domain and store, never its api.

pub mod absences;
pub mod action_items;
pub mod assignments;
pub mod attempts;
pub mod audit;
pub mod briefs;
pub mod cadences;
pub mod calendar_feeds;
pub mod cases;
pub mod customers;
pub mod follow_ups;
pub mod imports;
pub mod notes;
pub mod notifications;
pub mod nps;
pub mod occasion;
pub mod people;
pub mod programs;
pub mod recognition;
pub mod references;
pub mod reminders;
pub mod reports;
pub mod segments;
pub mod service;
pub mod talking_points;
pub mod transfers;
