//! The one idea: every change has a revision. One door for writes, one way to read on.

mod beside;
pub mod change;
pub mod epoch;
pub mod feed;
pub mod read;
mod record;
mod removing;
mod step;
mod unit;
mod working_set;

pub use crate::access::{Actor, ActorKind, Claim, Origin};
pub use change::{Change, Changing};
pub use read::{Listed, Many, Rows, Sort, SortKey, Window, find, find_all, list, list_of, revision, select};
pub use record::{Label, Record, Stamped};
pub use unit::{Error, Unit};
pub use working_set::Holding;
