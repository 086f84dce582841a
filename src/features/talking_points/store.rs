//! All SQL of talking points and their versions.

use serde::Deserialize;
use utoipa::IntoParams;

use super::points::{TalkingPoints, TalkingPointsId, TalkingPointsInput, TalkingPointsVersion};
use crate::access::Scope;
use crate::clock::Timestamp;
use crate::db::{Error, Sql, Sqls};
use crate::fold;
use crate::journal::{self, Listed, Sort, SortKey, Window};

fn name_key(points: &TalkingPoints) -> String {
    fold::fold(&points.fields.name)
}

crate::record!(
    TalkingPoints, "talking_points", "talking_points",
    [version, ready_made],
    fields TalkingPointsInput [name, purpose, text],
    derived { name_key: |points| name_key(points) },
);

crate::record!(
    TalkingPointsVersion,
    "talking_points_version",
    "talking_points_versions",
    [talking_points_id, version, text, written_by],
);

/// Fields that talking points can be sorted by.
pub static SORTS: &[Sort<TalkingPoints>] = &[
    Sort {
        name: "name",
        column: "talking_points.name_key",
        key: |points| SortKey::Text(name_key(points)),
    },
    Sort {
        name: "created_at",
        column: "talking_points.created_at",
        key: |points| SortKey::Time(points.created_at),
    },
    Sort {
        name: "updated_at",
        column: "talking_points.updated_at",
        key: |points| SortKey::Time(points.updated_at),
    },
];

/// Fields that versions can be sorted by.
pub static VERSION_SORTS: &[Sort<TalkingPointsVersion>] = &[Sort {
    name: "version",
    column: "talking_points_versions.version",
    key: |version| SortKey::Int(version.version),
}];

/// Which talking points are asked for.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TalkingPointsFilter {
    pub ready_made: Option<bool>,
    pub created_at_gte: Option<Timestamp>,
    pub created_at_lt: Option<Timestamp>,
    pub updated_at_gte: Option<Timestamp>,
    pub updated_at_lt: Option<Timestamp>,
}

impl TalkingPointsFilter {
    fn narrow(&self, sql: &mut Sql<'_>) {
        sql.compare("talking_points.ready_made =", self.ready_made);
        sql.compare("talking_points.created_at >=", self.created_at_gte);
        sql.compare("talking_points.created_at <", self.created_at_lt);
        sql.compare("talking_points.updated_at >=", self.updated_at_gte);
        sql.compare("talking_points.updated_at <", self.updated_at_lt);
    }
}

/// Which versions are asked for.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct VersionFilter {
    /// This one alone.
    #[param(minimum = 1, maximum = 1_000_000)]
    pub version: Option<i64>,
}

/// A page of talking points.
///
/// # Errors
/// What the database said.
pub async fn list(
    db: &mut impl Sqls,
    scope: &Scope,
    filter: &TalkingPointsFilter,
    window: &Window<TalkingPoints>,
) -> Result<Listed<TalkingPoints>, Error> {
    journal::list(db, scope.organization, window, |sql| filter.narrow(sql)).await
}

/// A page of the versions of talking points.
///
/// # Errors
/// What the database said.
pub async fn versions(
    db: &mut impl Sqls,
    scope: &Scope,
    id: TalkingPointsId,
    filter: &VersionFilter,
    window: &Window<TalkingPointsVersion>,
) -> Result<Listed<TalkingPointsVersion>, Error> {
    journal::list(db, scope.organization, window, |sql| {
        sql.push(" AND talking_points_versions.talking_points_id = ").value(id);
        if let Some(version) = filter.version {
            sql.push(" AND talking_points_versions.version = ").value(version);
        }
    })
    .await
}

/// The talking points, if they are in sight.
///
/// # Errors
/// What the database said.
pub async fn find(db: &mut impl Sqls, scope: &Scope, id: TalkingPointsId) -> Result<Option<TalkingPoints>, Error> {
    journal::find(db, scope.organization, id).await
}
