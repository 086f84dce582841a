//! Where nothing is ever sent: addresses that are not public, in every spelling, and names that lead there.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::FutureExt;
use touchbase::features::webhooks::Lookup;
use touchbase::features::webhooks::address::objection;

use super::*;

/// `{port}` is the canary's. Each of these would reach this machine, its network, or a cloud's metadata.
const FORBIDDEN: &str = include_str!("forbidden.txt");

fn spellings(port: u16) -> Vec<String> {
    let lines = FORBIDDEN
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| line.replace("{port}", &port.to_string())).collect()
}

#[actix_web::test]
async fn no_spelling_of_a_private_address_is_taken_or_reached() {
    let (server, canary) = (Server::start().await, Receiver::start());
    let all = spellings(canary.address.port());
    assert!(all.len() >= 150, "{}", all.len());
    let admin = server.admin();
    let (mut entered, mut refused) = (Vec::new(), 0);
    for (number, url) in all.iter().enumerate() {
        let new = json!({"name": format!("Spelling {number}"), "url": url, "types": ["customer.*"]});
        let reply = admin.post("/v1/webhook-endpoints", new).await;
        match reply.status {
            201 => entered.push(url.clone()),
            400 => refused += 1,
            status => panic!("{url}: {status} {}", reply.text),
        }
    }
    // What is left are names, which are looked up when they are connected to.
    assert!(
        entered.iter().all(|url| url.to_lowercase().contains("localhost")
            || url.contains(".test")
            || url.contains("localdomain")),
        "{entered:?}"
    );
    assert!(refused >= 130, "{refused}");
    // Behind the door as well: as if somebody had written them into the database.
    let direct = all.iter().filter(|url| objection(url, &[]).is_none()).count();
    assert_eq!(direct, entered.len());
    let lookup: Lookup = Arc::new(move |_| async move { Ok(vec!["127.0.0.1:0".parse().unwrap()]) }.boxed());
    let office = Office::open(&server.app, lookup).unwrap();
    customer(&admin, "Alfreds").await;
    assert_eq!(office.settle().await.unwrap(), entered.len());
    assert_eq!(canary.count(), 0);
}

#[actix_web::test]
async fn without_the_guard_the_same_spellings_reach_the_canary() {
    let (server, canary) = (start().await, Receiver::start());
    let admin = server.admin();
    let mut reached = 0;
    for url in spellings(canary.address.port())
        .iter()
        .filter(|url| url.contains("7f") || url.contains("127.0.0.1"))
    {
        let new = json!({"name": "Control", "url": url, "types": ["customer.*"]});
        reached += usize::from(admin.post("/v1/webhook-endpoints", new).await.status == 201);
    }
    let url = format!("http://rebinding.test:{}/by-name", canary.address.port());
    endpoint(&admin, &url).await;
    let here: Lookup = Arc::new(|_| async { Ok(vec!["127.0.0.1:0".parse().unwrap()]) }.boxed());
    let office = Office::open(&server.app, here).unwrap();
    customer(&admin, "Alfreds").await;
    office.settle().await.unwrap();
    assert!(canary.received().iter().any(|it| it.path == "/by-name"));
    assert!(reached > 10 && canary.count() > 10, "{reached} {}", canary.count());
}

#[actix_web::test]
async fn a_name_that_changes_its_mind_leads_nowhere() {
    let (server, canary) = (Server::start().await, Receiver::start());
    let admin = server.admin();
    let url = format!("http://rebinding.test:{}/hook", canary.address.port());
    endpoint(&admin, &url).await;
    // Another answer each time, and never one that may be connected to: there is no moment between looking and connecting.
    let asked = Arc::new(AtomicUsize::new(0));
    let counts = asked.clone();
    let lookup: Lookup = Arc::new(move |_| {
        let even = counts.fetch_add(1, Ordering::SeqCst).is_multiple_of(2);
        let found: Vec<SocketAddr> = match even {
            true => vec!["127.0.0.1:0".parse().unwrap(), "[::1]:0".parse().unwrap()],
            false => vec![
                "169.254.169.254:0".parse().unwrap(),
                "[::ffff:127.0.0.1]:0".parse().unwrap(),
            ],
        };
        async move { Ok(found) }.boxed()
    });
    let office = Office::open(&server.app, lookup).unwrap();
    customer(&admin, "Alfreds").await;
    for _ in 0..4 {
        assert_eq!(office.settle().await.unwrap(), 1);
        server.app.clock.advance(TimeDelta::hours(3));
    }
    assert!(asked.load(Ordering::SeqCst) >= 4);
    assert_eq!(canary.count(), 0);
    let failed = deliveries(&server.again(&admin), "").await;
    assert_eq!(
        failed[0]["error"],
        "No address of this name is public, or allowed by this installation."
    );
}

#[test]
fn what_a_url_would_pass_over_is_refused() {
    for url in [
        "http://example.com/\r\nX: y",
        "http://exa\tmple.com/",
        " https://example.com/",
        "https://example.com/a b",
        "https://example.com/\u{a0}",
    ] {
        assert!(objection(url, &[]).is_some(), "{url:?}");
    }
    assert_eq!(objection("https://example.com/a%20b?c=d", &[]), None);
}
