//! Ctrl-C: whatever the command is waiting for, it ends at once, says where things stand, and leaves nothing half-written behind.
//!
//! A thread of its own listens, so that a command may read a file or wait for a lock like any program.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::termios::{OptionalActions, Termios, tcsetattr};
use tokio::signal::unix::{SignalKind, signal};

use super::screen::Screen;
use super::trouble::{Exit, Trouble};

/// What is to be done, and to be said, when the command ends before its time.
struct Left {
    /// Where things stand.
    standing: Option<String>,
    /// Files that are not whole.
    files: Vec<PathBuf>,
    /// The terminal as it was before a password was asked for.
    terminal: Option<Termios>,
}

static LEFT: Mutex<Left> = Mutex::new(Left {
    standing: None,
    files: Vec::new(),
    terminal: None,
});
static SPEAKING: Mutex<()> = Mutex::new(());

fn left() -> MutexGuard<'static, Left> {
    LEFT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// While it lives, the program is not ended in the middle of a word.
pub fn speaking() -> MutexGuard<'static, ()> {
    SPEAKING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// From now on this is said when the command is interrupted.
pub fn standing(text: impl Into<String>) {
    left().standing = Some(text.into());
}

/// This file goes when the command is interrupted.
pub fn unfinished(file: PathBuf) {
    left().files.push(file);
}

/// The terminal is set back to this when the command is interrupted.
pub fn terminal(before: Option<Termios>) {
    left().terminal = before;
}

/// Begins to listen. Where that is not possible, Ctrl-C ends the program as it always does.
pub fn listen(screen: Screen) {
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        if let Ok(runtime) = runtime {
            runtime.block_on(heard(screen));
        }
    });
}

async fn heard(screen: Screen) {
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return;
    };
    let exit = tokio::select! {
        _ = interrupt.recv() => Exit::Interrupted,
        _ = terminate.recv() => Exit::Terminated,
    };
    // What is being printed is printed whole, unless nobody reads it.
    for _ in 0..20 {
        if SPEAKING.try_lock().is_ok() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let (standing, files, terminal) = {
        let mut left = left();
        (
            left.standing.take(),
            std::mem::take(&mut left.files),
            left.terminal.take(),
        )
    };
    for file in files {
        drop(std::fs::remove_file(file));
    }
    if let Some(before) = terminal {
        // There is nobody left to tell.
        let _: Result<(), _> = tcsetattr(std::io::stdin(), OptionalActions::Now, &before);
        eprintln!();
    }
    let standing = standing.unwrap_or_else(|| "Nothing was changed.".into());
    let mut trouble = Trouble::failed("interrupted", format!("Interrupted. {standing}"));
    trouble.exit = exit;
    if SPEAKING.try_lock().is_ok() {
        screen.trouble(&trouble);
    }
    std::process::exit(exit as i32);
}
