//! PostgreSQL: the server beside pgbench, which sends the same statements without a server between.

use std::path::{Path, PathBuf};
use std::process::Command;

use touchbase::access::Role;
use touchbase::db::{Db, Sqls as _};
use touchbase::features::customers::customer::Customer;
use touchbase::journal::Record as _;

use crate::database::{self, Database, PASSWORD, email};
use crate::http::{get, load};
use crate::measure::{Rounds, Row, Target, number};
use crate::reading::{CLIENTS, some_customers};
use crate::{Outcome, Run};

/// A private cluster; removed when dropped.
struct Cluster {
    folder: PathBuf,
    url: String,
}

fn tool() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tools/postgres.sh")
}

impl Cluster {
    fn start(folder: &Path) -> Outcome<Self> {
        let folder = folder.join("postgres");
        let output = Command::new(tool()).arg("start").arg(&folder).output()?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
        }
        Ok(Self {
            folder,
            url: String::from_utf8(output.stdout)?.trim().to_owned(),
        })
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(Command::new(tool()).arg("stop").arg(&self.folder).status());
    }
}

/// Transactions per second that pgbench reaches with these scripts.
fn pgbench(run: &Run, cluster: &Cluster, clients: usize, scripts: &[String]) -> Outcome<f64> {
    let folder = tempfile::tempdir_in(&run.folder)?;
    let mut command = Command::new("pgbench");
    command.args(["--no-vacuum", "--protocol=prepared", "--jobs=1"]);
    command.arg(format!("--client={clients}"));
    command.arg(format!("--time={}", run.time.as_secs().max(1)));
    for (number, script) in scripts.iter().enumerate() {
        let file = folder.path().join(format!("{number}.sql"));
        std::fs::write(&file, script)?;
        command.arg("--file").arg(file);
    }
    let output = command.arg(&cluster.url).output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    let rate = said
        .lines()
        .find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
    rate.ok_or_else(|| format!("pgbench: {said}{}", String::from_utf8_lossy(&output.stderr)).into())
}

pub async fn postgres(run: &mut Run) -> Outcome<()> {
    let cluster = Cluster::start(&run.folder)?;
    let db = Db::open(&cluster.url, 2).await?;
    for setting in [
        "ALTER SYSTEM SET fsync = on",
        "ALTER SYSTEM SET synchronous_commit = on",
        "ALTER SYSTEM SET full_page_writes = on",
        "SELECT pg_reload_conf()",
    ] {
        db.read().sql(setting).run().await?;
    }
    let database = Database::at(cluster.url.clone(), PathBuf::new()).await?;
    let server = database.serve(&run.program).await?;
    database::import(&server, run.customers.min(20_000)).await?;
    db.read().sql("ANALYZE").run().await?;
    let token = server.sign_in(&email(Role::Admin), PASSWORD).await?;
    let customers: Vec<String> = some_customers(&server, &token)
        .await?
        .into_iter()
        .step_by(100)
        .map(|(id, _)| id)
        .collect();
    let scripts: Vec<String> = customers
        .iter()
        .map(|id| {
            format!(
                "SELECT {} FROM customers WHERE organization_id = '{}' AND id = '{id}';",
                Customer::SELECT,
                database.organization
            )
        })
        .collect();
    let (mut ours, mut p99, mut theirs) = (Rounds::default(), Rounds::default(), Rounds::default());
    for _ in 0..run.rounds {
        let token = server.sign_in(&email(Role::Admin), PASSWORD).await?;
        let ask = |n: usize| {
            Some(get(
                &format!("/v1/customers/{}", customers[n % customers.len()]),
                &token,
            ))
        };
        let load = load(&server.address, CLIENTS, run.time, 200, ask).await?;
        ours.add(load.per_second);
        p99.add(load.p99);
        theirs.add(pgbench(run, &cluster, CLIENTS, &scripts)?);
    }
    let ratio = ours.over(&theirs).median();
    run.row(Row {
        what: "PostgreSQL: GET one customer".into(),
        measured: format!("{}, p99 {} ms", ours.show("/s"), number(p99.median())),
        against: format!("{}: pgbench with the same statement", theirs.show("/s")),
        ratio: format!("{:.0} %", ratio * 100.0),
        target: "≥ 60 %".into(),
        met: Some(Target::AtLeast(0.6).met(ratio)),
    });
    db.close().await;
    Ok(())
}
