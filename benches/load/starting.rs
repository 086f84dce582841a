//! The import that fills the database, starting on it, and memory.

use std::time::Duration;

use crate::bare;
use crate::database::{self, Database};
use crate::measure::{Rounds, Row, Target};
use crate::{Outcome, Run};

/// Imports the customers, several times for the figures, each into a new database; the last one stays.
pub async fn import(run: &mut Run, measured: bool) -> Outcome<Database> {
    println!("import of {} customers", run.customers);
    let rounds = if measured { run.rounds.min(3) } else { 1 };
    let (mut rates, mut bare_rates, mut same_rates, mut peaks) = (
        Rounds::default(),
        Rounds::default(),
        Rounds::default(),
        Rounds::default(),
    );
    let mut round = 0;
    loop {
        let database = Database::sqlite(&run.folder, &format!("import-{round}")).await?;
        let server = database.serve(&run.program).await?;
        rates.add(database::import(&server, run.customers).await?);
        peaks.add(server.memory("VmHWM")?);
        drop(server);
        if measured {
            let customers = bare::read(&database.path, "customers", "true").await?;
            let took = bare::write(&run.folder, &[&customers]).await?;
            bare_rates.add(customers.len() as f64 / took.as_secs_f64());
            let journal = bare::read(&database.path, "journal", "true").await?;
            let documents = bare::read(&database.path, "search_documents", "true").await?;
            let took = bare::write(&run.folder, &[&customers, &journal, &documents]).await?;
            same_rates.add(customers.len() as f64 / took.as_secs_f64());
        }
        round += 1;
        if round == rounds {
            if measured {
                let what = format!(
                    "import of {} customers from CSV",
                    crate::measure::number(run.customers as f64)
                );
                let ratio = rates.over(&bare_rates);
                run.row(Row {
                    what: what.clone(),
                    measured: rates.show("rows/s"),
                    against: format!("{}: bare multi-row inserts of the customers", bare_rates.show("rows/s")),
                    ratio: format!("{:.0} %", ratio.median() * 100.0),
                    target: "≥ 25 %".into(),
                    met: Some(Target::AtLeast(0.25).met(ratio.median())),
                });
                run.row(Row {
                    what,
                    measured: rates.show("rows/s"),
                    against: format!(
                        "{}: the same with their journal and search index",
                        same_rates.show("rows/s")
                    ),
                    ratio: format!("{:.0} %", rates.over(&same_rates).median() * 100.0),
                    target: String::new(),
                    met: None,
                });
                run.row(Row {
                    what: "largest memory during it".into(),
                    measured: peaks.show("MB"),
                    against: String::new(),
                    ratio: String::new(),
                    target: "< 150 MB".into(),
                    met: Some(Target::AtMost(150.0).met(peaks.median())),
                });
            }
            return Ok(database);
        }
        for ending in ["db", "db-wal", "db-shm"] {
            drop(std::fs::remove_file(database.path.with_extension(ending)));
        }
    }
}

/// From the start of the process to its first good answer, on a database that is there; and memory when nothing happens.
pub async fn start(run: &mut Run, database: &Database) -> Outcome<()> {
    let (mut times, mut memory) = (Rounds::default(), Rounds::default());
    for _ in 0..run.rounds {
        let server = database.serve(&run.program).await?;
        times.add(server.ready_after.as_secs_f64() * 1000.0);
        tokio::time::sleep(Duration::from_secs(5)).await;
        memory.add(server.memory("VmRSS")?);
    }
    run.row(Row {
        what: "start to ready, on the existing database".into(),
        measured: times.show("ms"),
        against: String::new(),
        ratio: String::new(),
        target: "≤ 300 ms".into(),
        met: Some(Target::AtMost(300.0).met(times.median())),
    });
    run.row(Row {
        what: "memory after five seconds of rest".into(),
        measured: memory.show("MB"),
        against: String::new(),
        ratio: String::new(),
        target: "≤ 40 MB".into(),
        met: Some(Target::AtMost(40.0).met(memory.median())),
    });
    Ok(())
}
