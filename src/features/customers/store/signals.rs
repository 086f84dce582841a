//! All SQL of signals.

use serde::Deserialize;
use utoipa::IntoParams;

use crate::access::Scope;
use crate::clock::Timestamp;
use crate::db::{Error, Sql, Sqls};
use crate::features::customers::customer::CustomerId;
use crate::features::customers::signal::{Signal, SignalId, SignalInput, SignalKind, SignalStatus, SignalTopic};
use crate::features::customers::store::redirects;
use crate::http::query::List;
use crate::id::UserId;
use crate::journal::{self, Listed, Sort, SortKey, Window};

crate::record!(
    Signal, "signal", "signals",
    [closed_at],
    fields SignalInput [
        customer_id, kind, external_id, occurred_at, title, detail, topic, amount, status, source_url, worth_congratulating,
        user_id,
    ],
    customer: |signal| Some(signal.fields.customer_id.into()),
);

/// Fields that signals can be sorted by.
pub static SORTS: &[Sort<Signal>] = &[
    Sort {
        name: "occurred_at",
        column: "signals.occurred_at",
        key: |signal| SortKey::Time(signal.fields.occurred_at),
    },
    Sort {
        name: "created_at",
        column: "signals.created_at",
        key: |signal| SortKey::Time(signal.created_at),
    },
    Sort {
        name: "updated_at",
        column: "signals.updated_at",
        key: |signal| SortKey::Time(signal.updated_at),
    },
];

/// Which signals are asked for.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SignalFilter {
    #[param(value_type = Option<String>, format = Uuid)]
    pub customer_id: Option<CustomerId>,
    pub kind: Option<SignalKind>,
    /// Any of these kinds.
    #[param(style = Form, explode = false, value_type = Option<Vec<SignalKind>>, max_items = 10)]
    pub kind_in: Option<List<SignalKind>>,
    #[param(max_length = 200)]
    pub external_id: Option<String>,
    pub topic: Option<SignalTopic>,
    /// Support cases that are open, or everything else.
    pub open: Option<bool>,
    pub worth_congratulating: Option<bool>,
    #[param(value_type = Option<String>, format = Uuid)]
    pub user_id: Option<UserId>,
    pub occurred_at_gte: Option<Timestamp>,
    pub occurred_at_lt: Option<Timestamp>,
    pub created_at_gte: Option<Timestamp>,
    pub created_at_lt: Option<Timestamp>,
    pub updated_at_gte: Option<Timestamp>,
    pub updated_at_lt: Option<Timestamp>,
}

impl SignalFilter {
    fn narrow(&self, sql: &mut Sql<'_>) {
        if let Some(List(kinds)) = &self.kind_in {
            sql.push(" AND signals.kind IN ").list(kinds.iter().copied());
        }
        if let Some(open) = self.open {
            sql.push(if open {
                " AND signals.status = "
            } else {
                " AND COALESCE(signals.status, '') <> "
            })
            .value(SignalStatus::Open);
        }
        redirects::narrow(sql, "signals.customer_id", self.customer_id);
        sql.compare("signals.kind =", self.kind);
        sql.compare("signals.external_id =", self.external_id.clone());
        sql.compare("signals.topic =", self.topic);
        sql.compare("signals.worth_congratulating =", self.worth_congratulating);
        sql.compare("signals.user_id =", self.user_id);
        sql.compare("signals.occurred_at >=", self.occurred_at_gte);
        sql.compare("signals.occurred_at <", self.occurred_at_lt);
        sql.compare("signals.created_at >=", self.created_at_gte);
        sql.compare("signals.created_at <", self.created_at_lt);
        sql.compare("signals.updated_at >=", self.updated_at_gte);
        sql.compare("signals.updated_at <", self.updated_at_lt);
    }
}

/// A page of signals.
pub async fn list(
    db: &mut impl Sqls,
    scope: &Scope,
    filter: &SignalFilter,
    window: &Window<Signal>,
) -> Result<Listed<Signal>, Error> {
    journal::list(db, scope.organization, window, |sql| filter.narrow(sql)).await
}

/// The signal, if it is in sight.
pub async fn find(db: &mut impl Sqls, scope: &Scope, id: SignalId) -> Result<Option<Signal>, Error> {
    journal::find(db, scope.organization, id).await
}

/// The signals of a kind with these ids where they come from.
pub async fn by_external_ids(
    db: &mut impl Sqls,
    scope: &Scope,
    kind: SignalKind,
    external_ids: impl IntoIterator<Item = String>,
) -> Result<Vec<Signal>, Error> {
    journal::select(db, scope.organization, |sql| {
        sql.push(" AND signals.kind = ").value(kind);
        sql.push(" AND signals.external_id IN ").list(external_ids);
    })
    .await
}
