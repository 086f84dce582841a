//! A proxy between a client and one or several servers: connections go round, and answers are cut off where a test says so.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// Answers to cut off: of requests that begin so, after so many bytes, so often.
struct Cut {
    request: String,
    after: usize,
    times: usize,
}

#[derive(Default)]
struct Shared {
    servers: Vec<SocketAddr>,
    turn: AtomicUsize,
    cut: Mutex<Option<Cut>>,
    /// First lines of the requests that came by.
    seen: Mutex<Vec<String>>,
}

/// Listens until the test ends.
pub struct Proxy {
    pub url: String,
    shared: Arc<Shared>,
}

impl Proxy {
    /// Each new connection goes to the next of these servers.
    pub fn before(servers: &[&str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let servers = servers
            .iter()
            .map(|url| url.trim_start_matches("http://").parse().unwrap());
        let shared = Arc::new(Shared {
            servers: servers.collect(),
            ..Shared::default()
        });
        let of_thread = shared.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                of_thread.pass(client);
            }
        });
        Self { url, shared }
    }

    /// The server gets these requests and does what they ask; the answer breaks off after so many bytes.
    pub fn cut(&self, request: &str, after: usize, times: usize) {
        *self.shared.cut.lock().unwrap() = Some(Cut {
            request: request.to_owned(),
            after,
            times,
        });
    }

    /// How many requests that begin so came by.
    pub fn seen(&self, request: &str) -> usize {
        let seen = self.shared.seen.lock().unwrap();
        seen.iter().filter(|line| line.starts_with(request)).count()
    }
}

impl Shared {
    fn pass(self: &Arc<Self>, client: TcpStream) {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let Ok(server) = TcpStream::connect(self.servers[turn % self.servers.len()]) else {
            return;
        };
        let current = Arc::new(Mutex::new(String::new()));
        let (shared, of_requests) = (self.clone(), current.clone());
        let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
        std::thread::spawn(move || {
            let mut piece = vec![0; 64 * 1024];
            while let Some(read) = from.read(&mut piece).ok().filter(|read| *read > 0) {
                if let Some(line) = request_line(&piece[..read]) {
                    shared.seen.lock().unwrap().push(line.clone());
                    *of_requests.lock().unwrap() = line;
                }
                if to.write_all(&piece[..read]).is_err() {
                    break;
                }
            }
            drop(to.shutdown(Shutdown::Write));
        });
        let (shared, mut from, mut to) = (self.clone(), server, client);
        std::thread::spawn(move || {
            let mut piece = vec![0; 64 * 1024];
            let (mut passed, mut answered) = (0, String::new());
            while let Some(read) = from.read(&mut piece).ok().filter(|read| *read > 0) {
                let request = current.lock().unwrap().clone();
                if request != answered {
                    (passed, answered) = (0, request);
                }
                let room = shared.room(&answered, passed);
                let end = room.map_or(read, |room| room.min(read));
                passed += end;
                if to.write_all(&piece[..end]).is_err() || end < read || room == Some(0) {
                    shared.one_less();
                    break;
                }
            }
            drop(to.shutdown(Shutdown::Both));
            drop(from.shutdown(Shutdown::Both));
        });
    }

    /// How many more bytes of this answer go through; `None` where it is not cut.
    fn room(&self, request: &str, passed: usize) -> Option<usize> {
        let cut = self.cut.lock().unwrap();
        let cut = cut
            .as_ref()
            .filter(|cut| cut.times > 0 && request.starts_with(&cut.request))?;
        Some(cut.after.saturating_sub(passed))
    }

    fn one_less(&self) {
        if let Some(cut) = self.cut.lock().unwrap().as_mut() {
            cut.times = cut.times.saturating_sub(1);
        }
    }
}

fn request_line(piece: &[u8]) -> Option<String> {
    let begins = ["GET ", "POST ", "PATCH ", "DELETE "]
        .iter()
        .any(|method| piece.starts_with(method.as_bytes()));
    let line = piece.split(|byte| *byte == b'\r').next().filter(|_| begins)?;
    String::from_utf8(line.to_vec()).ok()
}
