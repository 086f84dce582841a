//! Journeys over HTTP, a file per feature.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail loudly"
)]

#[path = "../support/mod.rs"]
mod support;

mod a_week;
mod absences;
mod action_items;
mod api_keys;
mod assignments;
mod attempts;
mod briefs;
mod bulk_assignments;
mod cadences;
mod calendar_changes;
mod calendar_feeds;
mod call_sheets;
mod callbacks;
mod cases;
mod command_line;
mod contacts;
mod customers;
mod data_quality;
mod days;
mod dispositions;
mod duplicates;
mod evenings;
mod events;
mod exports;
mod faults;
mod follow_ups;
mod forgeries;
mod ground;
mod guesses;
mod habit;
mod holidays;
mod import_jobs;
mod import_readings;
mod imports;
mod inputs;
mod job_kills;
mod jobs;
mod lost_writes;
mod merges;
mod merges_property;
mod merges_told;
mod merges_undone;
mod northwind;
mod notes;
mod notification_mail;
mod notifications;
mod nps;
mod planned_weeks;
mod plans;
mod pokes;
mod proactivity;
mod programs;
mod recognition;
mod reminders;
mod reports;
mod retries;
mod retry_policy;
mod saved_segments;
mod scheduling;
mod segments;
mod service;
mod sessions;
mod shared_evening;
mod storage;
mod sync;
mod sync_interleavings;
mod sync_large;
mod sync_meanwhile;
mod sync_merges;
mod sync_push;
mod sync_refused;
mod sync_results;
mod sync_stream;
mod talking_points;
mod timeline;
mod told;
mod transfers;
mod user_imports;
mod users;
mod webhooks;
mod who_calls;
