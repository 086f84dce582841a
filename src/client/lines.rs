//! A file in pieces that a request can take. Every row stays on its line, so that the server speaks of the lines of the file.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::FileExt as _;

use super::input::{Format, Input};
use super::trouble::{Trouble, unusable};
use crate::text::quotes::{Watched, never_closed};
use crate::text::{delimiter, line_end};

/// More blank lines than this are not sent: behind the millionth line the server counts from the beginning of the request.
const MOST_BLANK: usize = 1 << 20;

/// A request's part of a file.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Piece {
    pub body: Vec<u8>,
    /// On which line of the file each row begins.
    pub lines: Vec<u64>,
}

/// At most so much goes into a piece.
#[derive(Debug, Clone, Copy)]
pub struct Most {
    pub rows: usize,
    pub bytes: usize,
}

/// The pieces of a file, one after the other.
pub struct Pieces {
    rows: Rows,
    most: Most,
    name: String,
    /// Read, and too much for the piece before.
    next: Option<(u64, Vec<u8>)>,
}

enum Rows {
    Csv {
        heading: Vec<u8>,
        reader: Box<csv::Reader<Watched<BufReader<File>>>>,
        /// The same file, and where its text begins in it.
        file: File,
        begins: u64,
    },
    Ndjson {
        line: u64,
        reader: BufReader<File>,
    },
}

impl Pieces {
    /// # Errors
    /// When the file cannot be read.
    pub fn of(input: &Input, most: Most) -> Result<Self, Trouble> {
        let reader = input.reader()?;
        let rows = match input.format {
            Format::Csv => {
                let (mut reader, begins) = behind_mark(reader).map_err(|error| unusable(&input.name, &error))?;
                let start = reader.fill_buf().map_err(|error| unusable(&input.name, &error))?;
                let (separator, end) = (delimiter(start), line_end(start));
                let file = reader
                    .get_ref()
                    .try_clone()
                    .map_err(|error| unusable(&input.name, &error))?;
                let watched = Watched::new(reader, separator, end, csv::Terminator::CRLF);
                let mut reader = csv::ReaderBuilder::new()
                    .flexible(true)
                    .delimiter(separator)
                    .from_reader(watched);
                let heading = reader.byte_headers().map_err(|error| broken(&input.name, error))?;
                let heading = written(heading)?;
                let reader = Box::new(reader);
                Rows::Csv {
                    heading,
                    reader,
                    file,
                    begins,
                }
            }
            Format::Ndjson => Rows::Ndjson { line: 0, reader },
        };
        Ok(Self {
            rows,
            most,
            name: input.name.clone(),
            next: None,
        })
    }

    /// The next piece; `None` after the last.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn next(&mut self) -> Result<Option<Piece>, Trouble> {
        let mut piece = Piece::default();
        if let Rows::Csv { heading, .. } = &self.rows {
            piece.body.clone_from(heading);
        }
        let (mut line, mut bytes) = (1 + newlines(&piece.body), piece.body.len());
        while let Some((at, row)) = self.following()? {
            let full = piece.lines.len() == self.most.rows || bytes + row.len() > self.most.bytes;
            if full && !piece.lines.is_empty() {
                self.next = Some((at, row));
                break;
            }
            let blank = usize::try_from(at.saturating_sub(line)).unwrap_or(MOST_BLANK);
            if blank < MOST_BLANK {
                piece.body.resize(piece.body.len() + blank, b'\n');
                line = line.max(at);
            }
            line += newlines(&row);
            bytes += row.len();
            piece.body.extend_from_slice(&row);
            piece.lines.push(at);
        }
        Ok(Some(piece).filter(|piece| !piece.lines.is_empty()))
    }

    /// What was left from the piece before, else the next row.
    fn following(&mut self) -> Result<Option<(u64, Vec<u8>)>, Trouble> {
        match self.next.take() {
            Some(row) => Ok(Some(row)),
            None => self.row(),
        }
    }

    /// The next row, with its line.
    fn row(&mut self) -> Result<Option<(u64, Vec<u8>)>, Trouble> {
        match &mut self.rows {
            Rows::Csv {
                reader, file, begins, ..
            } => {
                let mut row = csv::ByteRecord::new();
                let read = reader.read_byte_record(&mut row);
                let read = read.map_err(|error| broken(&self.name, error))?;
                // Else what it swallowed would be sent as one cell.
                if let Some(line) = reader.get_ref().open_quote().filter(|_| reader.is_done()) {
                    return Err(Trouble::failed("file", never_closed(line)));
                }
                if !read {
                    return Ok(None);
                }
                let (line, byte) = row.position().map_or((0, 0), |at| (at.line(), at.byte()));
                // A row's position lies before the blank lines that are passed over.
                let blank = blank_lines(file, *begins + byte).map_err(|error| unusable(&self.name, &error))?;
                Ok(Some((line + blank, written(&row)?)))
            }
            Rows::Ndjson { line, reader } => loop {
                let mut row = Vec::new();
                let read = reader.read_until(b'\n', &mut row);
                if read.map_err(|error| unusable(&self.name, &error))? == 0 {
                    return Ok(None);
                }
                *line += 1;
                if row.trim_ascii().is_empty() {
                    continue;
                }
                if !row.ends_with(b"\n") {
                    row.push(b'\n');
                }
                return Ok(Some((*line, row)));
            },
        }
    }
}

/// The reader behind the mark that some programs put before a file, and how long that is.
fn behind_mark(mut reader: BufReader<File>) -> std::io::Result<(BufReader<File>, u64)> {
    let mark = "\u{feff}".as_bytes();
    if !reader.fill_buf()?.starts_with(mark) {
        return Ok((reader, 0));
    }
    reader.read_exact(&mut [0; 3])?;
    Ok((reader, mark.len() as u64))
}

/// How many lines end between here and the next text.
fn blank_lines(file: &File, mut at: u64) -> std::io::Result<u64> {
    let (mut piece, mut lines) = ([0; 512], 0);
    loop {
        let read = file.read_at(&mut piece, at)?;
        let piece = piece.get(..read).unwrap_or_default();
        let blank = piece.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        lines += newlines(piece.get(..blank).unwrap_or_default());
        if blank < read || read == 0 {
            return Ok(lines);
        }
        at += blank as u64;
    }
}

fn newlines(bytes: &[u8]) -> u64 {
    bytes.iter().map(|byte| u64::from(*byte == b'\n')).sum()
}

fn written(row: &csv::ByteRecord) -> Result<Vec<u8>, Trouble> {
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
    let written = writer.write_byte_record(row).map_err(|error| broken("The row", error));
    written.and_then(|()| writer.into_inner().map_err(|error| unusable("The row", error.error())))
}

fn broken(name: &str, error: csv::Error) -> Trouble {
    Trouble::failed("file", format!("{name} cannot be read as CSV: {error}."))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn pieces(text: &str, format: Format, rows: usize, bytes: usize) -> Vec<(String, Vec<u64>)> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let input = Input::open(Path::new(file.path()), Some(format)).unwrap();
        let mut pieces = Pieces::of(&input, Most { rows, bytes }).unwrap();
        std::iter::from_fn(|| pieces.next().unwrap())
            .map(|piece| (String::from_utf8(piece.body).unwrap(), piece.lines))
            .collect()
    }

    #[test]
    fn rows_stay_on_their_lines() {
        let text = "\u{feff}a,b\r\n1,2\r\n\r\n\"x\ny\",3\n4\n5,6";
        assert_eq!(
            pieces(text, Format::Csv, 2, 1000),
            [
                ("a,b\n1,2\n\n\"x\ny\",3\n".into(), vec![2, 4]),
                ("a,b\n\n\n\n\n4\n5,6\n".into(), vec![6, 7]),
            ]
        );
        assert_eq!(
            pieces("{\"a\":1}\n\n{\"a\":2}\n{\"a\":3}", Format::Ndjson, 2, 1000),
            [
                ("{\"a\":1}\n\n{\"a\":2}\n".into(), vec![1, 3]),
                ("\n\n\n{\"a\":3}\n".into(), vec![4]),
            ]
        );
    }

    #[test]
    fn a_piece_ends_before_it_is_too_large_and_has_a_row_at_least() {
        let sizes = |bytes| {
            let pieces = pieces("{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n", Format::Ndjson, 10, bytes);
            pieces.iter().map(|(_, lines)| lines.len()).collect::<Vec<_>>()
        };
        assert_eq!(sizes(16), [2, 1]);
        assert_eq!(sizes(15), [1, 1, 1]);
        assert_eq!(sizes(1), [1, 1, 1]);
        assert_eq!(pieces("a,b\n", Format::Csv, 10, 100), []);
    }
}
