//! Reports over many answers: how long one takes beside a GET, and whether it matters how many there are.

use sqlx::AssertSqlSafe;
use touchbase::access::Role;

use crate::database::{Database, PASSWORD, email, import};
use crate::http::{Connection, get, load, request};
use crate::measure::{Rounds, Row, Target, number};
use crate::server::Server;
use crate::{Outcome, Run, bare};

const CUSTOMERS: usize = 10_000;
const EXECUTIVES: usize = 100;
const FEW: usize = 10_000;
const MANY: usize = 1_000_000;
/// What is reported on: the usual days, and all that there are.
const PERIODS: [(&str, &str); 2] = [("the last ninety days", ""), ("ten years", "?from=")];

pub async fn reports(run: &mut Run) -> Outcome<()> {
    let few = filled(run, "reports-few", FEW).await?;
    let few = few.serve(&run.program).await?;
    let many = filled(run, "reports-many", MANY).await?;
    let many = many.serve(&run.program).await?;
    for name in ["nps", "activity"] {
        for (period, query) in PERIODS {
            let query = match query {
                "" => String::new(),
                from => format!(
                    "{from}{}",
                    touchbase::clock::Clock::default().now().utc().date_naive() - chrono::Days::new(3_650)
                ),
            };
            let path = format!("/v1/reports/{name}{query}");
            let (mut small, mut large, mut one) = <(Rounds, Rounds, Rounds)>::default();
            for _ in 0..run.rounds {
                small.add(p99(run, &few, &path).await?.0);
                let (report, get) = p99(run, &many, &path).await?;
                large.add(report);
                one.add(get);
            }
            let ratio = large.over(&one).median();
            run.row(Row {
                what: format!("{name} report over {} answers, {period}: p99", number(MANY as f64)),
                measured: large.show("ms"),
                against: format!("{}: GET one customer, p99", one.show("ms")),
                ratio: format!("{ratio:.0} ×"),
                target: "≤ 10 ×".into(),
                met: Some(Target::AtMost(10.0).met(ratio)),
            });
            let ratio = large.over(&small).median();
            run.row(Row {
                what: "the same".into(),
                measured: large.show("ms"),
                against: format!("{}: over {} answers", small.show("ms"), number(FEW as f64)),
                ratio: format!("{ratio:.1} ×"),
                target: "≤ 1.5 ×".into(),
                met: Some(Target::AtMost(1.5).met(ratio)),
            });
        }
    }
    Ok(())
}

/// Of the report and of a GET, each by one client: all but one of a hundred took no longer.
async fn p99(run: &Run, server: &Server, path: &str) -> Outcome<(f64, f64)> {
    let token = server.sign_in(&email(Role::Admin), PASSWORD).await?;
    let mut connection = Connection::open(&server.address).await?;
    let first = connection.json(&get("/v1/customers?limit=1", &token), 200).await?;
    let customer = first["data"][0]["id"].as_str().ok_or("no customer")?;
    let (report, one) = (get(path, &token), get(&format!("/v1/customers/{customer}"), &token));
    let report = load(&server.address, 1, run.time, 200, |_| Some(report.clone())).await?;
    let one = load(&server.address, 1, run.time, 200, |_| Some(one.clone())).await?;
    Ok((report.p99, one.p99))
}

/// A database with so many calls, each with its answer, spread evenly over ten years, customers and executives. The rows are written as
/// they lie in the file: what a report reads is the same however they came.
async fn filled(run: &Run, name: &str, answers: usize) -> Outcome<Database> {
    let database = Database::sqlite(&run.folder, name).await?;
    {
        let server = database.serve(&run.program).await?;
        import(&server, CUSTOMERS).await?;
        executives(&server).await?;
    }
    let pool = bare::open(&database.path).await?;
    for statement in [
        "CREATE TEMP TABLE c AS SELECT ROW_NUMBER() OVER (ORDER BY id) - 1 AS n, id FROM customers".to_owned(),
        "CREATE INDEX temp.c_n ON c (n)".into(),
        "CREATE TEMP TABLE u AS SELECT ROW_NUMBER() OVER (ORDER BY id) - 1 AS n, id FROM users WHERE role = 'executive'".into(),
        "CREATE INDEX temp.u_n ON u (n)".into(),
        format!(
            "CREATE TEMP TABLE f AS WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {answers}) \
            SELECT i, randomblob(16) AS id, (SELECT id FROM organizations) AS o, (SELECT id FROM programs LIMIT 1) AS p, c.id AS c, u.id AS u, \
            strftime('%Y-%m-%dT%H:%M:%f', 'now', '-' || (i * (3640.0 * 86400 / {answers})) || ' seconds') || '000+00:00' AS at, (i * 7919) % 11 AS score \
            FROM n JOIN c ON c.n = (i * 31) % {CUSTOMERS} JOIN u ON u.n = i % {EXECUTIVES}"
        ),
        "INSERT INTO attempts (organization_id, id, assignment_id, program_id, customer_id, user_id, disposition, occurred_at, duration_seconds, summary, local_hour, \
            local_weekday, request_hash, revision, created_at, updated_at) \
            SELECT o, id, id, p, c, u, CASE WHEN i % 3 = 0 THEN 'connected' ELSE 'left_voicemail' END, at, 600, 'Happy with support, worried about the move in spring.', \
            8 + i % 9, 1 + i % 5, 'made', 10, at, at FROM f"
            .into(),
        "INSERT INTO nps_responses (organization_id, id, customer_id, assignment_id, attempt_id, program_id, user_id, source, responded_at, score, follow_up_answer, \
            category, follow_up, follow_up_question, score_key, revision, created_at, updated_at) \
            SELECT o, id, c, id, id, p, u, 'call', at, score, 'That they listen, and come back with an answer.', \
            CASE WHEN score > 8 THEN 'promoter' WHEN score > 6 THEN 'passive' ELSE 'detractor' END, \
            CASE WHEN score > 7 THEN 'what_they_said' ELSE 'what_it_would_take' END, 'What would it take for you to answer 8 or higher?', score, 10, at, at FROM f"
            .into(),
        "ANALYZE".into(),
    ] {
        sqlx::query(AssertSqlSafe(statement)).execute(&pool).await?;
    }
    pool.close().await;
    Ok(database)
}

async fn executives(server: &Server) -> Outcome<()> {
    let token = server.sign_in(&email(Role::Admin), PASSWORD).await?;
    let mut file = String::from("email,name,role\n");
    for number in 1..EXECUTIVES {
        file += &format!("executive-{number}@bench.test,Executive {number},executive\n");
    }
    let send = request(
        "POST",
        "/v1/users/import",
        &token,
        "Content-Type: text/csv\r\n",
        file.as_bytes(),
    );
    let report = Connection::open(&server.address).await?.json(&send, 200).await?;
    match report["failed"].as_i64() {
        Some(0) => Ok(()),
        _ => Err(format!("executives were refused: {report}").into()),
    }
}
