//! `touchbase report`: figures, as a table for a person, as CSV for a spreadsheet, as JSON for a script.

use clap::{Args, ValueEnum};

use super::Common;
use super::screen::{print, table};
use super::server::Server;
use super::trouble::{Exit, Trouble};
use super::values::day;
use super::wire::Request;

/// Which figures.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Name {
    /// Would they recommend us: the score with its margin of error.
    Nps,
    /// Calls and conversations.
    Activity,
    /// Who keeps the habit, and who has let go of it.
    Habit,
    /// What came out of the calls, and whether it was done in time.
    ActionItems,
    /// Promised call-backs, kept and missed.
    Callbacks,
    /// Whether we call them, or they us.
    Proactivity,
}

/// Shows a report over its usual days, or the days you name.
#[derive(Args)]
#[command(after_help = "Examples:
  touchbase report nps
  touchbase report activity --from 2026-07-01 --to 2026-09-30 --csv > q3.csv
  touchbase report habit --json | jq .leader_board")]
pub struct Report {
    #[command(flatten)]
    pub(super) common: Common,
    report: Name,
    /// The first day, on the organization's calendar: by itself 89 days before the last, for `proactivity` 29.
    #[arg(long, value_name = "DAY", value_parser = day)]
    from: Option<chrono::NaiveDate>,
    /// The last day, included: by itself today.
    #[arg(long, value_name = "DAY", value_parser = day)]
    to: Option<chrono::NaiveDate>,
    /// As CSV.
    #[arg(long, conflicts_with = "json")]
    csv: bool,
}

impl Report {
    pub async fn run(self) -> Result<Exit, Trouble> {
        let server = Server::open(&self.common)?;
        let name = self.report.to_possible_value();
        let name = name.as_ref().map(|name| name.get_name()).unwrap_or_default();
        let mut request = Request::get(format!("/v1/reports/{name}"));
        for (name, day) in [("from", self.from), ("to", self.to)] {
            if let Some(day) = day {
                request = request.query(name, day.to_string());
            }
        }
        if self.common.json {
            let report = server.json(&request).await?;
            server.screen.show("", &report)?;
            return Ok(Exit::Done);
        }
        let answer = server.whole(&request.accept("text/csv")).await?;
        if self.csv {
            print(&answer.body)?;
            return Ok(Exit::Done);
        }
        let rows = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(answer.body.as_slice());
        let rows: Result<Vec<csv::StringRecord>, _> = rows.into_records().collect();
        let rows = rows.map_err(|_| Trouble::answered(200, b""))?;
        let text = table(&readable(&rows));
        print(format!("{}{text}\n", days(&rows)).as_bytes())?;
        Ok(Exit::Done)
    }
}

/// The columns that tell which days a report is about: the same in each line.
const DAYS: [&str; 2] = ["from", "to"];

/// Which days a report is about, as a line above it.
fn days(rows: &[csv::StringRecord]) -> String {
    let cell = |name: &str| {
        let at = rows.first()?.iter().position(|heading| heading == name)?;
        rows.get(1)?.get(at).filter(|cell| !cell.is_empty())
    };
    match DAYS.map(cell) {
        [Some(from), Some(to)] => format!("From {from} to {to}\n\n"),
        [Some(_) | None, Some(_) | None] => String::new(),
    }
}

/// Without ids, which a person does not read, and without columns that say nothing.
fn readable(rows: &[csv::StringRecord]) -> Vec<Vec<String>> {
    let Some(heading) = rows.first() else {
        return Vec::new();
    };
    let says = |at: &usize| {
        rows.iter()
            .skip(1)
            .any(|row| row.get(*at).is_some_and(|cell| !cell.is_empty()))
    };
    let kept: Vec<usize> = (0..heading.len())
        .filter(|at| {
            heading
                .get(*at)
                .is_some_and(|name| name != "id" && !DAYS.contains(&name))
        })
        .filter(says)
        .collect();
    let row = |row: &csv::StringRecord| {
        kept.iter()
            .map(|at| row.get(*at).unwrap_or_default().to_owned())
            .collect()
    };
    rows.iter().map(row).collect()
}
