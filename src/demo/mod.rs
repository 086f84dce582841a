//! The demonstration: an organization of made-up people with a year of calls behind it and a list for today.

mod chance;
mod customers;
mod learned;
mod staff;
mod words;
mod year;

use std::sync::Arc;

use chrono::TimeDelta;

use crate::app::{App, Broken};
use crate::clock::{Clock, Timestamp};
use crate::config::Config;
use crate::features::people::setup;
use chance::Chance;

/// Everybody's password.
pub const PASSWORD: &str = "touchbase-demo";
/// Another seed would make other people.
const SEED: u64 = 1_871;

/// Makes everything in a new database, from a year before `now` until then. The same `now` makes the same organization.
///
/// # Errors
/// With a sentence for the person who starts it.
pub async fn fill(config: Config, now: Timestamp) -> Result<(), Broken> {
    let clock = Clock::default();
    set(&clock, now.plus(-TimeDelta::days(year::DAYS)));
    let app = App::open(config, clock, None).await?;
    let outcome = make(&app, now).await;
    app.db.close().await;
    outcome
}

/// Sets the clock to this instant; it goes on from there.
fn set(clock: &Clock, to: Timestamp) {
    clock.advance(to.signed_duration_since(clock.now().utc()));
}

async fn make(app: &Arc<App>, now: Timestamp) -> Result<(), Broken> {
    let mut chance = Chance::new(SEED);
    let organization = setup::organization(app, "Demo", staff::ZONE).await?;
    let staff = staff::make(app, organization, &mut chance).await?;
    let customers = customers::make(app, organization, &staff, &mut chance, now).await?;
    year::make(app, organization, &staff, customers, &mut chance, now).await
}

/// What went wrong while the data were made, as a sentence.
fn broken(error: impl std::fmt::Debug) -> Broken {
    Broken(format!("The demonstration could not be made: {error:?}"))
}

/// A record's fields, as a client would send them: what is not said has its default.
fn fields<T: serde::de::DeserializeOwned>(json: serde_json::Value) -> Result<T, Broken> {
    serde_json::from_value(json).map_err(broken)
}
