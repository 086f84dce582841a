use uuid::Uuid;

use super::*;

fn at() -> Timestamp {
    Timestamp::new(chrono::DateTime::UNIX_EPOCH)
}

fn customer(number: u128) -> CustomerId {
    Uuid::from_u128(number).into()
}

fn user(number: u128) -> UserId {
    UserId(Uuid::from_u128(number))
}

fn program(number: u128) -> ProgramId {
    Uuid::from_u128(number).into()
}

/// Customers 1 to 3 (3 must not be contacted), executives 1 and 2, a viewer 3, one gone 4; customer 2 is with user 2 in program 1.
fn known(programs: u128) -> Known {
    let customers = (1..=3)
        .map(|number| KnownCustomer {
            id: customer(number),
            external_id: Some(format!("C{number}")),
            do_not_contact: number == 3,
            hours: CallingHours::new(None, None, "Europe/Berlin"),
        })
        .collect();
    let users = (1..=4)
        .map(|number| KnownUser {
            id: user(number),
            email: format!("u{number}@x.test"),
            role: if number == 3 { Role::Viewer } else { Role::Executive },
            active: number != 4,
        })
        .collect();
    let programs = (1..=programs)
        .map(|number| Program::one_a_day(program(number), at()))
        .map(|one| Program {
            ready_made: false,
            ..one
        })
        .collect();
    let in_hand = vec![InHand {
        id: Uuid::from_u128(9).into(),
        customer_id: customer(2),
        program_id: program(1),
        assignee_id: user(2),
    }];
    Known::new(customers, users, programs, in_hand, Former::default())
}

fn item(customer: &str, user: &str) -> AssignmentItem {
    AssignmentItem {
        customer_external_id: Some(customer.into()),
        assignee_email: Some(user.into()),
        ..AssignmentItem::default()
    }
}

#[track_caller]
fn objects(known: &mut Known, item: AssignmentItem, expected: &[(&str, &str)]) {
    let found = known.decide(5, item, at()).unwrap_err();
    let found: Vec<_> = found.iter().map(|one| (one.field, one.kind.code())).collect();
    assert_eq!(found, expected);
}

#[test]
fn a_customer_and_an_executive_are_found_by_what_a_script_knows() {
    let input = known(1).decide(0, item("C1", " U1@X.test "), at()).unwrap();
    assert_eq!(
        (input.customer_id, input.assignee_id, input.program_id),
        (customer(1), user(1), program(1))
    );
    assert_eq!(input.priority, AssignmentPriority::Normal);
}

#[test]
fn blanks_around_an_external_id_do_not_matter() {
    assert_eq!(
        known(1).decide(0, item(" C1 ", "u1@x.test"), at()).unwrap().customer_id,
        customer(1)
    );
}

#[test]
fn every_objection_is_told_at_once() {
    objects(
        &mut known(2),
        AssignmentItem::default(),
        &[
            ("customer_id", "required"),
            ("assignee_id", "required"),
            ("program_id", "required"),
        ],
    );
    objects(
        &mut known(1),
        item("C9", "u9@x.test"),
        &[("customer_external_id", "not_found"), ("assignee_email", "not_found")],
    );
    objects(
        &mut known(1),
        item("C3", "u3@x.test"),
        &[
            ("customer_external_id", "do_not_contact"),
            ("assignee_email", "not_allowed"),
        ],
    );
    objects(
        &mut known(1),
        item("C1", "u4@x.test"),
        &[("assignee_email", "not_active")],
    );
}

#[test]
fn two_names_of_one_customer_must_agree() {
    let mut both = item("C1", "u1@x.test");
    both.customer_id = Some(customer(2));
    objects(&mut known(1), both.clone(), &[("customer_external_id", "conflict")]);
    both.customer_id = Some(customer(1));
    assert!(known(1).decide(0, both, at()).is_ok());
}

#[test]
fn nobody_gets_whom_another_has_in_hand() {
    let mut known = known(2);
    let mut other_program = item("C2", "u1@x.test");
    other_program.program_id = Some(program(2));
    objects(
        &mut known,
        other_program,
        &[("customer_external_id", "already_assigned")],
    );
    let mut same_executive = item("C2", "u2@x.test");
    same_executive.program_id = Some(program(1));
    objects(
        &mut known,
        same_executive.clone(),
        &[("customer_external_id", "already_assigned")],
    );
    same_executive.program_id = Some(program(2));
    assert!(known.decide(0, same_executive, at()).is_ok());
}

#[test]
fn a_request_does_not_assign_a_customer_twice() {
    let mut known = known(1);
    assert!(known.decide(0, item("C1", "u1@x.test"), at()).is_ok());
    objects(
        &mut known,
        item("C1", "u2@x.test"),
        &[("customer_external_id", "duplicate")],
    );
}

#[test]
fn an_ended_program_takes_nothing() {
    let mut ended = Program::one_a_day(program(1), at());
    ended.status = crate::features::programs::program::ProgramStatus::Ended;
    let mut known = known(1);
    known.programs.insert(program(1), ended);
    objects(&mut known, item("C1", "u1@x.test"), &[("program_id", "wrong_state")]);
}

#[test]
fn a_call_is_scheduled_ahead_and_within_the_customers_hours() {
    let scheduled = |time: &str, outside_window| {
        let mut item = item("C1", "u1@x.test");
        item.scheduled_for = Some(Timestamp::new(time.parse().unwrap()));
        item.outside_window = outside_window;
        item
    };
    // A Monday's morning and night in Berlin, and the day before the clock of these tests begins.
    let (morning, night, before) = ("2026-11-16T09:00:00Z", "2026-11-16T22:00:00Z", "1969-12-31T10:00:00Z");
    assert!(known(1).decide(0, scheduled(morning, false), at()).is_ok());
    assert!(known(1).decide(0, scheduled(night, true), at()).is_ok());
    objects(
        &mut known(1),
        scheduled(night, false),
        &[("scheduled_for", "outside_calling_window")],
    );
    objects(
        &mut known(1),
        scheduled(before, true),
        &[("scheduled_for", "in_the_past")],
    );
}
