//! How a time is said to a person: by the clock where they are.

use chrono_tz::Tz;

use crate::clock::Timestamp;
use crate::local_time;
pub use crate::local_time::zone;

/// `Tuesday, 24 November, 14:30`.
pub fn said(at: Timestamp, zone: Tz) -> String {
    local_time::wall_clock(at.utc(), zone)
        .format("%A, %-d %B, %H:%M")
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_said_by_the_persons_own_clock() {
        let at = Timestamp::new("2026-11-24T13:30:00Z".parse().unwrap());
        let berlin = zone([None, Some("Europe/Berlin")]);
        assert_eq!(said(at, berlin), "Tuesday, 24 November, 14:30");
        let tokyo = zone([Some("Asia/Tokyo"), Some("Europe/Berlin")]);
        assert_eq!(said(at, tokyo), "Tuesday, 24 November, 22:30");
        assert_eq!(zone([Some("Nowhere"), None]), Tz::UTC);
    }
}
