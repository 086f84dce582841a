use super::*;
use proptest::prelude::*;

const MONTH_FIRST: Dates = Dates {
    order: DateOrder::MonthFirst,
    strict: false,
};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

#[test]
fn a_date_is_understood_in_every_form_that_crms_write() {
    for cell in [
        "2020-01-31",
        " 2020-1-31 ",
        "2020/01/31",
        "2020.01.31",
        "2020-01-31T23:59:59Z",
        "2020-01-31 10:20",
        "2020-01-31T10:20:30.123456+02:00",
        "1/31/2020",
        "01/31/2020",
        "1/31/2020 10:20 PM",
        "1/31/2020, 10:20:30 am",
        "1-31-2020",
        "31/1/2020",
        "31-01-2020",
        "31.1.2020",
        "31.01.2020 10:20",
        "31. 1. 2020",
        "31 Jan 2020",
        "31-Jan-2020",
        "31 january 2020",
        "31st January, 2020",
        "Jan 31, 2020",
        "JANUARY 31 2020",
        "Fri, Jan 31, 2020",
        "Friday 31 Jan 2020",
        "Jan 31, 2020 10:20",
    ] {
        assert_eq!(date(cell, MONTH_FIRST), Ok(day("2020-01-31")), "{cell}");
    }
}

#[test]
fn a_slashed_date_is_read_in_the_order_of_its_column() {
    let read = |cell, order, strict| date(cell, Dates { order, strict }).ok();
    use DateOrder::{DayFirst, MonthFirst, YearFirst};
    for strict in [false, true] {
        assert_eq!(read("3/4/2020", MonthFirst, strict), Some(day("2020-03-04")));
        assert_eq!(read("3-4-2020", DayFirst, strict), Some(day("2020-04-03")));
        assert_eq!(read("3.4.2020", MonthFirst, strict), Some(day("2020-04-03")));
        assert_eq!(read("2020/3/4", DayFirst, strict), Some(day("2020-03-04")));
    }
    // What can only be read in the other order is, unless somebody said which one it is.
    assert_eq!(read("13/4/2020", MonthFirst, false), Some(day("2020-04-13")));
    assert_eq!(read("4/13/2020", DayFirst, false), Some(day("2020-04-13")));
    assert_eq!(read("13/4/2020", MonthFirst, true), None);
    assert_eq!(read("4/13/2020", DayFirst, true), None);
    assert_eq!(read("3/4/2020", YearFirst, true), None);
}

#[test]
fn a_cell_shows_its_order_when_only_one_makes_a_date() {
    for (cell, shows) in [
        ("31/12/2019", Some(Some(DateOrder::DayFirst))),
        ("12-31-2019 10:20", Some(Some(DateOrder::MonthFirst))),
        ("01/02/2020", Some(None)),
        ("3/3/2020", None),
        ("31.12.2019", None),
        ("2020/1/2", None),
        ("32/12/2019", None),
        ("soon", None),
    ] {
        assert_eq!(order_of(cell), shows, "{cell}");
    }
}

#[test]
fn what_is_no_date_is_refused_with_a_reason() {
    for (cell, why) in [
        ("", "not a date"),
        ("soon", "not a date"),
        ("44000", "not a date"),
        ("2020-01", "not a date"),
        ("1/31/20", "not a date"),
        ("31 Foo 2020", "not a date"),
        ("31xx Jan 2020", "not a date"),
        ("+1/+2/2020", "not a date"),
        ("2020-01-31-05", "not a date"),
        ("2020-01/31", "not a date"),
        ("2020-02-30", "no such day"),
        ("31/31/2020", "no such day"),
        ("0/1/2020", "no such day"),
        ("0202-01-31", "between 1800"),
        ("2020-01-31 25:00", "time behind"),
        ("2020-01-31 10:20 XM", "time behind"),
    ] {
        let fault = date(cell, MONTH_FIRST).unwrap_err();
        assert_eq!(fault.code, FaultCode::InvalidDate, "{cell}");
        assert!(fault.reason.contains(why), "{cell}: {}", fault.reason);
    }
}

#[test]
fn an_instant_is_taken_from_its_offset_else_from_the_zone() {
    for (cell, expected) in [
        ("2026-07-01T10:20:30Z", "2026-07-01T10:20:30Z"),
        ("2026-07-01 10:20:30.123456789 UTC", "2026-07-01T10:20:30.123456Z"),
        ("2026-07-01T10:20:30+05:30", "2026-07-01T04:50:30Z"),
        ("2026-07-01T10:20-0700", "2026-07-01T17:20:00Z"),
        ("2026-07-01T10:20+02", "2026-07-01T08:20:00Z"),
        ("7/1/2026 12:05 AM", "2026-06-30T22:05:00Z"),
        ("7/1/2026 12:05 PM", "2026-07-01T10:05:00Z"),
        ("7/1/2026", "2026-06-30T22:00:00Z"),
        ("2026-03-29 02:30", "2026-03-29T01:00:00Z"),
        ("2026-10-25 02:30", "2026-10-25T00:30:00Z"),
    ] {
        assert_eq!(
            timestamp(cell, Tz::Europe__Berlin, MONTH_FIRST),
            Ok(expected.parse().unwrap()),
            "{cell}"
        );
    }
}

#[test]
fn what_is_no_instant_is_refused() {
    for cell in [
        "",
        "10:20",
        "2026-07-01 24:00",
        "2026-07-01 10:60",
        "2026-07-01 10:20:60",
        "2026-07-01 13:00 PM",
        "2026-07-01 0:10 AM",
        "2026-07-01 10:20 CEST",
        "2026-07-01 10:20+15:00",
        "2026-07-01 10:20:30:40",
        "2026-07-01 10:20:30.",
        "2026-07-01 1:2",
    ] {
        let fault = timestamp(cell, Tz::UTC, MONTH_FIRST).unwrap_err();
        assert_eq!(fault.code, FaultCode::InvalidTimestamp, "{cell}");
    }
}

#[test]
fn a_tenure_in_months_counts_back_on_the_calendar() {
    assert_eq!(since_tenure(1, day("2026-03-31")), Some(day("2026-02-28")));
    assert_eq!(since_tenure(72, day("2026-11-22")), Some(day("2020-11-22")));
    assert_eq!(since_tenure(0, day("2026-11-22")), Some(day("2026-11-22")));
    assert_eq!(since_tenure(u32::MAX, day("2026-11-22")), None);
}

#[test]
fn zones_are_iana_names() {
    assert_eq!(time_zone(" europe/berlin "), Ok(Tz::Europe__Berlin));
    assert_eq!(time_zone("America/New York"), Ok(Tz::America__New_York));
    assert_eq!(time_zone("Berlin").unwrap_err().code, FaultCode::InvalidTimeZone);
}

proptest! {
    #[test]
    fn every_day_is_read_back_from_every_form(days in 0_i64..146_000) {
        let expected = day("1800-01-01") + chrono::TimeDelta::days(days);
        for form in ["%Y-%m-%d", "%Y/%-m/%-d", "%-m/%-d/%Y", "%d.%m.%Y", "%-d %b %Y", "%B %-d, %Y", "%a, %d %b %Y"] {
            prop_assert_eq!(date(&expected.format(form).to_string(), MONTH_FIRST), Ok(expected));
        }
    }
}
