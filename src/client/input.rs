//! A file, or what comes in on standard input: to be sent, and to be sent again when the connection breaks.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufReader, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use futures_util::stream;
use indicatif::{HumanBytes, ProgressBar};

use super::trouble::{Trouble, unusable};

/// How much is read at a time.
const PIECE: usize = 64 * 1024;
/// What is no file is kept in one, and that ends somewhere: where a server's uploads end when nobody has told it otherwise.
const KEPT: u64 = 1 << 30;

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    Csv,
    Ndjson,
}

impl Format {
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Csv => "text/csv",
            Self::Ndjson => "application/x-ndjson",
        }
    }
}

/// Something to send. It can be read from its beginning as often as it takes.
pub struct Input {
    /// As a person calls it.
    pub name: String,
    pub len: u64,
    pub format: Format,
    file: File,
}

impl Input {
    /// Opens `path`; `-` is standard input, which is kept in a temporary file first.
    ///
    /// # Errors
    /// When it cannot be read, or nothing is in it.
    pub fn open(path: &Path, format: Option<Format>) -> Result<Self, Trouble> {
        let (name, mut file) = if path == Path::new("-") {
            (
                "Standard input".to_owned(),
                kept(&mut std::io::stdin().lock(), "Standard input", KEPT)?,
            )
        } else {
            let name = path.display().to_string();
            (name.clone(), regular(path, &name)?)
        };
        let broken = |error| unusable(&name, &error);
        let len = file.metadata().map_err(broken)?.len();
        let mut head = Vec::new();
        (&mut file).take(PIECE as u64).read_to_end(&mut head).map_err(broken)?;
        if head.trim_ascii().is_empty() && len <= PIECE as u64 {
            return Err(Trouble::failed("empty_file", format!("{name} is empty.")));
        }
        let format = format.or_else(|| by_name(path)).unwrap_or_else(|| by_content(&head));
        Ok(Self {
            name,
            len,
            format,
            file,
        })
    }

    /// From the beginning.
    ///
    /// # Errors
    /// When it cannot be read any more.
    pub fn reader(&self) -> Result<BufReader<File>, Trouble> {
        let broken = |error| unusable(&self.name, &error);
        let mut file = self.file.try_clone().map_err(broken)?;
        file.rewind().map_err(broken)?;
        Ok(BufReader::with_capacity(PIECE, file))
    }

    /// The body of a request, from the beginning; the bar follows.
    ///
    /// # Errors
    /// When it cannot be read any more.
    pub fn body(&self, bar: ProgressBar) -> Result<reqwest::Body, Trouble> {
        let pieces = stream::unfold((self.reader()?, bar), |(mut reader, bar)| async move {
            let mut piece = vec![0; PIECE];
            match reader.read(&mut piece) {
                Ok(0) => None,
                Ok(read) => {
                    piece.truncate(read);
                    bar.inc(read as u64);
                    Some((Ok(piece), (reader, bar)))
                }
                Err(error) => Some((Err(error), (reader, bar))),
            }
        });
        Ok(reqwest::Body::wrap_stream(pieces))
    }
}

/// A file that can be read twice; a pipe by name is kept like standard input.
fn regular(path: &Path, name: &str) -> Result<File, Trouble> {
    let mut file = File::open(path).map_err(|error| unusable(name, &error))?;
    let kind = file.metadata().map_err(|error| unusable(name, &error))?.file_type();
    if kind.is_dir() {
        return Err(Trouble::failed("file", format!("{name} is a folder.")));
    }
    if kind.is_file() {
        Ok(file)
    } else {
        kept(&mut file, name, KEPT)
    }
}

/// A file of no name with at most so many bytes: it is gone when nobody reads it any more.
fn kept(from: &mut impl std::io::Read, name: &str, most: u64) -> Result<File, Trouble> {
    let mut file = tempfile::tempfile().map_err(|error| unusable("The folder for temporary files", &error))?;
    let len = std::io::copy(&mut from.take(most + 1), &mut file).map_err(|error| unusable(name, &error))?;
    if len > most {
        let detail = format!(
            "{name} is no file, and does not end within {}, the most that is taken so. What is larger comes from a file, or in several parts.",
            HumanBytes(most)
        );
        return Err(Trouble::failed("body_too_large", detail));
    }
    file.flush()
        .and_then(|()| file.rewind())
        .map_err(|error| unusable(name, &error))?;
    Ok(file)
}

fn by_name(path: &Path) -> Option<Format> {
    match path.extension().and_then(OsStr::to_str)?.to_ascii_lowercase().as_str() {
        "csv" => Some(Format::Csv),
        "ndjson" | "jsonl" => Some(Format::Ndjson),
        _ => None,
    }
}

/// An object begins with a brace; a heading does not.
fn by_content(head: &[u8]) -> Format {
    let head = head.strip_prefix("\u{feff}".as_bytes()).unwrap_or(head);
    if head.trim_ascii_start().starts_with(b"{") {
        Format::Ndjson
    } else {
        Format::Csv
    }
}

/// A file that gets its name when it is whole, or standard output.
pub enum Output {
    Standard,
    File(PathBuf, tempfile::NamedTempFile),
}

impl Output {
    /// # Errors
    /// When nothing can be written there.
    pub fn create(path: Option<&Path>) -> Result<Self, Trouble> {
        let Some(path) = path.filter(|path| *path != Path::new("-")) else {
            return Ok(Self::Standard);
        };
        // A link stays a link, and what is no file is not replaced by one.
        let path = &std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        if path.exists() && !path.is_file() {
            return Err(Trouble::failed("file", format!("{} is no file.", path.display())));
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let file = tempfile::Builder::new()
            .prefix(".touchbase-")
            .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666))
            .tempfile_in(folder.unwrap_or_else(|| Path::new(".")))
            .map_err(|error| unusable(path.display(), &error))?;
        super::interrupt::unfinished(file.path().to_owned());
        Ok(Self::File(path.to_owned(), file))
    }

    /// # Errors
    /// When it cannot be written.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Trouble> {
        match self {
            Self::Standard => super::screen::print(bytes),
            Self::File(path, file) => file.write_all(bytes).map_err(|error| unusable(path.display(), &error)),
        }
    }

    /// Throws away what was written; `false` where somebody has read it already.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn anew(&mut self) -> Result<bool, Trouble> {
        match self {
            Self::Standard => Ok(false),
            Self::File(path, file) => {
                let file = file.as_file_mut();
                let emptied = file.set_len(0).and_then(|()| file.rewind());
                emptied.map(|()| true).map_err(|error| unusable(path.display(), &error))
            }
        }
    }

    /// It is whole.
    ///
    /// # Errors
    /// When it cannot get its name.
    pub fn finish(self) -> Result<(), Trouble> {
        match self {
            Self::Standard => Ok(()),
            Self::File(path, file) => {
                let kept = file.persist(&path);
                kept.map(drop).map_err(|error| unusable(path.display(), &error.error))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt as _;

    use super::super::trouble::Exit;
    use super::*;

    #[test]
    fn what_never_ends_is_refused_where_a_servers_uploads_end() {
        let refused = kept(&mut std::io::repeat(b'x'), "/dev/zero", 1 << 20).unwrap_err();
        assert_eq!((refused.exit, refused.code()), (Exit::Failed, "body_too_large"));
        assert!(
            refused.told().contains("does not end within 1.00 MiB"),
            "{}",
            refused.told()
        );
        let whole = kept(&mut std::io::repeat(b'x').take(1 << 20), "a pipe", 1 << 20).unwrap();
        let whole = whole.metadata().unwrap();
        // Nobody finds it: it has no name, and goes with its reader.
        assert_eq!((whole.len(), whole.nlink()), (1 << 20, 0));
    }
}
