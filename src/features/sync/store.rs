//! All SQL of synchronization: what is in a user's working set, what came into it and what left it.

mod mutations;
mod records;
mod sets;

use uuid::Uuid;

pub use mutations::{Sent, keep, known};
pub use records::{Data, Loaded, load};
pub use sets::{had, has, held, moves};

use super::collection::Collection;
use crate::clock::Timestamp;
use crate::db::packed::{self, Part};
use crate::db::{Error, Sqls};
use crate::id::{OrganizationId, UserId};

/// Where the organization's writes stand, and in which epoch.
///
/// # Errors
/// What the database said.
pub async fn head(db: &mut impl Sqls, organization: OrganizationId) -> Result<(i64, i64), Error> {
    db.sql("SELECT last_revision, epoch FROM organizations WHERE id = $1")
        .bind(organization)
        .one()
        .await
}

/// When the first thing happened that a reader at this revision does not know.
///
/// # Errors
/// What the database said.
pub async fn first_unknown(
    db: &mut impl Sqls,
    organization: OrganizationId,
    after: i64,
) -> Result<Option<Timestamp>, Error> {
    let row: Option<(Timestamp,)> = db
        .sql("SELECT recorded_at FROM journal WHERE organization_id = $1 AND revision > $2 ORDER BY revision LIMIT 1")
        .bind(organization)
        .bind(after)
        .optional()
        .await?;
    Ok(row.map(|(at,)| at))
}

/// The last number that was given before this time.
///
/// # Errors
/// What the database said.
pub async fn last_before(db: &mut impl Sqls, organization: OrganizationId, at: Timestamp) -> Result<i64, Error> {
    let row: Option<(i64,)> = db
        .sql("SELECT revision FROM journal WHERE organization_id = $1 AND recorded_at < $2 ORDER BY recorded_at DESC, revision DESC LIMIT 1")
        .bind(organization)
        .bind(at)
        .optional()
        .await?;
    Ok(row.map_or(0, |(revision,)| revision))
}

/// A line of history: the last that was written of a record.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Line {
    pub revision: i64,
    pub kind: String,
    pub record_id: Uuid,
    pub verb: String,
}

/// Up to which revision to read, and how much.
#[derive(Debug, Clone, Copy)]
pub struct Reach {
    /// What the reader knows.
    pub after: i64,
    /// Where what may concern them begins: there, or later.
    pub from: i64,
    pub head: i64,
    pub limit: i64,
    /// What left up to there is not told any more.
    pub forgotten: i64,
    /// Whether less was written in between than the user has customers: then it is gone through line by line, else customer by customer.
    pub narrow: bool,
}

/// Those of these collections whose records hang on customers.
fn kinds<'c>(collections: impl IntoIterator<Item = &'c Collection>) -> impl Iterator<Item = String> {
    collections
        .into_iter()
        .filter(|collection| collection.of_customers())
        .map(|collection| collection.kind().to_owned())
}

/// The user's customers, and since when each is theirs.
const MINE: &str = "WITH mine AS (SELECT customer_id, MIN(entered) AS entered FROM working_sets WHERE organization_id = $1 AND user_id = $2 AND kind = 'assignment' AND departed IS NULL GROUP BY customer_id)";

/// That a customer is the user's, whose column follows.
const IS_MINE: &str = "EXISTS (SELECT 1 FROM working_sets AS mine WHERE mine.organization_id = $1 AND mine.user_id = $2 AND mine.kind = 'assignment' AND mine.departed IS NULL AND mine.customer_id =";

/// What changed of the customers in the user's working set, since it was there: each record at its last change.
/// Records that came and went since then are left out. Customers come first in the join, which SQLite keeps for `CROSS JOIN`: a database that it has
/// no figures of yet would be read from its whole journal.
///
/// # Errors
/// What the database said.
pub async fn changed<'c>(
    db: &mut impl Sqls,
    organization: OrganizationId,
    user: UserId,
    reach: Reach,
    collections: impl IntoIterator<Item = &'c Collection>,
) -> Result<Vec<Line>, Error> {
    const LINES: &str = "SELECT j.revision, j.kind, j.record_id, j.verb FROM";
    const WITHIN: &str = "j.organization_id = $1 AND j.revision <= $4 AND j.revision >";
    let lines = match reach.narrow {
        true => {
            format!("{LINES} journal j WHERE {WITHIN} $5 AND {IS_MINE} j.customer_id AND mine.entered < j.revision)")
        }
        false => format!(
            "{MINE} {LINES} mine CROSS JOIN journal j WHERE {WITHIN} CASE WHEN mine.entered > $5 THEN mine.entered ELSE $5 END AND j.customer_id = mine.customer_id"
        ),
    };
    let mut sql = db
        .sql(format!("{lines} AND j.kind IN "))
        .bind(organization)
        .bind(user)
        .bind(reach.after)
        .bind(reach.head)
        .bind(reach.from);
    sql.list(kinds(collections))
        .push(" AND NOT EXISTS (SELECT 1 FROM journal later WHERE later.organization_id = $1 AND later.record_id = j.record_id AND later.kind = j.kind AND later.revision > j.revision)")
        .push(" AND (j.verb <> 'deleted' OR EXISTS (SELECT 1 FROM journal earlier WHERE earlier.organization_id = $1 AND earlier.record_id = j.record_id AND earlier.kind = j.kind AND earlier.revision <= $3))")
        // By an expression, so that nobody walks through everybody's history in its order to find the few lines of these customers.
        .push(" ORDER BY j.revision + 0 LIMIT ")
        .value(reach.limit);
    sql.all().await
}

/// Action items that are the user's own, at their last change.
///
/// # Errors
/// What the database said.
pub async fn owned(
    db: &mut impl Sqls,
    organization: OrganizationId,
    user: UserId,
    reach: Reach,
) -> Result<Vec<Line>, Error> {
    db.sql("SELECT revision, 'action_item' AS kind, id AS record_id, 'owned' AS verb FROM action_items WHERE organization_id = $1 AND owner_id = $2 AND revision > $3 AND revision <= $4 ORDER BY revision LIMIT $5")
        .bind(organization)
        .bind(user)
        .bind(reach.after)
        .bind(reach.head)
        .bind(reach.limit)
        .all()
        .await
}

/// Single records that went elsewhere: the user's own, and those of their customers.
///
/// # Errors
/// What the database said.
pub async fn departed(
    db: &mut impl Sqls,
    organization: OrganizationId,
    user: UserId,
    reach: Reach,
) -> Result<Vec<Line>, Error> {
    const DEPARTED: &str = "SELECT d.departed AS revision, d.kind, d.record_id, 'departed' AS verb FROM";
    const WITHIN: &str = "d.organization_id = $1 AND d.departed > $3 AND d.departed <= $4 AND d.audience_id =";
    let of_customers = match reach.narrow {
        true => format!("{DEPARTED} sync_departures d WHERE {WITHIN} d.audience_id AND {IS_MINE} d.audience_id)"),
        false => format!("{MINE} {DEPARTED} mine JOIN sync_departures d ON {WITHIN} mine.customer_id"),
    };
    db.sql(format!(
        "{of_customers} UNION ALL {DEPARTED} sync_departures d WHERE {WITHIN} $2 ORDER BY 1 LIMIT $5"
    ))
    .bind(organization)
    .bind(user)
    .bind(reach.from.max(reach.forgotten))
    .bind(reach.head)
    .bind(reach.limit)
    .all()
    .await
}

/// Programs and what to talk about, at their last change.
///
/// # Errors
/// What the database said.
pub async fn common(db: &mut impl Sqls, organization: OrganizationId, reach: Reach) -> Result<Vec<Line>, Error> {
    db.sql("SELECT revision, 'program' AS kind, id AS record_id, 'saved' AS verb FROM programs WHERE organization_id = $1 AND revision > $2 AND revision <= $3 UNION ALL SELECT revision, 'talking_points' AS kind, id AS record_id, 'saved' AS verb FROM talking_points WHERE organization_id = $1 AND revision > $2 AND revision <= $3 ORDER BY 1 LIMIT $4")
        .bind(organization)
        .bind(reach.after)
        .bind(reach.head)
        .bind(reach.limit)
        .all()
        .await
}

/// All programs and all that is talked about, in the order in which they were made: a list that is only added to at its end.
///
/// # Errors
/// What the database said.
pub async fn all_common(db: &mut impl Sqls, organization: OrganizationId) -> Result<Vec<Line>, Error> {
    let rows: Vec<(i64, String, Uuid, Timestamp)> = db
        .sql("SELECT revision, 'program' AS kind, id, created_at FROM programs WHERE organization_id = $1 UNION ALL SELECT revision, 'talking_points' AS kind, id, created_at FROM talking_points WHERE organization_id = $1 ORDER BY 4, 3")
        .bind(organization)
        .all()
        .await?;
    let line = |(revision, kind, record_id, _)| Line {
        revision,
        kind,
        record_id,
        verb: "saved".into(),
    };
    Ok(rows.into_iter().map(line).collect())
}

/// The whole histories of these customers up to a revision, each in its order, as far as devices keep any of it.
///
/// # Errors
/// What the database said.
pub async fn histories(
    db: &mut impl Sqls,
    organization: OrganizationId,
    customers: &[Uuid],
    until: i64,
) -> Result<Vec<(Uuid, Line)>, Error> {
    const PARTS: [Part; 5] = [
        Part::Id("customer_id"),
        Part::Number("revision"),
        Part::Word("kind"),
        Part::Id("record_id"),
        Part::Word("verb"),
    ];
    let lines = packed::pack(&PARTS);
    let mut sql = db
        .sql(format!(
            "{lines} FROM journal WHERE organization_id = $1 AND revision <= $2 AND customer_id IN "
        ))
        .bind(organization)
        .bind(until);
    sql.list(customers.iter().copied())
        .push(" AND kind IN ")
        .list(kinds(Collection::ALL));
    let (lines,): (String,) = sql.one().await?;
    let line = |mut row: packed::Row<'_>| {
        let customer = row.id()?;
        let line = Line {
            revision: row.number()?,
            kind: row.word()?.to_owned(),
            record_id: row.id()?,
            verb: row.word()?.to_owned(),
        };
        Ok((customer, line))
    };
    let mut lines: Vec<(Uuid, Line)> = packed::unpack(&lines).map(line).collect::<Result<_, Error>>()?;
    lines.sort_unstable_by_key(|(customer, line)| (*customer, line.revision));
    Ok(lines)
}

/// Whether a record of this collection was there and was deleted.
///
/// # Errors
/// What the database said.
pub async fn was_deleted(
    db: &mut impl Sqls,
    organization: OrganizationId,
    collection: Collection,
    id: Uuid,
) -> Result<bool, Error> {
    let row: Option<(i64,)> = db
        .sql("SELECT revision FROM journal WHERE organization_id = $1 AND record_id = $2 AND kind = $3 AND verb = 'deleted' LIMIT 1")
        .bind(organization)
        .bind(id)
        .bind(collection.kind().to_owned())
        .optional()
        .await?;
    Ok(row.is_some())
}

/// Whether there is anything new in the user's working set after this revision of the organization: something that came, changed or left.
///
/// It may say so of what the user's role does not show; it never keeps silent of what it does.
///
/// # Errors
/// What the database said.
pub async fn news(db: &mut impl Sqls, organization: OrganizationId, user: UserId, after: i64) -> Result<bool, Error> {
    let row: Option<(i64,)> = db
        .sql("SELECT entered FROM working_sets WHERE organization_id = $1 AND user_id = $2 AND (departed > $3 OR (departed IS NULL AND entered > $3)) LIMIT 1")
        .bind(organization)
        .bind(user)
        .bind(after)
        .optional()
        .await?;
    if row.is_some() {
        return Ok(true);
    }
    let reach = Reach {
        after,
        from: after,
        head: i64::MAX,
        limit: 1,
        forgotten: 0,
        narrow: false,
    };
    Ok(!changed(db, organization, user, reach, Collection::ALL)
        .await?
        .is_empty()
        || !owned(db, organization, user, reach).await?.is_empty()
        || !departed(db, organization, user, reach).await?.is_empty()
        || !common(db, organization, reach).await?.is_empty())
}
