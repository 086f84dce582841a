//! Writes docs/performance.md.

use std::fmt::Write as _;
use std::process::Command;

use crate::measure::table;
use crate::{Outcome, Run};

fn said(program: &str, arguments: &[&str]) -> String {
    Command::new(program)
        .args(arguments)
        .output()
        .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
        .unwrap_or_default()
}

fn line_of(file: &str, start: &str) -> String {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    text.lines()
        .find_map(|line| line.strip_prefix(start)?.trim_start_matches([' ', '\t', ':']).into())
        .unwrap_or("unknown")
        .trim()
        .to_owned()
}

/// The page is made anew; what stands in `docs/performance.notes.md` follows the table.
pub fn write(run: &Run) -> Outcome<()> {
    let root = env!("CARGO_MANIFEST_DIR");
    let date = touchbase::clock::Clock::default().now().date_naive();
    let commit = said("git", &["-C", root, "describe", "--always", "--dirty"]);
    let cores = std::thread::available_parallelism()?;
    let memory: f64 = line_of("/proc/meminfo", "MemTotal")
        .trim_end_matches(" kB")
        .parse()
        .unwrap_or(0.0);
    let mut page = format!(
        "# How fast\n\nWritten by `./bench` on {date}, commit {commit}, on {cores} cores of a {}, {:.0} GB of memory, {}.\n\n",
        line_of("/proc/cpuinfo", "model name"),
        memory / 1_048_576.0,
        said("uname", &["-sr"]),
    );
    let _ = write!(
        page,
        "Everything runs on this one machine: the server, the generator of the load, and whatever it is measured against. \
         {} rounds, each thing in its turn in every round; medians, and after ± half of the distance between the least and the largest round. \
         A ratio is the median of the rounds' ratios. Absolute figures are worth little elsewhere; the ratios travel. \
         SQLite, with {} customers imported through the API, unless a row says otherwise; every commit waits for the disk.\n\n{}\n",
        run.rounds,
        crate::measure::number(run.customers as f64),
        table(&run.rows),
    );
    for remark in &run.remarks {
        let _ = writeln!(page, "- {remark}");
    }
    let short: Vec<&str> = run
        .rows
        .iter()
        .filter(|row| row.met == Some(false))
        .map(|row| row.what.as_str())
        .collect();
    let _ = match short.as_slice() {
        [] => writeln!(page, "\nEvery target is met."),
        rows => writeln!(page, "\nShort of the target: {}.", rows.join("; ")),
    };
    let notes = format!("{root}/docs/performance.notes.md");
    if let Ok(notes) = std::fs::read_to_string(notes) {
        let _ = write!(page, "\n{notes}");
    }
    std::fs::create_dir_all(format!("{root}/docs"))?;
    std::fs::write(format!("{root}/docs/performance.md"), page)?;
    println!("docs/performance.md is written");
    Ok(())
}
