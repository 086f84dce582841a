//! What is in a user's working set, and what was.

use uuid::Uuid;

use super::Reach;
use crate::clock::Timestamp;
use crate::db::packed::{self, Part};
use crate::db::{Error, Sqls};
use crate::features::attempts::late::Had;
use crate::id::{OrganizationId, UserId};

/// That a customer came into the user's working set, or left it.
#[derive(Debug, Clone, Copy)]
pub struct Move {
    /// The organization itself for what all who call have in common.
    pub customer_id: Uuid,
    /// Since when it is there; none of what has left.
    pub entered: Option<i64>,
    /// Since when it was there for the first time.
    pub since: i64,
    /// When it came, or left.
    pub revision: i64,
}

/// The customers that came into the user's working set or left it at this revision or later, in that order. `calls` is false of a user whose
/// role calls nobody: then nothing is there.
///
/// # Errors
/// What the database said.
pub async fn moves(
    db: &mut impl Sqls,
    organization: OrganizationId,
    user: UserId,
    calls: bool,
    reach: Reach,
) -> Result<Vec<Move>, Error> {
    let entered = if calls {
        "MIN(CASE WHEN departed IS NULL THEN entered END)"
    } else {
        "CAST(NULL AS BIGINT)"
    };
    // What is held anew by whose role calls nobody has come to no device, and leaves one that had it before.
    let departed = if calls {
        "departed"
    } else {
        "COALESCE(departed, entered)"
    };
    const PARTS: [Part; 4] = [
        Part::Id("customer_id"),
        Part::Number("entered"),
        Part::Number("since"),
        Part::Number("revision"),
    ];
    let moves = packed::pack(&PARTS);
    let (moves,): (String,) = db.sql(format!("{moves} FROM (SELECT customer_id, entered, since, revision FROM (SELECT customer_id, {entered} AS entered, MIN(since) AS since, COALESCE({entered}, MAX({departed})) AS revision FROM working_sets WHERE organization_id = $1 AND user_id = $2 GROUP BY customer_id) AS moves WHERE revision >= $3 AND revision <= $4 AND (entered IS NOT NULL OR revision > $6) ORDER BY revision LIMIT $5) AS next"))
        .bind(organization)
        .bind(user)
        .bind(reach.from)
        .bind(reach.head)
        .bind(reach.limit)
        .bind(reach.forgotten)
        .one()
        .await?;
    let moved = |mut row: packed::Row<'_>| {
        Ok(Move {
            customer_id: row.id()?,
            entered: row.maybe()?,
            since: row.number()?,
            revision: row.number()?,
        })
    };
    let mut moves: Vec<Move> = packed::unpack(&moves).map(moved).collect::<Result<_, Error>>()?;
    moves.sort_unstable_by_key(|moved| moved.revision);
    Ok(moves)
}

/// A record that holds a customer in the user's working set, or did.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Held {
    pub customer_id: Uuid,
    pub record_id: Uuid,
    pub entered: i64,
    pub departed: Option<i64>,
}

/// All that holds some of these customers in the user's working set, or did.
///
/// # Errors
/// What the database said.
pub async fn held(
    db: &mut impl Sqls,
    organization: OrganizationId,
    user: UserId,
    customers: impl IntoIterator<Item = Uuid>,
) -> Result<Vec<Held>, Error> {
    let mut sql = db
        .sql("SELECT customer_id, record_id, entered, departed FROM working_sets WHERE organization_id = $1 AND user_id = $2 AND customer_id IN ")
        .bind(organization)
        .bind(user);
    sql.list(customers);
    sql.all().await
}

/// Whether this customer is in the user's working set.
///
/// # Errors
/// What the database said.
pub async fn has(
    db: &mut impl Sqls,
    organization: OrganizationId,
    user: UserId,
    customer: impl Into<Uuid>,
) -> Result<bool, Error> {
    let row: Option<(Uuid,)> = db
        .sql("SELECT record_id FROM working_sets WHERE organization_id = $1 AND user_id = $2 AND customer_id = $3 AND departed IS NULL LIMIT 1")
        .bind(organization)
        .bind(user)
        .bind(customer.into())
        .optional()
        .await?;
    Ok(row.is_some())
}

/// Whether a user had this assignment on their device, and until when, whichever customer's it was then.
///
/// # Errors
/// What the database said.
pub async fn had(
    db: &mut impl Sqls,
    organization: OrganizationId,
    user: UserId,
    assignment: impl Into<Uuid>,
) -> Result<Had, Error> {
    let (rows, gone): (i64, Option<i64>) = db
        .sql("SELECT COUNT(*), CASE WHEN COUNT(*) = COUNT(departed) THEN MAX(departed) END FROM working_sets WHERE organization_id = $1 AND user_id = $2 AND kind = 'assignment' AND record_id = $3")
        .bind(organization)
        .bind(user)
        .bind(assignment.into())
        .one()
        .await?;
    let Some(gone) = gone else {
        return Ok(if rows == 0 { Had::Never } else { Had::Still });
    };
    // A departure may have a number of its own, after that of what was written.
    let (at,): (Timestamp,) = db
        .sql("SELECT recorded_at FROM journal WHERE organization_id = $1 AND revision <= $2 ORDER BY revision DESC LIMIT 1")
        .bind(organization)
        .bind(gone)
        .one()
        .await?;
    Ok(Had::Until(at))
}
