//! Medians, spreads, and the table.

use std::fmt::Write as _;

/// The same figure from several rounds.
#[derive(Debug, Clone, Default)]
pub struct Rounds(pub Vec<f64>);

impl Rounds {
    pub fn add(&mut self, figure: f64) {
        self.0.push(figure);
    }

    pub fn median(&self) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let middle = sorted.len() / 2;
        match sorted.len() {
            0 => f64::NAN,
            count if count % 2 == 1 => sorted[middle],
            _ => f64::midpoint(sorted[middle - 1], sorted[middle]),
        }
    }

    /// `±9 %`: half of the distance between the least and the largest, in parts of the median.
    pub fn spread(&self) -> String {
        let least = self.0.iter().copied().fold(f64::INFINITY, f64::min);
        let largest = self.0.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if self.0.len() < 2 {
            return String::new();
        }
        format!(" ±{:.0} %", (largest - least) / 2.0 / self.median() * 100.0)
    }

    pub fn show(&self, unit: &str) -> String {
        format!("{} {unit}{}", number(self.median()), self.spread())
    }

    /// Round by round, because what disturbs one of a pair disturbs the other, too.
    pub fn over(&self, other: &Self) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(this, that)| this / that).collect())
    }
}

/// A figure with three digits that mean something.
pub fn number(figure: f64) -> String {
    if figure.abs() >= 1000.0 {
        return touchbase::wording::grouped_digits(&format!("{figure:.0}"));
    }
    let places = if figure.abs() >= 100.0 {
        0
    } else if figure.abs() >= 10.0 {
        1
    } else {
        2
    };
    format!("{figure:.places$}")
}

/// A row of the table.
pub struct Row {
    pub what: String,
    pub measured: String,
    pub against: String,
    pub ratio: String,
    pub target: String,
    pub met: Option<bool>,
}

/// What a target asks of a figure.
#[derive(Clone, Copy)]
pub enum Target {
    AtLeast(f64),
    AtMost(f64),
}

impl Target {
    pub fn met(self, figure: f64) -> bool {
        match self {
            Self::AtLeast(least) => figure >= least,
            Self::AtMost(most) => figure <= most,
        }
    }
}

/// All rows, as Markdown.
pub fn table(rows: &[Row]) -> String {
    let mut text = String::from("| what | measured | against | ratio | target | met |\n|---|---|---|---|---|---|\n");
    for row in rows {
        let met = match row.met {
            Some(true) => "yes",
            Some(false) => "**no**",
            None => "",
        };
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {met} |",
            row.what, row.measured, row.against, row.ratio, row.target
        );
    }
    text
}
