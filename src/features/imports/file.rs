//! The rows of a CSV file: commas, semicolons or tabs, quotes, any line ends, with or without a byte-order mark.

mod lines;

use std::io::{self, Cursor, Read};

use csv::{ByteRecord, StringRecord};

use self::lines::Lines;
use super::report::RowFault;
use crate::text::quotes::Watched;
pub use crate::text::quotes::{TooLong, never_closed};
use crate::text::{delimiter, fit, line_end};

/// Where a file's bytes come from.
pub type Source = Box<dyn Read + Send>;

crate::words! {
    /// What a file is.
    pub enum ImportFormat {
        /// A header, then a row a line.
        Csv = "csv",
        /// A JSON object a line.
        Ndjson = "ndjson",
    }
}

/// A row as it stands in the file.
#[derive(Debug, Clone)]
pub struct Row {
    /// The line on which it begins.
    pub line: u64,
    pub cells: StringRecord,
}

/// Where in a file a row begins: at which byte, on which line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub byte: u64,
    pub line: u64,
}

impl Place {
    pub const START: Self = Self { byte: 0, line: 1 };
}

/// How a file is laid out: what one must know to read on in the middle of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    form: Form,
    pub headers: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Csv { delimiter: u8, line_end: u8 },
    Lines,
}

/// A file with a line end behind it, so that every row has one.
type Ended = io::Chain<Watched<Source>, &'static [u8]>;

enum Reader {
    Csv(csv::Reader<Ended>),
    Lines(Lines),
}

/// An open file, after its header.
pub struct Rows {
    reader: Reader,
    pub layout: Layout,
    /// Where the reader began.
    began: Place,
}

fn csv_reader(source: Source, delimiter: u8, line_end: u8) -> csv::Reader<Ended> {
    let terminator = if line_end == b'\r' {
        csv::Terminator::CRLF
    } else {
        csv::Terminator::Any(b'\n')
    };
    let watched = Watched::new(source, delimiter, line_end, terminator);
    csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .terminator(terminator)
        .has_headers(false)
        .flexible(true)
        .from_reader(watched.chain(&b"\n"[..]))
}

/// What went wrong below the CSV reader, as it was.
fn inner(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

impl Rows {
    /// Opens a file at its beginning.
    ///
    /// # Errors
    /// A sentence, when this is no file of this format in UTF-8.
    pub fn open(source: Source, format: ImportFormat) -> io::Result<Result<Self, String>> {
        match format {
            ImportFormat::Csv => Self::open_csv(source),
            ImportFormat::Ndjson => {
                let names = Lines::new(source, Place::START).names()?;
                Ok(names.map(|headers| Self {
                    reader: Reader::Lines(Lines::new(Box::new(io::empty()), Place::START)),
                    layout: Layout {
                        form: Form::Lines,
                        headers,
                    },
                    began: Place::START,
                }))
            }
        }
    }

    /// Reads the header.
    fn open_csv(mut source: Source) -> io::Result<Result<Self, String>> {
        let mut start = vec![0; 64 << 10];
        let length = fill(&mut source, &mut start)?;
        start.truncate(length);
        if start.starts_with(&[0xff, 0xfe]) || start.starts_with(&[0xfe, 0xff]) {
            return Ok(Err("The file is in UTF-16. Save it as UTF-8.".into()));
        }
        if start.starts_with(b"PK\x03\x04") || start.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
            return Ok(Err(
                "The file is a spreadsheet (Excel), not CSV. Save it as \"CSV UTF-8\" and send that.".into(),
            ));
        }
        let (delimiter, line_end) = (delimiter(&start), line_end(&start));
        let mut reader = csv_reader(Box::new(Cursor::new(start).chain(source)), delimiter, line_end);
        let mut header = ByteRecord::new();
        if !reader.read_byte_record(&mut header).map_err(inner)? {
            return Ok(Err("The file is empty. Its first row must name the columns.".into()));
        }
        let Ok(header) = StringRecord::from_byte_record(header) else {
            return Ok(Err("Line 1 is not in UTF-8. Save the file as UTF-8.".into()));
        };
        let names = header
            .iter()
            .map(|cell| fit(cell.trim_start_matches('\u{feff}').trim()));
        let (mut headers, mut bytes) = (Vec::new(), 0);
        for name in names {
            bytes += name.len();
            headers.push(name);
            if let Some(reason) = too_many(headers.len(), bytes) {
                return Ok(Err(format!("Line 1: {reason}")));
            }
        }
        Ok(Ok(Self {
            layout: Layout {
                form: Form::Csv { delimiter, line_end },
                headers,
            },
            reader: Reader::Csv(reader),
            began: Place::START,
        }))
    }

    /// Reads on where a row begins; the source's first byte is that one.
    #[must_use]
    pub fn resume(source: Source, layout: Layout, place: Place) -> Self {
        Self {
            reader: match layout.form {
                Form::Csv { delimiter, line_end } => Reader::Csv(csv_reader(source, delimiter, line_end)),
                Form::Lines => Reader::Lines(Lines::new(source, place)),
            },
            layout,
            began: place,
        }
    }

    /// Where the rows begin, to read the file once more: behind the header of CSV.
    pub fn place(&self) -> Place {
        match &self.reader {
            Reader::Csv(reader) => Place {
                byte: self.began.byte + reader.position().byte(),
                line: self.began.line + reader.position().line() - 1,
            },
            Reader::Lines(lines) => lines.place(),
        }
    }

    /// The next rows, up to so many and as many bytes of the file; none at the end. A row that cannot be read is a fault of its own.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn next_within(&mut self, most: usize, bytes: u64) -> io::Result<Vec<Result<Row, RowFault>>> {
        let mut rows = Vec::with_capacity(most);
        let until = self.place().byte.saturating_add(bytes);
        while rows.len() < most && self.place().byte < until {
            match self.row()? {
                Some(row) => rows.push(row),
                None => break,
            }
        }
        Ok(rows)
    }

    fn row(&mut self) -> io::Result<Option<Result<Row, RowFault>>> {
        let reader = match &mut self.reader {
            Reader::Lines(lines) => return lines.row(&self.layout.headers),
            Reader::Csv(reader) => reader,
        };
        let mut record = ByteRecord::new();
        while reader.read_byte_record(&mut record).map_err(inner)? {
            if record.iter().all(|cell| cell.trim_ascii().is_empty()) {
                continue;
            }
            // Counted back from the end of the row: blank lines may stand before its beginning.
            let within = record.as_slice().iter().filter(|byte| **byte == b'\n').count();
            let ends = self.began.line + reader.position().line() - 1;
            let line = ends.saturating_sub(1 + u64::try_from(within).unwrap_or(0)).max(1);
            return Ok(Some(read(&self.layout.headers, line, &record)));
        }
        Ok(None)
    }

    /// At the end of the file: the line on which a quote was opened that is not closed.
    pub fn open_quote(&self) -> Option<u64> {
        match &self.reader {
            Reader::Csv(reader) => reader.get_ref().get_ref().0.open_quote(),
            Reader::Lines(_) => None,
        }
    }
}

fn read(headers: &[String], line: u64, record: &ByteRecord) -> Result<Row, RowFault> {
    let cells = StringRecord::from_byte_record(record.clone()).map_err(|error| {
        let at = error.utf8_error().field();
        let value = record.get(at).map(String::from_utf8_lossy).unwrap_or_default();
        let header = headers.get(at).map(String::as_str).unwrap_or_default();
        RowFault::new(line, "invalid_encoding", "this is not UTF-8").at(header, &value)
    })?;
    let beyond = cells.iter().skip(headers.len()).any(|cell| !cell.trim().is_empty());
    if beyond {
        let reason = format!(
            "the row has {} cells, the header {}; is a quote missing?",
            cells.len(),
            headers.len()
        );
        return Err(RowFault::new(line, "too_many_cells", reason));
    }
    Ok(Row { line, cells })
}

/// Most columns of a file.
const COLUMNS: usize = 1_000;
/// Most bytes of all their names.
const NAMES: usize = 64 << 10;

/// Why so many names of so many bytes are too many.
fn too_many(names: usize, bytes: usize) -> Option<String> {
    (names > COLUMNS || bytes > NAMES)
        .then(|| format!("there are more than {COLUMNS} columns, or their names have more than {NAMES} bytes."))
}

fn fill(source: &mut Source, buffer: &mut [u8]) -> io::Result<usize> {
    let mut length = 0;
    while let Some(rest) = buffer.get_mut(length..).filter(|rest| !rest.is_empty()) {
        match source.read(rest)? {
            0 => break,
            read => length += read,
        }
    }
    Ok(length)
}

#[cfg(test)]
mod tests;
