//! Speaks: the call sheet of a day.

use actix_web::body::BoxBody;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, REFERRER_POLICY};
use actix_web::web::block;
use actix_web::{HttpRequest, HttpResponse, Responder};
use chrono::{NaiveDate, NaiveTime};
use chrono_tz::Tz;
use serde::Deserialize;
use utoipa::{IntoParams, PartialSchema, ToSchema};

use super::api::brief;
use super::{call_sheet, call_sheet_pdf, store};
use crate::access::{Caller, Permission};
use crate::clock::Timestamp;
use crate::features::people;
use crate::http::gate::Chosen;
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

/// A day's calls, in the form that the client chose.
pub enum Page {
    /// Nothing can run in it.
    Html(String),
    Pdf {
        date: NaiveDate,
        bytes: Vec<u8>,
    },
}

impl Responder for Page {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let mut response = HttpResponse::Ok();
        response
            .insert_header((REFERRER_POLICY, "no-referrer"))
            .insert_header((CACHE_CONTROL, "private, no-store"));
        match self {
            Self::Html(page) => response
                .content_type("text/html; charset=utf-8")
                .insert_header((CONTENT_SECURITY_POLICY, call_sheet::POLICY.as_str()))
                .body(page),
            Self::Pdf { date, bytes } => response
                .content_type(PDF)
                .insert_header((CONTENT_DISPOSITION, format!("inline; filename=\"calls-{date}.pdf\"")))
                .body(bytes),
        }
    }
}

const PDF: &str = "application/pdf";

/// A file to print.
pub struct PdfFile;

impl PartialSchema for PdfFile {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        use utoipa::openapi::{KnownFormat, ObjectBuilder, SchemaFormat, schema::Type};
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Binary)))
            .max_length(Some(100_000_000))
            .description(Some("A file to print."))
            .into()
    }
}

impl ToSchema for PdfFile {}

/// Read my call sheet.
///
/// Made for print, as HTML or, with `Accept: application/pdf`, as a PDF: a sheet of paper for each of my open calls that are scheduled for that day or due on it, with the brief in short, the talking points, and space to write. Days are those of my own time zone. Needs `customers:read` as well. An API key has no calls.
#[utoipa::path(get, path = "/v1/me/call-sheet", operation_id = "get_call_sheet", tag = "briefs", params(Day),
    responses((status = 200, description = "The call sheet", content((String = "text/html"), (PdfFile = "application/pdf")))))]
async fn get_call_sheet(app: App, caller: Caller, day: Query<Day>, chosen: Chosen) -> Result<Page, Problem> {
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
    let sheet = call_sheet::sheet(date, zone, &briefs, left_out);
    if chosen.0 != PDF {
        let page = call_sheet::html(&sheet).map_err(|error| Problem::internal(&error))?;
        return Ok(Page::Html(page));
    }
    // Fifty pages take their time: others need not wait for them.
    let written = block(move || call_sheet_pdf::pdf(&sheet)).await;
    let written = written.map_err(|error| Problem::internal(&error))?;
    let bytes = written.map_err(|error| Problem::internal(&error))?;
    Ok(Page::Pdf { date, bytes })
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
    let usual = organization.map(|organization| organization.fields.time_zone);
    Ok(local_time::zone([own.as_deref(), usual.as_deref()]))
}
