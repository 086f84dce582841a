//! Two instances of the program on one PostgreSQL, behind a proxy that gives each connection to the other one, are one server to whoever asks.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail loudly")]

#[path = "../support/mod.rs"]
mod support;

mod devices;
mod files;
mod streams;

use futures_util::future::join_all;
use serde_json::{Value, json};
use support::database::on_postgres;
use support::proxy::Proxy;
use support::running::{ADMIN, Running, create_admin, signed_in};
use support::{Client, Database, PASSWORD};

/// Two instances, and what stands before them.
struct Pair {
    proxy: Proxy,
    instances: [Running; 2],
    _database: Database,
}

impl Pair {
    /// `None` on SQLite, whose file belongs to one instance.
    async fn start() -> Option<Self> {
        if !on_postgres() {
            return None;
        }
        let database = Database::new().await;
        create_admin(&database);
        let instances = [Running::start(&database.url), Running::start(&database.url)];
        Some(Self {
            proxy: Proxy::before(&[&instances[0].url, &instances[1].url]),
            instances,
            _database: database,
        })
    }

    /// The admin, whose every request is a connection of its own: one here, the next one there.
    async fn admin(&self) -> Client {
        Client {
            http: fickle(),
            ..signed_in(&self.proxy.url).await
        }
    }

    /// The same caller, at each instance by itself.
    fn each(&self, client: &Client) -> [Client; 2] {
        [0, 1].map(|at: usize| Client {
            url: self.instances[at].url.clone(),
            ..client.clone()
        })
    }
}

/// Keeps no connection.
fn fickle() -> reqwest::Client {
    touchbase::tls::client().pool_max_idle_per_host(0).build().unwrap()
}

#[actix_web::test]
async fn a_retry_that_meets_the_other_instance_gets_the_first_answer() {
    let Some(pair) = Pair::start().await else { return };
    let admin = pair.admin().await;
    let new = json!({"name": "Alfreds", "external_id": "ALFKI"});
    let first = admin.post_once("/v1/customers", "once", new.clone()).await;
    let made = first.expect(201);
    for _ in 0..4 {
        let again = admin.post_once("/v1/customers", "once", new.clone()).await;
        assert_eq!(again.header("idempotency-replayed"), "true");
        assert_eq!(again.expect(201), made);
    }
    let other = json!({"name": "Other"});
    for client in pair.each(&admin) {
        let reused = client.post_once("/v1/customers", "once", other.clone()).await;
        assert_eq!(reused.problem(422), "idempotency_key_reused");
    }
    // At the same moment, at both.
    for round in 0..10 {
        let key = format!("race-{round}");
        let body = json!({"name": format!("Racer {round}")});
        let all = join_all((0..8).map(|_| admin.post_once("/v1/customers", &key, body.clone()))).await;
        let mut ids = Vec::new();
        for reply in all {
            match reply.status {
                409 => assert_eq!(reply.problem(409), "request_in_progress"),
                _ => ids.push(reply.expect(201)["id"].clone()),
            }
        }
        ids.dedup();
        assert_eq!(ids.len(), 1, "{ids:?}");
    }
    let customers = admin.get("/v1/customers?include_total=true").await.expect(200);
    assert_eq!(customers["total"], 11);
}

#[actix_web::test]
async fn what_one_instance_writes_the_other_reads_and_guards() {
    let Some(pair) = Pair::start().await else { return };
    let admin = pair.admin().await;
    for at in 0..25 {
        let new = json!({"name": format!("Customer {at:02}")});
        let made = admin.post("/v1/customers", new).await.expect(201);
        let path = format!("/v1/customers/{}", made["id"].as_str().unwrap());
        for client in pair.each(&admin) {
            assert_eq!(client.get(&path).await.expect(200), made);
        }
    }
    // A page here, the next one there: cursors are signed with what both know.
    let (mut names, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = admin
            .get(&format!("/v1/customers?sort=name&limit=4{cursor}"))
            .await
            .expect(200);
        let data = page["data"].as_array().unwrap().iter();
        names.extend(data.map(|customer| customer["name"].as_str().unwrap().to_owned()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(names, (0..25).map(|at| format!("Customer {at:02}")).collect::<Vec<_>>());

    // Revisions are one row of numbers, whoever gives them out.
    let page = admin.get("/v1/customers?limit=1").await.expect(200);
    let path = format!("/v1/customers/{}", page["data"][0]["id"].as_str().unwrap());
    let writers = (0..20).map(|at| {
        let (admin, path) = (&admin, &path);
        async move {
            admin
                .patch(path, json!({"industry": format!("{at}")}))
                .await
                .expect(200)["revision"]
                .as_i64()
        }
    });
    let mut revisions = join_all(writers).await;
    revisions.sort_unstable();
    revisions.dedup();
    assert_eq!(revisions.len(), 20);
    let [here, there] = pair.each(&admin);
    let before = here.get(&path).await;
    let etag = before.header("etag");
    there.patch(&path, json!({"industry": "Shoes"})).await.expect(200);
    let late = here
        .request("PATCH", &path)
        .header("content-type", "application/merge-patch+json")
        .header("if-match", etag)
        .body(json!({"industry": "Boots"}).to_string());
    assert_eq!(here.send(late).await.problem(412), "precondition_failed");
}

async fn login(client: &Client, password: &str) -> support::Reply {
    let body = json!({"email": ADMIN, "password": password});
    client.post("/v1/auth/login", body).await
}

#[actix_web::test]
async fn guesses_are_counted_together() {
    let Some(pair) = Pair::start().await else { return };
    let nobody = Client {
        token: None,
        ..pair.admin().await
    };
    let mut wrong = 0;
    for _ in 0..14 {
        wrong += usize::from(login(&nobody, "a wrong password").await.status == 401);
    }
    assert_eq!(wrong, 10);
    for client in pair.each(&nobody) {
        assert_eq!(login(&client, PASSWORD).await.problem(429), "too_many_requests");
    }
}

#[actix_web::test]
async fn a_session_lives_and_ends_at_both() {
    let Some(pair) = Pair::start().await else { return };
    let admin = pair.admin().await;
    let [here, there] = pair.each(&admin);
    let session = login(&here, PASSWORD).await.expect(200);
    let refresh = |client: &Client, session: &Value| {
        let (client, body) = (client.clone(), json!({"refresh_token": session["refresh_token"]}));
        async move { client.post("/v1/auth/refresh", body).await }
    };
    let second = refresh(&there, &session).await.expect(200);
    let third = refresh(&here, &second).await.expect(200);
    // A copied token ends the session, and both know.
    refresh(&there, &session).await.problem(401);
    refresh(&there, &third).await.problem(401);
    refresh(&here, &third).await.problem(401);

    let key = admin
        .post("/v1/api-keys", json!({"name": "Wall", "role": "viewer"}))
        .await
        .expect(201);
    let script = Client {
        token: key["secret"].as_str().map(str::to_owned),
        ..admin.clone()
    };
    for client in pair.each(&script) {
        client.get("/v1/customers").await.expect(200);
    }
    admin
        .delete(&format!("/v1/api-keys/{}", key["api_key"]["id"].as_str().unwrap()))
        .await
        .expect(200);
    // Each remembers who somebody is for a moment, and no longer.
    for client in pair.each(&script) {
        while client.get("/v1/customers").await.status == 200 {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        client.get("/v1/customers").await.problem(401);
    }
}

#[actix_web::test]
async fn a_bulk_assignment_whose_answers_are_lost_is_made_once() {
    let Some(pair) = Pair::start().await else { return };
    let admin = pair.admin().await;
    let nancy = json!({"email": "nancy@northwind.test", "name": "Nancy", "role": "executive"});
    admin.post("/v1/users", nancy).await.expect(201);
    let rows: String = (0..3_000).map(|at| format!("C-{at},Customer {at}\n")).collect();
    let file = format!("external_id,name\n{rows}");
    assert_eq!(
        admin.csv("/v1/customers/import", file).await.expect(200)["created"],
        3_000
    );
    let items = (0..3_000)
        .map(|at| json!({"customer_external_id": format!("C-{at}"), "assignee_email": "nancy@northwind.test"}));
    let body = json!({"items": items.collect::<Vec<_>>()});
    pair.proxy.cut("POST /v1/assignments/bulk", 0, 3);
    let answer = loop {
        let request = admin
            .request("POST", "/v1/assignments/bulk")
            .header("idempotency-key", "bulk");
        match request.json(&body).send().await {
            Ok(answer) if answer.status() == 201 => break answer,
            Ok(answer) => assert_eq!(answer.status(), 409, "the first one is still at work"),
            Err(broken) => drop(broken),
        }
    };
    assert_eq!(answer.headers()["idempotency-replayed"], "true");
    let assignments = admin
        .get("/v1/assignments?include_total=true&limit=1")
        .await
        .expect(200);
    assert_eq!(assignments["total"], 3_000);
}
