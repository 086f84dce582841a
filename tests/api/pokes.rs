//! Who waits for changes hears of them, whichever instance writes them.

use std::time::Duration;

use serde_json::json;
use sqlx::{Connection, PgConnection};
use touchbase::app::App;
use touchbase::clock::Clock;
use touchbase::db::Listener;

use crate::support::database::on_postgres;
use crate::support::{Server, config};

async fn newer(listener: &mut Listener) -> i64 {
    let heard = tokio::time::timeout(Duration::from_secs(20), listener.newer()).await;
    heard.expect("nothing was heard")
}

#[actix_web::test]
async fn what_is_written_here_is_heard_here_at_once() {
    let server = Server::start().await;
    let mut listener = server.app.db.pokes().listen(server.organization);
    let other = server.another_organization().await;
    other.post("/v1/customers", json!({"name": "Theirs"})).await.expect(201);
    let ours = server.manager().post("/v1/customers", json!({"name": "Ours"})).await;
    let revision = ours.expect(201)["revision"].as_i64().unwrap();
    assert_eq!(newer(&mut listener).await, revision);
}

#[actix_web::test]
async fn what_another_instance_writes_is_heard() {
    let server = Server::start().await;
    let url = server.app.config.database_url.clone();
    let other = App::open(config(&url), Clock::default(), None).await.unwrap();
    let (here, there) = (server.app.clone(), other.clone());
    let loops = [
        tokio::spawn(async move { here.db.hear().await }),
        tokio::spawn(async move { there.db.hear().await }),
    ];
    let mut listener = other.db.pokes().listen(server.organization);
    for number in 0..3 {
        let customer = json!({"name": format!("Customer {number}")});
        let written = server.manager().post("/v1/customers", customer).await.expect(201);
        let revision = written["revision"].as_i64().unwrap();
        while newer(&mut listener).await < revision {}
    }
    loops.iter().for_each(tokio::task::JoinHandle::abort);
    other.db.close().await;
}

#[actix_web::test]
async fn instances_tell_each_other_and_listen_again_after_a_lost_connection() {
    if !on_postgres() {
        return;
    }
    let server = Server::start().await;
    let app = server.app.clone();
    let hearing = tokio::spawn(async move { app.db.hear().await });
    let (url, organization) = (server.app.config.database_url.clone(), server.organization);
    let mut raw = PgConnection::connect(&url).await.unwrap();
    let mut listener = server.app.db.pokes().listen(organization);
    // A revision that nobody finds by looking.
    for (round, ahead) in [1_000_000, 2_000_000].into_iter().enumerate() {
        let told = async {
            loop {
                notify(&mut raw, format!("nonsense {organization}:{ahead}")).await;
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        let heard = async { while newer(&mut listener).await < ahead {} };
        tokio::select! { () = told => {}, () = heard => {} }
        if round == 0 {
            let ended: Vec<(bool,)> = sqlx::query_as(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'touchbase, listening' AND datname = current_database()",
            )
            .fetch_all(&mut raw)
            .await
            .unwrap();
            assert_eq!(ended, [(true,)]);
        }
    }
    let mut others = sqlx::postgres::PgListener::connect(&url).await.unwrap();
    others.listen("touchbase_revisions").await.unwrap();
    let written = server.manager().post("/v1/customers", json!({"name": "Told"})).await;
    let expected = format!("{organization}:{}", written.expect(201)["revision"]);
    let told = tokio::time::timeout(Duration::from_secs(20), others.recv()).await;
    assert_eq!(told.unwrap().unwrap().payload(), expected);
    hearing.abort();
}

async fn notify(raw: &mut PgConnection, told: String) {
    sqlx::query("SELECT pg_notify('touchbase_revisions', $1)")
        .bind(told)
        .execute(raw)
        .await
        .unwrap();
}
