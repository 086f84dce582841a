//! Numbers and days as people say them.

/// `1 day`, `29 days`.
#[must_use]
pub fn some(count: i64, what: &str) -> String {
    format!("{count} {what}{}", ending(count))
}

/// What a noun ends with, after this number.
#[must_use]
pub fn ending(count: i64) -> &'static str {
    if count == 1 { "" } else { "s" }
}

/// `110,277`.
#[must_use]
pub fn grouped(number: i64) -> String {
    let sign = if number < 0 { "-" } else { "" };
    format!("{sign}{}", grouped_digits(&number.unsigned_abs().to_string()))
}

/// Digits with a comma before every three from the end.
#[must_use]
pub fn grouped_digits(digits: &str) -> String {
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `today`, `tomorrow`, `in 12 days`; for days that lie ahead.
#[must_use]
pub fn ahead(days: i64) -> String {
    match days {
        0 => "today".to_owned(),
        1 => "tomorrow".to_owned(),
        days => format!("in {days} days"),
    }
}

/// The text, or its first letters so many and an ellipsis.
#[must_use]
pub fn cut(text: &str, longest: usize) -> String {
    if text.chars().count() <= longest {
        return text.to_owned();
    }
    text.chars().take(longest).chain(['…']).collect()
}

/// The same on one line, whatever blanks and breaks there were.
#[must_use]
pub fn one_line(text: &str, longest: usize) -> String {
    cut(&text.split_whitespace().collect::<Vec<_>>().join(" "), longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_said_as_people_say_them() {
        assert_eq!(
            [some(0, "day"), some(1, "day"), some(2, "day")],
            ["0 days", "1 day", "2 days"]
        );
        for (number, expected) in [(0, "0"), (999, "999"), (1_000, "1,000"), (-1_234_567, "-1,234,567")] {
            assert_eq!(grouped(number), expected);
        }
        assert_eq!((cut("äöü", 3), cut("äöüß", 3)), ("äöü".into(), "äöü…".into()));
        assert_eq!(one_line(" Dear\r\n  Ada ", 9), "Dear Ada");
        assert_eq!([ahead(0), ahead(1), ahead(2)], ["today", "tomorrow", "in 2 days"]);
    }
}
