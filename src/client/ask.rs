//! Asks the person, or reads what a script says instead, on standard input.

use std::io::{BufRead as _, IsTerminal as _, Write as _};

use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

use super::interrupt;
use super::trouble::{Trouble, unusable};

/// A line of standard input. On a terminal it is asked for first.
///
/// # Errors
/// When there is none.
pub fn line(what: &str) -> Result<String, Trouble> {
    prompt(what);
    read(what)
}

/// The same for what nobody may see.
///
/// # Errors
/// When there is none.
pub fn secret(what: &str) -> Result<String, Trouble> {
    let input = std::io::stdin();
    let Ok(before) = tcgetattr(&input) else {
        return read(what);
    };
    prompt(what);
    let mut silent = before.clone();
    silent.local_modes.remove(LocalModes::ECHO);
    interrupt::terminal(Some(before.clone()));
    let broken = |error: rustix::io::Errno| unusable("The terminal", &error.into());
    tcsetattr(&input, OptionalActions::Flush, &silent).map_err(broken)?;
    let answer = read(what);
    let restored = tcsetattr(&input, OptionalActions::Flush, &before);
    interrupt::terminal(None);
    eprintln!();
    restored.map_err(broken)?;
    answer
}

fn prompt(what: &str) {
    if std::io::stdin().is_terminal() {
        eprint!("{what}: ");
        drop(std::io::stderr().flush());
    }
}

fn read(what: &str) -> Result<String, Trouble> {
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line);
    read.map_err(|error| unusable("Standard input", &error))?;
    let line = line.trim_end_matches(['\r', '\n']);
    if line.is_empty() {
        let detail = format!("{what} is asked for on standard input, and nothing is there.");
        return Err(Trouble::usage(detail));
    }
    Ok(line.to_owned())
}
