//! A thousand clients that listen: what they cost while nothing happens, and how soon all of them hear of one event.

use std::time::{Duration, Instant};

use futures_util::future::try_join_all;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use touchbase::access::Role;

use crate::database::{Database, PASSWORD, email};
use crate::http::{Connection, post, request};
use crate::measure::{Rounds, Row, Target, number};
use crate::server::Server;
use crate::{Outcome, Run};

const LISTENERS: usize = 1_000;
/// As long as the program is left alone before its memory is read.
const REST: Duration = Duration::from_secs(5);

/// A client that listens.
struct Listener {
    stream: TcpStream,
    heard: Vec<u8>,
}

impl Listener {
    async fn open(address: &str, token: &str) -> Outcome<Self> {
        let mut stream = TcpStream::connect(address).await?;
        let ask = request("GET", "/v1/events", token, "Accept: text/event-stream\r\n", b"");
        stream.write_all(&ask).await?;
        let mut listener = Self {
            stream,
            heard: Vec::new(),
        };
        listener.until(b"retry:").await?;
        Ok(listener)
    }

    async fn until(&mut self, word: &[u8]) -> Outcome<()> {
        loop {
            if self.heard.windows(word.len()).any(|window| window == word) {
                self.heard.clear();
                return Ok(());
            }
            if self.stream.read_buf(&mut self.heard).await? == 0 {
                return Err("a stream has ended".into());
            }
        }
    }
}

pub async fn streams(run: &mut Run) -> Outcome<()> {
    let database = Database::sqlite(&run.folder, "streams").await?;
    let (mut memory, mut all, mut each) = <(Rounds, Rounds, Rounds)>::default();
    let most = LISTENERS.to_string();
    for round in 0..run.rounds {
        let arguments = ["serve", "--streams-per-caller", most.as_str()];
        let server = Server::start(&run.program, &arguments, &database.url).await?;
        let token = server.sign_in(&email(Role::Admin), PASSWORD).await?;
        tokio::time::sleep(REST).await;
        let before = server.memory("VmRSS")?;
        let mut listeners = Vec::with_capacity(LISTENERS);
        for _ in 0..LISTENERS {
            listeners.push(Listener::open(&server.address, &token).await?);
        }
        tokio::time::sleep(REST).await;
        let grown = server.memory("VmRSS")? - before;
        memory.add(grown);
        each.add(grown * 1024.0 / LISTENERS as f64);
        let mut connection = Connection::open(&server.address).await?;
        let customer = post(
            "/v1/customers",
            &token,
            "",
            &json!({"name": format!("Heard of {round}")}),
        );
        let begun = Instant::now();
        connection.json(&customer, 201).await?;
        try_join_all(listeners.iter_mut().map(|listener| listener.until(b"customer.created"))).await?;
        all.add(begun.elapsed().as_secs_f64() * 1000.0);
    }
    let what = format!(
        "{} event streams, idle: memory more than without",
        number(LISTENERS as f64)
    );
    run.row(Row {
        what,
        measured: memory.show("MB"),
        against: format!("{} kB each", number(each.median())),
        ratio: String::new(),
        target: "≤ 50 MB".into(),
        met: Some(Target::AtMost(50.0).met(memory.median())),
    });
    run.row(Row {
        what: "one event, from the request that makes it until the last of them has heard".into(),
        measured: all.show("ms"),
        against: String::new(),
        ratio: String::new(),
        target: "≤ 1,000 ms".into(),
        met: Some(Target::AtMost(1000.0).met(all.median())),
    });
    Ok(())
}
