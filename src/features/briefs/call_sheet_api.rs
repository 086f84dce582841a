//! Speaks: the call sheet of a day.

use actix_web::body::BoxBody;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY};
use actix_web::{HttpRequest, HttpResponse, Responder};
use chrono::{NaiveDate, NaiveTime};
use chrono_tz::Tz;
use serde::Deserialize;
use utoipa::IntoParams;

use super::api::brief;
use super::{call_sheet, store};
use crate::access::{Caller, Permission};
use crate::clock::Timestamp;
use crate::features::people;
use crate::http::{Access, App, Endpoint, Problem, Query};
use crate::local_time;

pub fn endpoints() -> Vec<Endpoint> {
    crate::endpoints![get_call_sheet: Access::Needs(Permission::AssignmentsRead)]
}

/// Which day.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Day {
    /// In the caller's own zone; today when absent.
    pub date: Option<NaiveDate>,
}

/// A page of HTML that nothing can run in.
pub struct Page(String);

impl Responder for Page {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::Ok()
            .content_type("text/html; charset=utf-8")
            .insert_header((CONTENT_SECURITY_POLICY, call_sheet::POLICY.as_str()))
            .insert_header((REFERRER_POLICY, "no-referrer"))
            .insert_header((CACHE_CONTROL, "private, no-store"))
            .body(self.0)
    }
}

/// Read my call sheet.
///
/// A page of HTML made for print: a sheet of paper for each of my open calls that are scheduled for that day or due on it, with the brief in short, the talking points, and space to write. Days are those of my own time zone. Needs `customers:read` as well. An API key has no calls.
#[utoipa::path(get, path = "/v1/me/call-sheet", operation_id = "get_call_sheet", tag = "briefs", params(Day),
    responses((status = 200, description = "The call sheet", body = String, content_type = "text/html")))]
async fn get_call_sheet(app: App, caller: Caller, day: Query<Day>) -> Result<Page, Problem> {
    caller.needs(Permission::CustomersRead)?;
    let zone = zone(&app, &caller).await?;
    let date = day
        .date
        .unwrap_or_else(|| local_time::wall_clock(app.clock.now().utc(), zone).date());
    let ids = match caller.user {
        Some(me) => {
            let starts = |date: NaiveDate| Timestamp::new(local_time::instant(date.and_time(NaiveTime::MIN), zone));
            let ends = date.succ_opt().unwrap_or(date);
            let between = (starts(date), starts(ends));
            store::open_of_day(&mut app.read(), &caller.scope(), me, date, between).await?
        }
        None => Vec::new(),
    };
    let mut briefs = Vec::new();
    for id in ids.iter().take(call_sheet::MOST) {
        match brief(&app, &caller, *id).await {
            Ok(brief) => briefs.push(brief),
            // Gone meanwhile.
            Err(problem) if problem.code == crate::refusal::Code::NotFound => {}
            Err(problem) => return Err(problem),
        }
    }
    let left_out = ids.len().saturating_sub(call_sheet::MOST);
    let page = call_sheet::html(date, zone, &briefs, left_out).map_err(|error| Problem::internal(&error))?;
    Ok(Page(page))
}

/// The caller's zone; the organization's where they have none of their own.
async fn zone(app: &App, caller: &Caller) -> Result<Tz, Problem> {
    let mut db = app.read();
    let own = match caller.user {
        Some(me) => people::store::find(&mut db, &caller.scope(), me)
            .await?
            .and_then(|me| me.fields.time_zone),
        None => None,
    };
    let organization = people::store::organization(&mut db, caller.organization).await?;
    let zones = [own, organization.map(|organization| organization.fields.time_zone)];
    Ok(zones
        .into_iter()
        .flatten()
        .find_map(|zone| zone.parse().ok())
        .unwrap_or(Tz::UTC))
}
