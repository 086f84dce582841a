use super::*;
use proptest::prelude::*;

#[test]
fn amounts_are_read_however_they_are_written() {
    for (cell, cents) in [
        ("4273.00", 427_300),
        ("29.85", 2_985),
        ("1889.5", 188_950),
        ("42", 4_200),
        ("0.00", 0),
        ("-0.01", -1),
        ("$1,234.56", 123_456),
        ("US$ 1,234.56", 123_456),
        ("1,234.56 USD", 123_456),
        ("usd 12", 1_200),
        ("1,234", 123_400),
        ("1,234,567", 123_456_700),
        ("12,34,567.89", 123_456_789),
        ("1.234.567,89", 123_456_789),
        ("1 234,56", 123_456),
        ("1\u{a0}234\u{a0}567,8", 123_456_780),
        ("1'234.50", 123_450),
        ("1’234’567", 123_456_700),
        ("4273,00", 427_300),
        ("12,5", 1_250),
        ("0,500", 50),
        (".50", 50),
        ("-.5", -50),
        ("(1,234.56)", -123_456),
        ("($5)", -500),
        ("$(5.00)", -500),
        ("5.00-", -500),
        ("−5", -500),
        ("+5", 500),
        ("-$5", -500),
        ("$-5", -500),
        ("10.5000", 1_050),
        ("0010", 1_000),
    ] {
        assert_eq!(money(cell, "USD", None), Ok(cents), "{cell}");
    }
}

#[test]
fn three_digits_behind_one_sign_are_what_the_column_shows() {
    for (cell, point, comma, unknown) in [
        ("1.200", Some(120), Some(120_000), Some(120_000)),
        ("1,200", Some(120_000), Some(120), Some(120_000)),
        ("1.234", None, Some(123_400), Some(123_400)),
        ("-€ 12.345", None, Some(-1_234_500), Some(-1_234_500)),
        ("0.500", Some(50), Some(50), Some(50)),
        ("1234.500", Some(123_450), Some(123_450), Some(123_450)),
        ("1.234,50", Some(123_450), Some(123_450), Some(123_450)),
    ] {
        for (sign, cents) in [(Some('.'), point), (Some(','), comma), (None, unknown)] {
            assert_eq!(money(cell, "EUR", sign).ok(), cents, "{cell} {sign:?}");
        }
    }
    // Dinars have three decimals.
    assert_eq!(money("1.200", "KWD", None), Ok(1_200));
    assert_eq!(money("1.200", "KWD", Some(',')), Ok(1_200_000));
}

#[test]
fn an_amount_shows_the_decimal_sign_of_its_column() {
    for (cell, shows) in [
        ("12.50", Some(Some('.'))),
        ("€ 12,5", Some(Some(','))),
        ("1.234,50", Some(Some(','))),
        ("1,234.567", Some(Some('.'))),
        ("1.234.567", Some(Some(','))),
        ("0,500", Some(Some(','))),
        ("1.200", Some(None)),
        ("(1,200)", Some(None)),
        ("1200", None),
        ("1'200", None),
        ("many", None),
        ("1.2.3", None),
    ] {
        assert_eq!(decimal_sign(cell), shows, "{cell}");
    }
}

#[test]
fn minor_units_are_those_of_the_currency() {
    assert_eq!(money("1,500", "JPY", None), Ok(1_500));
    assert_eq!(money("¥1500.00", "JPY", None), Ok(1_500));
    assert_eq!(money("(2.500)", "KWD", None), Ok(-2_500));
    assert_eq!(money("1.5", "CLF", None), Ok(15_000));
    assert_eq!(money("1,5", "XXX", None), Ok(150));
    assert_eq!((decimals("KRW"), decimals("USD"), decimals("TND")), (0, 2, 3));
}

#[test]
fn what_is_no_clear_amount_is_refused() {
    for cell in [
        "",
        "-",
        "n/a",
        "abc",
        "10k",
        "1e5",
        "1.2E+05",
        "1234.567",
        "0.001",
        "12,34.5",
        "1,2345.00",
        "1234,567.00",
        "1.2.3",
        "1,,234",
        "1, 234",
        "1 2",
        "--5",
        "-(5)",
        "(5",
        "5)",
        "$5 USD",
        "5 and 6",
        "1/2",
        "12%",
        "5.",
        "1.234,567.8",
        "1'23",
        "1 234.567.890,1",
        "NaN",
        "inf",
        "٣",
    ] {
        assert_eq!(
            money(cell, "USD", None).unwrap_err().code,
            FaultCode::InvalidNumber,
            "{cell}"
        );
    }
    assert_eq!(money("1500.5", "JPY", None).unwrap_err().code, FaultCode::InvalidNumber);
}

#[test]
fn an_amount_in_another_currency_than_its_row_is_refused() {
    for cell in ["€5", "5 EUR", "R$ 5", "5 kr", "£5"] {
        assert_eq!(
            money(cell, "USD", None).unwrap_err().code,
            FaultCode::InvalidCurrency,
            "{cell}"
        );
    }
    assert_eq!(money("5 €", "EUR", None), Ok(500));
    assert_eq!(money("$5", "EUR", None).unwrap_err().code, FaultCode::InvalidCurrency);
    assert_eq!(money("kr 5", "SEK", None), Ok(500));
}

#[test]
fn an_amount_names_its_currency_by_a_code_or_by_a_sign_of_one() {
    for (cell, currency) in [
        ("USD 1,200", Some("USD")),
        ("1.200,50 eur", Some("EUR")),
        ("(KWD 2.500)", Some("KWD")),
        ("12 €", Some("EUR")),
        ("US$12", Some("USD")),
        ("-₹ 1,00,000", Some("INR")),
        ("$12", None),
        ("£12", None),
        ("¥12", None),
        ("12 kr", None),
        ("12 TBA", None),
        ("12 apples", None),
        ("12", None),
        ("EUR", None),
        ("", None),
    ] {
        assert_eq!(named(cell).as_deref(), currency, "{cell}");
    }
}

#[test]
fn an_amount_that_json_cannot_carry_is_refused() {
    assert_eq!(money("90071992547409.91", "USD", None), Ok(LARGEST));
    assert_eq!(money("-90071992547409.91", "USD", None), Ok(-LARGEST));
    for cell in ["90071992547409.92", "999999999999999999999999999999"] {
        assert_eq!(
            money(cell, "USD", None).unwrap_err().code,
            FaultCode::OutOfRange,
            "{cell}"
        );
    }
}

#[test]
fn currencies_are_three_letters() {
    assert_eq!(currency(" usd "), Ok("USD".to_owned()));
    for cell in ["", "US", "USDT", "US$", "ÜSD", "€"] {
        assert_eq!(currency(cell).unwrap_err().code, FaultCode::InvalidCurrency, "{cell}");
    }
}

proptest! {
    #[test]
    fn an_amount_is_read_back_exactly(minor in -LARGEST..=LARGEST, places in proptest::sample::select(vec![0_usize, 2, 3, 4])) {
        let currency = ["JPY", "", "USD", "KWD", "CLF"][places];
        let digits = format!("{:0>width$}", minor.unsigned_abs(), width = places + 1);
        let (whole, fraction) = digits.split_at(digits.len() - places);
        let sign = if minor < 0 { "-" } else { "" };
        let point = if places == 0 { "" } else { "." };
        prop_assert_eq!(money(&format!("{sign}{whole}{point}{fraction}"), currency, None), Ok(minor));
        let mut grouped = String::new();
        for (index, digit) in whole.chars().enumerate() {
            if index > 0 && (whole.len() - index).is_multiple_of(3) {
                grouped.push(',');
            }
            grouped.push(digit);
        }
        let cell = if minor < 0 { format!("({grouped}{point}{fraction})") } else { format!("{grouped}{point}{fraction}") };
        prop_assert_eq!(money(&cell, currency, None), Ok(minor), "{}", cell);
    }
}
