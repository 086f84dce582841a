//! A real SMTP server on loopback, which keeps what it is given.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{IpAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use mailin::{Action, Handler, Response, SessionBuilder, response};

/// A message that the server took.
#[derive(Debug, Clone, Default)]
pub struct Received {
    pub from: String,
    pub to: Vec<String>,
    pub message: String,
}

impl Received {
    /// A header of the message, unfolded.
    pub fn header(&self, name: &str) -> String {
        let (head, _) = self.message.split_once("\r\n\r\n").unwrap();
        let head = head.replace("\r\n ", " ");
        let lines = head.lines().filter_map(|line| line.split_once(": "));
        let found = lines.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.to_owned()).unwrap_or_default()
    }
}

/// How the server answers recipients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    Takes,
    /// For good: 550.
    Refuses,
    /// For now: 451.
    Busy,
}

#[derive(Debug)]
struct State {
    mood: Mood,
    received: Vec<Received>,
}

/// The server; its thread ends with the test's process.
#[derive(Debug, Clone)]
pub struct Smtp {
    pub url: String,
    state: Arc<Mutex<State>>,
}

#[derive(Clone)]
struct Conversation {
    state: Arc<Mutex<State>>,
    now: Received,
    bytes: Vec<u8>,
}

impl Handler for Conversation {
    fn mail(&mut self, _: IpAddr, _: &str, from: &str) -> Response {
        self.now = Received {
            from: from.to_owned(),
            ..Received::default()
        };
        self.bytes.clear();
        response::OK
    }

    fn rcpt(&mut self, to: &str) -> Response {
        self.now.to.push(to.to_owned());
        match self.state.lock().unwrap().mood {
            Mood::Takes => response::OK,
            Mood::Refuses => response::NO_MAILBOX,
            Mood::Busy => response::INTERNAL_ERROR,
        }
    }

    fn data(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    fn data_end(&mut self) -> Response {
        let mut now = std::mem::take(&mut self.now);
        now.message = String::from_utf8(self.bytes.clone()).unwrap();
        self.state.lock().unwrap().received.push(now);
        response::OK
    }
}

impl Smtp {
    pub fn start() -> Self {
        let state = Arc::new(Mutex::new(State {
            mood: Mood::Takes,
            received: Vec::new(),
        }));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("smtp://{}", listener.local_addr().unwrap());
        let conversation = Conversation {
            state: state.clone(),
            now: Received::default(),
            bytes: Vec::new(),
        };
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let conversation = conversation.clone();
                std::thread::spawn(move || speak(stream, conversation));
            }
        });
        Self { url, state }
    }

    pub fn is(&self, mood: Mood) {
        self.state.lock().unwrap().mood = mood;
    }

    pub fn received(&self) -> Vec<Received> {
        self.state.lock().unwrap().received.clone()
    }
}

/// One conversation, line by line.
fn speak(mut stream: TcpStream, with: Conversation) -> io::Result<()> {
    let mut session = SessionBuilder::new("mail.test").build(stream.peer_addr()?.ip(), with);
    session.greeting().write_to(&mut stream)?;
    let mut lines = BufReader::new(stream.try_clone()?);
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line)? > 0 {
        let answer = session.process(&line);
        line.clear();
        if answer.action != Action::NoReply {
            stream.write_all(&answer.buffer()?)?;
        }
        if answer.action == Action::Close {
            break;
        }
    }
    Ok(())
}
