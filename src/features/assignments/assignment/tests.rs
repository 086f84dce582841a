use chrono::{DateTime, TimeDelta};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::refusal::Code;

fn now() -> Timestamp {
    Timestamp::new("2026-11-16T10:00:00Z".parse::<DateTime<chrono::Utc>>().unwrap())
}

fn later(hours: i64) -> Timestamp {
    now().plus(TimeDelta::hours(hours))
}

fn hours() -> CallingHours {
    CallingHours::new(None, None, "UTC")
}

fn new(scheduled_for: Option<Timestamp>) -> Assignment {
    let id = Uuid::from_u128(7);
    let input = AssignmentInput {
        program_id: id.into(),
        customer_id: id.into(),
        assignee_id: id.into(),
        due_on: None,
        scheduled_for,
        priority: AssignmentPriority::Normal,
        reason: None,
    };
    Assignment::new(id.into(), input, now())
}

/// An assignment in each state, come to by commands.
fn in_state(status: AssignmentStatus) -> Assignment {
    let queued = new(None);
    match status {
        AssignmentStatus::Queued => queued,
        AssignmentStatus::Scheduled => new(Some(later(1))),
        AssignmentStatus::Completed => queued.complete(None, now()).unwrap().after,
        AssignmentStatus::Unreachable => queued.attempted(Outcome::GiveUp, now(), now()).unwrap().after,
        AssignmentStatus::Declined => queued.decline(None, now()).unwrap().after,
        AssignmentStatus::Canceled => queued.cancel(None, now()).unwrap().after,
    }
}

#[derive(Debug, Clone, Copy)]
enum Command {
    Revise,
    Reschedule,
    Reassign,
    Snooze,
    Decline,
    Cancel,
    Complete,
    Attempt(Outcome),
}

fn commands() -> Vec<Command> {
    let promised = |promised| Outcome::CallAgain { at: later(5), promised };
    vec![
        Command::Revise,
        Command::Reschedule,
        Command::Reassign,
        Command::Snooze,
        Command::Decline,
        Command::Cancel,
        Command::Complete,
        Command::Attempt(Outcome::Conversation),
        Command::Attempt(promised(false)),
        Command::Attempt(promised(true)),
        Command::Attempt(Outcome::WaitForData),
        Command::Attempt(Outcome::GiveUp),
        Command::Attempt(Outcome::Declined),
        Command::Attempt(Outcome::DoNotCall),
    ]
}

fn apply(assignment: Assignment, command: Command) -> Result<Assignment, Refusal> {
    let other = UserId(Uuid::from_u128(8));
    match command {
        Command::Revise => {
            let mut fields = assignment.fields();
            fields.reason = Some(format!("{} and more", fields.reason.unwrap_or_default()));
            assignment.revise(fields)
        }
        Command::Reschedule => assignment.reschedule(later(3), true, &hours(), now()),
        Command::Reassign => assignment.reassign(other, now()),
        Command::Snooze => assignment.snooze(later(2), now()),
        Command::Decline => assignment.decline(Some("no".into()), now()),
        Command::Cancel => assignment.cancel(Some("no".into()), now()),
        Command::Complete => assignment.complete(None, now()),
        Command::Attempt(outcome) => assignment.attempted(outcome, now(), now()),
    }
    .map(|change| change.after)
}

/// Where a command leads from an open state.
fn leads_to(from: AssignmentStatus, command: Command) -> AssignmentStatus {
    match command {
        Command::Reschedule | Command::Attempt(Outcome::CallAgain { .. }) => AssignmentStatus::Scheduled,
        Command::Revise | Command::Reassign => from,
        // The call of the scheduled one was before the end of the snooze.
        Command::Snooze | Command::Attempt(Outcome::WaitForData) => AssignmentStatus::Queued,
        Command::Decline | Command::Attempt(Outcome::Declined) => AssignmentStatus::Declined,
        Command::Cancel | Command::Attempt(Outcome::DoNotCall) => AssignmentStatus::Canceled,
        Command::Complete | Command::Attempt(Outcome::Conversation) => AssignmentStatus::Completed,
        Command::Attempt(Outcome::GiveUp) => AssignmentStatus::Unreachable,
    }
}

#[test]
fn every_command_in_every_state_leads_where_it_should_or_is_refused() {
    for &status in AssignmentStatus::ALL {
        for command in commands() {
            let before = in_state(status);
            let after = apply(before.clone(), command);
            if status.open() {
                assert_eq!(
                    after.unwrap().status,
                    leads_to(status, command),
                    "{status} and {command:?}"
                );
            } else {
                assert_eq!(after.unwrap_err().code, Code::WrongState, "{status} and {command:?}");
            }
        }
    }
}

#[test]
fn a_time_that_is_not_ahead_is_refused() {
    for at in [now(), later(-1)] {
        assert_eq!(
            new(None).reschedule(at, true, &hours(), now()).unwrap_err().code,
            Code::InThePast
        );
        assert_eq!(new(None).snooze(at, now()).unwrap_err().code, Code::InThePast);
    }
}

#[test]
fn what_changes_nothing_is_a_success_also_when_closed() {
    for &status in AssignmentStatus::ALL {
        let assignment = in_state(status);
        let same = assignment.clone().revise(assignment.fields()).unwrap().after;
        assert_eq!(same, assignment);
    }
}

#[test]
fn a_snooze_leaves_a_later_call_where_it_is() {
    let snoozed = new(Some(later(9))).snooze(later(2), now()).unwrap().after;
    assert_eq!(
        (snoozed.status, snoozed.scheduled_for),
        (AssignmentStatus::Scheduled, Some(later(9)))
    );
}

#[test]
fn a_promise_is_forgotten_when_the_call_is_moved() {
    let promised = Outcome::CallAgain {
        at: later(5),
        promised: true,
    };
    let assignment = new(None).attempted(promised, now(), now()).unwrap().after;
    assert_eq!(assignment.callback_promised_at, Some(later(5)));
    let same = assignment
        .clone()
        .reschedule(later(5), true, &hours(), now())
        .unwrap()
        .after;
    assert_eq!(same.callback_promised_at, Some(later(5)));
    let moved = assignment.reschedule(later(6), true, &hours(), now()).unwrap().after;
    assert_eq!(moved.callback_promised_at, None);
}

proptest! {
    #[test]
    fn whatever_is_done_states_and_times_agree(
        steps in proptest::collection::vec(proptest::sample::select(commands()), 0..12),
        scheduled in any::<bool>(),
    ) {
        let mut assignment = new(scheduled.then(|| later(1)));
        for command in steps {
            let was_open = assignment.status.open();
            match apply(assignment.clone(), command) {
                Ok(next) => {
                    prop_assert!(was_open);
                    let counted = i64::from(matches!(command, Command::Attempt(_)));
                    prop_assert_eq!(next.attempts_made, assignment.attempts_made + counted);
                    assignment = next;
                }
                Err(refusal) => {
                    prop_assert!(!was_open);
                    prop_assert_eq!(refusal.code, Code::WrongState);
                }
            }
            prop_assert_eq!(assignment.status == AssignmentStatus::Scheduled, assignment.scheduled_for.is_some());
            prop_assert_eq!(assignment.status.open(), assignment.closed_at.is_none());
            prop_assert!(assignment.callback_promised_at.is_none() || assignment.callback_promised_at == assignment.scheduled_for);
            prop_assert!(assignment.snoozed_until.is_none() || assignment.status.open());
        }
    }
}
