//! What an executive is told in the evening.

use std::collections::BTreeMap;

use chrono_tz::Tz;
use uuid::Uuid;

use super::call_list::CallList;
use crate::db::Error;
use crate::features::customers::customer::Customer;
use crate::features::notifications::notification::{NotificationKind, Told};
use crate::features::people::user::User;
use crate::journal::{self, Unit};
use crate::local_time;

/// Names the calls of a list, each with its time.
pub async fn of_list(unit: &mut Unit, user: &User, zone: Tz, list: &CallList) -> Result<Told, Error> {
    let ids: Vec<Uuid> = list.entries.iter().map(|entry| entry.customer_id.into()).collect();
    let customers: Vec<Customer> = journal::find_all(unit, unit.organization(), &ids).await?;
    let names: BTreeMap<Uuid, String> = customers.into_iter().map(|it| (it.id.into(), it.fields.name)).collect();
    let mut lines: Vec<(String, &str)> = list
        .entries
        .iter()
        .map(|entry| {
            let time = entry.at.map(|at| local_time::wall_clock(at.utc(), zone));
            // An ancient promise shows its day as well.
            let time = time.map(|at| match at.date() == list.list_on {
                true => at.format("%H:%M").to_string(),
                false => at.format("%-d %B %H:%M").to_string(),
            });
            let name = names
                .get(&entry.customer_id.into())
                .map(String::as_str)
                .unwrap_or_default();
            (time.unwrap_or_else(|| "any time".to_owned()), name)
        })
        .collect();
    lines.sort();
    let day = list.list_on.format("%A, %-d %B");
    let title = match lines.len() {
        0 => format!("No calls for {day}"),
        1 => format!("1 call for {day}"),
        many => format!("{many} calls for {day}"),
    };
    let text = match lines.is_empty() {
        true => "The programs' segments have nobody who may be called on that day.".to_owned(),
        false => lines
            .iter()
            .map(|(time, name)| format!("{time}  {name}"))
            .collect::<Vec<_>>()
            .join("\n"),
    };
    Ok(Told {
        user_id: user.id,
        kind: NotificationKind::DayPrepared,
        key: format!("day_prepared/{}", list.list_on),
        title,
        text,
        about: Some(("call_list", list.id.into())),
    })
}
