//! A client that listens to a stream of events.

use std::time::Duration;

use serde_json::Value;

use super::Client;

/// Nothing is awaited for longer.
const PATIENCE: Duration = Duration::from_secs(30);

/// An open stream.
pub struct Listening {
    response: reqwest::Response,
    heard: String,
}

/// One event as it came.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Heard {
    pub id: Option<i64>,
    pub event: Option<String>,
    pub data: Value,
}

impl Client {
    /// Listens, with these headers beside.
    pub async fn listen(&self, path: &str, headers: &[(&str, &str)]) -> Listening {
        let mut request = self.request("GET", path).header("accept", "text/event-stream");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["content-encoding"], "identity");
        Listening {
            response,
            heard: String::new(),
        }
    }
}

impl Listening {
    /// The next block of lines, comments and all; `None` at the end.
    pub async fn block(&mut self) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.heard.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.heard = rest;
                return Some(block);
            }
            let chunk = tokio::time::timeout(PATIENCE, self.response.chunk()).await;
            let chunk = chunk.expect("the stream says nothing").ok().flatten()?;
            self.heard.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// The next event with data; `None` when the stream ends before.
    pub async fn event(&mut self) -> Option<Heard> {
        loop {
            let block = self.block().await?;
            let mut heard = Heard::default();
            for line in block.lines() {
                match line.split_once(": ") {
                    Some(("id", id)) => heard.id = Some(id.parse().unwrap()),
                    Some(("event", name)) => heard.event = Some(name.to_owned()),
                    Some(("data", data)) => heard.data = serde_json::from_str(data).unwrap(),
                    Some(_) | None => {}
                }
            }
            if !heard.data.is_null() {
                return Some(heard);
            }
        }
    }

    /// Everything until the end.
    pub async fn rest(&mut self) -> Vec<Heard> {
        let mut all = Vec::new();
        while let Some(heard) = self.event().await {
            all.push(heard);
        }
        all
    }
}
