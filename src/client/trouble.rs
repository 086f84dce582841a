//! What goes wrong, as scripts read it: an exit code, and a problem document like the server's own.

use std::collections::HashMap;
use std::fmt::Display;
use std::process::ExitCode;

use serde_json::{Value, json};

/// How a command ends. These numbers are promised: scripts decide by them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    Done = 0,
    /// The server refused, or something here did not work.
    Failed = 1,
    /// The command line is not understood; clap's own number.
    Usage = 2,
    /// Not signed in, or not permitted.
    NotPermitted = 3,
    /// Rows of the file were left out; the others are in.
    SomeRowsFailed = 4,
    /// The server does not answer, or cannot do anything at the moment. Later it may.
    Unreachable = 5,
    /// Ctrl-C: 128 and the number of the signal, as shells have it.
    Interrupted = 130,
    /// Told to end.
    Terminated = 143,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// So many faults are told to a person.
pub const TOLD: usize = 50;

/// Why a command did not do what it was asked for.
#[derive(Debug)]
pub struct Trouble {
    pub exit: Exit,
    /// A problem document: the server's as it came, or one of the same shape.
    pub problem: Value,
}

impl Trouble {
    fn new(exit: Exit, code: &str, title: &str, detail: impl Display) -> Self {
        let problem = json!({
            "type": "about:blank", "title": title, "detail": detail.to_string(), "code": code,
        });
        Self { exit, problem }
    }

    /// Something here did not work.
    pub fn failed(code: &str, detail: impl Display) -> Self {
        Self::new(Exit::Failed, code, "This did not work", detail)
    }

    pub fn usage(detail: impl Display) -> Self {
        Self::new(Exit::Usage, "usage", "The command line is not understood", detail)
    }

    pub fn not_signed_in(detail: impl Display) -> Self {
        Self::new(Exit::NotPermitted, "not_signed_in", "Sign in first", detail)
    }

    pub fn unreachable(detail: impl Display) -> Self {
        Self::new(Exit::Unreachable, "unreachable", "The server cannot be reached", detail)
    }

    /// Whoever reads what this prints has seen enough. That is no fault, and nothing is said.
    pub fn enough() -> Self {
        Self {
            exit: Exit::Done,
            problem: Value::Null,
        }
    }

    /// What the server answered, when it did not do what it was asked for.
    pub fn answered(status: u16, body: &[u8]) -> Self {
        let exit = match status {
            401 | 403 => Exit::NotPermitted,
            429 | 500.. => Exit::Unreachable,
            _ => Exit::Failed,
        };
        let problem = serde_json::from_slice(body).ok();
        if let Some(problem) = problem.filter(|problem: &Value| problem["detail"].is_string()) {
            return Self { exit, problem };
        }
        let detail = match status {
            300..400 => "The server sends us elsewhere. Give its own address with --server.".to_owned(),
            _ => format!("The server answers {status}, and not as Touchbase does. Is the address right?"),
        };
        let mut trouble = Self::new(exit, "not_understood", "The answer is not understood", detail);
        trouble.problem["status"] = status.into();
        trouble
    }

    pub fn code(&self) -> &str {
        self.problem["code"].as_str().unwrap_or_default()
    }

    /// Adds to what a person is told.
    #[must_use]
    pub fn and(mut self, more: impl Display) -> Self {
        let detail = self.problem["detail"].as_str().unwrap_or_default();
        self.problem["detail"] = format!("{detail} {more}").trim().into();
        self
    }

    /// For a person: what is wrong, and where.
    pub fn told(&self) -> String {
        let mut text = self.problem["detail"].as_str().unwrap_or("It did not work.").to_owned();
        // What a script finds in `errors` stands right below here.
        if let Some(from) = text.find("; `errors` ")
            && let Some(length) = text.get(from..).and_then(|rest| rest.find('.'))
        {
            text.replace_range(from..from + length, "");
        }
        // What is wrong with a column is wrong in each row: it is told at the first.
        let mut told: Vec<(&str, &str, usize)> = Vec::new();
        let mut known = HashMap::new();
        for fault in self.problem["errors"].as_array().into_iter().flatten() {
            let at = fault["pointer"].as_str().unwrap_or_default();
            let detail = fault["detail"].as_str().unwrap_or_default();
            let field = at.rsplit([' ', '/']).next().unwrap_or_default();
            let place = *known.entry((field, detail)).or_insert(told.len());
            match told.get_mut(place) {
                Some((_, _, again)) => *again += 1,
                None => told.push((at, detail, 0)),
            }
        }
        for (at, detail, again) in told.iter().take(TOLD) {
            text += &match *at {
                "" => format!("\n  {detail}"),
                at => format!("\n  {at}: {detail}"),
            };
            if *again > 0 {
                text += &format!(" (and in {again} more places)");
            }
        }
        if told.len() > TOLD {
            text += &format!("\n  and {} more; `--json` has them all.", told.len() - TOLD);
        }
        text
    }
}

/// For files: which one, and what is wrong with it.
pub fn unusable(name: impl Display, error: &std::io::Error) -> Trouble {
    Trouble::failed("file", format!("{name} cannot be used: {error}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_decides_the_exit_code() {
        for (status, exit) in [
            (400, Exit::Failed),
            (401, Exit::NotPermitted),
            (403, Exit::NotPermitted),
            (404, Exit::Failed),
            (422, Exit::Failed),
            (429, Exit::Unreachable),
            (500, Exit::Unreachable),
            (503, Exit::Unreachable),
        ] {
            let trouble = Trouble::answered(status, b"<html>");
            assert_eq!(trouble.exit, exit, "{status}");
            assert_eq!(trouble.problem["status"], status);
        }
    }

    #[test]
    fn what_the_server_says_is_passed_on_with_its_faults() {
        let body = br#"{"code":"unprocessable","detail":"Nothing was written; `errors` points at each item. Mend it.","errors":[{"pointer":"/items/3","detail":"No."},{"pointer":"","detail":"All."}]}"#;
        let trouble = Trouble::answered(422, body);
        assert_eq!((trouble.exit, trouble.code()), (Exit::Failed, "unprocessable"));
        assert_eq!(trouble.told(), "Nothing was written. Mend it.\n  /items/3: No.\n  All.");
    }
}
