//! What happened a moment ago, read once for all streams of an organization: a thousand listeners ask the database one question.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};

use crate::db::{Error, Reader};
use crate::id::OrganizationId;
use crate::journal::feed::{self, Happening};

/// How many are remembered of each organization that somebody listens to.
const REMEMBERED: usize = 500;
/// How many are read at once.
const PORTION: i64 = 500;

/// What happened lately in one organization.
#[derive(Default)]
pub struct Recent {
    known: tokio::sync::Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// Everything after this revision is known …
    from: i64,
    /// … up to this one.
    until: i64,
    happenings: VecDeque<Arc<Happening>>,
}

static SHARED: LazyLock<Mutex<HashMap<OrganizationId, Weak<Recent>>>> = LazyLock::new(Mutex::default);

impl Recent {
    /// The one that all streams of this organization share, for as long as there are any.
    pub fn of(organization: OrganizationId) -> Arc<Self> {
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(there) = shared.get(&organization).and_then(Weak::upgrade) {
            return there;
        }
        shared.retain(|_, recent| recent.strong_count() > 0);
        let new = Arc::new(Self::default());
        shared.insert(organization, Arc::downgrade(&new));
        new
    }

    /// All that happened after one revision and up to another; `None` when that is more than is remembered.
    pub async fn between(
        &self,
        db: &mut Reader,
        organization: OrganizationId,
        (after, latest): (i64, i64),
    ) -> Result<Option<Vec<Arc<Happening>>>, Error> {
        let mut known = self.known.lock().await;
        if after < known.from || latest - after > PORTION {
            return Ok(None);
        }
        if known.until < after {
            // Nobody has listened for a while, or never: it begins here.
            *known = Known {
                from: after,
                until: after,
                happenings: VecDeque::new(),
            };
        }
        while known.until < latest {
            let read = feed::happenings(db, organization, None, (known.until, latest), PORTION).await?;
            let Some(last) = read.last() else {
                known.until = latest;
                break;
            };
            known.until = last.revision;
            known.happenings.extend(read.into_iter().map(Arc::new));
        }
        while known.happenings.len() > REMEMBERED
            && let Some(forgotten) = known.happenings.pop_front()
        {
            known.from = forgotten.revision;
        }
        if after < known.from {
            return Ok(None);
        }
        let wanted = known
            .happenings
            .iter()
            .filter(|it| it.revision > after && it.revision <= latest);
        Ok(Some(wanted.cloned().collect()))
    }
}
