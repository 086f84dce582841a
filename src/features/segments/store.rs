//! All SQL of segments: the saved ones here, whom each chooses in `places`.

mod places;

use serde::Deserialize;
use utoipa::IntoParams;

pub use places::{count, places, places_among};

use super::ready_made::SegmentParameters;
use super::segment::{Choice, Found, Segment, SegmentId, SegmentInput, SegmentKey};
use crate::access::Scope;
use crate::clock::Timestamp;
use crate::db::{Error, Sql, Sqls};
use crate::journal;

crate::record!(
    Segment, "segment", "segments",
    [],
    fields SegmentInput [name, description, ready_made, parameters, filter],
    derived { name_key: |segment| segment.name_key() },
);

/// Which segments are asked for.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SegmentListFilter {
    /// Only those that the organization has saved, or only those that every organization has.
    pub saved: Option<bool>,
    pub updated_at_gte: Option<Timestamp>,
    pub updated_at_lt: Option<Timestamp>,
}

impl SegmentListFilter {
    fn narrow(&self, sql: &mut Sql<'_>) {
        sql.compare("segments.updated_at >=", self.updated_at_gte);
        sql.compare("segments.updated_at <", self.updated_at_lt);
    }

    /// Whether it leaves ready-made segments, which have no time.
    pub fn leaves_ready_made(&self) -> bool {
        self.saved != Some(true) && self.updated_at_gte.is_none() && self.updated_at_lt.is_none()
    }
}

/// The saved segments. There are few.
pub async fn all(db: &mut impl Sqls, scope: &Scope, filter: &SegmentListFilter) -> Result<Vec<Segment>, Error> {
    let mut segments: Vec<Segment> = journal::select(db, scope.organization, |sql| filter.narrow(sql)).await?;
    segments.sort_by_key(Segment::name_key);
    Ok(segments)
}

/// How many segments are saved.
pub async fn how_many(db: &mut impl Sqls, scope: &Scope) -> Result<i64, Error> {
    let (count,): (i64,) = db
        .sql("SELECT COUNT(*) FROM segments WHERE organization_id = $1")
        .bind(scope.organization)
        .one()
        .await?;
    Ok(count)
}

/// The saved segment, if it is in sight.
pub async fn find(db: &mut impl Sqls, scope: &Scope, id: SegmentId) -> Result<Option<Segment>, Error> {
    journal::find(db, scope.organization, id).await
}

/// Whom a segment chooses, ready-made or saved, or why it chooses nobody.
pub async fn choice(db: &mut impl Sqls, scope: &Scope, key: SegmentKey) -> Result<Found, Error> {
    Ok(match key {
        SegmentKey::ReadyMade(which) => match which.settle(SegmentParameters::default()) {
            Ok(settled) => Found::Chosen(Choice::ReadyMade(which, settled)),
            Err(_) => Found::NeedsParameters,
        },
        SegmentKey::Saved(id) => match find(db, scope, id).await?.map(|segment| segment.choice()) {
            Some(Ok(choice)) => Found::Chosen(choice),
            Some(Err(_)) => Found::Unfit,
            None => Found::Missing(id),
        },
    })
}

/// The saved segment of the same name.
pub async fn by_name(db: &mut impl Sqls, scope: &Scope, name_key: String) -> Result<Option<Segment>, Error> {
    let mut found = journal::select(db, scope.organization, |sql| {
        sql.push(" AND segments.name_key = ").value(name_key);
    })
    .await?;
    Ok(found.pop())
}
