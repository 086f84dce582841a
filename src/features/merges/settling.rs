//! Decides: whose a customer is when several executives had it in hand under different names.

use crate::clock::Timestamp;
use crate::features::assignments::assignment::Assignment;

/// What is left open, and what ends.
pub struct Settled {
    pub ending: Vec<Assignment>,
    /// The assignment for which the others ended.
    pub kept: Option<Assignment>,
}

/// Nobody has a customer whom another has in hand. It stays with whoever promised it a call, the nearest first; else with whoever
/// called it last; else with whose call is scheduled next; else with who has had it longest. In one program one assignment stays.
pub fn settle(mut open: Vec<Assignment>) -> Settled {
    open.sort_by_key(claim);
    let kept = open.first().cloned();
    let mut programs = Vec::new();
    let mut ending = Vec::new();
    for assignment in open {
        let stays = kept
            .as_ref()
            .is_some_and(|kept| kept.assignee_id == assignment.assignee_id)
            && !programs.contains(&assignment.program_id);
        if stays {
            programs.push(assignment.program_id);
        } else {
            ending.push(assignment);
        }
    }
    Settled { ending, kept }
}

/// Sorts the best claim first: what there is comes before what there is not.
fn claim(assignment: &Assignment) -> impl Ord + use<> {
    let nearest = |at: Option<Timestamp>| (at.is_none(), at);
    (
        nearest(assignment.callback_promised_at),
        std::cmp::Reverse(assignment.last_attempt_at),
        nearest(assignment.scheduled_for),
        assignment.assigned_at,
        assignment.id,
    )
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use uuid::Uuid;

    use super::*;
    use crate::features::assignments::assignment::{AssignmentId, AssignmentInput, AssignmentPriority};

    fn at(hour: i64) -> Timestamp {
        Timestamp::new(chrono::DateTime::UNIX_EPOCH).plus(TimeDelta::hours(hour))
    }

    fn open(id: u128, program: u128, by: u128) -> Assignment {
        let input = AssignmentInput {
            program_id: Uuid::from_u128(program).into(),
            customer_id: Uuid::from_u128(id).into(),
            assignee_id: Uuid::from_u128(by).into(),
            due_on: None,
            scheduled_for: None,
            priority: AssignmentPriority::Normal,
            reason: None,
        };
        Assignment::new(AssignmentId(Uuid::from_u128(id)), input, at(id.try_into().unwrap()))
    }

    fn ending(open: Vec<Assignment>) -> Vec<u128> {
        settle(open).ending.iter().map(|it| it.id.0.as_u128()).collect()
    }

    #[test]
    fn one_executive_keeps_the_customer_and_one_assignment_of_a_program() {
        assert!(ending(Vec::new()).is_empty());
        assert!(ending(vec![open(1, 1, 1), open(2, 2, 1)]).is_empty());
        assert_eq!(ending(vec![open(1, 1, 1), open(2, 1, 1)]), [2]);
        assert_eq!(ending(vec![open(1, 1, 1), open(2, 2, 2), open(3, 3, 1)]), [2]);
    }

    #[test]
    fn a_promise_comes_before_a_call_a_call_before_a_time_and_a_time_before_age() {
        let with = |mut assignment: Assignment, edit: fn(&mut Assignment)| {
            edit(&mut assignment);
            assignment
        };
        let old = open(1, 1, 1);
        let timed = with(open(2, 1, 2), |it| it.scheduled_for = Some(at(99)));
        let called = with(open(3, 1, 3), |it| it.last_attempt_at = Some(at(5)));
        let promised = with(open(4, 1, 4), |it| it.callback_promised_at = Some(at(200)));
        let sooner = with(open(5, 1, 5), |it| it.callback_promised_at = Some(at(100)));
        let kept = |open: &[&Assignment]| {
            let settled = settle(open.iter().map(|it| (*it).clone()).collect());
            settled.kept.unwrap().id.0.as_u128()
        };
        assert_eq!(kept(&[&old, &timed]), 2);
        assert_eq!(kept(&[&old, &timed, &called]), 3);
        assert_eq!(kept(&[&old, &timed, &called, &promised]), 4);
        assert_eq!(kept(&[&promised, &sooner, &old]), 5);
    }
}
