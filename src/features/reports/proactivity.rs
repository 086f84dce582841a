//! Who began it: what counts as an interaction, and whose it was.
//!
//! An interaction is a contact with a customer. **Ours** (proactive) are
//! - calls that got through: to the contact, to somebody else there, or to the machine. A line that rings in vain or is busy, and a
//!   number that is somebody else's or nobody's, are no contact, however often they are tried;
//! - conversations that were no call: assignments that were completed by hand;
//! - messages that we sent after a call.
//!
//! **Theirs** (reactive) are the support cases that they opened and the interactions that they began (signals of the kinds
//! `support_case` and `reactive_interaction`). Purchases, referrals, news and research happened elsewhere: they are neither.
//!
//! Each counts once, on the day on which it happened.

use crate::features::attempts::attempt::Disposition;
use crate::features::customers::signal::SignalKind;

/// Whether something of us reached the customer by a call that ended so.
pub const fn got_through(disposition: Disposition) -> bool {
    match disposition {
        Disposition::Connected
        | Disposition::LeftVoicemail
        | Disposition::LeftLiveMessage
        | Disposition::Gatekeeper
        | Disposition::CallbackRequested
        | Disposition::ContactLeftCompany
        | Disposition::Declined
        | Disposition::DoNotCall => true,
        Disposition::NoAnswer | Disposition::Busy | Disposition::WrongNumber | Disposition::Disconnected => false,
    }
}

/// Whether the customer began it.
pub const fn theirs(kind: SignalKind) -> bool {
    match kind {
        SignalKind::SupportCase | SignalKind::ReactiveInteraction => true,
        SignalKind::Purchase | SignalKind::Referral | SignalKind::News | SignalKind::ResearchFinding => false,
    }
}

/// Ours ÷ all, 0 to 1; `None` without any.
#[expect(clippy::cast_precision_loss, reason = "exact up to 2^53 interactions")]
pub fn share(proactive: i64, reactive: i64) -> Option<f64> {
    let all = proactive + reactive;
    (all > 0).then(|| proactive as f64 / all as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_nobody_and_nothing_took_is_no_interaction() {
        let lost: Vec<_> = Disposition::ALL.iter().filter(|it| !got_through(**it)).collect();
        assert_eq!(
            lost,
            [
                &Disposition::NoAnswer,
                &Disposition::Busy,
                &Disposition::WrongNumber,
                &Disposition::Disconnected
            ]
        );
    }

    #[test]
    fn seven_in_ten_that_are_theirs_leave_three() {
        assert_eq!(share(3, 7), Some(0.3));
        assert_eq!(share(0, 1), Some(0.0));
        assert_eq!(share(0, 0), None);
    }
}
