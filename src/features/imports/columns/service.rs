//! Columns that say whether a customer uses one service: a field `service:<name>`.

/// The service that a cell of a column `service:<name>` adds to its customer, or `None`.
///
/// | cell | `service:Online backup` | `service:Internet` |
/// | --- | --- | --- |
/// | blank, `No`, `false`, `0`, `off`, `none`, `No internet service` | none | none |
/// | `Yes`, `true`, `1`, `on`, `x` | `Online backup` | `Internet` |
/// | anything else, `Fiber optic` | `Online backup: Fiber optic` | `Internet: Fiber optic` |
///
/// The cell has been through `cells::text` before, which bounds it. "No … service" is how telephone companies write that a service cannot be had without another
/// (IBM's Telco Customer Churn sample).
#[must_use]
pub fn service(name: &str, cell: &str) -> Option<String> {
    let value = cell.trim();
    let folded = value.to_lowercase();
    let has_none = matches!(
        folded.as_str(),
        "" | "no" | "n" | "false" | "f" | "0" | "off" | "none" | "n/a" | "-"
    ) || (folded.starts_with("no ") && folded.ends_with(" service"))
        || folded == "no service";
    let is_yes = matches!(folded.as_str(), "yes" | "y" | "true" | "t" | "1" | "on" | "x");
    match (has_none, is_yes) {
        (true, _) => None,
        (false, true) => Some(name.to_owned()),
        (false, false) => Some(format!("{name}: {value}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yes_is_the_service_and_no_is_none() {
        assert_eq!(service("Online backup", "Yes").as_deref(), Some("Online backup"));
        assert_eq!(service("Online backup", " TRUE ").as_deref(), Some("Online backup"));
        for cell in [
            "",
            " ",
            "No",
            "no",
            "No internet service",
            "No phone service",
            "0",
            "none",
        ] {
            assert_eq!(service("Online backup", cell), None, "{cell}");
        }
    }

    #[test]
    fn another_value_is_part_of_the_services_name() {
        assert_eq!(
            service("Internet", "Fiber optic").as_deref(),
            Some("Internet: Fiber optic")
        );
        assert_eq!(service("Internet", "DSL").as_deref(), Some("Internet: DSL"));
        assert_eq!(service("Support", "No limits").as_deref(), Some("Support: No limits"));
    }
}
