use proptest::prelude::*;

use super::*;

fn source(bytes: &[u8]) -> Source {
    Box::new(Cursor::new(bytes.to_vec()))
}

fn rows(bytes: &[u8]) -> (Vec<String>, Vec<Result<(u64, Vec<String>), (u64, String)>>) {
    let opened = Rows::open(source(bytes), ImportFormat::Csv).unwrap();
    let mut rows = opened.unwrap_or_else(|refused| panic!("{refused}"));
    let read = rows
        .next_within(100, u64::MAX)
        .unwrap()
        .into_iter()
        .map(|row| match row {
            Ok(row) => Ok((row.line, row.cells.iter().map(|cell| cell.trim().to_owned()).collect())),
            Err(fault) => Err((fault.line, fault.code)),
        });
    let read = read.collect();
    (rows.layout.headers, read)
}

#[test]
fn byte_order_mark_windows_line_ends_and_quotes_are_understood() {
    let (headers, rows) = rows("\u{feff}id,name\r\n1,\"a, \"\"b\"\"\nc\"\r\n\r\n,\r\n2,d\r\n".as_bytes());
    assert_eq!(headers, ["id", "name"]);
    assert_eq!(rows[0], Ok((2, vec!["1".into(), "a, \"b\"\nc".into()])));
    assert_eq!(rows[1], Ok((6, vec!["2".into(), "d".into()])));
    assert_eq!(rows.len(), 2);
}

#[test]
fn semicolons_and_tabs_separate_too() {
    assert_eq!(rows(b"id;city;name, first\n1;x").0, ["id", "city", "name, first"]);
    assert_eq!(rows(b"id\tname\n1\tx").0, ["id", "name"]);
    assert_eq!(rows(b"id\n1").0, ["id"]);
}

#[test]
fn bad_rows_are_told_by_line_and_the_others_read() {
    let (_, rows) = rows(b"id,name\n1,caf\xe9\n2,b,c\n3\n4,d,,\n");
    assert_eq!(rows[0], Err((2, "invalid_encoding".into())));
    assert_eq!(rows[1], Err((3, "too_many_cells".into())));
    assert_eq!(rows[2], Ok((4, vec!["3".into()])));
    assert_eq!(rows[3].as_ref().unwrap().0, 5);
}

#[test]
fn what_is_no_csv_file_is_refused() {
    for bytes in [&b""[..], b"\xff\xfei\0d\0", b"caf\xe9,b\n"] {
        assert!(Rows::open(source(bytes), ImportFormat::Csv).unwrap().is_err());
    }
}
type Told = Vec<Result<(u64, Vec<String>), (u64, String)>>;

/// Reads a file in portions of so many rows, each time anew from where the last one ended.
fn in_portions(bytes: &[u8], format: ImportFormat, most: usize) -> Told {
    let mut rows = Rows::open(source(bytes), format).unwrap().unwrap();
    let mut told = Vec::new();
    loop {
        let place = rows.place();
        let rest = bytes.get(usize::try_from(place.byte).unwrap()..).unwrap_or_default();
        rows = Rows::resume(source(rest), rows.layout, place);
        let read = rows.next_within(most, u64::MAX).unwrap();
        if read.is_empty() {
            return told;
        }
        told.extend(read.into_iter().map(|row| match row {
            Ok(row) => Ok((row.line, row.cells.iter().map(str::to_owned).collect())),
            Err(fault) => Err((fault.line, fault.code)),
        }));
    }
}

proptest! {
    #[test]
    fn a_file_is_the_same_in_portions_of_any_size(
        cells in prop::collection::vec("[a\",\r\n \u{e9}]{0,6}", 0..30), most in 1_usize..5, mark in any::<bool>(), ends in prop_oneof![Just("\n"), Just("\r\n")]
    ) {
        let quoted = |cell: &String| if cell.contains(['"', ',', '\r', '\n']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.clone() };
        let mut file = String::from(if mark { "\u{feff}" } else { "" });
        file.push_str("a,b");
        for row in cells.chunks(2) {
            file.push_str(ends);
            file.push_str(&row.iter().map(quoted).collect::<Vec<_>>().join(","));
        }
        prop_assert_eq!(in_portions(file.as_bytes(), ImportFormat::Csv, most), in_portions(file.as_bytes(), ImportFormat::Csv, 1000));
    }
}

#[test]
fn json_lines_are_rows_of_all_their_fields() {
    let file = b"{\"id\": \"1\", \"tags\": [\"a\", \"b\"]}\n\n{\"id\": \"2\", \"annual_billing\": {\"amount_minor\": 5, \"currency\": \"EUR\"}}\n[1]\nnot json\n{\"id\": null, \"phone\": \"+49\"}";
    let rows = Rows::open(source(file), ImportFormat::Ndjson).unwrap().unwrap();
    assert_eq!(
        rows.layout.headers,
        [
            "id",
            "tags",
            "annual_billing.amount_minor",
            "annual_billing.currency",
            "phone"
        ]
    );
    for most in 1..4 {
        let told = in_portions(file, ImportFormat::Ndjson, most);
        let row = |line, cells: [&str; 5]| Ok((line, cells.map(str::to_owned).to_vec()));
        assert_eq!(
            told,
            [
                row(1, ["1", "a;b", "", "", ""]),
                row(3, ["2", "", "5", "EUR", ""]),
                Err((4, "malformed".into())),
                Err((5, "malformed".into())),
                row(6, ["", "", "", "", "'+49"]),
            ]
        );
    }
}

#[test]
fn a_row_without_an_end_is_told_and_not_held_in_memory() {
    let mut file = b"id,name\n1,\"".to_vec();
    file.resize(3 << 20, b'x');
    let mut rows = Rows::open(source(&file), ImportFormat::Csv).unwrap().unwrap();
    let error = rows.next_within(10, u64::MAX).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    assert!(error.to_string().starts_with("Line 2: a quote"), "{error}");
}

#[test]
fn names_of_columns_are_held_in_memory_and_have_a_limit() {
    let names = |count: usize, letters: usize| {
        let names = (0..count).map(move |at| format!("{at:0>letters$}"));
        names.collect::<Vec<String>>()
    };
    for (count, letters, fits) in [
        (60, 1_000, true),
        (1_000, 4, true),
        (70, 1_000, false),
        (1_001, 4, false),
    ] {
        let csv = names(count, letters).join(",") + "\n";
        let lines: String = names(count, letters)
            .iter()
            .map(|name| format!("{{\"{name}\": 1}}\n"))
            .collect();
        for (file, format) in [(csv, ImportFormat::Csv), (lines, ImportFormat::Ndjson)] {
            let opened = Rows::open(source(file.as_bytes()), format).unwrap();
            assert_eq!(opened.is_ok(), fits, "{count} of {letters}");
        }
    }
}

#[test]
fn where_no_line_can_be_read_it_is_told_why() {
    let file = "\n{\"name\": \"a\", \"name\": \"b\"}\n[1]\n";
    let Err(why) = Rows::open(source(file.as_bytes()), ImportFormat::Ndjson).unwrap() else {
        panic!("it was read");
    };
    assert!(why.starts_with("Line 2: ") && why.contains("name"), "{why}");
}
