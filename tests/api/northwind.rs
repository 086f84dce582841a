//! A real list: Northwind's 93 companies are assigned across its nine users in one bulk request.

use serde_json::json;
use sqlx::{Connection, SqliteConnection};

use crate::support::{Client, Server};

fn path(file: &str) -> String {
    format!("{}/tests/data/{file}", env!("CARGO_MANIFEST_DIR"))
}

fn rows(file: &str) -> Vec<csv::StringRecord> {
    let text = std::fs::read_to_string(path(file)).unwrap();
    let text = text.trim_start_matches('\u{feff}').to_owned();
    csv::Reader::from_reader(text.as_bytes())
        .records()
        .map(Result::unwrap)
        .collect()
}

#[actix_web::test]
async fn ninety_three_companies_go_to_nine_users_in_one_request() {
    let server = Server::start().await;
    let manager = server.manager();
    let (companies, users) = (rows("northwind-companies.hubspot.csv"), rows("northwind-users.csv"));
    assert_eq!((companies.len(), users.len()), (93, 9));
    let admin = server.admin();
    for (kind, file) in [
        ("users", "northwind-users.csv"),
        ("customers", "northwind-companies.hubspot.csv"),
    ] {
        let file = std::fs::read(path(file)).unwrap();
        let report = admin.csv(&format!("/v1/{kind}/import"), file).await.expect(200);
        assert_eq!(report["failed"], 0, "{report}");
    }
    // Who is to call needs the role for it: Laura came as a contributor.
    let laura = admin
        .get("/v1/users?email=laura.callahan@northwind.test")
        .await
        .expect(200)["data"][0]
        .clone();
    let laura = format!("/v1/users/{}", laura["id"].as_str().unwrap());
    admin.patch(&laura, json!({"role": "executive"})).await.expect(200);
    let pairs = companies.iter().zip(users.iter().cycle());
    let mut file = String::from("customer_external_id,assignee_email,due_on,reason\r\n");
    for (company, user) in pairs {
        file.push_str(&format!(
            "{},{},2026-12-31,\"{}, a customer of long standing\"\r\n",
            &company[0],
            &user[0],
            company[1].replace('"', "\"\"")
        ));
    }
    let request = manager
        .request("POST", "/v1/assignments/bulk")
        .header("content-type", "text/csv")
        .header("idempotency-key", "northwind")
        .body(file);
    let made = manager.send(request).await.expect(201);
    assert_eq!(made["created"], 93);
    let page = manager
        .get("/v1/assignments?limit=200&expand=customer,assignee")
        .await
        .expect(200);
    let listed = page["data"].as_array().unwrap();
    assert_eq!(listed.len(), 93);
    for (at, user) in users.iter().enumerate() {
        let own = listed
            .iter()
            .filter(|assignment| assignment["assignee"]["email"] == user[0])
            .count();
        assert_eq!(own, if at < 3 { 11 } else { 10 }, "{}", &user[0]);
    }
    let alfreds = listed
        .iter()
        .find(|assignment| assignment["customer"]["external_id"] == "ALFKI")
        .unwrap();
    assert_eq!(alfreds["reason"], "Alfreds Futterkiste, a customer of long standing");
    let batch = format!("/v1/assignment-batches/{}", made["batch_id"].as_str().unwrap());
    assert_eq!(
        manager.post(&format!("{batch}/revert"), json!(null)).await.expect(200)["reverted"],
        93
    );
}

/// The companies as a table of their own: name, billing in cents, day, place in the file.
async fn companies() -> SqliteConnection {
    let mut table = SqliteConnection::connect("sqlite::memory:").await.unwrap();
    let create = "CREATE TABLE companies (place INTEGER, name TEXT, cents INTEGER, since TEXT)";
    sqlx::query(create).execute(&mut table).await.unwrap();
    for (place, row) in rows("northwind-companies.hubspot.csv").into_iter().enumerate() {
        let dollars: Option<f64> = row[12].parse().ok();
        sqlx::query("INSERT INTO companies VALUES (?1, ?2, ?3, ?4)")
            .bind(i64::try_from(place).unwrap())
            .bind(row[1].to_owned())
            .bind(dollars.map(|dollars| (dollars * 100.0).round() as i64))
            .bind(Some(row[3].to_owned()).filter(|day| !day.is_empty()))
            .execute(&mut table)
            .await
            .unwrap();
    }
    table
}

/// What plain SQL over the file says, against what the segment says.
async fn agree(manager: &Client, table: &mut SqliteConnection, segment: &str, question: &'static str) -> Vec<String> {
    let expected: Vec<(String,)> = sqlx::query_as(question).fetch_all(table).await.unwrap();
    let expected: Vec<String> = expected.into_iter().map(|(name,)| name).collect();
    let page = manager
        .get(&format!("/v1/segments/{segment}/customers?limit=200"))
        .await
        .expect(200);
    let data = page["data"].as_array().unwrap();
    let found: Vec<&str> = data.iter().map(|row| row["name"].as_str().unwrap()).collect();
    assert_eq!(found, expected, "{segment}");
    let counted = manager.get(&format!("/v1/segments/{segment}")).await.expect(200);
    assert_eq!(counted["count"], expected.len());
    data.iter()
        .map(|row| row["reason"].as_str().unwrap().to_owned())
        .collect()
}

#[actix_web::test]
async fn segments_of_the_imported_companies_are_what_plain_sql_says_of_the_file() {
    let server = Server::start().await;
    let manager = server.manager();
    for (kind, file) in [
        ("users", "northwind-users.csv"),
        ("customers", "northwind-companies.hubspot.csv"),
    ] {
        let file = std::fs::read(path(file)).unwrap();
        server
            .admin()
            .csv(&format!("/v1/{kind}/import"), file)
            .await
            .expect(200);
    }
    let mut table = companies().await;
    let billers = "SELECT name FROM companies WHERE cents > 0 ORDER BY cents DESC LIMIT 10";
    let reasons = agree(&manager, &mut table, "biggest_billers", billers).await;
    assert_eq!(reasons[2], "3rd of 93 by billing: 70,424 USD");
    let newest = "SELECT name FROM companies WHERE since IS NOT NULL ORDER BY since DESC, place LIMIT 10";
    agree(&manager, &mut table, "newest", newest).await;
    let longest = "SELECT name FROM companies WHERE since IS NOT NULL ORDER BY since, place LIMIT 10";
    agree(&manager, &mut table, "longest_standing", longest).await;
    // Those before whom less than 80 % of all billing lies.
    let pareto = "SELECT name FROM companies c WHERE cents > 0 AND (SELECT COALESCE(SUM(cents), 0) FROM companies b WHERE b.cents > c.cents) * 100 < 80 * (SELECT SUM(cents) FROM companies) ORDER BY cents DESC";
    let reasons = agree(&manager, &mut table, "pareto", pareto).await;
    let share = "SELECT MIN(share) FROM (SELECT SUM(cents) OVER (ORDER BY cents DESC) * 100.0 / (SELECT SUM(cents) FROM companies) AS share FROM companies WHERE cents > 0) WHERE share >= 80";
    let (share,): (f64,) = sqlx::query_as(share).fetch_one(&mut table).await.unwrap();
    let last = reasons.last().unwrap();
    assert!(
        last.ends_with(&format!("with those before it {share:.1} % of all billing")),
        "{last}"
    );
}
