//! Which characters no text may have, whoever sends it and however; and how what was sent is said back.

pub mod quotes;

use std::fmt::Display;

/// What those who send one are told.
pub const UNFIT: &str = "Text must not contain control characters or overrides of its direction.";

/// Whether a text has a character that is no part of any writing: it cannot be stored (NUL), disturbs terminals and logs (controls),
/// or makes a text look like another one (overrides and isolates of direction).
///
/// Tabs and line ends are fine, and so are the marks that right-to-left writing and emoji need.
#[must_use]
pub fn is_unfit(text: &str) -> bool {
    text.chars().any(unfit)
}

fn unfit(letter: char) -> bool {
    match letter {
        '\t' | '\n' | '\r' => false,
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        other => other.is_control(),
    }
}

/// A text that is said back, with `\u{fffd}` in place of what no text may have.
#[must_use]
pub fn fit(text: &str) -> String {
    let shown = |letter| {
        if unfit(letter) {
            char::REPLACEMENT_CHARACTER
        } else {
            letter
        }
    };
    text.chars().map(shown).collect()
}

/// What those are told who name something that is not there: with what they sent, or as much of it as a sentence can carry.
pub fn no_such(what: &str, sent: impl Display) -> String {
    let sent = sent.to_string();
    let more = if sent.chars().count() > QUOTED { "…" } else { "" };
    let sent: String = sent.chars().take(QUOTED).collect();
    format!("There is no {what} `{sent}{more}`.")
}

/// Letters of what was sent that are said back.
const QUOTED: usize = 100;

/// What separates the cells of a table's first line: a comma, unless there is more of something else.
#[must_use]
pub fn delimiter(start: &[u8]) -> u8 {
    let line = start
        .split(|byte| matches!(byte, b'\n' | b'\r'))
        .next()
        .unwrap_or_default();
    let count = |sign: u8| line.iter().filter(|byte| **byte == sign).count();
    let most = [b',', b';', b'\t'].into_iter().rev().max_by_key(|sign| count(*sign));
    most.unwrap_or(b',')
}

/// Rows end with a line feed; a carriage return before it is white space at the end of the last cell. Files of old Macs
/// have nothing but carriage returns.
#[must_use]
pub fn line_end(start: &[u8]) -> u8 {
    if start.contains(&b'\n') || !start.contains(&b'\r') {
        b'\n'
    } else {
        b'\r'
    }
}

#[cfg(test)]
mod tests {
    use super::{is_unfit, no_such};

    #[test]
    fn what_was_sent_is_said_back_within_reason() {
        assert_eq!(no_such("user", "ada@x.test"), "There is no user `ada@x.test`.");
        assert_eq!(
            no_such("user", "ä".repeat(101)),
            format!("There is no user `{}…`.", "ä".repeat(100))
        );
    }

    #[test]
    fn every_writing_passes_and_what_is_none_does_not() {
        for text in [
            "",
            "one\ttwo\r\nthree",
            "Ünïcode, ß, 漢字, हिन्दी, ไทย",
            "שלום\u{200f} עולם\u{200e}",
            "\u{61c}العربية",
            "می\u{200c}خواهم",
            "👩\u{200d}👩\u{200d}👧 ❤\u{fe0f}",
        ] {
            assert!(!is_unfit(text), "{text:?}");
        }
        let unfit = ('\0'..='\u{9f}').filter(|letter| is_unfit(&letter.to_string()));
        assert_eq!(unfit.count(), 32 - 3 + 1 + 32);
        for letter in ('\u{202a}'..='\u{202e}').chain('\u{2066}'..='\u{2069}') {
            assert!(is_unfit(&format!("a{letter}b")), "{letter:?}");
        }
    }
}
