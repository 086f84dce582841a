//! Measures the server as a client meets it, beside what the same machine does without it, in turns, in one run.
//!
//! `./bench` builds and starts this; `./bench --help` says what it can do.

use std::path::{Path, PathBuf};
use std::time::Duration;

mod bare;
mod database;
mod evenings;
mod http;
mod imports;
mod measure;
mod peers;
mod plain;
mod plan;
mod postgres;
mod reading;
mod report;
mod reports;
mod server;
mod starting;
mod streams;
mod sync;
mod writing;

use measure::Row;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What may go wrong is told, not handled.
pub type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// Measures Touchbase beside what the machine can do, and writes docs/performance.md.
#[derive(clap::Parser)]
#[command(name = "./bench", disable_version_flag = true)]
struct Flags {
    /// A few minutes: fewer rounds, 20,000 customers. Writes no page.
    #[arg(long)]
    quick: bool,
    /// Growth up to 1,000,000 customers, and a file of as many; needs 3 GB of disk and a quarter of an hour more.
    #[arg(long)]
    large: bool,
    /// Other products, too: PocketBase, Directus and OR-tools, which it installs below `target/`; needs 2 GB of disk.
    #[arg(long)]
    peers: bool,
    /// Only these parts: import, reading, debrief, bulk, start, growth, imports, evenings, streams, sync, reports, plan, postgres, peers.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// cargo says this to every bench.
    #[arg(long, hide = true)]
    bench: bool,
}

/// One run.
pub struct Run {
    pub program: PathBuf,
    pub folder: PathBuf,
    pub rounds: usize,
    /// How long one load takes.
    pub time: Duration,
    pub customers: usize,
    pub large: bool,
    pub rows: Vec<Row>,
    pub remarks: Vec<String>,
}

impl Run {
    fn row(&mut self, row: Row) {
        println!("  {}: {} | {} | {}", row.what, row.measured, row.against, row.ratio);
        self.rows.push(row);
    }
}

fn main() -> Outcome<()> {
    // This program is the limit's server, too: started again with `plain`.
    let mut arguments = std::env::args().skip(1);
    match arguments.next().as_deref() {
        Some("plain") => return plain::serve(arguments),
        Some(plan::AGAIN) => return plan::once(arguments),
        Some(_) | None => {}
    }
    let flags = <Flags as clap::Parser>::parse();
    // One thread: the second core belongs to the server.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(measure_all(&flags))
}

async fn measure_all(flags: &Flags) -> Outcome<()> {
    let scratch = tempfile::Builder::new().prefix("touchbase-bench.").tempdir()?;
    let mut run = Run {
        program: Path::new(env!("CARGO_BIN_EXE_touchbase")).to_owned(),
        folder: scratch.path().to_owned(),
        rounds: if flags.quick { 3 } else { 5 },
        time: Duration::from_millis(if flags.quick { 1000 } else { 3000 }),
        customers: if flags.quick { 20_000 } else { 100_000 },
        large: flags.large,
        rows: Vec::new(),
        remarks: Vec::new(),
    };
    let wanted = |part: &str| flags.only.is_empty() || flags.only.iter().any(|only| only == part);
    let database = starting::import(&mut run, wanted("import")).await?;
    /// A part that cannot be measured is told, and does not keep the others from it.
    macro_rules! part {
        ($name:literal, $measured:expr) => {
            if wanted($name) {
                println!("{}", $name);
                if let Err(error) = $measured.await {
                    println!("  not measured: {error}");
                    run.remarks.push(format!("{} was not measured: {error}", $name));
                }
            }
        };
    }
    part!("reading", reading::reading(&mut run, &database));
    part!("debrief", writing::debrief(&mut run, &database));
    part!("bulk", writing::bulk(&mut run, &database));
    part!("start", starting::start(&mut run, &database));
    part!("growth", reading::growth(&mut run, &database));
    part!("imports", imports::imports(&mut run));
    part!("evenings", evenings::evenings(&mut run));
    part!("streams", streams::streams(&mut run));
    part!("sync", sync::sync(&mut run));
    part!("reports", reports::reports(&mut run));
    part!("plan", plan::plan(&mut run, flags.peers));
    part!("postgres", postgres::postgres(&mut run));
    if flags.peers {
        part!("peers", peers::peers(&mut run));
    }
    println!("\n{}", measure::table(&run.rows));
    if !flags.quick && flags.only.is_empty() {
        report::write(&run)?;
    }
    Ok(())
}
