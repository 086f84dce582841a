//! Made-up people, companies, and what they say; see `words.txt`.

const TEXT: &str = include_str!("words.txt");

/// The lines of a section.
pub fn lines(section: &str) -> Vec<&'static str> {
    TEXT.lines()
        .map(str::trim)
        .skip_while(|line| line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) != Some(section))
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect()
}

/// The names of a section.
pub fn names(section: &str) -> Vec<&'static str> {
    lines(section).into_iter().flat_map(|line| line.split(", ")).collect()
}

/// The columns of a line; what is missing is empty.
pub fn columns<const N: usize>(line: &'static str) -> [&'static str; N] {
    let mut columns = line.split('|').map(str::trim);
    std::array::from_fn(|_| columns.next().unwrap_or_default())
}

/// A section of lines with columns.
pub fn table<const N: usize>(section: &str) -> Vec<[&'static str; N]> {
    lines(section).into_iter().map(columns).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_section_has_what_the_demonstration_takes_from_it() {
        for section in [
            "first_names",
            "last_names",
            "company_first",
            "streets",
            "titles",
            "services",
            "tags",
            "summaries",
            "recommended",
            "would_take",
            "outcomes",
            "voicemails",
            "reasons",
        ] {
            assert!(names(section).len() > 2, "{section}");
        }
        for [city, _, country, zone, dial, language, currency] in table("places") {
            assert!(zone.parse::<chrono_tz::Tz>().is_ok(), "{city}");
            assert!(
                [country, dial, language, currency].iter().all(|word| !word.is_empty()),
                "{city}"
            );
        }
        assert!(
            table("notes")
                .iter()
                .all(|[_, theme, text]| !theme.is_empty() && !text.is_empty())
        );
        assert!(table("company_last").iter().all(|[_, industry]| !industry.is_empty()));
    }
}
