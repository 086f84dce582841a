//! From plain text to what mail programs take.

use std::sync::LazyLock;

use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment};
use serde::Serialize;

use crate::features::talking_points::render::SYNTAX;

/// Longer addresses are cut off by some mail programs, or not opened.
const LONGEST: usize = 2_000;

static PAGE: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut page = Environment::empty();
    page.set_syntax(SYNTAX.clone());
    page.set_auto_escape_callback(|_| AutoEscape::Html);
    page
});

/// A paragraph, or a list.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Block<'t> {
    list: bool,
    lines: Vec<&'t str>,
}

/// Paragraphs are parted by empty lines; lines that begin with `- ` are a list.
fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut blocks: Vec<Block<'_>> = Vec::new();
    let mut open = false;
    for line in text.lines().map(str::trim_end) {
        let item = line.strip_prefix("- ");
        match blocks.last_mut().filter(|block| open && block.list == item.is_some()) {
            _ if line.is_empty() => open = false,
            Some(block) => block.lines.push(item.unwrap_or(line)),
            None => {
                blocks.push(Block {
                    list: item.is_some(),
                    lines: vec![item.unwrap_or(line)],
                });
                open = true;
            }
        }
    }
    blocks
}

/// The text as HTML. All of it is escaped.
pub fn html(subject: &str, text: &str) -> String {
    #[derive(Serialize)]
    struct Mail<'t> {
        subject: &'t str,
        blocks: Vec<Block<'t>>,
    }
    let mail = Mail {
        subject,
        blocks: blocks(text),
    };
    let template = PAGE.template_from_str(include_str!("templates/mail.html"));
    let page = template.and_then(|template| template.render(Value::from(Serde(mail))));
    page.unwrap_or_default()
}

/// What opens a mail program with a new message (RFC 6068).
pub fn mailto(to: &str, subject: &str, text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let only = format!("mailto:{}", encoded(to));
    let start = format!("{only}?subject={}", encoded(subject));
    let whole = format!("{start}&body={}", encoded(&lines.join("\r\n")));
    let fits = |address: &String| address.len() <= LONGEST;
    [whole, start].into_iter().find(fits).unwrap_or(only)
}

fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~@".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_becomes_paragraphs_and_lists() {
        let text = "Dear Maria,\n\nthis is next:\n- one\n- two\nand that\n\n\nKind regards,\nNancy\n";
        let found = blocks(text);
        let found: Vec<(bool, Vec<&str>)> = found.into_iter().map(|block| (block.list, block.lines)).collect();
        assert_eq!(
            found,
            [
                (false, vec!["Dear Maria,"]),
                (false, vec!["this is next:"]),
                (true, vec!["one", "two"]),
                (false, vec!["and that"]),
                (false, vec!["Kind regards,", "Nancy"]),
            ]
        );
    }

    #[test]
    fn nothing_runs_in_the_html() {
        let hostile = "<script>alert('x')</script>\n- <img src=x onerror=\"alert(1)\">\n\n</body>&";
        let page = html(hostile, hostile);
        assert!(
            page.contains("&lt;script&gt;") && page.contains("<li>&lt;img"),
            "{page}"
        );
        assert!(!page.contains("<script") && !page.contains("<img"), "{page}");
        assert_eq!(page.matches("</body>").count(), 1, "{page}");
    }

    #[test]
    fn an_address_opens_a_mail_with_all_of_it_and_is_not_too_long() {
        assert_eq!(
            mailto("maria+x@alfreds.test", "Öl & more?", "One\nTwo"),
            "mailto:maria%2Bx@alfreds.test?subject=%C3%96l%20%26%20more%3F&body=One%0D%0ATwo"
        );
        let long = mailto("m@a.test", &"ä".repeat(250), &"x".repeat(20_000));
        assert!(long.len() <= LONGEST && !long.contains("body"), "{long}");
    }
}
