//! What every report shares: the days it is about, and its two forms.

use actix_web::body::BoxBody;
use actix_web::{HttpRequest, HttpResponse, Responder};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, PartialSchema, ToSchema};

use super::period::{NotAPeriod, Period, USUAL};
use crate::access::Caller;
use crate::features::people;
use crate::http::gate::Chosen;
use crate::http::{App, Problem, Reply, csv, export};

/// The days that a report is about.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Days {
    /// The first day, in the organization's zone; 89 days before the last when absent.
    pub from: Option<NaiveDate>,
    /// The last day, included; today when absent.
    pub to: Option<NaiveDate>,
}

impl Days {
    /// # Errors
    /// 400 when the days are no period.
    pub async fn period(&self, app: &App, caller: &Caller) -> Result<Period, Problem> {
        period((self.from, self.to), USUAL, app, caller).await
    }
}

/// The days asked for, in the organization's zone; the last `usual` ones when nothing is.
///
/// # Errors
/// 400 when the days are no period.
pub async fn period(
    (from, to): (Option<NaiveDate>, Option<NaiveDate>),
    usual: u64,
    app: &App,
    caller: &Caller,
) -> Result<Period, Problem> {
    let organization = people::store::organization(&mut app.read(), caller.organization).await?;
    let zone = organization.ok_or_else(Problem::not_found)?.fields.time_zone;
    let zone = zone.parse().map_err(|error| Problem::internal(&error))?;
    Period::last(usual, from, to, app.clock.now(), zone).map_err(|why| match why {
        NotAPeriod::Backwards => Problem::fault("from", "out_of_range", "`from` lies after `to`."),
        NotAPeriod::TooLong => Problem::fault("from", "out_of_range", "A report is about ten years at most."),
    })
}

/// Which days a table is about, at the end of each line.
const DAYS: [&str; 2] = ["from", "to"];

/// One table: a heading row and the lines below it, the first column naming the group, the last two the days that it is about.
pub struct CsvText;

impl PartialSchema for CsvText {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        use utoipa::openapi::{ObjectBuilder, schema::Type};
        ObjectBuilder::new()
            .schema_type(Type::String)
            .max_length(Some(100_000_000))
            .description(Some(
                "One table: a heading row and the lines below it, the first column naming the group, the last two the days that it is about.",
            ))
            .into()
    }
}

impl ToSchema for CsvText {}

/// A report in the form that the client chose.
pub enum Shown<T> {
    Json(Reply<T>),
    Csv(Vec<u8>),
}

/// Shows a report. `groups` names the report's lists of lines and, first, the group that is all of it.
///
/// # Errors
/// When a report cannot be written, which is our own fault.
pub fn shown<T: Serialize>(report: T, chosen: Chosen, groups: &[(&str, &str)]) -> Result<Shown<T>, Problem> {
    if chosen.0 != export::CSV {
        return Ok(Shown::Json(Reply::ok(report)));
    }
    let report = serde_json::to_value(report).map_err(|error| Problem::internal(&error))?;
    let overall = &report["overall"];
    let figures: Vec<&String> = overall.as_object().into_iter().flat_map(|all| all.keys()).collect();
    let mut out = Vec::new();
    let heading = ["group", "id", "name"].into_iter().map(str::to_owned);
    let named = figures.iter().map(|name| (*name).clone());
    csv::row(&mut out, heading.chain(named).chain(DAYS.map(str::to_owned)));
    let mut line = |group: &str, line: &Value| {
        let head = [group.to_owned(), csv::cell(&line["id"]), csv::cell(&line["name"])];
        let cells = figures.iter().map(|name| csv::cell(&line[name.as_str()]));
        let days = DAYS.map(|day| csv::cell(&report[day]));
        csv::row(&mut out, head.into_iter().chain(cells).chain(days));
    };
    line("overall", overall);
    for (list, group) in groups {
        for each in report[*list].as_array().into_iter().flatten() {
            line(group, each);
        }
    }
    Ok(Shown::Csv(out))
}

impl<T: Serialize> Responder for Shown<T> {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        match self {
            Self::Json(reply) => reply.respond_to(request),
            Self::Csv(table) => HttpResponse::Ok()
                .content_type(csv::KIND)
                .insert_header(csv::attachment(request.path(), "csv"))
                .body(table),
        }
    }
}

/// Two decimals, and never −0.
pub fn hundredths(value: f64) -> f64 {
    (value * 100.0).round() / 100.0 + 0.0
}

/// A share of 0 to 1, rounded to a hundredth of a per cent.
pub fn rounded(share: f64) -> f64 {
    (share * 10_000.0).round() / 10_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rounded_share_has_four_digits() {
        for (share, shown) in [
            (1_873.0 / 2_000.0, "0.9365"),
            (0.349_79, "0.3498"),
            (2.0 / 3.0, "0.6667"),
            (1.0, "1"),
        ] {
            assert_eq!(rounded(share).to_string(), shown);
        }
    }
}
