//! The customers, with what the organization knows of them.

use std::sync::Arc;

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::chance::Chance;
use super::staff::Staff;
use super::words::{names, table};
use super::{broken, fields};
use crate::app::{App, Broken};
use crate::clock::Timestamp;
use crate::features::customers::customer::Customer;
use crate::features::people::setup;
use crate::id::OrganizationId;
use crate::journal::Change;

/// How many there are.
const COUNT: usize = 500;

/// A customer and what the demonstration needs to know beside the record.
pub struct Known {
    pub customer: Customer,
    /// How content they are, 0 to 100; nobody else knows.
    pub mood: i64,
}

pub async fn make(
    app: &Arc<App>,
    organization: OrganizationId,
    staff: &Staff,
    chance: &mut Chance,
    now: Timestamp,
) -> Result<Vec<Known>, Broken> {
    let (firsts, lasts) = (names("company_first"), table::<2>("company_last"));
    let (places, services, tags, streets) = (table("places"), names("services"), names("tags"), names("streets"));
    let mut unit = setup::unit(app, organization).await?;
    let mut fresh: Vec<Change<Customer>> = Vec::new();
    for number in 0..COUNT {
        // Every pair of words once, in no order that shows.
        let pair = (number * 337) % (firsts.len() * lasts.len());
        let (first, last) = (firsts.get(pair % firsts.len()), lasts.get(pair / firsts.len()));
        let (Some(first), Some([last, industry]), Some(place)) = (first, last, chance.one(&places)) else {
            continue;
        };
        let name = format!("{first} {last}");
        let manager = chance.one(&staff.contributors).map(|user| user.id);
        let mut said = about(&name, number, place, chance, now);
        said["street"] = json!(format!("{} {}", chance.word(&streets), chance.between(1, 180)));
        said["services"] = some_of(&services, chance.between(1, 3), chance);
        said["tags"] = some_of(&tags, chance.between(0, 2), chance);
        said["industry"] = json!(industry);
        said["account_manager_id"] = json!(manager);
        if number > 20 && chance.percent(12) {
            let referrer = chance.one(&fresh).map(|change| change.after.id);
            said["referred_by_id"] = json!(referrer);
        }
        if chance.percent(2) {
            said["do_not_contact"] = json!(true);
            said["do_not_contact_reason"] = json!("Asked in writing not to be called.");
        }
        fresh.push(Change::created(Customer::new(unit.new_id(), fields(said)?, unit.now())));
    }
    let saved = unit.save_all(fresh).await.map_err(broken)?;
    unit.commit().await.map_err(broken)?;
    Ok(saved
        .into_iter()
        .map(|customer| Known {
            customer,
            mood: chance.between(35, 100).min(chance.between(45, 100)),
        })
        .collect())
}

/// Up to so many of these, each once.
fn some_of(words: &[&str], count: i64, chance: &mut Chance) -> Value {
    let mut some: Vec<&str> = (0..count).map(|_| chance.word(words)).collect();
    some.sort_unstable();
    some.dedup();
    json!(some)
}

fn about(name: &str, number: usize, place: &[&str; 7], chance: &mut Chance, now: Timestamp) -> Value {
    // A few pay much, many pay little, as it is.
    let billing = match chance.between(1, 100) {
        1..=5 => chance.between(120_000, 900_000),
        6..=30 => chance.between(20_000, 120_000),
        _ => chance.between(1_200, 20_000),
    };
    let days = chance.between(40, 5_500).min(chance.between(200, 5_500));
    let since = now.plus(-TimeDelta::days(days)).date_naive();
    let [city, region, country, zone, dial, language, currency] = place;
    let domain: String = crate::fold::words(name).join("-");
    json!({
        "external_id": format!("D-{:04}", number + 1),
        "name": name,
        "time_zone": zone,
        "customer_since": since,
        "annual_billing": {"amount_minor": billing * 100, "currency": currency},
        "phone": format!("{} 555 {:04}", dial, chance.between(100, 9_999)),
        "website": format!("https://{domain}.example"),
        "city": city,
        "region": (!region.is_empty()).then_some(region),
        "postal_code": format!("{:05}", chance.between(1_000, 98_999)),
        "country": country,
        "preferred_language": language,
        "social_profiles": {"linkedin": format!("https://linkedin.example/company/{domain}")},
        "custom_fields": {"tier": if billing > 100_000 { "gold" } else if billing > 15_000 { "silver" } else { "bronze" }},
    })
}
