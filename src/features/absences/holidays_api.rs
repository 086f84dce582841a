//! Speaks: public holidays, and the regions that they differ by.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::holiday::{self, Holiday, Region};
use super::store;
use crate::access::Caller;
use crate::http::{Access, Answer, App, Endpoint, Problem, Query, Reply};
use crate::local_time;

pub fn endpoints() -> Vec<Endpoint> {
    crate::endpoints![
        list_holidays: Access::SignedIn,
        list_holiday_regions: Access::SignedIn,
    ]
}

/// Which public holidays are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct HolidayQuery {
    /// A country or a part of one, as `GET /v1/holiday-regions` lists them; the caller's own when it is not said.
    #[param(min_length = 1, max_length = 64, example = "DE-BY")]
    pub region: Option<String>,
    /// The current one when it is not said.
    #[param(minimum = 2020, maximum = 2040)]
    pub year: Option<i32>,
}

/// The public holidays of a region.
#[derive(Debug, Serialize, ToSchema)]
pub struct Holidays {
    /// Null when none was asked for and neither the caller nor the organization has one: then no public holidays are known.
    #[schema(max_length = 64)]
    pub region: Option<String>,
    #[schema(max_length = 200)]
    pub name: Option<String>,
    #[schema(minimum = 2020, maximum = 2040)]
    pub year: i32,
    /// In order.
    #[schema(max_items = 400)]
    pub data: Vec<Holiday>,
}

/// Which regions are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RegionQuery {
    /// Only those of this country, by its two letters.
    #[param(min_length = 2, max_length = 2, example = "DE")]
    pub country: Option<String>,
}

/// A country or a part of one, as far as public holidays differ.
#[derive(Debug, Serialize, ToSchema)]
pub struct HolidayRegion {
    #[schema(max_length = 64, example = "DE-BY")]
    pub region: String,
    #[schema(min_length = 2, max_length = 2, example = "DE")]
    pub country: &'static str,
    #[schema(max_length = 200, example = "Germany, Bayern")]
    pub name: String,
}

/// The regions whose public holidays are known.
#[derive(Debug, Serialize, ToSchema)]
pub struct HolidayRegions {
    /// In the order of their codes.
    #[schema(max_items = 5000)]
    pub data: Vec<HolidayRegion>,
}

/// List public holidays.
///
/// Of a region and a year from 2020 to 2040: the ones that hold by law for everybody there. The data comes with the program, from the Python library `holidays`.
#[utoipa::path(get, path = "/v1/holidays", operation_id = "list_holidays", tag = "people", params(HolidayQuery),
    responses((status = 200, description = "The public holidays", body = Holidays)))]
async fn list_holidays(app: App, caller: Caller, query: Query<HolidayQuery>) -> Answer<Holidays> {
    let asked = match &query.region {
        Some(code) => Some(code.clone()),
        None => store::region_of(&mut app.read(), &caller.scope(), caller.user).await?,
    };
    let region = match &asked {
        Some(code) => {
            let known = Region::of(code);
            Some(known.ok_or_else(|| Problem::fault("region", "not_found", holiday::no_such_region(code)))?)
        }
        None => None,
    };
    let this_year = || chrono::Datelike::year(&local_time::wall_clock(app.clock.now().utc(), chrono_tz::Tz::UTC));
    let year = query.year.unwrap_or_else(this_year);
    Ok(Reply::ok(Holidays {
        region: region.map(|region| region.code()),
        name: region.map(|region| region.name()),
        year,
        data: region.map(|region| region.holidays(year)).unwrap_or_default(),
    }))
}

/// List the regions whose public holidays are known.
///
/// Nearly all countries, and their parts where holidays differ. A user or the organization takes one as `holiday_region`.
#[utoipa::path(get, path = "/v1/holiday-regions", operation_id = "list_holiday_regions", tag = "people", params(RegionQuery),
    responses((status = 200, description = "The regions", body = HolidayRegions)))]
async fn list_holiday_regions(_app: App, _caller: Caller, query: Query<RegionQuery>) -> Answer<HolidayRegions> {
    let country = query.country.as_ref().map(|country| country.to_uppercase());
    let of_country = |region: &Region| country.as_deref().is_none_or(|country| region.country() == country);
    let regions = holiday::regions().filter(of_country).map(|region| HolidayRegion {
        region: region.code(),
        country: region.country(),
        name: region.name(),
    });
    Ok(Reply::ok(HolidayRegions {
        data: regions.collect(),
    }))
}
