//! Mail: one message to one person, as the bytes that mail programs read, and handed to the installation's SMTP server.

mod message;
mod smtp;

pub use message::{Mail, Person, clean, host, message_id};
pub use smtp::Mailer;

/// Why a message was not handed over. Says nothing of who wrote to whom, so it may be logged and kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MailError {
    /// Not by trying again: an address that is none, a server that refuses it for good.
    ForGood(String),
    /// It may work later: nobody answers, the server is busy, time ran out. Whether the server took it is not always known; sent again with the same Message-ID, it is known as the same message.
    ForNow(String),
}

impl std::fmt::Display for MailError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::ForGood(why) | Self::ForNow(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for MailError {}
