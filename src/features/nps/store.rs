//! All SQL of NPS responses.

use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::figures::Category;
use super::response::{NpsResponse, NpsResponseId, NpsResponseInput, NpsSource};
use crate::access::Scope;
use crate::clock::Timestamp;
use crate::db::{Error, Sql, Sqls};
use crate::features::customers::customer::CustomerId;
use crate::features::customers::store::redirects;
use crate::http::query::List;
use crate::id::UserId;
use crate::journal::{self, Listed, Sort, SortKey, Window};

/// Skipped answers sort before a zero.
fn score_key(response: &NpsResponse) -> i64 {
    response.fields.score.unwrap_or(-1)
}

crate::record!(
    NpsResponse, "nps_response", "nps_responses",
    [
        customer_id, contact_id, assignment_id, attempt_id, program_id, user_id, source, responded_at, category, follow_up,
        follow_up_question, days_since_previous,
    ],
    fields NpsResponseInput [score, would_recommend, follow_up_answer, comment],
    derived { score_key: |response| score_key(response) },
    customer: |response| Some(response.customer_id.into()),
);

/// Fields that answers can be sorted by.
pub static SORTS: &[Sort<NpsResponse>] = &[
    Sort {
        name: "responded_at",
        column: "nps_responses.responded_at",
        key: |response| SortKey::Time(response.responded_at),
    },
    Sort {
        name: "created_at",
        column: "nps_responses.created_at",
        key: |response| SortKey::Time(response.created_at),
    },
    Sort {
        name: "score",
        column: "nps_responses.score_key",
        key: |response| SortKey::Int(score_key(response)),
    },
];

/// Which answers are asked for.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct NpsResponseFilter {
    /// The history of one customer.
    #[param(value_type = Option<String>, format = Uuid)]
    pub customer_id: Option<CustomerId>,
    #[param(value_type = Option<String>, format = Uuid)]
    pub contact_id: Option<Uuid>,
    /// Who asked.
    #[param(value_type = Option<String>, format = Uuid)]
    pub user_id: Option<UserId>,
    #[param(value_type = Option<String>, format = Uuid)]
    pub program_id: Option<Uuid>,
    #[param(value_type = Option<String>, format = Uuid)]
    pub attempt_id: Option<Uuid>,
    /// Categories, separated by commas.
    #[param(style = Form, explode = false, value_type = Option<Vec<Category>>, max_items = 3)]
    pub category_in: Option<List<Category>>,
    pub source: Option<NpsSource>,
    /// Only those that were skipped, or only those that were not.
    pub skipped: Option<bool>,
    #[param(minimum = 0, maximum = 10)]
    pub score_gte: Option<i64>,
    #[param(minimum = 0, maximum = 10)]
    pub score_lte: Option<i64>,
    pub responded_at_gte: Option<Timestamp>,
    pub responded_at_lt: Option<Timestamp>,
}

impl NpsResponseFilter {
    fn narrow(&self, sql: &mut Sql<'_>) {
        redirects::narrow(sql, "nps_responses.customer_id", self.customer_id);
        sql.compare("nps_responses.contact_id =", self.contact_id);
        sql.compare("nps_responses.user_id =", self.user_id);
        sql.compare("nps_responses.program_id =", self.program_id);
        sql.compare("nps_responses.attempt_id =", self.attempt_id);
        sql.within("nps_responses.category", self.category_in.as_deref());
        sql.compare("nps_responses.source =", self.source);
        if let Some(skipped) = self.skipped {
            sql.push(if skipped {
                " AND nps_responses.score IS NULL"
            } else {
                " AND nps_responses.score IS NOT NULL"
            });
        }
        sql.compare("nps_responses.score >=", self.score_gte);
        sql.compare("nps_responses.score <=", self.score_lte);
        sql.compare("nps_responses.responded_at >=", self.responded_at_gte);
        sql.compare("nps_responses.responded_at <", self.responded_at_lt);
    }
}

/// A page of answers.
pub async fn list(
    db: &mut impl Sqls,
    scope: &Scope,
    filter: &NpsResponseFilter,
    window: &Window<NpsResponse>,
) -> Result<Listed<NpsResponse>, Error> {
    journal::list(db, scope.organization, window, |sql| filter.narrow(sql)).await
}

/// The answer, if it is in sight.
pub async fn find(db: &mut impl Sqls, scope: &Scope, id: NpsResponseId) -> Result<Option<NpsResponse>, Error> {
    journal::find(db, scope.organization, id).await
}

/// When this customer last answered (not skipped) before a time.
pub async fn previous(
    db: &mut impl Sqls,
    scope: &Scope,
    customer: CustomerId,
    before: Timestamp,
) -> Result<Option<Timestamp>, Error> {
    let row: Option<(Timestamp,)> = db
        .sql("SELECT responded_at FROM nps_responses WHERE organization_id = $1 AND customer_id = $2 AND responded_at < $3 AND score IS NOT NULL ORDER BY responded_at DESC LIMIT 1")
        .bind(scope.organization)
        .bind(customer)
        .bind(before)
        .optional()
        .await?;
    Ok(row.map(|(at,)| at))
}

/// When each of these customers answered (not skipped), in no particular order.
pub async fn answers_of(
    db: &mut impl Sqls,
    scope: &Scope,
    customers: &[CustomerId],
) -> Result<Vec<(CustomerId, Timestamp)>, Error> {
    let mut found = Vec::new();
    for chunk in customers.chunks(500) {
        let mut sql = db
            .sql("SELECT customer_id, responded_at FROM nps_responses WHERE organization_id = $1 AND score IS NOT NULL AND customer_id IN ")
            .bind(scope.organization);
        sql.list(chunk.iter().copied());
        found.extend(sql.all::<(CustomerId, Timestamp)>().await?);
    }
    Ok(found)
}
