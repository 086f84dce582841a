//! What may be told of, by the history alone: the records themselves have not been looked at yet.

use std::collections::HashMap;

use uuid::Uuid;

use super::collection::Collection;
use super::cursor::{Position, stride};
use super::store::Line;

/// What may be told, once the record has been looked at.
pub struct Candidate {
    pub position: Position,
    pub collection: Collection,
    pub id: Uuid,
    pub what: What,
}

pub enum What {
    /// The record as it is, if this is its last change still.
    Shown {
        revision: i64,
        own: bool,
    },
    /// It is no longer the user's, unless it is in another way.
    Gone,
    Deleted,
}

/// What happened to a single record.
pub fn one(line: &Line) -> Option<Candidate> {
    let what = match line.verb.as_str() {
        "deleted" => What::Deleted,
        "departed" => What::Gone,
        verb => What::Shown {
            revision: line.revision,
            own: verb == "owned",
        },
    };
    Some(Candidate {
        position: Position::amid(line.revision),
        collection: Collection::of(&line.kind)?,
        id: line.record_id,
        what,
    })
}

/// The records of a history, each at its last line, from where the reader left off; a reader can stop after each whole step.
pub fn last_lines(
    revision: i64,
    lines: &[Line],
    from: Position,
) -> impl Iterator<Item = (Position, &Line, Collection)> {
    let last: HashMap<(&str, Uuid), usize> = lines
        .iter()
        .enumerate()
        .map(|(at, line)| ((line.kind.as_str(), line.record_id), at))
        .collect();
    let (count, stride) = (lines.len(), stride(lines.len()));
    let is_last = move |at: usize, line: &Line| last.get(&(line.kind.as_str(), line.record_id)) == Some(&at);
    lines
        .iter()
        .enumerate()
        .skip(from.done(revision, count))
        .filter(move |(at, line)| is_last(*at, line))
        .filter_map(move |(at, line)| {
            let done = (at + 1).div_ceil(stride) * stride;
            Some((
                Position::within(revision, done, count),
                line,
                Collection::of(&line.kind)?,
            ))
        })
}

/// A customer with all that hangs on it, in the order of its history.
pub fn entering(revision: i64, lines: &[Line], from: Position, again: bool) -> Vec<Candidate> {
    last_lines(revision, lines, from)
        .filter(|(_, line, _)| again || line.verb != "deleted")
        .map(|(position, line, collection)| {
            let what = match line.verb.as_str() {
                "deleted" => What::Deleted,
                _ => What::Shown {
                    revision: line.revision,
                    own: false,
                },
            };
            Candidate {
                position,
                collection,
                id: line.record_id,
                what,
            }
        })
        .collect()
}
