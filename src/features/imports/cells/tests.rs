use super::*;
use proptest::prelude::*;

fn code<T: std::fmt::Debug>(result: Result<T, CellFault>) -> FaultCode {
    result.unwrap_err().code
}

#[test]
fn text_is_trimmed_composed_and_none_when_blank() {
    assert_eq!(text("  Antonio  \u{a0}", 20), Ok(Some("Antonio".into())));
    assert_eq!(text("Tradic\u{327}a\u{303}o", 20), Ok(Some("Tradição".into())));
    assert_eq!(text(" \t ", 20), Ok(None));
}

#[test]
fn text_with_nul_or_too_much_of_it_is_refused() {
    assert_eq!(code(text("a\0b", 20)), FaultCode::InvalidText);
    assert_eq!(code(text("a\nb", 20)), FaultCode::InvalidText);
    assert_eq!(code(text("a\tb", 20)), FaultCode::InvalidText);
    assert_eq!(lines("a\r\n\tb\n", 20), Ok(Some("a\r\n\tb".into())));
    assert_eq!(text("ääää", 4), Ok(Some("ääää".into())));
    assert_eq!(code(text("äääää", 4)), FaultCode::TooLong);
}

#[test]
fn a_blank_cell_is_left_alone_and_a_needed_one_is_missed() {
    assert_eq!(optional("  ", boolean), Ok(None));
    assert_eq!(optional(" yes", boolean), Ok(Some(true)));
    assert_eq!(code(optional("maybe", boolean)), FaultCode::InvalidBoolean);
    assert_eq!(code(required::<()>(None)), FaultCode::Required);
}

#[test]
fn yes_and_no_are_understood_in_every_spelling() {
    for cell in ["yes", "YES", " y", "true", "True", "1", "on", "x"] {
        assert_eq!(boolean(cell), Ok(true), "{cell}");
    }
    for cell in ["no", "No ", "n", "FALSE", "0", "off"] {
        assert_eq!(boolean(cell), Ok(false), "{cell}");
    }
    for cell in ["", "2", "maybe", "ja"] {
        assert_eq!(code(boolean(cell)), FaultCode::InvalidBoolean, "{cell}");
    }
}

#[test]
fn whole_numbers_come_plain_grouped_and_from_spreadsheets() {
    for (cell, number) in [
        ("34", 34),
        (" +7 ", 7),
        ("-12", -12),
        ("1,234", 1234),
        ("34.0", 34),
        ("0", 0),
    ] {
        assert_eq!(integer(cell, -100..=10_000), Ok(number), "{cell}");
    }
    for cell in ["", "3.5", "1e3", "12 EUR", "$5", "one", "0x10"] {
        assert_eq!(code(integer(cell, -100..=10_000)), FaultCode::InvalidNumber, "{cell}");
    }
    assert_eq!(code(integer("10001", -100..=10_000)), FaultCode::OutOfRange);
    assert_eq!(
        code(integer("99999999999999999999999", 0..=i64::MAX)),
        FaultCode::OutOfRange
    );
}

#[test]
fn addresses_are_lowercased() {
    assert_eq!(
        email(" Nancy.Davolio@Northwind.TEST "),
        Ok("nancy.davolio@northwind.test".into())
    );
    assert_eq!(email("o'hara+calls@mail.co.uk"), Ok("o'hara+calls@mail.co.uk".into()));
    assert_eq!(email("jörg@münchen.example"), Ok("jörg@münchen.example".into()));
}

#[test]
fn what_is_no_address_is_refused() {
    let long = format!("{}@northwind.test", "a".repeat(65));
    for cell in [
        "",
        "nancy",
        "nancy@",
        "@northwind.test",
        "nancy@northwind",
        "a@b@northwind.test",
        "a b@northwind.test",
        "a..b@northwind.test",
        ".a@northwind.test",
        "a@-northwind.test",
        "a@northwind..test",
        "a@northwind.test,",
        "Nancy <nancy@northwind.test>",
        long.as_str(),
    ] {
        assert_eq!(code(email(cell)), FaultCode::InvalidEmail, "{cell}");
    }
}

#[test]
fn lists_are_separated_by_semicolons_else_by_commas() {
    assert_eq!(list("vip; key account ;VIP;;", 20).unwrap(), ["vip", "key account"]);
    assert_eq!(list("vip, key account", 20).unwrap(), ["vip", "key account"]);
    assert_eq!(list("Fish, dried; Cheese", 20).unwrap(), ["Fish, dried", "Cheese"]);
    assert!(list(" , ", 20).unwrap().is_empty());
    assert_eq!(code(list("vip, key account", 5)), FaultCode::TooLong);
    assert_eq!(code(list("vip, \0", 5)), FaultCode::InvalidText);
}

#[test]
fn a_fault_is_written_with_a_code_for_programs() {
    let fault = serde_json::to_value(boolean("maybe").unwrap_err()).unwrap();
    assert_eq!(fault["code"], "invalid_boolean");
}

proptest! {
    #[test]
    fn no_cell_makes_any_reader_panic(cell in prop_oneof!["\\PC{0,30}", "[-+()0-9., /:'$€A-Za-z]{0,30}", any::<String>()]) {
        let _ = text(&cell, 10);
        let _ = boolean(&cell);
        let _ = integer(&cell, 0..=10);
        let _ = email(&cell);
        let _ = list(&cell, 10);
        let _ = date(&cell, Dates { order: DateOrder::DayFirst, strict: true });
        let _ = order_of(&cell);
        let _ = decimal_sign(&cell);
        let _ = timestamp(&cell, chrono_tz::Tz::Europe__Berlin, Dates { order: DateOrder::MonthFirst, strict: false });
        let _ = time_zone(&cell);
        let _ = money(&cell, "USD", None);
        let _ = currency(&cell);
        let _ = country(&cell);
        let _ = phone(&cell, Some("DE"));
        let _ = phone(&cell, None);
    }
}
