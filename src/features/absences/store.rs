//! All SQL of absences and of what working days hang on.

use chrono::{NaiveDate, Weekday};
use serde::Deserialize;
use utoipa::IntoParams;

use super::absence::{Absence, AbsenceId, AbsenceInput, AbsenceKind};
use super::working_day::WorkingDays;
use crate::access::Scope;
use crate::clock::Timestamp;
use crate::db::{Error, Json, Sql, Sqls};
use crate::features::customers::calling_window::DayName;
use crate::http::query::List;
use crate::id::UserId;
use crate::journal::{self, Listed, Sort, SortKey, Window};

crate::record!(
    Absence, "absence", "absences",
    [user_id],
    fields AbsenceInput [starts_on, ends_on, kind, note],
    derived {
        starts_key: |absence| absence.fields.starts_on.to_string(),
        ends_key: |absence| absence.fields.ends_on.to_string(),
    },
);

/// Fields that absences can be sorted by.
pub static SORTS: &[Sort<Absence>] = &[
    Sort {
        name: "starts_on",
        column: "absences.starts_key",
        key: |absence| SortKey::Text(absence.fields.starts_on.to_string()),
    },
    Sort {
        name: "ends_on",
        column: "absences.ends_key",
        key: |absence| SortKey::Text(absence.fields.ends_on.to_string()),
    },
    Sort {
        name: "created_at",
        column: "absences.created_at",
        key: |absence| SortKey::Time(absence.created_at),
    },
    Sort {
        name: "updated_at",
        column: "absences.updated_at",
        key: |absence| SortKey::Time(absence.updated_at),
    },
];

/// Which absences are asked for.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AbsenceFilter {
    #[param(value_type = Option<String>, format = Uuid)]
    pub user_id: Option<UserId>,
    /// Any of these, separated by commas.
    #[param(style = Form, explode = false, value_type = Option<Vec<AbsenceKind>>, max_items = 5)]
    pub kind_in: Option<List<AbsenceKind>>,
    /// Those that cover this day.
    pub on: Option<NaiveDate>,
    pub starts_on_gte: Option<NaiveDate>,
    pub starts_on_lt: Option<NaiveDate>,
    pub ends_on_gte: Option<NaiveDate>,
    pub ends_on_lt: Option<NaiveDate>,
    pub updated_at_gte: Option<Timestamp>,
    pub updated_at_lt: Option<Timestamp>,
}

/// Whose absences a caller sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    Everybodys,
    /// One's own; an API key has none.
    Own(Option<UserId>),
}

impl AbsenceFilter {
    fn narrow(&self, sql: &mut Sql<'_>, sight: Sight) {
        match sight {
            Sight::Everybodys => {}
            Sight::Own(user) => drop(sql.push(" AND absences.user_id = ").value(user)),
        }
        if let Some(user) = self.user_id {
            sql.push(" AND absences.user_id = ").value(user);
        }
        if let Some(List(kinds)) = &self.kind_in {
            sql.push(" AND absences.kind IN ").list(kinds.iter().copied());
        }
        for (condition, day) in [
            (" AND absences.starts_on <= ", self.on),
            (" AND absences.ends_on >= ", self.on),
            (" AND absences.starts_on >= ", self.starts_on_gte),
            (" AND absences.starts_on < ", self.starts_on_lt),
            (" AND absences.ends_on >= ", self.ends_on_gte),
            (" AND absences.ends_on < ", self.ends_on_lt),
        ] {
            if let Some(day) = day {
                sql.push(condition).value(day);
            }
        }
        if let Some(from) = self.updated_at_gte {
            sql.push(" AND absences.updated_at >= ").value(from);
        }
        if let Some(until) = self.updated_at_lt {
            sql.push(" AND absences.updated_at < ").value(until);
        }
    }
}

/// A page of absences.
pub async fn list(
    db: &mut impl Sqls,
    scope: &Scope,
    sight: Sight,
    filter: &AbsenceFilter,
    window: &Window<Absence>,
) -> Result<Listed<Absence>, Error> {
    journal::list(db, scope.organization, window, |sql| filter.narrow(sql, sight)).await
}

/// How many absences of a user there are.
pub async fn count_of(db: &mut impl Sqls, scope: &Scope, user: UserId) -> Result<i64, Error> {
    let (count,): (i64,) = db
        .sql("SELECT COUNT(*) FROM absences WHERE organization_id = $1 AND user_id = $2")
        .bind(scope.organization)
        .bind(user)
        .one()
        .await?;
    Ok(count)
}

/// The absence, if it is in sight.
pub async fn find(db: &mut impl Sqls, scope: &Scope, sight: Sight, id: AbsenceId) -> Result<Option<Absence>, Error> {
    let found: Option<Absence> = journal::find(db, scope.organization, id).await?;
    Ok(found.filter(|absence| match sight {
        Sight::Everybodys => true,
        Sight::Own(user) => user == Some(absence.user_id),
    }))
}

/// When these users work, from one day of their calendars until before another.
pub async fn working_days(
    db: &mut impl Sqls,
    scope: &Scope,
    users: &[UserId],
    from: NaiveDate,
    until: NaiveDate,
) -> Result<WorkingDays, Error> {
    let said: Option<(Option<String>, Option<Json<Vec<DayName>>>)> = db
        .sql("SELECT holiday_region, working_weekdays FROM organizations WHERE id = $1")
        .bind(scope.organization)
        .optional()
        .await?;
    let (usual_region, weekdays) = said.unwrap_or_default();
    let weekdays = weekdays.map(|Json(days)| days).unwrap_or_default();
    let mut days = WorkingDays::new(weekdays.into_iter().map(Weekday::from), from, until);
    let mut users = users.to_vec();
    users.sort_unstable();
    users.dedup();
    for chunk in users.chunks(500) {
        let mut sql = db
            .sql("SELECT id, holiday_region FROM users WHERE organization_id = $1 AND id IN ")
            .bind(scope.organization);
        sql.list(chunk.iter().copied());
        let people: Vec<(UserId, Option<String>)> = sql.all().await?;
        for (user, region) in people {
            days.person(user, region.as_deref().or(usual_region.as_deref()));
        }
        let mut sql = db
            .sql("SELECT user_id, starts_on, ends_on, kind FROM absences WHERE organization_id = $1 AND ends_on >= $2 AND starts_on < $3 AND user_id IN ")
            .bind(scope.organization)
            .bind(from)
            .bind(until);
        sql.list(chunk.iter().copied());
        let absences: Vec<(UserId, NaiveDate, NaiveDate, AbsenceKind)> = sql.all().await?;
        for (user, first, last, kind) in absences {
            days.absence(user, first, last, kind);
        }
    }
    Ok(days)
}

/// The region whose public holidays hold for a user: their own, else the organization's.
pub async fn region_of(db: &mut impl Sqls, scope: &Scope, user: Option<UserId>) -> Result<Option<String>, Error> {
    let row: Option<(Option<String>,)> = db
        .sql("SELECT COALESCE((SELECT users.holiday_region FROM users WHERE users.organization_id = organizations.id AND users.id = $1), organizations.holiday_region) FROM organizations WHERE organizations.id = $2")
        .bind(user)
        .bind(scope.organization)
        .optional()
        .await?;
    Ok(row.and_then(|(region,)| region))
}
