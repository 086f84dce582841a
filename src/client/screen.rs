//! What is printed: text for a person or one document for a script on standard output, progress and troubles on standard error.

use std::io::{ErrorKind, Write as _};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;

use super::interrupt;
use super::trouble::{Trouble, unusable};
use crate::text::fit;

/// How this command speaks.
#[derive(Debug, Clone, Copy)]
pub struct Screen {
    pub json: bool,
}

impl Screen {
    /// Prints what came of it: the document for a script, else the text for a person.
    ///
    /// # Errors
    /// When standard output cannot be written.
    pub fn show(self, text: &str, document: &Value) -> Result<(), Trouble> {
        let mut out = if self.json { document.to_string() } else { fit(text) };
        out.push('\n');
        print(out.as_bytes())
    }

    /// Tells a person what is going on.
    pub fn aside(self, text: &str) {
        if !self.json {
            complain(text);
        }
    }

    /// Tells why it did not work: a problem document for a script, a sentence for a person.
    pub fn trouble(self, trouble: &Trouble) {
        if trouble.problem.is_null() {
            return;
        }
        if self.json {
            complain(&trouble.problem.to_string());
        } else {
            complain(&format!("touchbase: {}", trouble.told()));
        }
    }

    /// A bar for so many bytes or rows; nothing where standard error is no terminal.
    pub fn progress(self, total: u64, what: &str, unit: Unit) -> ProgressBar {
        let bar = ProgressBar::new(total);
        let figures = match unit {
            Unit::Bytes => "{bytes}/{total_bytes}",
            Unit::Rows => "{human_pos}/{human_len}",
        };
        bar.set_style(style(&format!("{{msg}} {{wide_bar}} {figures} {{eta}}")));
        begun(bar, what)
    }

    /// The same where nobody knows how much there is.
    pub fn working(self, what: &str, unit: Unit) -> ProgressBar {
        let bar = ProgressBar::new_spinner();
        let figures = match unit {
            Unit::Bytes => "{bytes}",
            Unit::Rows => "{human_pos}",
        };
        bar.set_style(style(&format!("{{spinner}} {{msg}} {figures}")));
        begun(bar, what)
    }
}

/// What a bar counts.
#[derive(Debug, Clone, Copy)]
pub enum Unit {
    Bytes,
    Rows,
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

fn begun(bar: ProgressBar, what: &str) -> ProgressBar {
    bar.set_message(what.to_owned());
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// Writes to standard output, whole.
///
/// # Errors
/// When it cannot be written; a closed pipe is the reader's choice.
pub fn print(bytes: &[u8]) -> Result<(), Trouble> {
    let _whole = interrupt::speaking();
    let mut out = std::io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Err(Trouble::enough()),
        Err(error) => Err(unusable("Standard output", &error)),
    }
}

fn complain(text: &str) {
    let _whole = interrupt::speaking();
    drop(writeln!(std::io::stderr(), "{}", fit(text)));
}

/// Columns side by side, for a person: the first row is the heading, numbers stand to the right.
pub fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |at: usize| {
        let cells = rows.iter().filter_map(|row| row.get(at));
        cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
    };
    let number = |at: usize| {
        let mut cells = rows
            .iter()
            .skip(1)
            .filter_map(|row| row.get(at))
            .filter(|cell| !cell.is_empty());
        rows.len() > 1 && cells.all(|cell| cell.parse::<f64>().is_ok())
    };
    let layout: Vec<(usize, bool)> = (0..columns).map(|at| (width(at), number(at))).collect();
    let lines = rows.iter().map(|row| {
        let cells = row.iter().zip(&layout).map(|(cell, (width, number))| {
            let blank = " ".repeat(width - cell.chars().count());
            if *number { blank + cell } else { cell.clone() + &blank }
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_side_by_side() {
        let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        let rows = [
            row(["name", "calls", "why"]),
            row(["Zoë", "7", ""]),
            row(["Nancy", "12", "x"]),
        ];
        assert_eq!(table(&rows), "name   calls  why\nZoë        7\nNancy     12  x");
        assert_eq!(table(&[]), "");
    }
}
