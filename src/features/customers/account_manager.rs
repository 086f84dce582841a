//! Who has looked after a customer, from when to when.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::customer::CustomerId;
use crate::clock::Timestamp;
use crate::id::UserId;
use crate::journal::{Change, Changing};

crate::id! {
    /// A time during which one user looked after a customer.
    AccountManagerPeriodId;
}

/// What can be said of a period.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountManagerPeriodInput {
    pub user_id: UserId,
    /// The first day.
    pub started_on: NaiveDate,
    /// The day on which it went to somebody else; null for who looks after the customer now.
    pub ended_on: Option<NaiveDate>,
}

/// A time during which one user looked after a customer.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct AccountManagerPeriod {
    pub id: AccountManagerPeriodId,
    pub customer_id: CustomerId,
    #[serde(flatten)]
    pub fields: AccountManagerPeriodInput,
    pub revision: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl AccountManagerPeriod {
    pub fn new(
        id: AccountManagerPeriodId,
        customer_id: CustomerId,
        fields: AccountManagerPeriodInput,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            customer_id,
            fields,
            revision: 0,
            created_at: now,
            updated_at: now,
        }
    }

    /// Somebody else takes over on this day.
    pub fn end(self, on: NaiveDate) -> Change<Self> {
        self.change("ended", |next| {
            next.fields.ended_on = Some(on.max(next.fields.started_on))
        })
    }

    /// Whether two periods share a day; the day of a handover belongs to the later one.
    pub fn overlaps(&self, other: &AccountManagerPeriodInput) -> bool {
        let before_end = |day: NaiveDate, end: Option<NaiveDate>| end.is_none_or(|end| day < end);
        before_end(self.fields.started_on, other.ended_on) && before_end(other.started_on, self.fields.ended_on)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handover_is_no_overlap() {
        let period = |from: &str, until: Option<&str>| AccountManagerPeriodInput {
            user_id: UserId(uuid::Uuid::nil()),
            started_on: from.parse().unwrap(),
            ended_on: until.map(|until| until.parse().unwrap()),
        };
        let now = Timestamp::new(chrono::DateTime::UNIX_EPOCH);
        let nil = uuid::Uuid::nil();
        let known = AccountManagerPeriod::new(
            AccountManagerPeriodId(nil),
            CustomerId(nil),
            period("2020-01-01", Some("2021-01-01")),
            now,
        );
        for (other, overlaps) in [
            (period("2021-01-01", None), false),
            (period("2019-01-01", Some("2020-01-01")), false),
            (period("2020-12-31", None), true),
            (period("2019-01-01", Some("2020-01-02")), true),
            (period("2019-01-01", None), true),
        ] {
            assert_eq!(known.overlaps(&other), overlaps, "{other:?}");
        }
    }
}
