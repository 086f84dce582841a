//! Filling talking points in. Nothing that somebody writes there can hang the server or eat its memory.
//!
//! Besides what [`super::check`] refuses: fuel for so many steps, and a limit to what may come out.

use std::io::{self, Write};
use std::sync::LazyLock;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior};
use serde::Serialize;

/// Steps of the engine; an ordinary text takes a few hundred.
const FUEL: u64 = 50_000;
/// What comes out, in bytes.
const LARGEST: usize = 200_000;

/// How the texts are written: a line with nothing but `{% … %}` leaves no empty line behind.
pub static SYNTAX: LazyLock<SyntaxConfig> = LazyLock::new(|| {
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    syntax.unwrap_or_default()
});

static ENGINE: LazyLock<Environment<'static>> = LazyLock::new(|| {
    // Nothing is in it that is not put in here: no functions, no tests, no other templates.
    let mut engine = Environment::empty();
    engine.set_syntax(SYNTAX.clone());
    engine.set_undefined_behavior(UndefinedBehavior::Strict);
    engine.set_auto_escape_callback(|_| AutoEscape::None);
    engine.set_fuel(Some(FUEL));
    engine.set_recursion_limit(20);
    engine.add_filter("words", |items: Serde<Vec<String>>| words(&items.0));
    engine.add_filter("length", |value: Value| {
        let count = value.as_str().map(|text| text.chars().count()).or_else(|| value.len());
        count.ok_or_else(|| Error::new(ErrorKind::InvalidOperation, "has no length"))
    });
    engine.add_filter("upper", |text: String| text.to_uppercase());
    engine.add_filter("lower", |text: String| text.to_lowercase());
    engine
});

/// `Hosting, Backup and Support`.
pub fn words(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// Why a text could not be filled in, and on which of its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotRendered {
    pub line: usize,
    pub says: String,
}

/// Fills a text in.
///
/// # Errors
/// When it takes too many steps, becomes too long, or was never checked.
pub fn render(text: &str, fields: &impl Serialize) -> Result<String, NotRendered> {
    let template = ENGINE.template_from_str(text).map_err(|error| told(&error))?;
    let mut out = Limited(Vec::new());
    let done = template.render_captured_to(Value::from(Serde(fields)), &mut out);
    done.map_err(|error| told(&error))?;
    Ok(tidy(&String::from_utf8_lossy(&out.0)))
}

fn told(error: &Error) -> NotRendered {
    let says = match error.kind() {
        ErrorKind::OutOfFuel => "It takes too many steps: use fewer loops within loops.".to_owned(),
        ErrorKind::WriteFailure => format!("It becomes longer than {LARGEST} bytes: use fewer loops within loops."),
        _ => error.detail().map_or_else(|| error.kind().to_string(), str::to_owned),
    };
    NotRendered {
        line: error.line().unwrap_or(1),
        says,
    }
}

/// No blanks at the ends of lines, no two empty lines in a row, none at the beginning and the end.
pub fn tidy(text: &str) -> String {
    let mut lines: Vec<&str> = Vec::new();
    for line in text.lines().map(str::trim_end) {
        if !line.is_empty() || lines.last().is_some_and(|last| !last.is_empty()) {
            lines.push(line);
        }
    }
    lines.join("\n").trim_end().to_owned()
}

/// Takes so many bytes, and no more.
struct Limited(Vec<u8>);

impl Write for Limited {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > LARGEST {
            return Err(io::Error::new(io::ErrorKind::StorageFull, "too long"));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::fields::Fields;
    use super::*;

    #[test]
    fn lists_are_told_as_one_says_them() {
        let of = |items: &[&str]| words(&items.iter().map(|item| (*item).to_owned()).collect::<Vec<_>>());
        assert_eq!(of(&[]), "");
        assert_eq!(of(&["Hosting"]), "Hosting");
        assert_eq!(of(&["Hosting", "Support"]), "Hosting and Support");
        assert_eq!(of(&["Hosting", "Backup", "Support"]), "Hosting, Backup and Support");
    }

    #[test]
    fn a_text_is_filled_in_without_escaping_and_without_gaps() {
        let fields = Fields {
            tenure: "2 years".into(),
            services: vec!["A & B".into(), "<C>".into()],
            ..Fields::default()
        };
        let text = "Thank them:  \n{% if tenure %}\n- {{ tenure }} with {{ services | words }}\n{% endif %}\n\n\n\n{% for s in services %}\n- {{ loop.index }} {{ s | lower }}\n{% endfor %}\n";
        assert_eq!(
            render(text, &fields).unwrap(),
            "Thank them:\n- 2 years with A & B and <C>\n\n- 1 a & b\n- 2 <c>"
        );
    }

    #[test]
    fn what_was_never_checked_is_ended_all_the_same() {
        let fields = Fields {
            probes: vec!["x".repeat(1000); 10],
            ..Fields::default()
        };
        let nested = |depth: usize, body: &str| {
            format!(
                "{}{body}{}",
                "{% for p in probes %}".repeat(depth),
                "{% endfor %}".repeat(depth)
            )
        };
        for (text, why) in [
            (nested(9, ""), "steps"),
            (nested(3, "{{ probes }}"), "longer"),
            ("{{ nobody }}".to_owned(), "undefined"),
            ("{{ range(9) }}".to_owned(), "range"),
            ("{% include 'x' %}".to_owned(), "include"),
        ] {
            let refused = render(&text, &fields).unwrap_err();
            assert!(refused.says.contains(why), "{text}: {refused:?}");
        }
    }
}
