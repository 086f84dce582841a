//! The customers, with what the organization knows of them.

use std::sync::Arc;

use chrono::{NaiveDate, TimeDelta};
use serde_json::{Value, json};

use super::chance::Chance;
use super::staff::Staff;
use super::words::{names, table};
use super::{broken, fields};
use crate::app::{App, Broken};
use crate::clock::Timestamp;
use crate::features::customers::account_manager::AccountManagerPeriod;
use crate::features::customers::contact::Contact;
use crate::features::customers::customer::Customer;
use crate::features::customers::signal::Signal;
use crate::features::people::setup;
use crate::id::{OrganizationId, UserId};
use crate::journal::{Change, Unit};

/// How many there are.
const COUNT: usize = 500;

/// A customer and what the demonstration needs to know beside the record.
pub struct Known {
    pub customer: Customer,
    /// Whom to call.
    pub contact: Option<uuid::Uuid>,
    /// How content they are, 0 to 100; nobody else knows.
    pub mood: i64,
    /// When they last answered the recommendation question.
    pub answered_at: Option<Timestamp>,
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
            let last = i64::try_from(fresh.len()).unwrap_or(0) - 1;
            let referrer = usize::try_from(chance.between(0, last)).unwrap_or(0);
            if let Some(Change { after, .. }) = fresh.get_mut(referrer) {
                after.referral_count += 1;
                said["referred_by_id"] = json!(after.id);
            }
        }
        if chance.percent(2) {
            said["do_not_contact"] = json!(true);
            said["do_not_contact_reason"] = json!("Asked in writing not to be called.");
        }
        let mut customer = Customer::new(unit.new_id(), fields(said)?, unit.now());
        customer.account_manager_count = 1 + i64::from(chance.percent(35));
        fresh.push(Change::created(customer));
    }
    let saved = unit.save_all(fresh).await.map_err(broken)?;
    let (mut periods, mut contacts, mut known) = (Vec::new(), Vec::new(), Vec::new());
    for customer in saved {
        periods.extend(managed(&unit, &customer, staff, chance)?);
        let first = contacts.len();
        for number in 0..chance.between(1, 3) {
            contacts.push(Change::created(person(&unit, &customer, number == 0, chance)?));
        }
        known.push(Known {
            contact: contacts
                .get(first)
                .map(|change: &Change<Contact>| change.after.id.into()),
            mood: chance.between(45, 100),
            answered_at: None,
            customer,
        });
    }
    unit.save_all(periods).await.map_err(broken)?;
    unit.save_all(contacts).await.map_err(broken)?;
    unit.commit().await.map_err(broken)?;
    Ok(known)
}

/// Who looks after the customer, and who did before.
fn managed(
    unit: &Unit,
    customer: &Customer,
    staff: &Staff,
    chance: &mut Chance,
) -> Result<Vec<Change<AccountManagerPeriod>>, Broken> {
    let began = customer
        .fields
        .customer_since
        .unwrap_or_else(|| unit.now().date_naive());
    let today = unit.now().date_naive().max(began);
    let handover = began + TimeDelta::days((today - began).num_days() * chance.between(20, 90) / 100);
    let mut periods = Vec::new();
    let mut period = |user: Option<UserId>, from: NaiveDate, until: Option<NaiveDate>| {
        let Some(user) = user else { return Ok(()) };
        let said = fields(json!({"user_id": user, "started_on": from, "ended_on": until}))?;
        let period = AccountManagerPeriod::new(unit.new_id(), customer.id, said, unit.now());
        periods.push(Change::created(period));
        Ok::<(), Broken>(())
    };
    let now = customer.fields.account_manager_id;
    if customer.account_manager_count > 1 {
        let before = staff
            .contributors
            .iter()
            .map(|user| user.id)
            .find(|id| Some(*id) != now);
        period(before, began, Some(handover))?;
        period(now, handover, None)?;
    } else {
        period(now, began, None)?;
    }
    Ok(periods)
}

fn person(unit: &Unit, customer: &Customer, primary: bool, chance: &mut Chance) -> Result<Contact, Broken> {
    let (first, last) = (chance.word(&names("first_names")), chance.word(&names("last_names")));
    let address = crate::fold::words(&format!("{first} {last}")).join(".");
    let site = customer.fields.website.as_deref().unwrap_or_default();
    let said = fields(json!({
        "customer_id": customer.id,
        "first_name": first,
        "last_name": last,
        "title": chance.word(&names("titles")),
        "email": format!("{address}@{}", site.trim_start_matches("https://")),
        "phone": customer.fields.phone,
        "language": customer.fields.preferred_language,
        "is_primary": primary,
    }))?;
    Ok(Contact::new(unit.new_id(), said, customer.region(), unit.now()))
}

/// What happened to customers elsewhere in the year, as the CRM told it last night.
pub async fn signals(unit: &mut Unit, customers: &[Known], chance: &mut Chance) -> Result<(), Broken> {
    let kinds = table::<3>("signals");
    let mut signals = Vec::new();
    for known in customers {
        for _ in 0..chance.between(0, 3).min(chance.between(0, 3)) {
            let Some([kind, topic, title]) = chance.one(&kinds) else {
                continue;
            };
            let ago = chance.between(1, 360);
            let mut said = json!({
                "customer_id": known.customer.id,
                "kind": kind,
                "occurred_at": unit.now().plus(-TimeDelta::hours(ago * 24 + chance.between(0, 12))),
                "title": title,
            });
            match *kind {
                "support_case" if ago > 20 || chance.percent(50) => said["status"] = json!("closed"),
                "purchase" => {
                    let currency = known
                        .customer
                        .fields
                        .annual_billing
                        .as_ref()
                        .map(|money| &money.0.currency);
                    said["amount"] = json!({"amount_minor": chance.between(20, 900) * 1_000, "currency": currency});
                }
                "news" => {
                    said["topic"] = json!(topic);
                    said["source_url"] = json!("https://news.example/regional");
                    said["worth_congratulating"] = json!(*topic != "leadership");
                }
                _ => {}
            }
            signals.push(Change::created(Signal::new(unit.new_id(), fields(said)?, unit.now())));
        }
    }
    unit.save_all(signals).await.map_err(broken)?;
    Ok(())
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
