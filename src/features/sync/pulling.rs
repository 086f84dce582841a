//! Reads on for a device: what came into its user's working set, what changed there and what left it, page by page.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde_json::value::RawValue;
use uuid::Uuid;

use super::candidate::{Candidate, What, entering, last_lines, one};
use super::change::{Reason, SyncChange};
use super::collection::Collection;
use super::cursor::Position;
use super::store::{self, Line, Loaded, Reach};
use crate::db::{Error, Sqls};
use crate::id::{OrganizationId, UserId};

/// What a device asks for.
#[derive(Debug, Clone)]
pub struct Asked {
    pub organization: OrganizationId,
    pub user: UserId,
    /// Whether the user's role calls customers; else nothing but what they own is theirs.
    pub calls: bool,
    pub collections: BTreeSet<Collection>,
    pub since: Position,
    pub head: i64,
    /// What left up to there is not told any more: no device has it.
    pub forgotten: i64,
    pub limit: usize,
}

/// A page, and where the next one begins.
#[derive(Debug)]
pub struct Pulled {
    pub changes: Vec<SyncChange>,
    pub position: Position,
    pub more: bool,
}

/// As many events as are looked at together at least, however little room is left: on a full page they tell whether there is more.
const LEAST: usize = 200;
/// Up to how many times as many lines as a page has records are gone through rather than customers.
const NARROW: i64 = 8;
/// How many histories are read at once.
const AT_ONCE: usize = 128;

/// A record, ready to be sent.
type Told = Loaded<Box<RawValue>>;

/// What happens at a revision.
#[derive(Debug, Clone)]
enum Event {
    /// One record.
    One(Line),
    /// A customer comes with all that hangs on it; `again` when it was there before.
    Enters { customer: Uuid, again: bool },
    /// A customer goes, with all that hangs on it.
    Leaves { customer: Uuid },
}

/// Reads a page.
///
/// # Errors
/// What the database said.
pub async fn pull(db: &mut impl Sqls, asked: &Asked) -> Result<Pulled, Error> {
    let mut page = Page {
        asked,
        known: Known::default(),
        changes: Vec::new(),
        told: HashSet::new(),
        last: asked.since,
        more: false,
    };
    let mut from = asked.since;
    loop {
        let (events, horizon) = page.events(db, from).await?;
        page.go_through(db, events, from).await?;
        if page.more || horizon >= asked.head {
            break;
        }
        from = Position::after(horizon);
    }
    let position = if page.more {
        page.last
    } else {
        Position::after(asked.head)
    };
    Ok(Pulled {
        changes: page.changes,
        position,
        more: page.more,
    })
}

struct Page<'a> {
    asked: &'a Asked,
    known: Known,
    changes: Vec<SyncChange>,
    told: HashSet<(Collection, Uuid)>,
    /// Where the last change of the page stands.
    last: Position,
    more: bool,
}

impl Page<'_> {
    fn room(&self) -> usize {
        self.asked.limit.saturating_sub(self.changes.len())
    }

    /// What happens next, in its order, and up to which revision that is all.
    async fn events(&self, db: &mut impl Sqls, from: Position) -> Result<(Vec<(i64, Event)>, i64), Error> {
        let asked = self.asked;
        let limit = (self.room() + 1).max(LEAST);
        // A customer brings itself and what holds it, so that a page is full with half as many.
        let customers = (self.room() / 2 + 1).max(LEAST);
        let mut reach = Reach {
            after: from.revision,
            from: from.revision,
            head: asked.head,
            limit: i64::try_from(limit).unwrap_or(i64::MAX),
            forgotten: asked.forgotten,
            narrow: false,
        };
        // A customer in whose midst the reader stands comes once more, one that is behind them does not.
        let next = Reach {
            from: from.revision + i64::from(from.passed(from.revision)),
            limit: i64::try_from(customers).unwrap_or(i64::MAX),
            ..reach
        };
        let moves = store::moves(db, asked.organization, asked.user, asked.calls, next).await?;
        if let (true, Some(last)) = (moves.len() == customers, moves.last()) {
            // There are more customers to come than a page has room for.
            reach.head = last.revision;
            if let (true, Some(first)) = (from == Position::START, moves.first()) {
                // What changed before there was any customer is told to nobody.
                reach.from = first.revision - 1;
            }
            reach.narrow = reach.head - reach.from <= NARROW * reach.limit;
        }
        let mut lines = Vec::new();
        let mut horizon = reach.head;
        let mut add = |found: Vec<Line>| {
            if let (true, Some(last)) = (found.len() == limit, found.last()) {
                horizon = horizon.min(last.revision);
            }
            lines.extend(found);
        };
        if asked.calls {
            add(store::changed(db, asked.organization, asked.user, reach, &asked.collections).await?);
            let common = store::held(db, asked.organization, asked.user, [asked.organization.into()]).await?;
            let common = common.iter().filter(|row| row.departed.is_none());
            if let Some(entered) = common.map(|row| row.entered).min() {
                let after = reach.after.max(entered);
                add(store::common(db, asked.organization, Reach { after, ..reach }).await?);
            }
        }
        add(store::owned(db, asked.organization, asked.user, reach).await?);
        // From the beginning, too: a device may have sent something before it first read.
        add(store::departed(db, asked.organization, asked.user, reach).await?);
        let mut events: Vec<(i64, Event)> = lines
            .into_iter()
            .map(|line| (line.revision, Event::One(line)))
            .collect();
        events.extend(moves.into_iter().map(|moved| {
            let customer = moved.customer_id;
            let event = match moved.entered {
                Some(entered) => Event::Enters {
                    customer,
                    again: moved.since < entered,
                },
                None => Event::Leaves { customer },
            };
            (moved.revision, event)
        }));
        events.retain(|(revision, _)| !from.passed(*revision) && *revision <= horizon);
        events.sort_by_key(|(revision, _)| *revision);
        Ok((events, horizon))
    }

    async fn go_through(&mut self, db: &mut impl Sqls, events: Vec<(i64, Event)>, from: Position) -> Result<(), Error> {
        let mut histories: HashMap<Uuid, Vec<Line>> = HashMap::new();
        let mut candidates = Vec::new();
        for at in 0..events.len() {
            let Some((revision, event)) = events.get(at) else { break };
            match event {
                Event::One(line) => candidates.extend(one(line)),
                Event::Enters { customer, again } => {
                    self.read_ahead(db, &events, at, &mut histories).await?;
                    let lines = histories.remove(customer).unwrap_or_default();
                    candidates.extend(entering(*revision, &lines, from, *again));
                }
                Event::Leaves { customer } => {
                    self.read_ahead(db, &events, at, &mut histories).await?;
                    let lines = histories.remove(customer).unwrap_or_default();
                    candidates.extend(self.leaving(*revision, &lines, from));
                }
            }
            candidates.retain(|candidate| self.asked.collections.contains(&candidate.collection));
            if candidates.len() > self.room() {
                self.tell(db, std::mem::take(&mut candidates)).await?;
                if self.more {
                    return Ok(());
                }
            }
        }
        self.tell(db, candidates).await
    }

    /// Reads the histories of the customers that enter or leave next, many at once.
    async fn read_ahead(
        &mut self,
        db: &mut impl Sqls,
        events: &[(i64, Event)],
        at: usize,
        histories: &mut HashMap<Uuid, Vec<Line>>,
    ) -> Result<(), Error> {
        let whose = |(_, event): &(i64, Event)| match event {
            Event::Enters { customer, .. } | Event::Leaves { customer } => Some(*customer),
            Event::One(_) => None,
        };
        if events
            .get(at)
            .and_then(whose)
            .is_none_or(|now| histories.contains_key(&now))
        {
            return Ok(());
        }
        let organization = Uuid::from(self.asked.organization);
        let (mut wanted, mut leaving) = (BTreeMap::new(), Vec::new());
        for event in events.iter().skip(at) {
            let Some(customer) = whose(event) else { continue };
            if matches!(event.1, Event::Leaves { .. }) {
                leaving.push(customer);
            }
            wanted.insert(customer, event.0);
            if wanted.len() == AT_ONCE {
                break;
            }
        }
        self.known.look(db, self.asked, leaving).await?;
        if wanted.remove(&organization).is_some() {
            histories.insert(organization, store::all_common(db, self.asked.organization).await?);
        }
        let customers: Vec<Uuid> = wanted.keys().copied().collect();
        let until = wanted.values().copied().max().unwrap_or_default();
        for customer in &customers {
            histories.insert(*customer, Vec::new());
        }
        for (customer, line) in store::histories(db, self.asked.organization, &customers, until).await? {
            if wanted.get(&customer).is_some_and(|until| line.revision <= *until) {
                histories.entry(customer).or_default().push(line);
            }
        }
        Ok(())
    }

    fn leaving(&self, revision: i64, lines: &[Line], from: Position) -> Vec<Candidate> {
        let mine =
            |line: &Line| line.kind != Collection::Assignments.kind() || self.known.left.contains(&line.record_id);
        last_lines(revision, lines, from)
            .filter(|(_, line, _)| mine(line))
            .map(|(position, line, collection)| Candidate {
                position,
                collection,
                id: line.record_id,
                what: What::Gone,
            })
            .collect()
    }

    /// Looks at the records, and tells of those that are to be told of, as long as there is room.
    async fn tell(&mut self, db: &mut impl Sqls, candidates: Vec<Candidate>) -> Result<(), Error> {
        let mut ids: BTreeMap<Collection, BTreeSet<Uuid>> = BTreeMap::new();
        for candidate in candidates
            .iter()
            .filter(|candidate| !matches!(candidate.what, What::Deleted))
        {
            ids.entry(candidate.collection).or_default().insert(candidate.id);
        }
        let mut records: HashMap<(Collection, Uuid), Told> = HashMap::new();
        for (collection, ids) in ids {
            let ids = Vec::from_iter(ids);
            let loaded = store::load(db, self.asked.organization, collection, &ids).await?;
            records.extend(loaded.into_iter().map(|(id, loaded)| ((collection, id), loaded)));
        }
        let uncertain = candidates.iter().filter_map(|candidate| {
            let record = records.get(&(candidate.collection, candidate.id))?;
            record.customer.filter(|_| self.is_uncertain(candidate, record))
        });
        let uncertain = uncertain.collect();
        self.known.look(db, self.asked, uncertain).await?;
        for candidate in candidates {
            let position = candidate.position;
            let record = records.get_mut(&(candidate.collection, candidate.id));
            let Some(change) = self.judge(candidate, record) else {
                continue;
            };
            // What has left by itself may leave with its customer, too.
            if !self.told.insert((change.collection, change.id)) {
                continue;
            }
            // Where a cursor stands for several entries of a very long history, they come together.
            if self.room() == 0 && position != self.last {
                self.more = true;
                return Ok(());
            }
            self.changes.push(change);
            self.last = position;
        }
        Ok(())
    }

    /// Whether it takes a look at the working set to judge.
    fn is_uncertain(&self, candidate: &Candidate, record: &Told) -> bool {
        match candidate.what {
            What::Deleted => false,
            What::Gone => true,
            What::Shown { .. } => {
                candidate.collection == Collection::Assignments && !record.holds_for(self.asked.user.into())
            }
        }
    }

    /// What a device is told of a record, if anything.
    fn judge(&self, candidate: Candidate, record: Option<&mut Told>) -> Option<SyncChange> {
        let Candidate {
            position,
            collection,
            id,
            what,
        } = candidate;
        let me = Uuid::from(self.asked.user);
        let remove = |reason| Some(SyncChange::remove(collection, id, position.revision, reason));
        match (what, record) {
            (What::Deleted, _) => remove(Reason::Deleted),
            // It came and went in this very moment: the next page tells.
            (What::Shown { .. }, None) => None,
            (What::Shown { revision, .. }, Some(record)) if record.revision != revision => None,
            (What::Shown { own, .. }, Some(record)) => {
                let mine = record.owner == Some(me);
                match collection {
                    // One's own items come as such, whatever becomes of their customers.
                    Collection::ActionItems if mine != own => None,
                    Collection::Assignments if !record.holds_for(me) => {
                        self.known.left.contains(&id).then(|| remove(Reason::AccessLost))?
                    }
                    _ => Some(SyncChange::upsert(collection, id, record)),
                }
            }
            (What::Gone, None) => remove(Reason::Deleted),
            (What::Gone, Some(record)) if record.is_in(collection, me, &self.known.open) => None,
            (What::Gone, Some(_)) => remove(Reason::AccessLost),
        }
    }
}

/// What was looked up of the working set.
#[derive(Default)]
struct Known {
    looked: HashSet<Uuid>,
    /// Customers that are there.
    open: HashSet<Uuid>,
    /// The user's assignments that left.
    left: HashSet<Uuid>,
}

impl Known {
    async fn look(&mut self, db: &mut impl Sqls, asked: &Asked, customers: Vec<Uuid>) -> Result<(), Error> {
        let new: BTreeSet<Uuid> = customers.into_iter().filter(|it| self.looked.insert(*it)).collect();
        for chunk in Vec::from_iter(new).chunks(AT_ONCE) {
            let rows = store::held(db, asked.organization, asked.user, chunk.iter().copied()).await?;
            for row in rows {
                if row.departed.is_some() {
                    self.left.insert(row.record_id);
                } else if asked.calls {
                    self.open.insert(row.customer_id);
                }
            }
        }
        Ok(())
    }
}
