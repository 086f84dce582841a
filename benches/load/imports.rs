//! Files in the background: how fast, and whether a million rows take more memory than a hundred thousand.

use std::time::{Duration, Instant};

use touchbase::access::Role;

use crate::database::{self, Database, PASSWORD, email};
use crate::http::{Connection, get, request};
use crate::measure::{Rounds, Row, Target, number};
use crate::server::Server;
use crate::{Outcome, Run};

/// How much more memory a file may take that is ten times as large, in MB.
const MORE: f64 = 30.0;

/// What one import took.
struct Took {
    /// From the last byte of the file to the end of the work.
    rate: f64,
    peak: f64,
}

/// Sends a file and waits until it is worked off.
async fn import(server: &Server, rows: usize) -> Outcome<Took> {
    let token = server.sign_in(&email(Role::Admin), PASSWORD).await?;
    let mut connection = Connection::open(&server.address).await?;
    let key = touchbase::clock::Clock::default().id();
    let headers = format!("Content-Type: text/csv\r\nIdempotency-Key: {key}\r\n");
    let file = database::customers(0, rows);
    let sent = request(
        "POST",
        "/v1/imports?target=customers",
        &token,
        &headers,
        file.as_bytes(),
    );
    drop(file);
    let import = connection.json(&sent, 202).await?;
    drop(sent);
    let path = format!("/v1/imports/{}", import["id"].as_str().ok_or("no id")?);
    let (started, mut asked, mut token) = (Instant::now(), Instant::now(), token);
    loop {
        tokio::time::sleep(Duration::from_millis(200)).await;
        if asked.elapsed() > Duration::from_secs(300) {
            // A token is good for ten minutes.
            token = server.sign_in(&email(Role::Admin), PASSWORD).await?;
            asked = Instant::now();
        }
        let now = connection.json(&get(&path, &token), 200).await?;
        match now["status"].as_str() {
            Some("completed") if now["outcome"]["created"] == rows => break,
            Some("queued" | "running") => {}
            _ => return Err(format!("the import ended otherwise: {now}").into()),
        }
    }
    Ok(Took {
        rate: rows as f64 / started.elapsed().as_secs_f64(),
        peak: server.memory("VmHWM")?,
    })
}

/// Imports a file several times, each into a new database.
async fn rounds(run: &Run, rows: usize, rounds: usize) -> Outcome<(Rounds, Rounds)> {
    let (mut rates, mut peaks) = (Rounds::default(), Rounds::default());
    for round in 0..rounds {
        let database = Database::sqlite(&run.folder, &format!("imports-{rows}-{round}")).await?;
        let server = database.serve(&run.program).await?;
        let took = import(&server, rows).await?;
        rates.add(took.rate);
        peaks.add(took.peak);
        drop(server);
        drop(std::fs::remove_file(&database.path));
    }
    Ok((rates, peaks))
}

/// As many customers as the run has, and ten times as many when that is asked for.
pub async fn imports(run: &mut Run) -> Outcome<()> {
    let small = run.customers;
    let (rates, peaks) = rounds(run, small, run.rounds.min(3)).await?;
    let what = |rows: usize| format!("import of {} customers as a job", number(rows as f64));
    run.row(Row {
        what: what(small),
        measured: rates.show("rows/s"),
        against: format!("memory: {}", peaks.show("MB")),
        ratio: String::new(),
        target: "memory < 150 MB".into(),
        met: Some(Target::AtMost(150.0).met(peaks.median())),
    });
    if !run.large {
        return Ok(());
    }
    let large = small * 10;
    let (large_rates, large_peaks) = rounds(run, large, 1).await?;
    let slower = large_rates.median() / rates.median();
    run.row(Row {
        what: what(large),
        measured: large_rates.show("rows/s"),
        against: format!("{}: of {} customers", rates.show("rows/s"), number(small as f64)),
        ratio: format!("{:.0} %", slower * 100.0),
        target: "rate as for the small one".into(),
        met: Some(Target::AtLeast(0.7).met(slower)),
    });
    let more = large_peaks.median() - peaks.median();
    run.row(Row {
        what: format!("memory of {}", what(large)),
        measured: large_peaks.show("MB"),
        against: peaks.show("MB"),
        ratio: format!("{} MB more", number(more)),
        target: format!("≤ {MORE} MB more"),
        met: Some(Target::AtMost(MORE).met(more)),
    });
    Ok(())
}
