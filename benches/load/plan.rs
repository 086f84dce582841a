//! The planner alone, on organizations out of repeatable chance: how long, how much memory, how close to what no plan can beat.
//!
//! Each run is a process of its own, so that its memory is nobody else's.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use touchbase::features::plans::options::PlanOptions;
use touchbase::features::plans::planner::{self, LIMIT};
use touchbase::features::plans::sample::{Dice, Size, situation};

use crate::measure::{Rounds, Row, Target, number};
use crate::{Outcome, Run};

mod reference;

/// What this program is started again with.
pub const AGAIN: &str = "planning";

/// Customers, executives, days (four weeks of seven), calls of each executive in a week, and how many seconds are enough.
const SIZES: [(u64, u64, u64, u64, f64); 3] = [
    (10_000, 50, 26, 5, 10.0),
    (10_000, 50, 26, 25, 10.0),
    (100_000, 100, 25, 20, 60.0),
];

/// The size that is small enough for every arc of it to be written down.
const WRITTEN: (u64, u64, u64, u64, f64) = SIZES[1];

/// Plans once, and prints seconds, megabytes, calls, objective, bound and greedy. With a file's path, the model is written to it, too; then
/// billing is not balanced, because no network says how.
pub fn once(mut arguments: impl Iterator<Item = String>) -> Outcome<()> {
    let mut next = || -> Outcome<u64> { Ok(arguments.by_ref().next().ok_or("an argument is missing")?.parse()?) };
    let size = Size {
        customers: next()?,
        executives: next()?,
        from: "2027-01-04".parse()?,
        days: next()?,
        quota: next()?,
        zones: 12,
        scarce: false,
    };
    let mut dice = Dice(next()?);
    let mut options = PlanOptions::default();
    let file = arguments.next();
    if file.is_some() {
        options.weights.balance_billing = 0;
    }
    let situation = situation(&mut dice, &size, options);
    let begun = Instant::now();
    let proposal = planner::plan(&situation, LIMIT);
    let seconds = begun.elapsed().as_secs_f64();
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak: f64 = peak
        .and_then(|line| line.trim().strip_suffix(" kB"))
        .ok_or("no VmHWM")?
        .trim()
        .parse()?;
    println!(
        "{seconds} {} {} {} {} {}",
        peak / 1024.0,
        proposal.calls.len(),
        proposal.objective,
        proposal.upper_bound,
        proposal.greedy
    );
    // After the figures, so that its memory is not among them.
    file.map_or(Ok(()), |file| reference::write(&situation, Path::new(&file)))
}

/// One process's seconds, megabytes, calls, objective, bound and greedy.
fn planned(size: (u64, u64, u64, u64, f64), round: usize, file: Option<&Path>) -> Outcome<[f64; 6]> {
    let (customers, executives, days, quota, _) = size;
    let arguments = [customers, executives, days, quota, 1 + round as u64].map(|number| number.to_string());
    let output = Command::new(std::env::current_exe()?)
        .arg(AGAIN)
        .args(&arguments)
        .args(file)
        .output()?;
    let said = String::from_utf8(output.stdout)?;
    let figures: Vec<f64> = said.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
    figures
        .try_into()
        .map_err(|_| format!("{said}{}", String::from_utf8_lossy(&output.stderr)).into())
}

/// The sizes that the planner is made for.
pub async fn plan(run: &mut Run, peers: bool) -> Outcome<()> {
    for size in SIZES {
        let (customers, executives, days, quota, enough) = size;
        let (mut seconds, mut memory, mut gap, mut won) = <(Rounds, Rounds, Rounds, Rounds)>::default();
        let mut calls = 0.0;
        for round in 0..run.rounds {
            let [took, peak, count, objective, bound, greedy] = planned(size, round, None)?;
            seconds.add(took);
            memory.add(peak);
            gap.add((bound - objective) / bound * 100.0);
            won.add((objective - greedy) / greedy * 100.0);
            calls = count;
        }
        let what = format!(
            "plan of {} customers, {executives} executives, {days} days, {quota} calls a week each",
            number(customers as f64)
        );
        run.row(Row {
            what: what.clone(),
            measured: seconds.show("s"),
            against: format!("{} calls", number(calls)),
            ratio: String::new(),
            target: format!("≤ {enough:.0} s"),
            met: Some(Target::AtMost(enough).met(seconds.median())),
        });
        run.row(Row {
            what: format!("{what}: largest memory"),
            measured: memory.show("MB"),
            against: String::new(),
            ratio: String::new(),
            target: "≤ 2,000 MB".into(),
            met: Some(Target::AtMost(2000.0).met(memory.median())),
        });
        run.row(Row {
            what: format!("{what}: short of the upper bound"),
            measured: format!("{:.4} %", gap.median()),
            against: format!("greedy, which is worth {:.2} % less than the plan", won.median()),
            ratio: String::new(),
            target: "≤ 1 %".into(),
            met: Some(Target::AtMost(1.0).met(gap.median())),
        });
    }
    if peers { beside(run) } else { Ok(()) }
}

/// Another solver on the same model: its time, its memory, and whether what it finds is worth more.
fn beside(run: &mut Run) -> Outcome<()> {
    let python = reference::install()?;
    let file = run.folder.join("plan.network");
    let (mut ours, mut theirs, mut memory, mut worth) = <(Rounds, Rounds, Rounds, Rounds)>::default();
    for round in 0..run.rounds {
        let [took, peak, _, objective, ..] = planned(WRITTEN, round, Some(&file))?;
        let [seconds, megabytes, best] = reference::solve(&python, &file)?;
        ours.add(took);
        theirs.add(seconds);
        memory.add(megabytes / peak);
        worth.add(objective / best);
    }
    std::fs::remove_file(file)?;
    let (customers, executives, ..) = WRITTEN;
    let what = format!(
        "plan of {} customers, {executives} executives, billing not balanced, beside OR-tools",
        number(customers as f64)
    );
    run.row(Row {
        what: what.clone(),
        measured: ours.show("s"),
        against: format!("{}, {:.1} times the memory", theirs.show("s"), memory.median()),
        ratio: format!("{:.2} × faster", theirs.over(&ours).median()),
        target: "≥ 1 ×".into(),
        met: Some(Target::AtLeast(1.0).met(theirs.over(&ours).median())),
    });
    run.row(Row {
        what: format!("{what}: worth"),
        measured: String::new(),
        against: String::new(),
        ratio: format!("{:.6} of the best", worth.median()),
        target: "the best".into(),
        met: Some(Target::AtLeast(1.0).met(worth.median())),
    });
    Ok(())
}
