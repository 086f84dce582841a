//! Speaks: segments, ready-made and saved.

mod customers;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::filter::SegmentFilter;
use super::ready_made::{ReadyMade, SegmentParameter, SegmentParameters};
use super::segment::{Choice, Moment, Segment, SegmentId, SegmentInput, SegmentKey};
use super::store::{self, SegmentListFilter};
use crate::access::{Caller, Permission};
use crate::clock::Timestamp;
use crate::db::{Json as Kept, Sqls};
use crate::features::customers::store::zone;
use crate::features::programs;
use crate::http::page::{Paging, Sort, SortKey};
use crate::http::precondition::IfMatch;
use crate::http::{Access, Answer, App, Endpoint, Fault, Json, Patch, Path, Problem, Query, Reply};
use crate::journal::{Change, Listed, Unit};
use crate::refusal::{Code, Refusal};

crate::page!(SegmentPage of SegmentView);

/// The fields to change.
type SegmentPatch = Patch<SegmentInput>;

pub fn endpoints() -> Vec<Endpoint> {
    let mut endpoints = crate::endpoints![
        list_segments: Access::Needs(Permission::ProgramsRead) => sorted(SORTS, "name"),
        create_segment: Access::Needs(Permission::ProgramsManage),
        get_segment: Access::Needs(Permission::ProgramsRead),
        update_segment: Access::Needs(Permission::ProgramsManage),
        delete_segment: Access::Needs(Permission::ProgramsManage),
    ];
    endpoints.extend(customers::endpoints());
    endpoints
}

/// A new segment of the organization's own.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewSegment {
    /// Chosen by the client, so that it can be made offline; else by the server.
    pub id: Option<SegmentId>,
    #[serde(flatten)]
    pub fields: SegmentInput,
}

/// A segment as it is shown: whom it chooses, and how many these are.
#[derive(Debug, Serialize, ToSchema)]
pub struct SegmentView {
    pub id: SegmentKey,
    #[schema(max_length = 200)]
    pub name: String,
    #[schema(max_length = 2000)]
    pub description: Option<String>,
    /// Whether the organization has saved it; else every organization has it.
    pub saved: bool,
    /// The ready-made segment that it is, or that it is made of.
    pub ready_made: Option<ReadyMade>,
    /// What it is told, with what is usual where nothing was said; null for what it does not take.
    pub parameters: SegmentParameters,
    /// The parameters that a preview of it takes, with what is usual.
    #[schema(max_items = 10)]
    pub takes: Vec<SegmentParameter>,
    /// A saved filter of the list of customers.
    #[schema(value_type = Option<SegmentFilter>)]
    pub filter: Option<Kept<SegmentFilter>>,
    /// How many customers it has now; null when that was not asked for, or is not the caller's to know.
    #[schema(minimum = 0)]
    pub count: Option<i64>,
    /// Null for a ready-made one, like the times.
    pub revision: Option<i64>,
    pub created_at: Option<Timestamp>,
    pub updated_at: Option<Timestamp>,
    /// Its place in the list: ready-made ones in their order, then saved ones by name.
    #[serde(skip)]
    #[schema(ignore)]
    place: String,
}

impl SegmentView {
    fn of_ready_made(which: ReadyMade) -> (Self, Option<Choice>) {
        let parameters = which.settle(SegmentParameters::default()).unwrap_or_default();
        let view = Self {
            id: SegmentKey::ReadyMade(which),
            name: which.name().into(),
            description: Some(which.description().into()),
            saved: false,
            ready_made: Some(which),
            parameters,
            takes: which.takes(),
            filter: None,
            count: None,
            revision: None,
            created_at: None,
            updated_at: None,
            place: format!("0{:03}", which as u8),
        };
        (view, Some(Choice::ReadyMade(which, parameters)))
    }

    fn of_saved(segment: Segment) -> (Self, Option<Choice>) {
        let choice = segment.choice().ok();
        let parameters = match &choice {
            Some(Choice::ReadyMade(_, parameters)) => *parameters,
            Some(Choice::Filter(_)) | None => SegmentParameters::default(),
        };
        let place = format!("1{}", segment.name_key());
        let fields = segment.fields;
        let view = Self {
            id: SegmentKey::Saved(segment.id),
            name: fields.name,
            description: fields.description,
            saved: true,
            ready_made: fields.ready_made,
            parameters,
            takes: fields.ready_made.map(ReadyMade::takes).unwrap_or_default(),
            filter: fields.filter,
            count: None,
            revision: Some(segment.revision),
            created_at: Some(segment.created_at),
            updated_at: Some(segment.updated_at),
            place,
        };
        (view, choice)
    }
}

/// What else is asked of segments.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Counting {
    /// Count the customers of each, which takes time where there are many.
    pub include_counts: Option<bool>,
}

/// The one order of the list.
static SORTS: &[Sort<SegmentView>] = &[Sort {
    name: "name",
    column: "",
    key: |view| SortKey::Text(view.place.clone()),
}];

/// List segments.
///
/// The ready-made ones first, then those that the organization has saved, by name; with `include_counts=true` each with the number of its customers now. Who they are is at `/v1/segments/{id}/customers`.
#[utoipa::path(get, path = "/v1/segments", operation_id = "list_segments", tag = "segments", params(SegmentListFilter, Counting, Paging),
    responses((status = 200, description = "A page of segments", body = SegmentPage)))]
async fn list_segments(
    app: App,
    caller: Caller,
    filter: Query<SegmentListFilter>,
    counting: Query<Counting>,
    paging: Paging,
) -> Answer<SegmentPage> {
    let mut read = app.read();
    let window = paging.window(&app, &caller, SORTS)?;
    if window.order.iter().any(|(_, descending)| *descending) {
        let detail = "Ready-made segments stand first, then saved ones by name: `name` is the one order there is.";
        return Err(Problem::fault("sort", "not_allowed", detail));
    }
    // There are few: an organization keeps a limited number of its own.
    let ready_made: &[ReadyMade] = if filter.leaves_ready_made() {
        ReadyMade::ALL
    } else {
        &[]
    };
    let saved = match filter.saved {
        Some(false) => Vec::new(),
        Some(true) | None => store::all(&mut read, &caller.scope(), &filter).await?,
    };
    let mut all: Vec<_> = ready_made
        .iter()
        .map(|which| SegmentView::of_ready_made(*which))
        .collect();
    all.extend(saved.into_iter().map(SegmentView::of_saved));
    let total = window.total.then(|| i64::try_from(all.len()).unwrap_or(i64::MAX));
    if let Some((keys, _)) = &window.after
        && let Some(SortKey::Text(seen)) = keys.first()
    {
        all.retain(|(view, _)| view.place > *seen);
    }
    let limit = usize::try_from(window.limit).unwrap_or_default();
    let more = all.len() > limit;
    all.truncate(limit);
    let last = all.last().filter(|_| more);
    let next = last.map(|(view, _)| (vec![SortKey::Text(view.place.clone())], uuid::Uuid::nil()));
    let mut rows = Vec::with_capacity(all.len());
    if counting.include_counts == Some(true) {
        let moment = moment(&mut read, &caller, app.clock.now()).await?;
        for (view, choice) in all {
            rows.push(count(&mut read, &caller, view, choice, &moment).await?);
        }
    } else {
        rows.extend(all.into_iter().map(|(view, _)| view));
    }
    Ok(Reply::ok(
        paging.close(&app, &caller, Listed { rows, next, total }).into(),
    ))
}

/// The segment with the number of its customers, when it is the caller's to know.
async fn count(
    db: &mut impl Sqls,
    caller: &Caller,
    view: SegmentView,
    choice: Option<Choice>,
    moment: &Moment,
) -> Result<SegmentView, Problem> {
    let Some(choice) = choice.filter(|choice| may_see(caller, choice).is_ok()) else {
        return Ok(view);
    };
    let count = store::count(db, &caller.scope(), &choice, moment).await?;
    Ok(SegmentView {
        count: Some(count),
        ..view
    })
}

/// The time at which a segment is looked at, where the organization is.
async fn moment(db: &mut impl Sqls, caller: &Caller, now: Timestamp) -> Result<Moment, Problem> {
    let zone = zone(db, caller.organization).await?;
    Ok(Moment { now, zone })
}

/// Who is in a segment of answers is for those who may read answers.
///
/// # Errors
/// `insufficient_permission`.
fn may_see(caller: &Caller, choice: &Choice) -> Result<(), Refusal> {
    // A count tells something of customers, too.
    caller.needs(Permission::CustomersRead)?;
    match choice {
        Choice::ReadyMade(which, _) if which.tells_nps() => caller.needs(Permission::NpsRead),
        Choice::ReadyMade(..) | Choice::Filter(_) => Ok(()),
    }
}

/// Save a segment.
///
/// A ready-made segment with parameters of the organization's own, or a filter of the list of customers, under a name.
#[utoipa::path(post, path = "/v1/segments", operation_id = "create_segment", tag = "segments",
    request_body(content = NewSegment, example = json!({"name": "Silent for half a year", "ready_made": "silent", "parameters": {"days": 180}})),
    responses((status = 201, description = "The new segment", body = Segment), (status = 200, description = "It was there already, just so", body = Segment)))]
async fn create_segment(app: App, caller: Caller, new: Json<NewSegment>) -> Answer<Segment> {
    let mut unit = app.write(&caller).await?;
    let id = new.0.id.unwrap_or_else(|| unit.new_id());
    let segment = Segment::new(id, new.0.fields, unit.now());
    if let Some(there) = store::find(&mut unit, &caller.scope(), id).await? {
        return crate::http::reply::again(unit, there, &segment).await;
    }
    if store::how_many(&mut unit, &caller.scope()).await? >= MOST {
        return Err(Refusal::state(format!(
            "An organization keeps {MOST} segments at most. Delete one first."
        ))
        .into());
    }
    sound(&mut unit, &caller, &segment).await?;
    let segment = unit.save(Change::created(segment)).await?;
    unit.answer(Reply::created("/v1/segments", segment)).await
}

/// An organization keeps so many segments at most: all of them are counted where they are listed.
const MOST: i64 = 200;

/// Read a segment.
///
/// With the number of its customers now.
#[utoipa::path(get, path = "/v1/segments/{id}", operation_id = "get_segment", tag = "segments",
    params(("id" = SegmentKey, Path, description = "The word of a ready-made segment, or the id of a saved one.")),
    responses((status = 200, description = "The segment", body = SegmentView)))]
async fn get_segment(app: App, caller: Caller, id: Path<SegmentKey>) -> Answer<SegmentView> {
    let mut read = app.read();
    let (view, choice) = match *id {
        SegmentKey::ReadyMade(which) => SegmentView::of_ready_made(which),
        SegmentKey::Saved(id) => SegmentView::of_saved(found(&mut read, &caller, id).await?),
    };
    let moment = moment(&mut read, &caller, app.clock.now()).await?;
    let view = count(&mut read, &caller, view, choice, &moment).await?;
    let revision = view.revision;
    let reply = Reply::ok(view);
    Ok(match revision {
        Some(revision) => reply.revision(revision).living(),
        None => reply,
    })
}

/// Change a saved segment.
///
/// Ready-made ones stay as they are: save one with parameters of your own.
#[utoipa::path(patch, path = "/v1/segments/{id}", operation_id = "update_segment", tag = "segments",
    params(("id" = SegmentKey, Path, description = "The id of a saved segment.")),
    request_body(content = SegmentPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The segment as it is now", body = Segment)))]
async fn update_segment(
    app: App,
    caller: Caller,
    id: Path<SegmentKey>,
    patch: SegmentPatch,
    if_match: IfMatch,
) -> Answer<Segment> {
    let mut unit = app.write(&caller).await?;
    let segment = saved(&mut unit, &caller, *id).await?;
    let fields = patch.apply(&segment.fields)?;
    let change = segment.revise(fields);
    if_match.allows(&change)?;
    sound(&mut unit, &caller, &change.after).await?;
    let segment = unit.save(change).await?;
    unit.answer(Reply::record(segment)).await
}

/// Delete a saved segment.
///
/// Not while a program chooses its customers by it.
#[utoipa::path(delete, path = "/v1/segments/{id}", operation_id = "delete_segment", tag = "segments",
    params(("id" = SegmentKey, Path, description = "The id of a saved segment.")),
    responses((status = 204, description = "It is gone")))]
async fn delete_segment(app: App, caller: Caller, id: Path<SegmentKey>, if_match: IfMatch) -> Answer<()> {
    let mut unit = app.write(&caller).await?;
    let segment = saved(&mut unit, &caller, *id).await?;
    if_match.at(segment.revision)?;
    unused(&mut unit, &caller, &segment).await?;
    unit.remove(segment).await?;
    unit.answer(Reply::nothing()).await
}

async fn found(db: &mut impl Sqls, caller: &Caller, id: SegmentId) -> Result<Segment, Problem> {
    let segment = store::find(db, &caller.scope(), id).await?;
    segment.ok_or_else(Problem::not_found)
}

/// The saved segment; a ready-made one is nobody's to change.
async fn saved(unit: &mut Unit, caller: &Caller, key: SegmentKey) -> Result<Segment, Problem> {
    match key {
        SegmentKey::Saved(id) => found(unit, caller, id).await,
        SegmentKey::ReadyMade(which) => {
            let detail =
                format!("Every organization has the segment {which}, as it is. Save one with parameters of your own.");
            Err(Refusal::state(detail).into())
        }
    }
}

/// What the schema cannot say: one way to choose, and a name of its own.
async fn sound(unit: &mut Unit, caller: &Caller, segment: &Segment) -> Result<(), Problem> {
    if let Err(faults) = segment.choice() {
        let fault = |(pointer, reason): (String, String)| Fault::new(pointer, "invalid_value", reason);
        return Err(Problem::invalid(faults.into_iter().map(fault).collect()));
    }
    match store::by_name(unit, &caller.scope(), segment.name_key()).await? {
        Some(other) if other.id != segment.id => Err(Problem::new(
            Code::Duplicate,
            format!(
                "The `name` {} belongs to another segment, {}.",
                other.fields.name, other.id
            ),
        )),
        Some(_) | None => Ok(()),
    }
}

/// Programs that choose their customers by a segment would choose nobody without it.
async fn unused(unit: &mut Unit, caller: &Caller, segment: &Segment) -> Result<(), Problem> {
    let key = SegmentKey::Saved(segment.id);
    let programs = programs::store::all(unit, &caller.scope()).await?;
    match programs
        .into_iter()
        .find(|program| program.fields.segments.contains(&key))
    {
        None => Ok(()),
        Some(program) => {
            let detail = format!("The program {} chooses customers by this segment.", program.fields.name);
            Err(Refusal::state(detail).into())
        }
    }
}
