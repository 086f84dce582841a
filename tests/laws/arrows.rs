//! Arrows point down only.

use crate::source::{Source, none, sources};

/// From the top to the ground. A module uses what stands below it; what stands on the ground uses each other.
const LEVELS: &[&[&str]] = &[
    &["main"],
    &["cli"],
    &["demo"],
    &["workers"],
    &["server"],
    &["openapi"],
    &["routes"],
    &["features"],
    &["jobs"],
    &["http"],
    &["app"],
    &["journal"],
    &["access"],
    &["db", "mail"],
    // What asks a server over HTTP knows nothing of how one is made.
    &["client"],
    &[
        "clock",
        "config",
        "fold",
        "id",
        "local_time",
        "refusal",
        "telemetry",
        "text",
        "tls",
        "wording",
    ],
];

fn level(module: &str) -> Option<usize> {
    LEVELS.iter().position(|level| level.contains(&module))
}

/// Paths that begin with `prefix`, written out: `crate::{a, b::{c, d}}` gives `a` and `b::c` and `b::d`.
fn paths(code: &str, prefix: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices(prefix) {
        let before = code[..at].chars().next_back();
        if before.is_none_or(|letter| !letter.is_alphanumeric() && letter != '_' && letter != '$') {
            written_out(&code[at + prefix.len()..], "", &mut found);
        }
    }
    found
}

/// Reads one path (or a group of them) at the beginning of `text`; returns what it took.
fn written_out(text: &str, base: &str, found: &mut Vec<String>) -> usize {
    let Some(group) = text.strip_prefix('{') else {
        let name: String = text
            .chars()
            .take_while(|letter| letter.is_alphanumeric() || *letter == '_')
            .collect();
        let path = format!("{base}{name}");
        if let Some(rest) = text[name.len()..].strip_prefix("::")
            && rest.starts_with(|letter: char| letter.is_alphanumeric() || letter == '_' || letter == '{')
        {
            return name.len() + 2 + written_out(rest, &format!("{path}::"), found);
        }
        if !text[name.len()..].starts_with('!') {
            found.push(path);
        }
        return name.len();
    };
    let mut at = 0;
    while let Some(rest) = group.get(at..) {
        let skipped = rest.len() - rest.trim_start_matches([' ', '\n', ',']).len();
        let rest = &rest[skipped..];
        if rest.is_empty() || rest.starts_with('}') {
            return at + skipped + 2;
        }
        let taken = written_out(rest, base, found);
        // `x as y`
        let renamed = rest[taken..].find([',', '}']).unwrap_or(rest.len() - taken);
        at += skipped + taken + renamed;
        if taken + renamed == 0 {
            return at + 1;
        }
    }
    at
}

fn arrows(source: &Source) -> Vec<String> {
    let mut found = paths(&source.code, "crate::");
    if source.path == "src/main.rs" {
        found.extend(paths(&source.code, "touchbase::"));
    }
    found
}

#[test]
fn groups_of_paths_are_read_whole() {
    let code = "use crate::db::{Error, Kind,\n  search::{self, Document}};\nuse crate::{a, b::c as d};\nlet x = crate::id::schema();";
    assert_eq!(
        paths(code, "crate::"),
        [
            "db::Error",
            "db::Kind",
            "db::search::self",
            "db::search::Document",
            "a",
            "b::c",
            "id::schema"
        ]
    );
}

#[test]
fn arrows_point_down_only() {
    let modules: Vec<String> = sources("src")
        .iter()
        .filter_map(|source| source.in_src()?.split(['/', '.']).next().map(str::to_owned))
        .collect();
    let mut faults = Vec::new();
    for source in sources("src") {
        let module = source
            .in_src()
            .unwrap_or_default()
            .split(['/', '.'])
            .next()
            .unwrap_or_default();
        if module == "lib" {
            continue;
        }
        let Some(from) = level(module) else {
            faults.push(format!("{}: give the module a place in LEVELS", source.path));
            continue;
        };
        for path in arrows(&source) {
            let target = path.split("::").next().unwrap_or_default();
            if target == module || !modules.iter().any(|known| known == target) {
                continue;
            }
            let ground = LEVELS.len() - 1;
            match level(target) {
                Some(to) if to > from || (from == ground && to == ground) => {}
                Some(_) | None => faults.push(format!("{} uses crate::{path}", source.path)),
            }
        }
    }
    none("arrows that point up", &faults);
}

#[test]
fn a_feature_never_uses_anothers_api() {
    let mut faults = Vec::new();
    for source in sources("src/features") {
        let own = source.path.split('/').nth(2).unwrap_or_default();
        for path in arrows(&source) {
            let mut parts = path.split("::");
            if parts.next() != Some("features") || parts.next().is_none_or(|room| room == own) {
                continue;
            }
            if parts.any(|part| part == "api" || part.ends_with("_api")) {
                faults.push(format!("{} uses crate::{path}", source.path));
            }
        }
        // Within its room a file says `super::`; beyond it, the whole path, so that this law can read it.
        let depth = source.path.split('/').count() - 3;
        if source.code.contains(&"super::".repeat(depth + 1)) && !source.path.ends_with("/tests.rs") {
            faults.push(format!("{} leaves its room by `super::`", source.path));
        }
    }
    none("rooms that listen at another's door", &faults);
}

#[test]
fn what_decides_knows_neither_http_nor_sql() {
    let mut faults = Vec::new();
    for source in sources("src/features") {
        if source.is("api") || source.is("store") {
            continue;
        }
        // A derive that lets a row be read into a type is a mark, like serde's; it speaks no SQL.
        let code = source.code.replace("sqlx::FromRow)]", ")]");
        for foreign in ["actix_web", "sqlx::"] {
            if code.contains(foreign) {
                faults.push(format!("{} uses {foreign}", source.path));
            }
        }
    }
    for source in sources("src").iter().filter(|source| source.is("store")) {
        if source.code.contains("actix_web") {
            faults.push(format!("{} uses actix_web", source.path));
        }
    }
    none(
        "what decides and what remembers speak no HTTP; only stores speak SQL",
        &faults,
    );
}
