//! The best of a customer's places.

use super::network::{NOTHING, OUT, Offer};

/// How many places are remembered of each customer.
const LENGTH: usize = 8;

/// The best places, from the best on; [`OUT`] behind the last.
pub type Shortlist = [u32; LENGTH];

/// Of somebody who was not asked yet.
pub const NO_LIST: Shortlist = [OUT; LENGTH];

/// The best offers of those that were seen, with what each is worth beyond its price: more than being left out.
pub struct Best {
    worth: [i64; LENGTH],
    offers: [Offer; LENGTH],
}

impl Default for Best {
    fn default() -> Self {
        Self {
            worth: [0; LENGTH],
            offers: [NOTHING; LENGTH],
        }
    }
}

impl Best {
    /// Of several that are worth the same, the first that was seen stands first.
    pub fn see(&mut self, by: i64, offer: Offer) {
        if by <= self.worth[LENGTH - 1] {
            return;
        }
        let place = self.worth.iter().position(|known| by > *known).unwrap_or(LENGTH - 1);
        self.worth[place..].rotate_right(1);
        self.offers[place..].rotate_right(1);
        self.worth[place] = by;
        self.offers[place] = offer;
    }

    /// The best of all, which may be nothing.
    pub fn first(&self) -> Offer {
        self.offers[0]
    }

    pub fn places(&self) -> Shortlist {
        self.offers.map(|offer| offer.place)
    }
}
