//! The sources as the laws read them, and the files that they are compared with.

use std::path::{Path, PathBuf};

/// A Rust file: where it is below the repository, and its code without comments and inline tests.
pub struct Source {
    pub path: String,
    pub lines: usize,
    pub code: String,
}

impl Source {
    /// `features/people/store.rs` for a file of `src`.
    pub fn in_src(&self) -> Option<&str> {
        self.path.strip_prefix("src/")
    }

    /// The string literals of the code, as they are written.
    pub fn literals(&self) -> Vec<String> {
        literals(&self.code)
    }

    /// `store` for `features/people/store.rs`; every folder counts, too: `store/list.rs` is a store.
    pub fn is(&self, role: &str) -> bool {
        let ending = format!("_{role}");
        Path::new(&self.path)
            .with_extension("")
            .components()
            .filter_map(|part| part.as_os_str().to_str())
            .any(|part| part == role || part.ends_with(&ending))
    }
}

pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

pub fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_default()
}

/// Every file below `folder` with this ending, in order.
pub fn files(folder: &str, ending: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![root().join(folder)];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|e| e == ending) {
                found.push(path.strip_prefix(root()).unwrap().display().to_string());
            }
        }
    }
    found.sort();
    found
}

/// Every Rust file below `folder`.
pub fn sources(folder: &str) -> Vec<Source> {
    let paths = files(folder, "rs").into_iter();
    paths
        .map(|path| {
            let text = read(&path);
            Source {
                lines: text.lines().count(),
                code: code(&text),
                path,
            }
        })
        .collect()
}

/// Without comments, and without the tests that stand at a file's end.
fn code(text: &str) -> String {
    let code = text.split("\n#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines
        .map(|line| line.split(" // ").next().unwrap_or_default())
        .collect::<Vec<_>>()
        .join("\n")
}

fn literals(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = code;
    while let Some(at) = rest.find(['"', '\'']) {
        let before = &rest[..at];
        let after = &rest[at + 1..];
        if rest[at..].starts_with('\'') {
            // A character (`'"'`, `'\''`), not a lifetime.
            let end = match after.strip_prefix('\\') {
                Some(escaped) => escaped.char_indices().nth(1).map(|(end, _)| end + 1),
                None => after.char_indices().nth(1).map(|(end, _)| end),
            };
            let end = end.filter(|end| after[*end..].starts_with('\''));
            rest = &after[end.map_or(0, |end| end + 1)..];
            continue;
        }
        let hashes = before.len() - before.trim_end_matches('#').len();
        let raw = before[..before.len() - hashes].ends_with('r');
        let end = if raw {
            after.find(&format!("\"{}", "#".repeat(hashes)))
        } else {
            closing(after)
        };
        let Some(end) = end else { break };
        found.push(after[..end].to_owned());
        rest = &after[end + 1..];
    }
    found
}

fn closing(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().find_map(|(at, letter)| {
        let ends = letter == '"' && !escaped;
        escaped = letter == '\\' && !escaped;
        ends.then_some(at)
    })
}

/// Holds `text` equal to the committed file, or writes the file where `TOUCHBASE_BLESS` is set.
#[track_caller]
pub fn committed(path: &str, text: &str) {
    if std::env::var_os("TOUCHBASE_BLESS").is_some() {
        std::fs::write(root().join(path), text).unwrap();
        return;
    }
    let there = read(path);
    let difference = there
        .lines()
        .zip(text.lines())
        .find(|(there, now)| there != now)
        .map_or(("(its length)", "(its length)"), |difference| difference);
    assert!(
        there == text,
        "{path} is not what the code says. It says\n  {}\nand the code\n  {}\nIf the code is right: TOUCHBASE_BLESS=1 cargo test --test laws",
        difference.0,
        difference.1
    );
}

/// Fails with every fault at once.
#[track_caller]
pub fn none(what: &str, faults: &[String]) {
    assert!(faults.is_empty(), "{what}:\n  {}", faults.join("\n  "));
}

/// Fails for what is wrong without being excepted, and for exceptions that nothing needs any more: the list may only shrink.
#[track_caller]
pub fn none_but(what: &str, exceptions: &[&str], wrong: &[String]) {
    let new: Vec<String> = wrong
        .iter()
        .filter(|wrong| !exceptions.contains(&wrong.as_str()))
        .cloned()
        .collect();
    none(what, &new);
    let old: Vec<String> = exceptions
        .iter()
        .filter(|exception| !wrong.iter().any(|wrong| wrong == *exception))
        .map(|&exception| exception.to_owned())
        .collect();
    none("exceptions that can be taken off the list", &old);
}

#[test]
fn literals_are_found_between_characters_and_lifetimes() {
    let code = r##"fn f<'a>(x: &'a str) { g('"', "one \" two", r#"three "four""#, '\'', "five") }"##;
    assert_eq!(literals(code), ["one \\\" two", "three \"four\"", "five"]);
}

#[test]
fn no_file_is_longer_than_400_lines() {
    let long: Vec<String> = ["src", "tests", "benches"]
        .into_iter()
        .flat_map(sources)
        .filter(|source| source.lines > 400)
        .map(|source| source.path)
        .collect();
    none_but("split these by operation", &[], &long);
}
