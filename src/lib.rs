//! Touchbase: a headless JSON API that runs an executive customer-outreach program.
//!
//! The house, from the top: [`cli`] starts, [`server`] builds the application out of [`openapi`] and [`routes`],
//! `features` has a room per capability (decide / remember / speak), [`jobs`] is work in the background, [`http`] is the same for all of them,
//! [`app`] is what a handler may reach, [`journal`] is the one door for writes, [`access`] knows who is calling,
//! [`db`] is the two databases, [`mail`] is the way out. [`client`] is the other side: it asks a server over HTTP, and stands on the
//! ground alone. Arrows point down only.

pub mod access;
pub mod app;
pub mod cli;
pub mod client;
pub mod clock;
pub mod config;
pub mod db;
pub mod demo;
pub mod features;
pub mod fold;
pub mod http;
pub mod id;
pub mod jobs;
pub mod journal;
pub mod local_time;
pub mod mail;
pub mod openapi;
pub mod refusal;
pub mod routes;
pub mod server;
pub mod telemetry;
pub mod text;
pub mod tls;
pub mod wording;
pub mod workers;
