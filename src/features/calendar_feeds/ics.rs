//! Writes iCalendar (RFC 5545): lines that are folded, texts that are escaped. The same events are the same bytes.

use chrono::{DateTime, NaiveDate, Utc};

/// Octets of a line, without its end.
const WIDTH: usize = 75;

/// When something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Between two instants; written in UTC, so that no zone has to be explained.
    Between(DateTime<Utc>, DateTime<Utc>),
    /// All day, wherever one is.
    AllDay(NaiveDate),
}

/// One entry of a calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The same for as long as it is the same thing.
    pub uid: String,
    /// Rises whenever it changes.
    pub sequence: i64,
    pub when: When,
    pub summary: String,
    pub description: String,
    pub location: Option<String>,
    pub created: DateTime<Utc>,
    pub changed: DateTime<Utc>,
    pub canceled: bool,
    /// Keeps others from putting something else there.
    pub busy: bool,
    /// Minutes before it begins.
    pub alarm: Option<u32>,
}

/// A calendar with these events. `zone` is what all-day entries and displays without a zone of their own go by.
pub fn calendar(name: &str, zone: &str, events: &[Event]) -> String {
    let mut out = Lines(String::new());
    out.line("BEGIN:VCALENDAR");
    out.line("VERSION:2.0");
    out.line("PRODID:-//Touchbase//Touchbase//EN");
    out.line("CALSCALE:GREGORIAN");
    out.line("METHOD:PUBLISH");
    out.text("NAME", name);
    out.text("X-WR-CALNAME", name);
    out.text("X-WR-TIMEZONE", zone);
    out.line("REFRESH-INTERVAL;VALUE=DURATION:PT15M");
    out.line("X-PUBLISHED-TTL:PT15M");
    for event in events {
        out.event(event);
    }
    out.line("END:VCALENDAR");
    out.0
}

struct Lines(String);

impl Lines {
    fn event(&mut self, event: &Event) {
        self.line("BEGIN:VEVENT");
        self.text("UID", &event.uid);
        // Calendar programs hold it in 32 bits.
        self.line(&format!("SEQUENCE:{}", event.sequence.clamp(0, i32::MAX.into())));
        self.line(&format!("DTSTAMP:{}", utc(event.changed)));
        self.line(&format!("CREATED:{}", utc(event.created)));
        self.line(&format!("LAST-MODIFIED:{}", utc(event.changed)));
        match event.when {
            When::Between(from, until) => {
                self.line(&format!("DTSTART:{}", utc(from)));
                self.line(&format!("DTEND:{}", utc(until)));
            }
            When::AllDay(day) => {
                self.line(&format!("DTSTART;VALUE=DATE:{}", day.format("%Y%m%d")));
                let next = day.succ_opt().unwrap_or(day);
                self.line(&format!("DTEND;VALUE=DATE:{}", next.format("%Y%m%d")));
            }
        }
        self.text("SUMMARY", &event.summary);
        if !event.description.is_empty() {
            self.text("DESCRIPTION", &event.description);
        }
        if let Some(location) = &event.location {
            self.text("LOCATION", location);
        }
        self.line(if event.canceled {
            "STATUS:CANCELLED"
        } else {
            "STATUS:CONFIRMED"
        });
        self.line(if event.busy && !event.canceled {
            "TRANSP:OPAQUE"
        } else {
            "TRANSP:TRANSPARENT"
        });
        self.line("CLASS:PRIVATE");
        if let Some(minutes) = event.alarm.filter(|_| !event.canceled) {
            self.line("BEGIN:VALARM");
            self.line("ACTION:DISPLAY");
            self.line(&format!("TRIGGER:-PT{minutes}M"));
            self.text("DESCRIPTION", &event.summary);
            self.line("END:VALARM");
        }
        self.line("END:VEVENT");
    }

    /// A property whose value is a text.
    fn text(&mut self, name: &str, value: &str) {
        self.line(&format!("{name}:{}", escaped(value)));
    }

    /// A line, folded where it is longer than 75 octets; never within a character.
    fn line(&mut self, line: &str) {
        let mut width = 0;
        for letter in line.chars() {
            if width + letter.len_utf8() > WIDTH {
                self.0.push_str("\r\n ");
                width = 1;
            }
            self.0.push(letter);
            width += letter.len_utf8();
        }
        self.0.push_str("\r\n");
    }
}

fn utc(at: DateTime<Utc>) -> String {
    at.format("%Y%m%dT%H%M%SZ").to_string()
}

/// A text as it may stand in a value: nothing in it can end the line or the value.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.replace("\r\n", "\n").chars() {
        match letter {
            '\\' | ';' | ',' => {
                out.push('\\');
                out.push(letter);
            }
            '\n' | '\r' => out.push_str("\\n"),
            other if other.is_control() => {}
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn event(summary: &str) -> Event {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        Event {
            uid: "call.1@touchbase.test".into(),
            sequence: 7,
            when: When::Between(at("2026-03-03T15:30:00Z"), at("2026-03-03T16:00:00Z")),
            summary: summary.into(),
            description: String::new(),
            location: None,
            created: at("2026-03-01T00:00:00Z"),
            changed: at("2026-03-02T00:00:00Z"),
            canceled: false,
            busy: true,
            alarm: Some(10),
        }
    }

    #[test]
    fn an_event_is_written_as_calendars_read_it() {
        let text = calendar("Calls", "Europe/Berlin", &[event("Call Blondel; père, fils\nand more")]);
        for line in [
            "SUMMARY:Call Blondel\\; père\\, fils\\nand more",
            "DTSTART:20260303T153000Z",
            "DTEND:20260303T160000Z",
            "SEQUENCE:7",
            "STATUS:CONFIRMED",
            "TRIGGER:-PT10M",
        ] {
            assert!(text.contains(&format!("\r\n{line}\r\n")), "{line}: {text}");
        }
        let canceled = Event {
            canceled: true,
            when: When::AllDay("2026-12-31".parse().unwrap()),
            ..event("x")
        };
        let text = calendar("Calls", "Europe/Berlin", &[canceled]);
        assert!(
            text.contains("DTEND;VALUE=DATE:20270101\r\n")
                && text.contains("STATUS:CANCELLED")
                && !text.contains("VALARM"),
            "{text}"
        );
    }

    proptest! {
        #[test]
        fn nothing_breaks_out_of_its_line(text in "\\PC{0,300}|[\\r\\n:;,\\\\BEGIN END äß漢😀]{0,300}") {
            let written = calendar(&text, "UTC", &[Event { description: text.clone(), ..event(&text) }]);
            for line in written.split_terminator("\r\n") {
                prop_assert!(line.len() <= WIDTH && !line.contains(['\r', '\n']), "{line:?}");
            }
            let unfolded = written.replace("\r\n ", "");
            prop_assert_eq!(unfolded.lines().filter(|line| line.starts_with("BEGIN:")).count(), 3);
            let expected = format!("SUMMARY:{}", escaped(&text));
            prop_assert!(unfolded.split("\r\n").any(|line| line == expected), "{unfolded}");
        }
    }
}
