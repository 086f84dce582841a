use proptest::prelude::*;

use super::*;

fn now() -> Timestamp {
    Timestamp::new("2026-03-03T15:30:00Z".parse().unwrap())
}

fn draft(to_email: Option<&str>) -> FollowUp {
    let id = Uuid::from_u128;
    let attempt = Attempt {
        id: id(1).into(),
        assignment_id: id(2).into(),
        program_id: id(3).into(),
        customer_id: id(4).into(),
        user_id: id(5).into(),
        contact_id: None,
        spoke_with: None,
        disposition: Disposition::LeftVoicemail,
        occurred_at: now(),
        duration_seconds: None,
        summary: None,
        callback_promised_at: None,
        next_call_at: None,
        local_hour: 16,
        local_weekday: 2,
        request_hash: String::new(),
        revision: 1,
        created_at: now(),
        updated_at: now(),
    };
    let composed = Composed {
        kind: FollowUpKind::Voicemail,
        fields: FollowUpInput {
            to_name: None,
            to_email: to_email.map(str::to_owned),
            subject: "Our\r\ncall".into(),
            text: "Hello".into(),
        },
        contact_id: None,
        slots: Vec::new(),
        missing: Vec::new(),
    };
    FollowUp::new(id(6).into(), &attempt, composed, "<x@y>".into(), now())
}

fn at(status: FollowUpStatus, by_hand: bool) -> FollowUp {
    FollowUp {
        status,
        sent_by_hand: by_hand,
        ..draft(Some("m@a.test"))
    }
}

#[test]
fn a_draft_without_a_recipient_says_so_until_one_is_given() {
    let draft = draft(None);
    assert_eq!(draft.missing.0.len(), 1);
    assert_eq!(
        (draft.mailto_url.clone(), draft.fields.subject.as_str()),
        (None, "Our call")
    );
    assert_eq!(draft.clone().send().unwrap_err().code, Code::WrongState);
    let fields = FollowUpInput {
        to_email: Some("Maria@Alfreds.test".into()),
        ..draft.fields.clone()
    };
    let draft = draft.revise(fields).unwrap().after;
    assert!(draft.missing.0.is_empty());
    assert!(draft.mailto_url.unwrap().starts_with("mailto:maria@alfreds.test?"));
}

#[test]
fn every_state_knows_its_commands() {
    use FollowUpStatus::{Draft, Failed, Sending, Sent};
    for (status, by_hand, send, delivered, fail, mark, edit) in [
        (Draft, false, Some(Sending), None, None, Some(Sent), true),
        (Failed, false, Some(Sending), None, None, Some(Sent), true),
        (Sending, false, Some(Sending), Some(Sent), Some(Failed), None, false),
        (Sent, false, None, None, None, None, false),
        (Sent, true, None, None, None, Some(Sent), false),
    ] {
        let to = |change: Result<Change<FollowUp>, Refusal>| change.ok().map(|change| change.after.status);
        let of = || at(status, by_hand);
        assert_eq!(to(of().send()), send, "{status}");
        assert_eq!(to(of().delivered(now())), delivered, "{status}");
        assert_eq!(to(of().fail("no")), fail, "{status}");
        assert_eq!(to(of().mark_sent(None, now(), now())), mark, "{status}");
        assert_eq!(of().must_be_unsent().is_ok(), edit, "{status}");
    }
}

proptest! {
    #[test]
    fn whatever_is_tried_it_is_sent_once_and_stays_sent(steps in proptest::collection::vec(0_u8..5, 0..30)) {
        let (mut record, mut sent) = (draft(Some("m@a.test")), 0);
        for step in steps {
            let change = match step {
                0 => record.clone().send(),
                1 => record.clone().delivered(now()),
                2 => record.clone().fail("no"),
                3 => record.clone().mark_sent(None, now(), now()),
                _ => record.clone().revise(FollowUpInput { text: format!("{step}"), ..record.fields.clone() }),
            };
            if let Ok(change) = change {
                sent += i32::from(change.after.status == FollowUpStatus::Sent && record.status != FollowUpStatus::Sent);
                record = change.after;
            }
            prop_assert!(sent <= 1);
            prop_assert_eq!(sent == 1, record.status == FollowUpStatus::Sent);
            prop_assert_eq!(record.sent_at.is_some(), record.status == FollowUpStatus::Sent);
        }
    }
}
