//! Whom a segment chooses, and in which order: one statement, in three steps.
//!
//! `chosen` finds the customers with what the segment looks at, `ranked` gives each its place, and what is read last keeps
//! the first of them. Customers who must not be contacted are in no segment.

use chrono::{Datelike, Days, NaiveDate, TimeDelta};
use uuid::Uuid;

use crate::access::Scope;
use crate::clock::Timestamp;
use crate::db::{Error, Sql, Sqls};
use crate::features::cadences::cadence::{YEAR, day_number};
use crate::features::cadences::store::{Figure, figure};
use crate::features::customers::customer::CustomerId;
use crate::features::segments::ready_made::{ReadyMade, SegmentParameters};
use crate::features::segments::segment::{Choice, Moment, Place};

/// What stands before every instant at which a customer was reached.
fn never() -> Timestamp {
    Timestamp::new(chrono::DateTime::UNIX_EPOCH)
}

/// The instant so many days ago.
fn ago(moment: &Moment, days: Option<i64>) -> Timestamp {
    let days = TimeDelta::try_days(days.unwrap_or_default()).unwrap_or_default();
    moment.now.plus(-days)
}

/// Appends what a segment looks at of each customer: `number`, `at` and `share` are told, by the others it is ordered and kept.
fn looked_at(sql: &mut Sql<'_>, which: ReadyMade, parameters: &SegmentParameters) {
    match which {
        ReadyMade::RecentProblem => sql.push("CAST(problems.open AS BIGINT)"),
        ReadyMade::Promoters | ReadyMade::Passives | ReadyMade::Detractors => sql.push("answers.score"),
        ReadyMade::Pareto => sql
            .push("CAST(CASE WHEN (billed.running - customers.billing_key) * 100 < billed.total * ")
            .value(parameters.share)
            .push(" THEN 1 ELSE 0 END AS BIGINT)"),
        // The cadence is appended by the caller.
        ReadyMade::DueForReview | ReadyMade::Overdue => sql,
        ReadyMade::BiggestBillers
        | ReadyMade::Newest
        | ReadyMade::LongestStanding
        | ReadyMade::MostReferrals
        | ReadyMade::Silent
        | ReadyMade::NeverContacted
        | ReadyMade::Anniversaries => sql.push("CAST(NULL AS BIGINT)"),
    };
    sql.push(" AS number, ");
    sql.push(match which {
        ReadyMade::RecentProblem => "CASE WHEN problems.open > 0 THEN problems.opened_at ELSE problems.closed_at END",
        ReadyMade::Silent => HEARD,
        ReadyMade::Promoters | ReadyMade::Passives | ReadyMade::Detractors => "answers.responded_at",
        ReadyMade::BiggestBillers
        | ReadyMade::Newest
        | ReadyMade::LongestStanding
        | ReadyMade::MostReferrals
        | ReadyMade::Pareto
        | ReadyMade::NeverContacted
        | ReadyMade::DueForReview
        | ReadyMade::Anniversaries
        | ReadyMade::Overdue => "CAST(NULL AS TIMESTAMPTZ)",
    });
    sql.push(" AS at, ");
    sql.push(match which {
        ReadyMade::Pareto => "billed.running * 100 / billed.total",
        _ => "CAST(NULL AS DOUBLE PRECISION)",
    });
    sql.push(" AS share, customers.since_key AS label, ");
    sql.push(match which {
        ReadyMade::BiggestBillers | ReadyMade::Pareto => "customers.billing_key",
        ReadyMade::MostReferrals => "customers.referral_count",
        ReadyMade::RecentProblem => "CASE WHEN problems.open > 0 THEN 1 ELSE 0 END",
        _ => "customers.clock_day",
    });
    sql.push(" AS weight");
}

/// When something was last heard of a customer: by its own record, or by what it began.
const HEARD: &str = "CASE WHEN theirs.at > customers.heard_key THEN theirs.at ELSE customers.heard_key END";

/// Appends what a segment looks at beside the customers.
fn beside(sql: &mut Sql<'_>, scope: &Scope, which: ReadyMade, parameters: &SegmentParameters, moment: &Moment) {
    let organization = scope.organization;
    match which {
        ReadyMade::RecentProblem => {
            sql.push(" JOIN (SELECT customer_id, COUNT(*) FILTER (WHERE status = 'open') AS open, MIN(occurred_at) FILTER (WHERE status = 'open') AS opened_at, MAX(closed_at) AS closed_at FROM signals WHERE kind = 'support_case' AND (status = 'open' OR closed_at >= ")
                .value(ago(moment, parameters.days));
            sql.push(") AND organization_id = ").value(organization);
            sql.push(" GROUP BY customer_id) AS problems ON problems.customer_id = customers.id");
        }
        ReadyMade::Silent => {
            sql.push(" LEFT JOIN (SELECT customer_id, MAX(occurred_at) AS at FROM signals WHERE kind IN ('support_case', 'reactive_interaction') AND organization_id = ")
                .value(organization);
            sql.push(" GROUP BY customer_id) AS theirs ON theirs.customer_id = customers.id");
        }
        ReadyMade::Pareto => {
            // Everybody's billing counts, also of those who must not be contacted.
            sql.push(" LEFT JOIN (SELECT id, SUM(CAST(billing_key AS DOUBLE PRECISION)) OVER (ORDER BY billing_key DESC, id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS running, SUM(CAST(billing_key AS DOUBLE PRECISION)) OVER () AS total FROM customers WHERE billing_key > 0 AND organization_id = ")
                .value(organization);
            sql.push(") AS billed ON billed.id = customers.id");
        }
        ReadyMade::Promoters | ReadyMade::Passives | ReadyMade::Detractors => {
            sql.push(" JOIN (SELECT customer_id, score, responded_at, category, ROW_NUMBER() OVER (PARTITION BY customer_id ORDER BY responded_at DESC, id DESC) AS place FROM nps_responses WHERE score IS NOT NULL AND organization_id = ")
                .value(organization);
            sql.push(
                ") AS answers ON answers.place = 1 AND answers.customer_id = customers.id AND answers.responded_at >= ",
            )
            .value(ago(moment, parameters.days));
            sql.push(match which {
                ReadyMade::Promoters => " AND answers.category = 'promoter'",
                ReadyMade::Passives => " AND answers.category = 'passive'",
                _ => " AND answers.category = 'detractor'",
            });
        }
        _ => {}
    }
}

/// Appends ` AND …`: which customers are chosen, as far as their own row tells.
fn own(sql: &mut Sql<'_>, which: ReadyMade, parameters: &SegmentParameters, moment: &Moment) {
    let today = moment.today();
    match which {
        ReadyMade::Newest | ReadyMade::LongestStanding => {
            sql.push(" AND customers.since_key > '' AND customers.since_key <= ")
                .value(today.to_string());
        }
        ReadyMade::MostReferrals => {
            sql.push(" AND customers.referral_count > 0");
        }
        ReadyMade::Silent => {
            sql.push(" AND ")
                .push(HEARD)
                .push(" <= ")
                .value(ago(moment, parameters.days));
        }
        ReadyMade::NeverContacted => {
            sql.push(" AND customers.contacted_key = ").value(never());
        }
        ReadyMade::Anniversaries => {
            let Ahead { first, days } = Ahead::new(today, parameters.days.unwrap_or_default());
            sql.push(" AND SUBSTR(customers.since_key, 6, 5) IN ").list(days);
            sql.push(" AND SUBSTR(customers.since_key, 1, 4) < CASE WHEN SUBSTR(customers.since_key, 6, 5) >= ")
                .value(first);
            sql.push(" THEN ").value(today.year().to_string());
            sql.push(" ELSE ").value((today.year() + 1).to_string()).push(" END");
        }
        _ => {}
    }
    let tenure = parameters.min_tenure_days.and_then(|days| u64::try_from(days).ok());
    if let Some(tenure) = tenure.filter(|days| *days > 0)
        && let Some(day) = today.checked_sub_days(Days::new(tenure))
    {
        sql.push(" AND customers.since_key > '' AND customers.since_key <= ")
            .value(day.to_string());
    }
}

/// The days of the calendar that lie ahead, as months and days.
struct Ahead {
    first: String,
    days: Vec<String>,
}

impl Ahead {
    /// Who came on 29 February celebrates on 1 March in other years.
    fn new(today: NaiveDate, days: i64) -> Self {
        let ahead = today
            .iter_days()
            .take(usize::try_from(days.clamp(0, YEAR)).unwrap_or_default() + 1);
        let mut days: Vec<String> = Vec::new();
        for day in ahead {
            if (day.month(), day.day()) == (3, 1) && !day.leap_year() {
                days.push("02-29".to_owned());
            }
            days.push(day.format("%m-%d").to_string());
        }
        Self {
            first: days.first().cloned().unwrap_or_default(),
            days,
        }
    }
}

/// Appends the order in which places are given, over `chosen`.
fn order(sql: &mut Sql<'_>, choice: &Choice, moment: &Moment) {
    let Choice::ReadyMade(which, _) = choice else {
        sql.push("label");
        return;
    };
    match which {
        ReadyMade::BiggestBillers | ReadyMade::Pareto | ReadyMade::MostReferrals => sql.push("weight DESC"),
        ReadyMade::Newest => sql.push("label DESC"),
        ReadyMade::LongestStanding => sql.push("label"),
        ReadyMade::RecentProblem => sql.push("weight DESC, at DESC"),
        ReadyMade::Silent => sql.push("at"),
        ReadyMade::Promoters | ReadyMade::Passives => sql.push("number DESC, at DESC"),
        ReadyMade::Detractors => sql.push("number, at DESC"),
        ReadyMade::NeverContacted => sql.push("weight"),
        ReadyMade::DueForReview => sql.push(REVIEW_DAY),
        ReadyMade::Overdue => sql.push("weight + number"),
        ReadyMade::Anniversaries => {
            let first = Ahead::new(moment.today(), 0).first;
            sql.push("CASE WHEN SUBSTR(label, 6, 5) >= ").value(first);
            sql.push(" THEN 0 ELSE 1 END, SUBSTR(label, 6, 5)")
        }
    };
}

/// The number of the day on which a review is due.
const REVIEW_DAY: &str = "weight + 365 / NULLIF(number, 0)";

/// Appends `WITH ranked AS (…)`.
fn ranked(sql: &mut Sql<'_>, scope: &Scope, choice: &Choice, moment: &Moment, kind: crate::db::Kind) {
    sql.push("WITH chosen AS (SELECT customers.id AS id, ");
    match choice {
        Choice::ReadyMade(which, parameters) => {
            match which {
                ReadyMade::DueForReview => figure(sql, scope, Figure::Reviews),
                ReadyMade::Overdue => figure(sql, scope, Figure::Longest),
                _ => {}
            }
            looked_at(sql, *which, parameters);
        }
        Choice::Filter(_) => {
            sql.push("CAST(NULL AS BIGINT) AS number, CAST(NULL AS TIMESTAMPTZ) AS at, CAST(NULL AS DOUBLE PRECISION) AS share, customers.name_key AS label, customers.clock_day AS weight");
        }
    }
    sql.push(" FROM customers");
    if let Choice::ReadyMade(which, parameters) = choice {
        beside(sql, scope, *which, parameters, moment);
    }
    sql.push(" WHERE NOT customers.do_not_contact AND customers.organization_id = ")
        .value(scope.organization);
    match choice {
        Choice::ReadyMade(which, parameters) => own(sql, *which, parameters, moment),
        // A filter that cannot be read is not kept.
        Choice::Filter(filter) => filter.read().unwrap_or_default().narrow(sql, kind, scope, moment.now),
    }
    sql.push("), ranked AS (SELECT id, number, at, share, weight, ROW_NUMBER() OVER (ORDER BY ");
    order(sql, choice, moment);
    // Those of the same weight stand in the order in which their billing is added up.
    sql.push(", id) AS place, COUNT(*) OVER () AS places FROM chosen");
    match choice {
        Choice::ReadyMade(ReadyMade::DueForReview, _) => {
            sql.push(" WHERE ")
                .push(REVIEW_DAY)
                .push(" <= ")
                .value(day_number(moment.now));
        }
        Choice::ReadyMade(ReadyMade::Overdue, _) => {
            sql.push(" WHERE weight + number <= ").value(day_number(moment.now));
        }
        Choice::ReadyMade(..) | Choice::Filter(_) => {}
    }
    sql.push(") ");
}

/// Appends ` WHERE …`: which of those who were ranked are kept.
fn kept(sql: &mut Sql<'_>, choice: &Choice) {
    let Choice::ReadyMade(which, parameters) = choice else {
        sql.push(" WHERE place > 0");
        return;
    };
    sql.push(match which {
        ReadyMade::Pareto => " WHERE number = 1",
        ReadyMade::BiggestBillers => " WHERE weight > 0",
        _ => " WHERE place > 0",
    });
    if *which != ReadyMade::Pareto {
        if let Some(top) = parameters.top {
            sql.push(" AND place <= ").value(top);
        }
        if let Some(share) = parameters.share {
            sql.push(" AND (place - 1) * 100 < places * ").value(share);
        }
    }
}

type Found = (CustomerId, i64, i64, Option<i64>, Option<Timestamp>, Option<f64>);

/// So many customers of a segment, in its order, after the one seen last: wherever that stands now, or, when it has left, where it stood.
///
/// # Errors
/// What the database said.
pub async fn places(
    db: &mut impl Sqls,
    scope: &Scope,
    choice: &Choice,
    moment: &Moment,
    after: Option<(i64, Uuid)>,
    limit: i64,
) -> Result<Vec<Place>, Error> {
    places_among(db, scope, choice, moment, (after, limit), |_| {}).await
}

/// The same of those whom `narrow` leaves, which appends ` AND …` about their `id`. Their places are those that they have among all.
///
/// # Errors
/// What the database said.
pub async fn places_among(
    db: &mut impl Sqls,
    scope: &Scope,
    choice: &Choice,
    moment: &Moment,
    (after, limit): (Option<(i64, Uuid)>, i64),
    narrow: impl FnOnce(&mut Sql<'_>),
) -> Result<Vec<Place>, Error> {
    let kind = db.kind();
    let mut sql = db.sql("");
    ranked(&mut sql, scope, choice, moment, kind);
    sql.push("SELECT id, place, places, number, at, share FROM ranked");
    kept(&mut sql, choice);
    if let Some((rank, id)) = after {
        sql.push(" AND place > COALESCE((SELECT place FROM ranked WHERE id = ")
            .value(id);
        sql.push("), ").value(rank).push(")");
    }
    narrow(&mut sql);
    sql.push(" ORDER BY place LIMIT ").value(limit);
    let found: Vec<Found> = sql.all().await?;
    let place = |(customer_id, rank, of, number, at, share)| Place {
        customer_id,
        rank,
        of,
        number,
        at,
        share,
    };
    Ok(found.into_iter().map(place).collect())
}

/// How many customers a segment has.
///
/// # Errors
/// What the database said.
pub async fn count(db: &mut impl Sqls, scope: &Scope, choice: &Choice, moment: &Moment) -> Result<i64, Error> {
    let kind = db.kind();
    let mut sql = db.sql("");
    ranked(&mut sql, scope, choice, moment, kind);
    sql.push("SELECT COUNT(*) FROM ranked");
    kept(&mut sql, choice);
    let (count,): (i64,) = sql.one().await?;
    Ok(count)
}
