use super::*;
use proptest::prelude::*;

fn at(seconds: i64) -> Timestamp {
    Timestamp::new(chrono::DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap())
}

fn item(status: ActionItemStatus) -> ActionItem {
    let fields: ActionItemInput = serde_json::from_value(serde_json::json!({"title": "Send the manual"})).unwrap();
    let occasion = Occasion {
        customer_id: CustomerId(Uuid::from_u128(1)),
        contact_id: None,
        assignment_id: None,
        attempt_id: None,
    };
    let mut item = ActionItem::new(
        ActionItemId(Uuid::from_u128(3)),
        fields,
        occasion,
        Some(UserId(Uuid::from_u128(2))),
        at(0),
    );
    item.status = status;
    item
}

fn steps() -> Vec<Step> {
    vec![
        Step::Start,
        Step::Wait,
        Step::Complete { outcome: None },
        Step::Cancel { outcome: None },
        Step::Reopen,
    ]
}

#[test]
fn every_step_from_every_state_goes_where_it_should_or_is_refused() {
    use ActionItemStatus::{Canceled, Completed, InProgress, Open, Waiting};
    // Start, wait, complete, cancel, reopen.
    let table = [
        (
            Open,
            [Some(InProgress), Some(Waiting), Some(Completed), Some(Canceled), None],
        ),
        (InProgress, [None, Some(Waiting), Some(Completed), Some(Canceled), None]),
        (Waiting, [Some(InProgress), None, Some(Completed), Some(Canceled), None]),
        (Completed, [None, None, None, None, Some(Open)]),
        (Canceled, [None, None, None, None, Some(Open)]),
    ];
    for (from, row) in table {
        for (step, to) in steps().into_iter().zip(row) {
            let moved = item(from)
                .step(step.clone(), None, at(5))
                .map(|change| change.after.status);
            assert_eq!(moved.ok(), to, "{from} {step:?}");
        }
    }
}

#[test]
fn without_an_owner_and_a_department_it_is_its_creators() {
    assert_eq!(
        item(ActionItemStatus::Open).fields.owner_id,
        Some(UserId(Uuid::from_u128(2)))
    );
}

#[test]
fn telling_the_customer_is_apart_from_being_done() {
    let told = item(ActionItemStatus::Open)
        .tell_customer(None, None, None, at(9))
        .unwrap()
        .after;
    assert_eq!(
        (told.status, told.customer_told_at),
        (ActionItemStatus::Open, Some(at(9)))
    );
    assert!(told.tell_customer(None, None, None, at(10)).is_err());
    let done = item(ActionItemStatus::Completed);
    assert!(done.clone().tell_customer(Some(at(1)), None, None, at(9)).is_ok());
    assert!(done.clone().tell_customer(Some(at(999)), None, None, at(9)).is_err());
    // Clocks differ by minutes.
    let told = done.tell_customer(Some(at(99)), None, None, at(9)).unwrap().after;
    assert_eq!(told.customer_told_at, Some(at(9)));
}

proptest! {
    #[test]
    fn whatever_happens_closed_is_closed_with_a_time(walk in prop::collection::vec(0_usize..5, 0..40)) {
        let mut item = item(ActionItemStatus::Open);
        for (tick, step) in walk.into_iter().enumerate() {
            let now = at(i64::try_from(tick).unwrap());
            if let Ok(change) = item.clone().step(steps()[step].clone(), None, now) {
                item = change.after;
            }
            let closed = matches!(item.status, ActionItemStatus::Completed | ActionItemStatus::Canceled);
            prop_assert_eq!(closed, item.closed_at.is_some());
        }
    }
}
