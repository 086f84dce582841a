//! A message as mail programs read it (RFC 5322). Nothing that it is made of can add a header to it.

use std::time::{Duration, UNIX_EPOCH};

use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, MultiPart, SinglePart};
use lettre::{Address, message::header};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::MailError;
use crate::clock::Timestamp;

/// Letters of a subject or a name that are taken; more would be nobody's.
const LONGEST: usize = 250;

/// Somebody with a mail address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    pub name: Option<String>,
    pub address: String,
}

/// One message to one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Made by [`message_id`]: the same for every try to send the same message.
    pub message_id: String,
    /// When it was written.
    pub written_at: Timestamp,
    /// Who writes it; answers go to them. Touchbase itself when nobody does.
    pub author: Option<Person>,
    pub to: Person,
    pub subject: String,
    pub text: String,
    pub html: Option<String>,
}

/// The Message-ID of a record: the same whenever it is asked for. `what` says what it is: `follow-up`.
pub fn message_id(what: &str, id: Uuid, public_url: &str) -> String {
    format!("<{what}.{id}@{}>", host(public_url))
}

/// The name of this installation, for ids that must be nobody else's.
pub fn host(public_url: &str) -> String {
    let url = url::Url::parse(public_url).ok();
    let host = url.as_ref().and_then(url::Url::domain);
    host.unwrap_or("touchbase.invalid").to_owned()
}

/// One line without control characters: what a subject or a name can be.
pub fn clean(text: &str) -> String {
    let unfit = |letter: char| letter.is_control() || crate::text::is_unfit(letter.encode_utf8(&mut [0; 4]));
    let words = text.split(|letter: char| letter.is_whitespace() || unfit(letter));
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    // What looks encoded would be decoded by whoever reads it.
    let line = words.join(" ").replace("=?", "= ?");
    line.chars().take(LONGEST).collect()
}

/// Every line ends in one way: a carriage return by itself would end one for some mail servers and not for others.
fn lines(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

impl Person {
    /// As headers name them.
    ///
    /// # Errors
    /// When the address is none.
    pub(super) fn mailbox(&self) -> Result<Mailbox, MailError> {
        let address: Address = self.address.trim().parse().map_err(|_| address())?;
        let name = self.name.as_deref().map(clean).filter(|name| !name.is_empty());
        Ok(Mailbox::new(name, address))
    }
}

fn address() -> MailError {
    MailError::ForGood("An address of the message is not one that mail can be sent to.".into())
}

impl Mail {
    /// As a file that mail programs open to edit and send (`.eml`), from its author.
    ///
    /// # Errors
    /// When an address is none.
    pub fn draft(&self) -> Result<Vec<u8>, MailError> {
        let author = self.author.as_ref().map(Person::mailbox).transpose()?;
        let mut message = self.message(author.ok_or_else(address)?, None)?;
        // What Outlook and others know a draft by.
        let unsent = HeaderName::new_from_ascii_str("X-Unsent");
        message
            .headers_mut()
            .insert_raw(HeaderValue::new(unsent, "1".to_owned()));
        Ok(message.formatted())
    }

    /// The message, from this sender.
    ///
    /// # Errors
    /// When an address is none.
    pub(super) fn message(&self, from: Mailbox, reply_to: Option<Mailbox>) -> Result<Message, MailError> {
        let seconds = u64::try_from(self.written_at.timestamp()).unwrap_or_default();
        let mut message = Message::builder()
            .message_id(Some(self.message_id.clone()))
            .date(UNIX_EPOCH + Duration::from_secs(seconds))
            .from(from)
            .to(self.to.mailbox()?)
            .subject(clean(&self.subject));
        if let Some(reply_to) = reply_to {
            message = message.reply_to(reply_to);
        }
        let text = || SinglePart::plain(lines(&self.text));
        let built = match &self.html {
            None => message.singlepart(text()),
            Some(html) => {
                let parts = MultiPart::alternative().boundary(self.boundary());
                message.multipart(parts.singlepart(text()).singlepart(SinglePart::html(lines(html))))
            }
        };
        let mut message = built.map_err(|_| address())?;
        message.headers_mut().set(header::MIME_VERSION_1_0);
        Ok(message)
    }

    /// What stands between the parts: the same for the same message, and of all that it says, so that no text can contain its own.
    fn boundary(&self) -> String {
        let mut digest = Sha256::new();
        for part in [&self.message_id, &self.text, self.html.as_ref().unwrap_or(&self.text)] {
            digest.update(part.len().to_be_bytes());
            digest.update(part);
        }
        digest
            .finalize()
            .iter()
            .take(20)
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail() -> Mail {
        Mail {
            message_id: message_id("follow-up", Uuid::from_u128(7), "https://touchbase.example:8443/x"),
            written_at: Timestamp::new("2026-03-03T15:30:00Z".parse().unwrap()),
            author: Some(Person {
                name: Some("Nancy Davolio".into()),
                address: "nancy@northwind.test".into(),
            }),
            to: Person {
                name: Some("Frédérique Citeaux".into()),
                address: "f.citeaux@blondel.test".into(),
            },
            subject: "Our call".into(),
            text: "Good morning.\nNancy\n".into(),
            html: Some("<p>Good morning.</p>".into()),
        }
    }

    fn headers(mail: &Mail) -> Vec<String> {
        let draft = String::from_utf8(mail.draft().unwrap()).unwrap();
        let (head, _) = draft.split_once("\r\n\r\n").unwrap();
        head.replace("\r\n ", " ").lines().map(str::to_owned).collect()
    }

    #[test]
    fn no_text_ends_its_part_or_its_message() {
        let boundary = mail().boundary();
        let text = format!("Hi\r.\rQUIT\r\r.\r\n--{boundary}\nContent-Type: text/plain\n");
        let hostile = Mail { text, ..mail() };
        let draft = String::from_utf8(hostile.draft().unwrap()).unwrap();
        assert_ne!(hostile.boundary(), boundary);
        assert!(!draft.replace("\r\n", "").contains('\r'), "{draft:?}");
        assert_eq!(draft.matches(&format!("--{}", hostile.boundary())).count(), 3);
        assert_eq!(clean("=?utf-8?q?Hi=0D=0ABcc?="), "= ?utf-8?q?Hi=0D=0ABcc?=");
    }

    #[test]
    fn a_draft_says_who_writes_to_whom_and_is_the_same_each_time() {
        let headers = headers(&mail());
        for line in [
            "Message-ID: <follow-up.00000000-0000-0000-0000-000000000007@touchbase.example>",
            "Date: Tue, 03 Mar 2026 15:30:00 +0000",
            "Subject: Our call",
            "X-Unsent: 1",
            "MIME-Version: 1.0",
        ] {
            assert!(headers.iter().any(|header| header == line), "{line}: {headers:#?}");
        }
        assert!(
            headers
                .iter()
                .any(|header| header.starts_with("From: ") && header.ends_with("<nancy@northwind.test>"))
        );
        assert_eq!(mail().draft(), mail().draft());
    }

    #[test]
    fn nothing_adds_a_header() {
        let names = |mail: &Mail| -> Vec<String> {
            let names = headers(mail);
            names
                .iter()
                .map(|line| line.split(':').next().unwrap().to_owned())
                .collect()
        };
        let plain = names(&mail());
        for bad in [
            "Hello\r\nBcc: all@northwind.test",
            "Hello\nBcc: all@northwind.test",
            "Hello\r Bcc: all@northwind.test",
            "Hello\u{2028}Bcc: all@northwind.test\u{0}",
            "\"\r\n\r\n<script>",
            "=?utf-8?q?=0D=0ABcc:_all=40northwind.test?=",
            "Größe\r\nBcc: all@northwind.test",
        ] {
            let mut mail = mail();
            mail.subject = bad.into();
            mail.to.name = Some(bad.into());
            mail.author = Some(Person {
                name: Some(bad.into()),
                address: "nancy@northwind.test".into(),
            });
            assert_eq!(names(&mail), plain, "{bad:?}");
            mail.to.address = format!("a@b.test{bad}");
            assert!(mail.draft().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_subject_is_one_line_and_not_endless() {
        assert_eq!(clean("  Our\tcall \r\n today\u{202e} "), "Our call today");
        assert_eq!(clean(&"ä".repeat(9_999)).chars().count(), LONGEST);
    }
}
