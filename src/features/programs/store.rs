//! All SQL of programs.

use serde::Deserialize;
use utoipa::IntoParams;

use super::program::{Program, ProgramId, ProgramInput, ProgramStatus};
use crate::access::Scope;
use crate::clock::Timestamp;
use crate::db::{Error, Sql, Sqls};
use crate::fold;
use crate::http::query::List;
use crate::journal::{self, Listed, Sort, SortKey, Window};

fn name_key(program: &Program) -> String {
    fold::fold(&program.fields.name)
}

fn starts_key(program: &Program) -> String {
    program.fields.starts_on.map(|on| on.to_string()).unwrap_or_default()
}

crate::record!(
    Program, "program", "programs",
    [status, ready_made],
    fields ProgramInput [name, purpose, starts_on, ends_on, participants, segments, retry_policy, talking_points_id, release_after_days, lists_at, ramp_up_weeks],
    derived {
        name_key: |program| name_key(program),
        starts_key: |program| starts_key(program),
    },
);

/// Fields that programs can be sorted by. What is missing comes first.
pub static SORTS: &[Sort<Program>] = &[
    Sort {
        name: "name",
        column: "programs.name_key",
        key: |program| SortKey::Text(name_key(program)),
    },
    Sort {
        name: "starts_on",
        column: "programs.starts_key",
        key: |program| SortKey::Text(starts_key(program)),
    },
    Sort {
        name: "created_at",
        column: "programs.created_at",
        key: |program| SortKey::Time(program.created_at),
    },
    Sort {
        name: "updated_at",
        column: "programs.updated_at",
        key: |program| SortKey::Time(program.updated_at),
    },
];

/// Which programs are asked for.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ProgramFilter {
    pub status: Option<ProgramStatus>,
    /// Several, separated by commas.
    #[param(style = Form, explode = false, value_type = Option<Vec<ProgramStatus>>, max_items = 3)]
    pub status_in: Option<List<ProgramStatus>>,
    pub ready_made: Option<bool>,
    pub updated_at_gte: Option<Timestamp>,
    pub updated_at_lt: Option<Timestamp>,
}

impl ProgramFilter {
    fn narrow(&self, sql: &mut Sql<'_>) {
        sql.compare("programs.status =", self.status);
        if let Some(List(status)) = &self.status_in {
            sql.push(" AND programs.status IN ").list(status.iter().copied());
        }
        sql.compare("programs.ready_made =", self.ready_made);
        sql.compare("programs.updated_at >=", self.updated_at_gte);
        sql.compare("programs.updated_at <", self.updated_at_lt);
    }
}

/// A page of programs.
///
/// # Errors
/// What the database said.
pub async fn list(
    db: &mut impl Sqls,
    scope: &Scope,
    filter: &ProgramFilter,
    window: &Window<Program>,
) -> Result<Listed<Program>, Error> {
    journal::list(db, scope.organization, window, |sql| filter.narrow(sql)).await
}

/// The program, if it is in sight.
///
/// # Errors
/// What the database said.
pub async fn find(db: &mut impl Sqls, scope: &Scope, id: ProgramId) -> Result<Option<Program>, Error> {
    journal::find(db, scope.organization, id).await
}

/// Every program of the organization.
///
/// # Errors
/// What the database said.
pub async fn all(db: &mut impl Sqls, scope: &Scope) -> Result<Vec<Program>, Error> {
    journal::select(db, scope.organization, |_| {}).await
}
