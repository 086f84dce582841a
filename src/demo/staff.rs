//! Who works there.

use std::sync::Arc;

use serde_json::json;

use super::chance::Chance;
use super::{PASSWORD, fields, words};
use crate::app::{App, Broken};
use crate::features::people::setup;
use crate::features::people::user::User;
use crate::id::OrganizationId;

/// Where the organization is.
pub const ZONE: &str = "Europe/Berlin";

/// The people, by what they do in the program.
pub struct Staff {
    pub executives: Vec<User>,
    /// Members of Support, Sales and Product, in whose hands action items are.
    pub contributors: Vec<User>,
}

pub async fn make(app: &Arc<App>, organization: OrganizationId, chance: &mut Chance) -> Result<Staff, Broken> {
    // One hash for all: hashing is slow on purpose.
    let hash = setup::hash(PASSWORD).await?;
    let mut staff = Staff {
        executives: Vec::new(),
        contributors: Vec::new(),
    };
    for [address, name, role, title, department, city, country, zone] in words::table("staff") {
        let person = fields(json!({
            "email": format!("{address}@demo.test"),
            "name": name,
            "role": role,
            "title": title,
            "department": department,
            "phone": format!("+49 40 555 0{}", chance.between(100, 999)),
            "time_zone": zone,
            "city": city,
            "country": country,
            "hired_on": format!("20{:02}-{:02}-01", chance.between(8, 23), chance.between(1, 12)),
        }))?;
        let user = setup::user(app, organization, person, Some(hash.clone())).await?;
        match role {
            "executive" => staff.executives.push(user),
            "contributor" => staff.contributors.push(user),
            _ => {}
        }
    }
    Ok(staff)
}
