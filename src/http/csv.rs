//! CSV for spreadsheets: RFC 4180, with cells that a spreadsheet would run made harmless.

use serde_json::Value;

/// The content type of every CSV answer.
pub const KIND: &str = "text/csv; charset=utf-8";

/// What a spreadsheet may take for the beginning of a formula; where signs of full width are typed, those, too.
const RISKY: [char; 11] = ['=', '+', '-', '@', '＝', '＋', '－', '＠', '\t', '\r', '\n'];

/// Writes one row. Cells that begin with `= + - @` (of full width, too), TAB or CR get an apostrophe before them, which readers take off again
/// (so `+49 30 …` comes back whole); plain negative numbers stay numbers.
pub fn row(out: &mut Vec<u8>, cells: impl IntoIterator<Item = impl AsRef<str>>) {
    for (at, cell) in cells.into_iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        let cell = escaped(cell.as_ref());
        if cell.contains(['"', ',', '\n', '\r']) {
            out.push(b'"');
            out.extend_from_slice(cell.replace('"', "\"\"").as_bytes());
            out.push(b'"');
        } else {
            out.extend_from_slice(cell.as_bytes());
        }
    }
    out.extend_from_slice(b"\r\n");
}

fn escaped(cell: &str) -> std::borrow::Cow<'_, str> {
    let number = cell.parse::<f64>().is_ok() && !cell.starts_with('+');
    let risky = cell.starts_with(RISKY) && !number;
    // A cell that begins with an apostrophe before such a character gets one more, so that taking one off is always right.
    let quoted = cell
        .strip_prefix('\'')
        .is_some_and(|rest| rest.starts_with(RISKY) || rest.starts_with('\''));
    if risky || quoted {
        format!("'{cell}").into()
    } else {
        cell.into()
    }
}

/// A cell as it was before [`row`] wrote it: without the apostrophe that stands before what a spreadsheet might run.
#[must_use]
pub fn unescaped(cell: &str) -> &str {
    cell.strip_prefix('\'')
        .filter(|rest| rest.starts_with(RISKY) || rest.starts_with('\''))
        .unwrap_or(cell)
}

/// The header that has a browser save an answer as a file, named after what is listed.
#[must_use]
pub fn attachment(path: &str, ending: &str) -> (&'static str, String) {
    let plain = |part: &&str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || b"_-".contains(&byte))
    };
    let name = path.rsplit('/').find(plain).unwrap_or("list");
    (
        "content-disposition",
        format!("attachment; filename=\"{name}.{ending}\""),
    )
}

/// A JSON value as one cell: text bare, lists joined with `;`, null empty, objects as JSON.
pub fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Array(items) if items.iter().all(|item| !item.is_object() && !item.is_array()) => items
            .iter()
            .map(|item| escaped(&cell(item)).into_owned())
            .collect::<Vec<_>>()
            .join(";"),
        Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

/// A JSON value as the cell that [`row`] would write: [`unescaped`] gives back what it was.
pub fn exact(value: &Value) -> String {
    escaped(&cell(value)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spreadsheet_runs_nothing_and_loses_nothing() {
        let mut out = Vec::new();
        row(
            &mut out,
            [
                "=1+1", "+49 30 1", "-12.5", "@x", "a,\"b\"", "'=x", "plain", "-x", "＝1",
            ],
        );
        let text = String::from_utf8(out).unwrap();
        assert_eq!(
            text,
            "'=1+1,'+49 30 1,-12.5,'@x,\"a,\"\"b\"\"\",''=x,plain,'-x,'＝1\r\n"
        );
    }

    #[test]
    fn what_was_made_harmless_is_read_back_as_it_was() {
        for cell in [
            "=1+1",
            "+49 30 1",
            "-12.5",
            "-x",
            "@x",
            "'=x",
            "''",
            "'s-Gravenhage",
            "'",
            "plain",
            "",
            "''=x",
            "＝1+1",
            "'＋1",
        ] {
            assert_eq!(unescaped(&escaped(cell)), cell);
        }
    }
}
