//! The rows of a CSV file: commas, semicolons or tabs, quotes, any line ends, with or without a byte-order mark.

mod quotes;

use std::fs::File;
use std::io::{self, Read, Seek};

use csv::{ByteRecord, StringRecord};

use self::quotes::Watched;
use super::report::RowFault;

/// A row as it stands in the file.
#[derive(Debug, Clone)]
pub struct Row {
    /// The line on which it begins.
    pub line: u64,
    pub cells: StringRecord,
}

/// A file with a line end behind it, so that every row has one.
type Ended = io::Chain<Watched<File>, &'static [u8]>;

/// An open file, after its header.
pub struct Rows {
    reader: csv::Reader<Ended>,
    pub headers: Vec<String>,
}

impl Rows {
    /// Reads the header.
    ///
    /// # Errors
    /// A sentence, when this is no CSV file in UTF-8.
    pub fn open(mut file: File) -> io::Result<Result<Self, String>> {
        file.rewind()?;
        let mut start = vec![0; 64 << 10];
        let length = fill(&mut file, &mut start)?;
        start.truncate(length);
        file.rewind()?;
        if start.starts_with(&[0xff, 0xfe]) || start.starts_with(&[0xfe, 0xff]) {
            return Ok(Err("The file is in UTF-16. Save it as UTF-8.".into()));
        }
        if start.starts_with(b"PK\x03\x04") || start.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
            return Ok(Err(
                "The file is a spreadsheet (Excel), not CSV. Save it as \"CSV UTF-8\" and send that.".into(),
            ));
        }
        let (delimiter, terminator) = (delimiter(&start), terminator(&start));
        let line_end = if matches!(terminator, csv::Terminator::CRLF) {
            b'\r'
        } else {
            b'\n'
        };
        let watched = Watched::new(file, delimiter, line_end);
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .terminator(terminator)
            .has_headers(false)
            .flexible(true)
            .from_reader(watched.chain(&b"\n"[..]));
        let mut header = ByteRecord::new();
        if !reader.read_byte_record(&mut header).map_err(io::Error::from)? {
            return Ok(Err("The file is empty. Its first row must name the columns.".into()));
        }
        let Ok(header) = StringRecord::from_byte_record(header) else {
            return Ok(Err("Line 1 is not in UTF-8. Save the file as UTF-8.".into()));
        };
        let headers = header
            .iter()
            .map(|cell| cell.trim_start_matches('\u{feff}').trim().to_owned());
        Ok(Ok(Self {
            headers: headers.collect(),
            reader,
        }))
    }

    /// The next rows, up to so many; none at the end. A row that cannot be read is a fault of its own.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn next(&mut self, most: usize) -> io::Result<Vec<Result<Row, RowFault>>> {
        let mut rows = Vec::with_capacity(most);
        let mut record = ByteRecord::new();
        while rows.len() < most && self.reader.read_byte_record(&mut record).map_err(io::Error::from)? {
            if record.iter().all(|cell| cell.trim_ascii().is_empty()) {
                continue;
            }
            // Counted back from the end of the row: blank lines may stand before its beginning.
            let within = record.as_slice().iter().filter(|byte| **byte == b'\n').count();
            let ends = self.reader.position().line();
            let line = ends.saturating_sub(1 + u64::try_from(within).unwrap_or(0)).max(1);
            rows.push(self.row(line, &record));
        }
        Ok(rows)
    }

    /// At the end of the file: the line on which a quote was opened that is not closed.
    pub fn open_quote(&self) -> Option<u64> {
        self.reader.get_ref().get_ref().0.open_quote()
    }

    fn row(&self, line: u64, record: &ByteRecord) -> Result<Row, RowFault> {
        let cells = StringRecord::from_byte_record(record.clone()).map_err(|error| {
            let at = error.utf8_error().field();
            let value = record.get(at).map(String::from_utf8_lossy).unwrap_or_default();
            let header = self.headers.get(at).map(String::as_str).unwrap_or_default();
            RowFault::new(line, "invalid_encoding", "this is not UTF-8").at(header, &value)
        })?;
        if cells.len() > self.headers.len()
            && cells
                .iter()
                .skip(self.headers.len())
                .any(|cell| !cell.trim().is_empty())
        {
            let reason = format!(
                "the row has {} cells, the header {}; is a quote missing?",
                cells.len(),
                self.headers.len()
            );
            return Err(RowFault::new(line, "too_many_cells", reason));
        }
        Ok(Row { line, cells })
    }
}

fn fill(file: &mut File, buffer: &mut [u8]) -> io::Result<usize> {
    let mut length = 0;
    while let Some(rest) = buffer.get_mut(length..).filter(|rest| !rest.is_empty()) {
        match file.read(rest)? {
            0 => break,
            read => length += read,
        }
    }
    Ok(length)
}

/// Rows end with a line feed; a carriage return before it is white space at the end of the last cell. Files of old Macs
/// have nothing but carriage returns.
fn terminator(start: &[u8]) -> csv::Terminator {
    if start.contains(&b'\n') || !start.contains(&b'\r') {
        csv::Terminator::Any(b'\n')
    } else {
        csv::Terminator::CRLF
    }
}

/// What separates the cells of the first line: a comma, unless there is more of something else.
fn delimiter(start: &[u8]) -> u8 {
    let line = start
        .split(|byte| matches!(byte, b'\n' | b'\r'))
        .next()
        .unwrap_or_default();
    let count = |sign: u8| line.iter().filter(|byte| **byte == sign).count();
    let most = [b',', b';', b'\t'].into_iter().rev().max_by_key(|sign| count(*sign));
    most.unwrap_or(b',')
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn rows(bytes: &[u8]) -> (Vec<String>, Vec<Result<(u64, Vec<String>), (u64, String)>>) {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file.rewind().unwrap();
        let mut rows = Rows::open(file).unwrap().unwrap_or_else(|refused| panic!("{refused}"));
        let read = rows.next(100).unwrap().into_iter().map(|row| match row {
            Ok(row) => Ok((row.line, row.cells.iter().map(|cell| cell.trim().to_owned()).collect())),
            Err(fault) => Err((fault.line, fault.code)),
        });
        let read = read.collect();
        (rows.headers, read)
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
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(bytes).unwrap();
            file.rewind().unwrap();
            assert!(Rows::open(file).unwrap().is_err());
        }
    }
}
