//! Whether quotes are closed: an open one swallows the rest of its file.

use std::io::{self, Read};

use csv::Terminator;

/// Most bytes of one row: more is an open quote, or no table.
pub const LONGEST: usize = 1 << 20;

/// A row that does not end.
#[derive(Debug)]
pub struct TooLong {
    pub line: u64,
    /// The line of a quote that is open.
    pub quote: Option<u64>,
}

impl std::fmt::Display for TooLong {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.quote {
            Some(line) => f.write_str(&never_closed(line)),
            None => write!(f, "Line {}: a row has at most {LONGEST} bytes.", self.line),
        }
    }
}

impl std::error::Error for TooLong {}

impl From<TooLong> for io::Error {
    fn from(row: TooLong) -> Self {
        Self::new(io::ErrorKind::InvalidData, row)
    }
}

/// What is told of a quote that was opened on this line.
pub fn never_closed(line: u64) -> String {
    format!("Line {line}: a quote is opened here that is never closed. Close it, or double it (\"\").")
}

/// Where the reader stands in a row.
#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    CellStart,
    Bare,
    /// Within quotes.
    Quoted,
    /// Behind a quote that ends the cell, or is the first of two.
    Quote,
}

/// A file that passes through, and the line of the quote that is open.
pub struct Watched<R> {
    inner: R,
    delimiter: u8,
    line_end: u8,
    terminator: Terminator,
    at: At,
    line: u64,
    opened: u64,
    /// Bytes so far, as many as a byte-order mark has.
    seen: usize,
    /// Bytes of this row so far.
    row: usize,
}

impl<R> Watched<R> {
    /// Lines are counted by `line_end`, rows end as the reader of the table has it.
    pub fn new(inner: R, delimiter: u8, line_end: u8, terminator: Terminator) -> Self {
        Self {
            inner,
            delimiter,
            line_end,
            terminator,
            at: At::CellStart,
            line: 1,
            opened: 0,
            seen: 0,
            row: 0,
        }
    }

    /// The line on which a quote was opened that is still open.
    pub fn open_quote(&self) -> Option<u64> {
        (self.at == At::Quoted).then_some(self.opened)
    }

    fn pass(&mut self, byte: u8) {
        if self.seen < 3 {
            let mark = [0xef, 0xbb, 0xbf];
            let is_mark = mark.get(self.seen) == Some(&byte);
            self.seen = if is_mark { self.seen + 1 } else { mark.len() };
            if is_mark {
                return;
            }
        }
        let ends_row = match self.terminator {
            Terminator::Any(end) => byte == end,
            _ => matches!(byte, b'\r' | b'\n'),
        };
        let ends = byte == self.delimiter || ends_row;
        self.at = match (self.at, byte) {
            (At::CellStart, b'"') => {
                self.opened = self.line;
                At::Quoted
            }
            (At::Quoted, b'"') => At::Quote,
            (At::Quoted, _) | (At::Quote, b'"') => At::Quoted,
            _ if ends => At::CellStart,
            _ => At::Bare,
        };
        self.row += 1;
        if byte == self.line_end {
            self.line += 1;
            if self.at == At::CellStart {
                self.row = 0;
            }
        }
    }
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        for byte in buffer.iter().take(read) {
            self.pass(*byte);
        }
        if self.row > LONGEST {
            let (line, quote) = (self.line, self.open_quote());
            return Err(TooLong { line, quote }.into());
        }
        Ok(read)
    }
}

/// The line on which a quote is opened that this table, as the `csv` crate reads it by itself, never closes.
pub fn open_quote(table: &[u8], delimiter: u8, line_end: u8) -> Option<u64> {
    let mut watched = Watched::new(io::empty(), delimiter, line_end, Terminator::CRLF);
    table.iter().for_each(|byte| watched.pass(*byte));
    watched.open_quote()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(file: &str) -> Option<u64> {
        let mut watched = Watched::new(file.as_bytes(), b',', b'\n', Terminator::Any(b'\n'));
        io::copy(&mut watched, &mut io::sink()).unwrap();
        assert_eq!(watched.open_quote(), open_quote(file.as_bytes(), b',', b'\n'));
        watched.open_quote()
    }

    #[test]
    fn rows_end_as_their_reader_has_it() {
        assert_eq!(open_quote(b"id\r1\r\"2\r3", b',', b'\r'), Some(3));
        assert_eq!(open_quote(b"id\r1\r\n\"2\",\"\n\"3", b',', b'\n'), None);
        let mut watched = Watched::new(&b"id\na\r\"2\n"[..], b',', b'\n', Terminator::Any(b'\n'));
        io::copy(&mut watched, &mut io::sink()).unwrap();
        assert_eq!(watched.open_quote(), None);
    }

    #[test]
    fn a_quote_that_is_never_closed_is_found_where_it_opened() {
        assert_eq!(open("id,name\n1,\"One\n2,Two\n"), Some(2));
        assert_eq!(open("\u{feff}\"id,name\n"), Some(1));
        assert_eq!(open("id\n\"a \"\"b\"\"\n"), Some(2));
    }

    #[test]
    fn closed_quotes_and_those_within_a_cell_are_fine() {
        for file in [
            "",
            "id\n\"1\"",
            "\u{feff}\"id\"\n\"a\nb\"\n",
            "12\" pipe,x\n",
            "\"a \"\"b\"\"\",\"\"\n",
        ] {
            assert_eq!(open(file), None, "{file:?}");
        }
    }
}
