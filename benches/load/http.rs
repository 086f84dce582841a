//! The smallest HTTP/1.1 client that keeps connections open: the generator shares the machine with what it measures.

use std::ops::Range;
use std::time::{Duration, Instant};

use futures_util::future::try_join_all;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::Outcome;

/// A request as it goes over the wire.
pub fn request(method: &str, path: &str, token: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n").into_bytes();
    if !token.is_empty() {
        bytes.extend_from_slice(format!("Authorization: Bearer {token}\r\n").as_bytes());
    }
    bytes.extend_from_slice(headers.as_bytes());
    if !body.is_empty() {
        bytes.extend_from_slice(format!("Content-Length: {}\r\n", body.len()).as_bytes());
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(body);
    bytes
}

pub fn get(path: &str, token: &str) -> Vec<u8> {
    request("GET", path, token, "", b"")
}

pub fn post(path: &str, token: &str, headers: &str, body: &Value) -> Vec<u8> {
    let headers = format!("Content-Type: application/json\r\n{headers}");
    request("POST", path, token, &headers, body.to_string().as_bytes())
}

/// One connection, kept open.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// An answer; its body lies in the connection's buffer.
pub struct Answer {
    pub status: u16,
    body: Range<usize>,
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

/// The value of a header; the server writes names in lower case.
fn header<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    head.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

impl Connection {
    pub async fn open(address: &str) -> Outcome<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: Vec::with_capacity(256 * 1024),
        })
    }

    async fn more(&mut self) -> Outcome<()> {
        if self.stream.read_buf(&mut self.buffer).await? == 0 {
            return Err("the server closed the connection".into());
        }
        Ok(())
    }

    /// Sends one request and reads its answer whole.
    pub async fn send(&mut self, request: &[u8]) -> Outcome<Answer> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let head = loop {
            match find(&self.buffer, b"\r\n\r\n") {
                Some(end) => break end + 4,
                None => self.more().await?,
            }
        };
        let text = std::str::from_utf8(&self.buffer[..head])?;
        let status = text.get(9..12).ok_or("no status line")?.parse()?;
        let length: Option<usize> = header(text, "content-length").map(str::parse).transpose()?;
        if length.is_none() && header(text, "transfer-encoding").is_some() {
            return self.chunked(status, head).await;
        }
        let end = head + if status == 304 { 0 } else { length.unwrap_or(0) };
        while self.buffer.len() < end {
            self.more().await?;
        }
        Ok(Answer {
            status,
            body: head..end,
        })
    }

    /// A body in chunks: put together in place.
    async fn chunked(&mut self, status: u16, head: usize) -> Outcome<Answer> {
        let (mut from, mut to) = (head, head);
        loop {
            let line = loop {
                match find(&self.buffer[from..], b"\r\n") {
                    Some(at) => break from + at,
                    None => self.more().await?,
                }
            };
            let size = usize::from_str_radix(std::str::from_utf8(&self.buffer[from..line])?.trim(), 16)?;
            while self.buffer.len() < line + 2 + size + 2 {
                self.more().await?;
            }
            self.buffer.copy_within(line + 2..line + 2 + size, to);
            to += size;
            from = line + 2 + size + 2;
            if size == 0 {
                return Ok(Answer { status, body: head..to });
            }
        }
    }

    pub fn body(&self, answer: &Answer) -> &[u8] {
        &self.buffer[answer.body.clone()]
    }

    /// Sends, and reads the JSON of an answer with this status.
    pub async fn json(&mut self, request: &[u8], status: u16) -> Outcome<Value> {
        self.read(request, status).await
    }

    /// The same, as far as is asked for.
    pub async fn read<T: DeserializeOwned>(&mut self, request: &[u8], status: u16) -> Outcome<T> {
        let answer = self.send(request).await?;
        let body = self.body(&answer);
        if answer.status != status {
            let line = String::from_utf8_lossy(&request[..request.len().min(120)]);
            let line = line.lines().next().unwrap_or_default();
            let body = String::from_utf8_lossy(&body[..body.len().min(2000)]);
            return Err(format!("{line}: {} instead of {status}: {body}", answer.status).into());
        }
        Ok(serde_json::from_slice(body)?)
    }
}

/// What a load came to.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    pub per_second: f64,
    /// Milliseconds.
    pub p50: f64,
    pub p99: f64,
}

/// Sends requests over so many connections, each waiting for its answer, until the time is up or `make` has no more.
///
/// `make` gets the number of the request, from 0.
pub async fn load(
    address: &str,
    connections: usize,
    time: Duration,
    status: u16,
    make: impl Fn(usize) -> Option<Vec<u8>>,
) -> Outcome<Load> {
    let open = try_join_all((0..connections).map(|_| Connection::open(address))).await?;
    let (next, started) = (std::cell::Cell::new(0), Instant::now());
    let (next, make) = (&next, &make);
    let clients = open.into_iter().map(|mut connection| async move {
        let mut latencies = Vec::with_capacity(16_384);
        while started.elapsed() < time {
            let number = next.get();
            next.set(number + 1);
            let Some(request) = make(number) else { break };
            let sent = Instant::now();
            let answer = connection.send(&request).await?;
            latencies.push(sent.elapsed());
            if answer.status != status {
                let body = String::from_utf8_lossy(connection.body(&answer)).into_owned();
                return Err(format!("{} instead of {status}: {body}", answer.status).into());
            }
        }
        Outcome::Ok(latencies)
    });
    let mut latencies: Vec<Duration> = try_join_all(clients).await?.into_iter().flatten().collect();
    let seconds = started.elapsed().as_secs_f64();
    latencies.sort_unstable();
    let at = |share: f64| {
        let place = (latencies.len() as f64 * share) as usize;
        latencies
            .get(place.min(latencies.len().saturating_sub(1)))
            .map_or(f64::NAN, |latency| latency.as_secs_f64() * 1000.0)
    };
    Ok(Load {
        per_second: latencies.len() as f64 / seconds,
        p50: at(0.5),
        p99: at(0.99),
    })
}
