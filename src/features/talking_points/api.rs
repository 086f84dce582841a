//! Speaks: talking points and their versions.

use serde::Deserialize;
use utoipa::ToSchema;

use super::check::{TextFault, check};
use super::points::{TalkingPoints, TalkingPointsId, TalkingPointsInput, TalkingPointsVersion};
use super::store::{self, TalkingPointsFilter, VersionFilter};
use crate::access::{Caller, Permission};
use crate::http::page::Paging;
use crate::http::precondition::IfMatch;
use crate::http::{Access, Answer, App, Endpoint, Fault, Json, Known, Patch, Path, Problem, Query, Reply};
use crate::journal::{Change, Unit};

crate::page!(TalkingPointsPage of TalkingPoints);
crate::page!(TalkingPointsVersionPage of TalkingPointsVersion);

/// The fields to change.
type TalkingPointsPatch = Patch<TalkingPointsInput>;

pub fn endpoints() -> Vec<Endpoint> {
    crate::endpoints![
        list_talking_points: Access::Needs(Permission::ProgramsRead) => sorted(store::SORTS, "name"),
        create_talking_points: Access::Needs(Permission::ProgramsManage),
        get_talking_points: Access::Needs(Permission::ProgramsRead),
        update_talking_points: Access::Needs(Permission::ProgramsManage),
        list_talking_points_versions: Access::Needs(Permission::ProgramsRead) => sorted(store::VERSION_SORTS, "-version"),
    ]
}

/// New talking points.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewTalkingPoints {
    /// Chosen by the client, so that they can be made offline; else by the server.
    pub id: Option<TalkingPointsId>,
    #[serde(flatten)]
    pub fields: TalkingPointsInput,
}

/// List talking points.
#[utoipa::path(get, path = "/v1/talking-points", operation_id = "list_talking_points", tag = "briefs", params(TalkingPointsFilter, Paging),
    responses((status = 200, description = "A page of talking points", body = TalkingPointsPage)))]
async fn list_talking_points(
    app: App,
    caller: Caller,
    filter: Query<TalkingPointsFilter>,
    paging: Paging,
) -> Answer<TalkingPointsPage> {
    let window = paging.window(&app, &caller, store::SORTS)?;
    let listed = store::list(&mut app.read(), &caller.scope(), &filter, &window).await?;
    Ok(Reply::ok(paging.close(&app, &caller, listed).into()))
}

/// Create talking points.
///
/// The text is written as for Jinja: `{{ tenure }}` is filled in for each customer, `{% if good_news %} … {% elif … %} … {% else %} … {% endif %}` and `{% for news in good_news[:3] %}{{ news.title }}{% endfor %}` choose and repeat (`loop.index`, `loop.first`, `loop.last`). There are the filters `words` (a list as one says it: `A, B and C`), `length`, `upper` and `lower`, comparisons, `and`, `or`, `not`, `in`, and nothing else. The text is checked when it is saved: each fault is told with its line.
///
/// The personal fields; what is not known is an empty text or an empty list:
///
/// - `organization`, `program`: names. `executive`: who calls, with `name`, `title`.
/// - `customer`: `name`, `industry`, `city`, `country`, `billing` (`11,027.70 EUR a year`), `since` (`3 March 2024`).
/// - `contact`: whom to ask for, with `name`, `first_name`, `title`. `account_manager`: a name.
/// - `tenure` (`2 years and 3 months`), `anniversary` (when one is near: `10 years tomorrow`), `services`: a list of texts.
/// - `good_news`: to congratulate on, each with `title`, `detail`, `when`, `source`.
/// - `open_issues`: open support cases, each with `title`, `detail`, `since`.
/// - `promises`: what they were promised to hear and have not been told, each with `what`, `by`, `overdue` (yes or no).
/// - `action_items`: what is to be done for them, each with `title`, `owner`, `due`.
/// - `last_call`: `when`, `by`, `with`, `outcome`, `summary`. `last_nps`: `score`, `category`, `when`, `comment`.
/// - `ask_recommendation`: no, when they were asked less than 90 days ago. `recommendation_question`, `score_question`, `promoter_question` (for 8 to 10), `detractor_question` (for 0 to 7).
/// - `open_questions`: to listen, a list of texts. `probes`: more questions that fit this customer, if there is time.
#[utoipa::path(post, path = "/v1/talking-points", operation_id = "create_talking_points", tag = "briefs", request_body = NewTalkingPoints,
    responses((status = 201, description = "The new talking points", body = TalkingPoints), (status = 200, description = "They were there already, just so", body = TalkingPoints)))]
async fn create_talking_points(app: App, caller: Caller, new: Json<NewTalkingPoints>) -> Answer<TalkingPoints> {
    let mut unit = app.write(&caller).await?;
    let id = new.0.id.unwrap_or_else(|| unit.new_id());
    let points = TalkingPoints::new(id, new.0.fields, unit.now());
    if let Some(there) = store::find(&mut unit, &caller.scope(), id).await? {
        return crate::http::reply::again(unit, there, &points).await;
    }
    sound(&points.fields.text)?;
    let points = unit.save(Change::created(points)).await?;
    keep(&mut unit, &caller, &points).await?;
    unit.answer(Reply::created("/v1/talking-points", points)).await
}

/// Read talking points.
#[utoipa::path(get, path = "/v1/talking-points/{id}", operation_id = "get_talking_points", tag = "briefs",
    responses((status = 200, description = "The talking points", body = TalkingPoints)))]
async fn get_talking_points(
    app: App,
    caller: Caller,
    id: Path<TalkingPointsId>,
    known: Known,
) -> Answer<TalkingPoints> {
    Reply::found(&app, &caller, *id, known).await
}

/// Change talking points.
///
/// Another text is another version; the ones before are kept. Briefs show the latest.
#[utoipa::path(patch, path = "/v1/talking-points/{id}", operation_id = "update_talking_points", tag = "briefs",
    request_body(content = TalkingPointsPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The talking points as they are now", body = TalkingPoints)))]
async fn update_talking_points(
    app: App,
    caller: Caller,
    id: Path<TalkingPointsId>,
    patch: TalkingPointsPatch,
    if_match: IfMatch,
) -> Answer<TalkingPoints> {
    let mut unit = app.write(&caller).await?;
    let points = found(&mut unit, &caller, *id).await?;
    let (before, fields) = (points.version, patch.apply(&points.fields)?);
    let change = points.revise(fields);
    if_match.allows(&change)?;
    let another = change.after.version != before;
    if another {
        sound(&change.after.fields.text)?;
    }
    let points = unit.save(change).await?;
    if another {
        keep(&mut unit, &caller, &points).await?;
    }
    unit.answer(Reply::record(points)).await
}

/// List the versions of talking points.
#[utoipa::path(get, path = "/v1/talking-points/{id}/versions", operation_id = "list_talking_points_versions", tag = "briefs", params(VersionFilter, Paging),
    responses((status = 200, description = "A page of versions", body = TalkingPointsVersionPage)))]
async fn list_talking_points_versions(
    app: App,
    caller: Caller,
    id: Path<TalkingPointsId>,
    filter: Query<VersionFilter>,
    paging: Paging,
) -> Answer<TalkingPointsVersionPage> {
    let (mut db, scope) = (app.read(), caller.scope());
    found(&mut db, &caller, *id).await?;
    let window = paging.window(&app, &caller, store::VERSION_SORTS)?;
    let listed = store::versions(&mut db, &scope, *id, &filter, &window).await?;
    Ok(Reply::ok(paging.close(&app, &caller, listed).into()))
}

async fn found(db: &mut impl crate::db::Sqls, caller: &Caller, id: TalkingPointsId) -> Result<TalkingPoints, Problem> {
    store::find(db, &caller.scope(), id)
        .await?
        .ok_or_else(Problem::not_found)
}

/// Keeps the version that stands now.
async fn keep(unit: &mut Unit, caller: &Caller, points: &TalkingPoints) -> Result<(), Problem> {
    let change = points.kept(unit.new_id(), caller.user, unit.now());
    unit.save(change).await?;
    Ok(())
}

/// The text can be filled in for whatever customer.
fn sound(text: &str) -> Result<(), Problem> {
    let told = |fault: TextFault| Fault::new("/text", fault.code, format!("Line {}: {}", fault.line, fault.says));
    check(text).map_err(|faults| Problem::invalid(faults.into_iter().map(told).collect()))
}
