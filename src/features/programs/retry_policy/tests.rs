use super::*;
use chrono::{NaiveTime, Weekday};
use chrono_tz::{TZ_VARIANTS, Tz};
use proptest::prelude::*;

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// A call that becomes known at once, nothing promised.
fn tried(disposition: Disposition, attempts: u32, occurred_at: &str) -> Tried {
    Tried {
        disposition,
        attempts,
        alike: attempts,
        occurred_at: utc(occurred_at),
        promised: None,
        now: utc(occurred_at),
    }
}

/// The default policy, a customer in Berlin (UTC+1 in November), nothing promised.
fn after(disposition: Disposition, attempts: u32, occurred_at: &str) -> NextStep {
    let call = tried(disposition, attempts, occurred_at);
    RetryPolicy::default().next_try(call, &CallingWindow::default(), Tz::Europe__Berlin)
}

fn again(text: &str) -> NextStep {
    NextStep::CallAgain(utc(text))
}

// 2026-11-16 is a Monday.

#[test]
fn a_voicemail_is_followed_two_days_later_at_the_same_time() {
    assert_eq!(
        after(Disposition::LeftVoicemail, 1, "2026-11-16T10:20:00Z"),
        again("2026-11-18T10:20:00Z")
    );
    assert_eq!(
        after(Disposition::LeftLiveMessage, 1, "2026-11-16T10:20:00Z"),
        again("2026-11-18T10:20:00Z")
    );
}

#[test]
fn two_days_after_thursday_is_monday_morning() {
    assert_eq!(
        after(Disposition::LeftVoicemail, 1, "2026-11-19T10:20:00Z"),
        again("2026-11-23T08:00:00Z")
    );
}

#[test]
fn no_answer_in_the_morning_is_tried_again_the_next_afternoon() {
    assert_eq!(
        after(Disposition::NoAnswer, 1, "2026-11-16T09:00:00Z"),
        again("2026-11-17T12:00:00Z")
    );
}

#[test]
fn no_answer_in_the_afternoon_is_tried_again_the_next_morning() {
    assert_eq!(
        after(Disposition::NoAnswer, 1, "2026-11-16T14:00:00Z"),
        again("2026-11-17T08:00:00Z")
    );
}

#[test]
fn no_answer_on_friday_morning_is_tried_again_on_monday_afternoon() {
    assert_eq!(
        after(Disposition::NoAnswer, 1, "2026-11-20T09:00:00Z"),
        again("2026-11-23T12:00:00Z")
    );
}

#[test]
fn a_busy_line_is_tried_again_in_an_hour_or_when_the_window_opens() {
    assert_eq!(
        after(Disposition::Busy, 1, "2026-11-16T10:20:00Z"),
        again("2026-11-16T11:20:00Z")
    );
    assert_eq!(
        after(Disposition::Busy, 1, "2026-11-16T15:30:00Z"),
        again("2026-11-17T08:00:00Z")
    );
}

#[test]
fn a_gatekeeper_and_a_callback_without_a_time_are_tried_the_next_day() {
    assert_eq!(
        after(Disposition::Gatekeeper, 1, "2026-11-16T10:20:00Z"),
        again("2026-11-17T10:20:00Z")
    );
    assert_eq!(
        after(Disposition::CallbackRequested, 1, "2026-11-16T10:20:00Z"),
        again("2026-11-17T10:20:00Z")
    );
}

#[test]
fn a_day_is_a_day_on_the_customers_calendar_also_when_clocks_change() {
    // Clocks in Berlin go back on Sunday, 25 October: 10:00 is 08:00 UTC before and 09:00 after.
    assert_eq!(
        after(Disposition::LeftVoicemail, 1, "2026-10-24T08:00:00Z"),
        again("2026-10-26T09:00:00Z")
    );
}

#[test]
fn after_the_sixth_attempt_the_customer_is_unreachable() {
    assert_eq!(
        after(Disposition::NoAnswer, 5, "2026-11-16T09:00:00Z"),
        again("2026-11-17T12:00:00Z")
    );
    assert_eq!(
        after(Disposition::NoAnswer, 6, "2026-11-16T09:00:00Z"),
        NextStep::GiveUp
    );
    assert_eq!(
        after(Disposition::NoAnswer, 7, "2026-11-16T09:00:00Z"),
        NextStep::GiveUp
    );
}

#[test]
fn a_promise_is_kept_to_the_second_on_a_sunday_night_after_the_last_attempt() {
    let promised = utc("2026-11-22T22:15:07Z");
    for disposition in Disposition::ALL.iter().copied() {
        let call = Tried {
            promised: Some(promised),
            ..tried(disposition, 6, "2026-11-16T10:00:00Z")
        };
        let step = RetryPolicy::default().next_try(call, &CallingWindow::default(), Tz::UTC);
        let expected = match RetryPolicy::default().rule(disposition) {
            Some(_) => NextStep::CallAgain(promised),
            None => NextStep::Nothing,
        };
        assert_eq!(step, expected, "{disposition:?}");
    }
}

#[test]
fn a_rule_may_end_sooner_than_the_attempts_do() {
    let policy = r#"{"no_answer": {"after_days": 1, "at_most": 2}}"#;
    let policy: RetryPolicy = serde_json::from_str(policy).unwrap();
    let next = |disposition, attempts, alike| {
        let call = Tried {
            alike,
            ..tried(disposition, attempts, "2026-11-16T10:00:00Z")
        };
        policy.next_try(call, &CallingWindow::default(), Tz::UTC)
    };
    assert_eq!(next(Disposition::NoAnswer, 3, 1), again("2026-11-17T10:00:00Z"));
    assert_eq!(next(Disposition::NoAnswer, 3, 2), NextStep::GiveUp);
    assert_eq!(next(Disposition::Gatekeeper, 3, 3), again("2026-11-17T10:00:00Z"));
    let kept = serde_json::to_value(policy).unwrap();
    assert_eq!(kept["no_answer"], serde_json::json!({"after_days": 1, "at_most": 2}));
    for wrong in [0, 51] {
        let rule = format!(r#"{{"busy": {{"after_minutes": 5, "at_most": {wrong}}}}}"#);
        assert!(serde_json::from_str::<RetryPolicy>(&rule).is_err(), "{wrong}");
    }
}

#[test]
fn a_promise_that_was_past_when_it_was_given_is_none() {
    let call = Tried {
        promised: Some(utc("2026-11-16T10:20:00Z")),
        ..tried(Disposition::CallbackRequested, 1, "2026-11-16T10:20:00Z")
    };
    let step = RetryPolicy::default().next_try(call, &CallingWindow::default(), Tz::UTC);
    assert_eq!(step, again("2026-11-17T10:20:00Z"));
}

#[test]
fn a_debrief_that_arrives_days_late_calls_again_from_now_on_or_as_promised() {
    // Called on Monday, told on Thursday night: two days later would be Wednesday; the window opens on Friday.
    let late = Tried {
        now: utc("2026-11-19T20:00:00Z"),
        ..tried(Disposition::LeftVoicemail, 1, "2026-11-16T10:00:00Z")
    };
    let next = |call| RetryPolicy::default().next_try(call, &CallingWindow::default(), Tz::UTC);
    assert_eq!(next(late), again("2026-11-20T09:00:00Z"));
    let in_time = Tried {
        now: utc("2026-11-17T20:00:00Z"),
        ..late
    };
    assert_eq!(next(in_time), again("2026-11-18T10:00:00Z"));
    // What was promised stays on the record as it was: it is due at once, and late.
    let promised = Tried {
        promised: Some(utc("2026-11-18T15:00:00Z")),
        ..late
    };
    assert_eq!(next(promised), again("2026-11-18T15:00:00Z"));
}

#[test]
fn what_ends_an_assignment_or_becomes_a_data_task_is_not_called_again() {
    for disposition in [
        Disposition::Connected,
        Disposition::WrongNumber,
        Disposition::Disconnected,
        Disposition::ContactLeftCompany,
        Disposition::Declined,
        Disposition::DoNotCall,
    ] {
        assert_eq!(
            after(disposition, 1, "2026-11-16T10:20:00Z"),
            NextStep::Nothing,
            "{disposition:?}"
        );
        assert_eq!(
            after(disposition, 9, "2026-11-16T10:20:00Z"),
            NextStep::Nothing,
            "{disposition:?}"
        );
    }
}

#[test]
fn it_is_written_as_clients_read_it() {
    let text = serde_json::to_string(&RetryPolicy::default()).unwrap();
    assert_eq!(
        text,
        concat!(
            r#"{"max_attempts":6,"left_voicemail":{"after_days":2},"left_live_message":{"after_days":2},"#,
            r#""no_answer":{"after_days":1,"other_time_of_day":true},"busy":{"after_minutes":60},"#,
            r#""gatekeeper":{"after_days":1},"callback_requested":{"after_days":1}}"#
        )
    );
    assert_eq!(
        serde_json::from_str::<RetryPolicy>(&text).unwrap(),
        RetryPolicy::default()
    );
    assert_eq!(
        serde_json::from_str::<RetryPolicy>("{}").unwrap(),
        RetryPolicy::default()
    );
    let changed: RetryPolicy = serde_json::from_str(r#"{"busy":{"after_days":3}}"#).unwrap();
    assert_eq!(changed.busy.wait(), Wait::Days(3));
    let step = serde_json::to_string(&again("2026-11-16T10:20:00Z")).unwrap();
    assert_eq!(step, r#"{"next":"call_again","at":"2026-11-16T10:20:00Z"}"#);
}

#[test]
fn what_is_no_policy_is_refused() {
    for (body, why) in [
        (r#"{"max_attempts":0}"#, "1 to 50"),
        (r#"{"max_attempts":51}"#, "1 to 50"),
        (r#"{"busy":{}}"#, "exactly one"),
        (r#"{"busy":{"after_minutes":5,"after_days":1}}"#, "exactly one"),
        (r#"{"busy":{"after_minutes":0}}"#, "1 to 43200"),
        (r#"{"busy":{"after_days":366}}"#, "1 to 365"),
        (
            r#"{"busy":{"after_minutes":5,"other_time_of_day":true}}"#,
            "after_days only",
        ),
        (r#"{"busy":{"after_hours":5}}"#, "unknown field"),
        (r#"{"connected":{"after_days":5}}"#, "unknown field"),
    ] {
        let fault = serde_json::from_str::<RetryPolicy>(body).unwrap_err().to_string();
        assert!(fault.contains(why), "{body}: {fault}");
    }
}

fn rule() -> impl Strategy<Value = Rule> {
    prop_oneof![
        (1_u32..=43_200).prop_map(|minutes| Rule::new(Wait::Minutes(minutes)).unwrap()),
        (1_u32..=365, any::<bool>()).prop_map(|(days, other_time_of_day)| {
            Rule::try_from(RuleBody {
                after_days: Some(days),
                other_time_of_day,
                ..RuleBody::default()
            })
            .unwrap()
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn the_next_call_is_later_within_the_window_and_never_one_too_many(
        disposition in proptest::sample::select(Disposition::ALL.to_vec()),
        attempts in 1_u32..10,
        max_attempts in 1_u32..10,
        second in 1_735_689_600_i64..2_082_758_400,
        promised in proptest::option::of(-100_000_i64..1_000_000),
        late in prop_oneof![Just(0_i64), 0_i64..40_000_000],
        rule in rule(),
        zone in proptest::sample::select(TZ_VARIANTS.to_vec()),
        opens in 0_u32..1_439,
        length in 1_u32..1_439,
        days in proptest::sample::subsequence(vec![Weekday::Mon, Weekday::Wed, Weekday::Sat, Weekday::Sun], 1..=4),
    ) {
        let time = |minute: u32| NaiveTime::from_hms_opt(minute / 60, minute % 60, 0).unwrap();
        let window = CallingWindow::new(days, time(opens), time((opens + length).min(1_439))).unwrap();
        let policy = RetryPolicy {
            max_attempts: MaxAttempts::try_from(max_attempts).unwrap(),
            left_voicemail: rule, left_live_message: rule, no_answer: rule,
            busy: rule, gatekeeper: rule, callback_requested: rule,
        };
        let occurred_at = DateTime::from_timestamp(second, 0).unwrap();
        let promise = promised.map(|wait| occurred_at + TimeDelta::seconds(wait));
        let kept = promise.filter(|time| *time > occurred_at);
        let now = occurred_at + TimeDelta::seconds(late);
        let call = Tried { disposition, attempts, alike: attempts, occurred_at, promised: promise, now };
        match policy.next_try(call, &window, zone) {
            NextStep::Nothing => prop_assert!(policy.rule(disposition).is_none()),
            NextStep::GiveUp => prop_assert!(attempts >= max_attempts && kept.is_none()),
            NextStep::CallAgain(at) => {
                prop_assert!(at > occurred_at);
                match kept {
                    Some(time) => prop_assert_eq!(at, time),
                    None => {
                        prop_assert!(attempts < max_attempts);
                        prop_assert!(at >= now);
                        prop_assert!(window.contains(at, zone), "{} {:?}", at, window);
                        if let Wait::Minutes(minutes) = rule.wait() {
                            prop_assert!(at - occurred_at >= TimeDelta::minutes(minutes.into()));
                        }
                    }
                }
            }
        }
        let text = serde_json::to_string(&policy).unwrap();
        prop_assert_eq!(serde_json::from_str::<RetryPolicy>(&text).unwrap(), policy);
    }
}
