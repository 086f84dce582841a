//! PostgreSQL: the server beside pgbench, which sends the same statements without a server between.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use touchbase::access::Role;
use touchbase::db::{Db, Sqls as _};
use touchbase::features::customers::customer::Customer;
use touchbase::journal::Record as _;

use crate::database::{self, Database, PASSWORD, email};
use crate::http::{get, load};
use crate::measure::{Rounds, Row, Target, number};
use crate::reading::{CLIENTS, some_customers};
use crate::server::Server;
use crate::{Outcome, Run, writing};

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
    debrief(run, &cluster, &db, &database, &server).await?;
    db.close().await;
    Ok(())
}

/// The debrief over HTTP, and the very statements of one sent by pgbench, in turns.
async fn debrief(run: &mut Run, cluster: &Cluster, db: &Db, database: &Database, server: &Server) -> Outcome<()> {
    let script = recorded(cluster, db, database, server).await?;
    let statements = script.lines().filter(|line| line.ends_with(';')).count();
    let count = if run.customers < 100_000 { 300 } else { 1_000 };
    let (mut ours, mut p99, mut theirs) = (Rounds::default(), Rounds::default(), Rounds::default());
    for _ in 0..run.rounds {
        let load = writing::debriefs(server, database, CLIENTS, count).await?;
        ours.add(load.per_second);
        p99.add(load.p99);
        theirs.add(pgbench(run, cluster, CLIENTS, std::slice::from_ref(&script))?);
    }
    let ratio = ours.over(&theirs).median();
    run.row(Row {
        what: format!("PostgreSQL: debrief, {CLIENTS} clients"),
        measured: format!("{}, p99 {} ms", ours.show("/s"), number(p99.median())),
        against: format!("{}: pgbench with the same {statements} statements", theirs.show("/s")),
        ratio: format!("{:.0} %", ratio * 100.0),
        target: "≥ 60 %".into(),
        met: Some(Target::AtLeast(0.6).met(ratio)),
    });
    Ok(())
}

/// One debrief as PostgreSQL saw it, written as a script that can be run again and again: new ids are drawn, revisions counted on.
async fn recorded(cluster: &Cluster, db: &Db, database: &Database, server: &Server) -> Outcome<String> {
    // The first one warms up; what the second one sends is what all send. Its assignment is there before.
    writing::assign(server, database, 3).await?;
    writing::debriefs(server, database, 1, 1).await?;
    let log = cluster.folder.join("server.log");
    let setting = |what: &'static str| async move {
        db.read().sql(what).run().await?;
        db.read().sql("SELECT pg_reload_conf()").run().await?;
        tokio::time::sleep(Duration::from_millis(500)).await;
        Outcome::Ok(())
    };
    let before = std::fs::read_to_string(&log)?.len();
    let revision = writing::revision(database).await?;
    let began = touchbase::clock::Clock::default().id();
    setting("ALTER SYSTEM SET log_statement = 'all'").await?;
    writing::debriefs(server, database, 1, 1).await?;
    setting("ALTER SYSTEM SET log_statement = 'none'").await?;
    let said = std::fs::read_to_string(&log)?.split_off(before);

    let (mut script, mut whole) = (Vec::new(), String::new());
    let (mut ids, mut lines) = (Vec::new(), said.lines().peekable());
    while let Some(line) = lines.next() {
        let Some((_, statement)) = line
            .split_once("LOG:  execute ")
            .and_then(|(_, rest)| rest.split_once(": "))
            .or_else(|| line.split_once("LOG:  statement: ").map(|(_, rest)| ("", rest)))
        else {
            continue;
        };
        let statement = statement.trim();
        match statement {
            "BEGIN" => script = vec!["BEGIN;".to_owned()],
            "COMMIT" if script.iter().any(|line| line.contains("INSERT INTO attempts")) => {
                script.push("COMMIT;".to_owned());
                whole = script.join("\n");
            }
            _ => {
                let given = lines.next_if(|next| next.contains("DETAIL:  parameters: "));
                let values = given
                    .map(|line| values(line, revision, began, &mut ids))
                    .unwrap_or_default();
                let mut line = filled(statement, &values);
                // The lock on the organization's row says where its revisions stand.
                let locks = statement.starts_with("UPDATE organizations") && statement.contains("RETURNING");
                line.push_str(if locks { " \\gset" } else { ";" });
                script.push(line);
            }
        }
    }
    if whole.is_empty() {
        return Err("the statements of a debrief were not found in PostgreSQL's log".into());
    }
    let draws: Vec<String> = (0..ids.len())
        .map(|at| format!("\\set id{at} random(1, 281474976710655)\n"))
        .collect();
    Ok(format!("{}{whole}\n", draws.concat()))
}

/// The parameters of a statement, as the script gives them.
fn values(line: &str, revision: i64, began: uuid::Uuid, ids: &mut Vec<uuid::Uuid>) -> Vec<String> {
    let (_, mut rest) = line.split_once("parameters: ").unwrap_or_default();
    let mut values = Vec::new();
    while let Some((_, value)) = rest.split_once(" = ") {
        let mut end = value.find(", $").unwrap_or(value.len());
        if value.starts_with('\'') {
            let mut letters = value.char_indices().skip(1).peekable();
            while let Some((at, letter)) = letters.next() {
                if letter != '\'' {
                    continue;
                }
                if letters.next_if(|(_, next)| *next == '\'').is_none() {
                    end = at + 1;
                    break;
                }
            }
        }
        let (value, after) = value.split_at(end);
        rest = after;
        let bare = value.trim_matches('\'');
        let newer = bare
            .parse()
            .ok()
            .map(|number: i64| number - revision)
            .filter(|more| (1..100).contains(more));
        let fresh = bare
            .parse()
            .ok()
            .filter(|id: &uuid::Uuid| *id > began && id.get_version_num() == 7);
        values.push(match (newer, fresh) {
            (Some(more), _) => format!("(:last_revision + {more})"),
            (None, Some(id)) => {
                let at = ids.iter().position(|known| *known == id).unwrap_or_else(|| {
                    ids.push(id);
                    ids.len() - 1
                });
                format!("('00000000-0000-7000-80{at:02x}-' || lpad(to_hex(CAST(:id{at} AS BIGINT)), 12, '0'))::uuid")
            }
            (None, None) => value.to_owned(),
        });
    }
    values
}

/// The statement with its parameters written in.
fn filled(statement: &str, values: &[String]) -> String {
    let mut text = String::new();
    let mut rest = statement;
    while let Some((before, after)) = rest.split_once('$') {
        text.push_str(before);
        let digits = after.len() - after.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
        let value = after[..digits]
            .parse::<usize>()
            .ok()
            .and_then(|at| values.get(at.checked_sub(1)?));
        text.push_str(value.map_or("$", String::as_str));
        rest = &after[if value.is_some() { digits } else { 0 }..];
    }
    text + rest
}
