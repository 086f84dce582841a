//! Plans of random organizations, looked at by somebody who knows the rules but not the planner.

use chrono::{Datelike, NaiveDate, TimeDelta};
use proptest::prelude::*;

use super::*;
use crate::features::plans::options::{PlanOptions, Relationship, Strictness};
use crate::features::plans::sample::{Dice, Size, situation};
use crate::features::programs::program::Period;
use crate::local_time::wall_clock;

/// The days before the clocks of Europe, and after those of America, are put forward; and when they are put back.
const DAYS: [&str; 4] = ["2026-03-26", "2026-10-22", "2026-11-30", "2027-03-11"];

fn size(dice: &mut Dice, customers: u64, executives: u64, days: u64) -> Size {
    Size {
        customers: 1 + dice.roll(customers),
        executives: 1 + dice.roll(executives),
        from: DAYS[dice.roll(4) as usize].parse().unwrap(),
        days: 1 + dice.roll(days),
        quota: 1 + dice.roll(4),
        zones: 1 + dice.roll(12) as usize,
        scarce: dice.roll(2) == 0,
    }
}

fn options(dice: &mut Dice) -> PlanOptions {
    let mut options = PlanOptions {
        call_minutes: [15, 20, 30, 45][dice.roll(4) as usize],
        ..PlanOptions::default()
    };
    if dice.roll(2) == 0 {
        options.relationship = Relationship::Rotate;
    }
    options.most_calls_a_day = (dice.roll(3) == 0).then(|| 1 + dice.roll(3) as i64);
    let mut rule = || [Strictness::Hard, Strictness::Hard, Strictness::Soft, Strictness::Off][dice.roll(4) as usize];
    let rules = &mut options.rules;
    (rules.quota, rules.account_manager, rules.shortest_gap) = (rule(), rule(), rule());
    (rules.calling_window, rules.working_days) = (rule(), rule());
    (rules.relationship, rules.overdue_first) = (rule(), rule());
    options
}

/// Every hard rule, read off the situation, on wall clocks.
fn check(situation: &Situation, proposal: &Proposal) {
    let rules = &situation.options.rules;
    let hard = |rule: Strictness| rule == Strictness::Hard;
    let length = TimeDelta::minutes(situation.options.call_minutes);
    let mut seen = std::collections::BTreeSet::new();
    for call in &proposal.calls {
        let executive = &situation.executives[call.executive];
        let customer = &situation.customers[call.customer];
        assert!(seen.insert(call.customer), "twice in one plan");
        assert!(!customer.do_not_contact && customer.in_hand_of.is_none());
        let (starts, last) = (
            call.starts_at.utc(),
            call.starts_at.utc() + length - TimeDelta::seconds(1),
        );
        assert!(starts > situation.now.utc());
        let date: NaiveDate = situation.from + TimeDelta::days(call.day as i64);
        assert!(date <= situation.to);
        let block: serde_json::Value = serde_json::to_value(executive.block).unwrap();
        let (on_clock, off_clock) = (wall_clock(starts, executive.zone), wall_clock(last, executive.zone));
        assert_eq!((on_clock.date(), off_clock.date()), (date, date));
        assert!(on_clock.format("%H:%M").to_string().as_str() >= block["starts"].as_str().unwrap());
        assert!(off_clock.format("%H:%M").to_string().as_str() < block["ends"].as_str().unwrap());
        if hard(rules.working_days) {
            assert!(!executive.off.contains_key(&date));
        }
        if hard(rules.account_manager) {
            assert_ne!(customer.account_manager, Some(executive.id));
        }
        if hard(rules.shortest_gap) {
            assert!(customer.not_before.is_none_or(|day| day <= date));
        }
        if hard(rules.overdue_first) {
            assert!(
                [customer.due_on, customer.overdue_on]
                    .iter()
                    .any(|day| day.is_some_and(|day| day <= situation.from))
            );
        }
        if hard(rules.relationship) {
            let known = situation
                .executives
                .iter()
                .any(|known| Some(known.id) == customer.last_caller);
            match situation.options.relationship {
                Relationship::Keep => assert!(!known || customer.last_caller == Some(executive.id)),
                Relationship::Rotate => assert_ne!(customer.last_caller, Some(executive.id)),
            }
        }
        if hard(rules.calling_window) {
            let (window, zone) = (customer.hours.window, customer.hours.zone);
            let (there, ends) = (wall_clock(starts, zone), wall_clock(last, zone));
            assert!(window.weekdays().any(|day| day == there.weekday()));
            assert!(
                there.time() >= window.opens() && ends.time() < window.closes(),
                "{there} {ends} {window:?}"
            );
        }
    }
    for (at, executive) in situation.executives.iter().enumerate() {
        let own: Vec<&Call> = proposal.calls.iter().filter(|call| call.executive == at).collect();
        let mut times: Vec<_> = own.iter().map(|call| call.starts_at.utc()).collect();
        times.sort();
        assert!(
            times.windows(2).all(|pair| pair[1] - pair[0] >= length),
            "calls overlap"
        );
        for busy in &executive.busy {
            assert!(
                times.iter().all(|time| (*time - busy.utc()).abs() >= length),
                "somebody else is called then"
            );
        }
        let day = |call: &Call| situation.from + TimeDelta::days(call.day as i64);
        for call in &own {
            let same_day = own.iter().filter(|other| other.day == call.day).count() as i64;
            let there = executive.taken.get(&day(call)).copied().unwrap_or(0);
            if let Some(most) = situation.options.most_calls_a_day {
                assert!(same_day + there <= most);
            }
            if hard(rules.quota) {
                let (week, quota) = (day(call).iso_week(), executive.quota(day(call)));
                let calls = match executive.period {
                    Period::Day => same_day + there,
                    Period::Week => {
                        let planned = own.iter().filter(|other| day(other).iso_week() == week).count() as i64;
                        let there = executive.taken.iter().filter(|(day, _)| day.iso_week() == week);
                        planned + there.map(|(_, calls)| calls).sum::<i64>()
                    }
                };
                assert!(calls <= quota, "more than the quota");
            }
        }
    }
    assert_eq!(
        proposal.calls.len() + proposal.left_out.len(),
        situation.customers.len()
    );
    assert!(
        proposal
            .left_out
            .iter()
            .all(|(customer, why)| !seen.contains(customer) && why.detail.len() > 10)
    );
    assert!(proposal.greedy <= proposal.objective && proposal.objective <= proposal.upper_bound);
}

/// The best objective there is, by trying everything.
fn brute(situation: &Situation) -> i64 {
    let model = situation.model();
    let graph = Graph::new(&model, &situation.options);
    let (worth, _) = weighed(situation, &model, &graph);
    fn fits(worth: &Worth<'_>, placed: &[Option<u32>]) -> bool {
        let (model, graph) = (worth.model, worth.graph);
        let days = model.days;
        let count =
            |of: &dyn Fn(usize) -> bool| placed.iter().flatten().filter(|place| of(**place as usize)).count() as i64;
        (0..graph.days.len()).all(|place| {
            let calls: Vec<_> = placed
                .iter()
                .enumerate()
                .filter(|(_, given)| **given == Some(place as u32))
                .map(|(customer, _)| {
                    model
                        .classes
                        .slots(model.buyers[customer].class, &model.calendar[place])
                })
                .collect();
            let slots = model.calendar[place].slots.len() as u32;
            cost(&graph.days[place], calls.len() as i64).is_some() && slots::arrange(slots, &calls).is_some()
        }) && (0..graph.weeks.len())
            .all(|week| cost(&graph.weeks[week], count(&|place| graph.week_of[place] == week)).is_some())
            && (0..graph.executives.len())
                .all(|one| cost(&graph.executives[one], count(&|place| place / days == one)).is_some())
    }
    fn go(worth: &Worth<'_>, placed: &mut Vec<Option<u32>>, customer: usize) -> i64 {
        if !fits(worth, placed) {
            return i64::MIN;
        }
        if customer == placed.len() {
            return worth.of(placed);
        }
        let mut best = go(worth, placed, customer + 1);
        for place in 0..worth.model.calendar.len() {
            if worth
                .model
                .gain(customer, place / worth.model.days, place % worth.model.days)
                .is_some()
            {
                placed[customer] = Some(place as u32);
                best = best.max(go(worth, placed, customer + 1));
            }
        }
        placed[customer] = None;
        best
    }
    go(&worth, &mut vec![None; model.buyers.len()], 0)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_hard_rule_is_ever_broken_and_equal_situations_have_equal_plans(seed in any::<u64>()) {
        let mut dice = Dice(seed);
        let (size, options) = (size(&mut dice, 60, 5, 12), options(&mut dice));
        let situation = situation(&mut dice, &size, options);
        let proposal = plan(&situation, LIMIT);
        check(&situation, &proposal);
        prop_assert_eq!(plan(&situation, LIMIT), proposal);
        // Stopped early it is no best plan, but a plan.
        check(&situation, &plan(&situation, 1 + dice.roll(20_000)));
    }

    #[test]
    fn small_plans_are_as_good_as_by_trying_everything(seed in any::<u64>()) {
        let mut dice = Dice(seed);
        let (size, mut options) = (size(&mut dice, 4, 2, 2), options(&mut dice));
        options.weights.balance_billing = 0;
        let situation = situation(&mut dice, &size, options);
        let proposal = plan(&situation, LIMIT);
        prop_assert_eq!(proposal.objective, brute(&situation));
        prop_assert_eq!(proposal.upper_bound, proposal.objective);
    }

    #[test]
    fn with_billing_to_balance_the_best_lies_between_plan_and_bound(seed in any::<u64>()) {
        let mut dice = Dice(seed);
        let size = size(&mut dice, 4, 2, 2);
        let situation = situation(&mut dice, &size, PlanOptions::default());
        let proposal = plan(&situation, LIMIT);
        let best = brute(&situation);
        prop_assert!(proposal.objective <= best && best <= proposal.upper_bound);
        // What is lost is far less than one call.
        prop_assert!(best - proposal.objective <= 60 * POINT, "{} of {}", proposal.objective, best);
    }
}

#[test]
fn whoever_is_left_out_is_told_one_reason() {
    let mut dice = Dice(5);
    let size = Size {
        customers: 400,
        executives: 3,
        from: DAYS[2].parse().unwrap(),
        days: 5,
        quota: 5,
        zones: 12,
        scarce: false,
    };
    let situation = situation(&mut dice, &size, PlanOptions::default());
    let proposal = plan(&situation, LIMIT);
    check(&situation, &proposal);
    let mut codes: Vec<String> = proposal.left_out.iter().map(|(_, why)| why.code.to_string()).collect();
    codes.sort();
    codes.dedup();
    assert_eq!(
        codes,
        ["do_not_contact", "in_hand", "no_room", "no_shared_hours", "too_soon"]
    );
    assert!(proposal.greedy < proposal.upper_bound);
}

#[test]
fn a_larger_plan_comes_close_to_what_no_plan_can_beat() {
    for (seed, quota) in [(1, 5), (2, 20)] {
        let mut dice = Dice(seed);
        let size = Size {
            customers: 1_500,
            executives: 10,
            from: "2027-01-04".parse().unwrap(),
            days: 12,
            quota,
            zones: 12,
            scarce: false,
        };
        let situation = situation(&mut dice, &size, PlanOptions::default());
        let proposal = plan(&situation, LIMIT);
        check(&situation, &proposal);
        let (gap, of) = (proposal.upper_bound - proposal.objective, proposal.upper_bound);
        println!(
            "{} calls, {} of {of}, greedy {}, {} pivots",
            proposal.calls.len(),
            proposal.objective,
            proposal.greedy,
            proposal.pivots
        );
        assert!(proposal.calls.len() > 50 && gap * 100 <= of, "{gap} of {of}");
    }
}
