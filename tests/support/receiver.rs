//! A program that receives webhooks, and answers as it is told.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::Value;

/// What it answers.
#[derive(Debug, Clone)]
pub enum Answers {
    /// This status.
    Status(u16),
    /// This status, with another header.
    With(u16, String),
    /// Nothing: it closes the connection.
    Nothing,
    /// Nothing for so long.
    Slowly(Duration),
    /// A body that never ends.
    ForEver,
}

/// What came.
#[derive(Debug, Clone)]
pub struct Received {
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub text: String,
    pub body: Value,
}

impl Received {
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).unwrap_or_default()
    }
}

pub struct Receiver {
    pub address: SocketAddr,
    script: Arc<Mutex<VecDeque<Answers>>>,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Receiver {
    /// Answers 204, unless it is told otherwise.
    pub fn start() -> Self {
        Self::at("127.0.0.1:0".parse().unwrap())
    }

    pub fn at(address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let receiver = Self {
            address: listener.local_addr().unwrap(),
            script: Arc::default(),
            received: Arc::default(),
        };
        let (script, received) = (receiver.script.clone(), receiver.received.clone());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (script, received) = (script.clone(), received.clone());
                thread::spawn(move || serve(stream, &script, &received));
            }
        });
        receiver
    }

    pub fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// What it answers next, one after the other; then 204 again.
    pub fn answer(&self, answers: impl IntoIterator<Item = Answers>) {
        self.script.lock().unwrap().extend(answers);
    }

    pub fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    pub fn count(&self) -> usize {
        self.received.lock().unwrap().len()
    }

    /// Until so many have come.
    pub async fn until(&self, count: usize) -> Vec<Received> {
        for _ in 0..1500 {
            if self.count() >= count {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert!(self.count() >= count, "{} of {count} have come", self.count());
        self.received()
    }
}

fn serve(mut stream: TcpStream, script: &Mutex<VecDeque<Answers>>, received: &Mutex<Vec<Received>>) {
    while let Some(request) = read(&mut stream) {
        received.lock().unwrap().push(request);
        let answer = script.lock().unwrap().pop_front().unwrap_or(Answers::Status(204));
        let (status, header) = match answer {
            Answers::Status(status) => (status, String::new()),
            Answers::With(status, header) => (status, format!("{header}\r\n")),
            Answers::Nothing => return,
            Answers::Slowly(time) => {
                thread::sleep(time);
                return;
            }
            Answers::ForEver => {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
                while stream
                    .write_all(format!("400\r\n{}\r\n", "x".repeat(1024)).as_bytes())
                    .is_ok()
                {}
                return;
            }
        };
        let length = if status == 204 { "" } else { "content-length: 0\r\n" };
        let _ = stream.write_all(format!("HTTP/1.1 {status} Told\r\n{header}{length}\r\n").as_bytes());
    }
}

fn read(stream: &mut TcpStream) -> Option<Received> {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let taken = stream.read(&mut piece).ok().filter(|taken| *taken > 0)?;
        bytes.extend_from_slice(&piece[..taken]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let mut lines = head.lines();
        let path = lines.next()?.split(' ').nth(1)?.to_owned();
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let length = headers.iter().find(|(name, _)| name == "content-length");
        let length: usize = length.map_or(0, |(_, value)| value.parse().unwrap());
        if body.len() >= length {
            return Some(Received {
                path,
                headers,
                text: body.to_owned(),
                body: serde_json::from_str(body).unwrap_or(Value::Null),
            });
        }
    }
}
