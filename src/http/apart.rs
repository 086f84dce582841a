//! Bodies of items that stand each for itself: a bad one does not keep the others from being done.

use std::collections::HashMap;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};

use super::{Fault, Problem};

/// What is wrong with single items of a body in which each stands for itself; the rest of it is in order.
#[derive(Debug, Default)]
pub struct Apart(HashMap<usize, Vec<Fault>>);

impl Apart {
    /// # Errors
    /// 400 with the faults that are no item's.
    pub(super) fn of(field: &str, faults: Vec<Fault>) -> Result<Self, Problem> {
        let (mut apart, mut rest) = (HashMap::<usize, Vec<Fault>>::new(), Vec::new());
        for mut fault in faults {
            let within = fault
                .pointer
                .strip_prefix('/')
                .and_then(|it| it.strip_prefix(field)?.strip_prefix('/'));
            let (at, pointer) = within.map_or((None, ""), |within| {
                let (at, pointer) = within.split_at(within.find('/').unwrap_or(within.len()));
                (at.parse::<usize>().ok(), pointer)
            });
            match at {
                Some(at) => {
                    fault.pointer = pointer.to_owned();
                    apart.entry(at).or_default().push(fault);
                }
                None => rest.push(fault),
            }
        }
        if rest.is_empty() {
            Ok(Self(apart))
        } else {
            Err(Problem::invalid(rest))
        }
    }

    /// What is wrong with one item, with pointers into it; `None` when nothing is.
    pub fn of_item(&mut self, at: usize) -> Option<Problem> {
        let mut faults = self.0.remove(&at)?;
        faults.truncate(100);
        Some(Problem::invalid(faults))
    }
}

impl FromRequest for Apart {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(request.extensions_mut().remove::<Self>().unwrap_or_default()))
    }
}
