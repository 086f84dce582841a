//! The installation's SMTP server.

use std::net::IpAddr;
use std::time::Duration;

use lettre::message::Mailbox;
use lettre::transport::smtp::Error;
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use url::Url;

use super::{Mail, MailError, Person};

/// For each step of the conversation.
const STEP: Duration = Duration::from_secs(15);
/// For all of it.
const WHOLE: Duration = Duration::from_secs(60);

/// Hands messages to the installation's SMTP server, a connection each.
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Mailer {
    /// By what the installation is configured with; nothing when there is no server. The address is not repeated in what went wrong: it holds a password.
    ///
    /// # Errors
    /// With a sentence for the person who starts it.
    pub fn open(server: Option<&str>, from: Option<&str>) -> Result<Option<Self>, String> {
        let given = |text: &&str| !text.trim().is_empty();
        let Some(server) = server.filter(given) else {
            return Ok(None);
        };
        let from = from
            .filter(given)
            .ok_or("TOUCHBASE_SMTP_URL is set: TOUCHBASE_MAIL_FROM must say from whom mail comes.")?;
        let from: Mailbox = from.parse().map_err(
            |_| "TOUCHBASE_MAIL_FROM is no mail address. Write `calls@example.com` or `Northwind <calls@example.com>`.",
        )?;
        let url = url(server)?;
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(&url)
            .map_err(|_| UNREADABLE)?
            .timeout(Some(STEP))
            .build();
        Ok(Some(Self { transport, from }))
    }

    /// Hands a message over. When it comes from a person it bears their name and answers go to them; the address it comes from is the installation's own, which its server may send from.
    ///
    /// # Errors
    /// When it was not taken, or when that is not known.
    pub async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        let author = mail.author.as_ref().map(Person::mailbox).transpose()?;
        let name = author.as_ref().and_then(|author| author.name.clone());
        let from = Mailbox::new(name.or_else(|| self.from.name.clone()), self.from.email.clone());
        let message = mail.message(from, author)?;
        match tokio::time::timeout(WHOLE, self.transport.send(message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(said(&error)),
            Err(_) => Err(MailError::ForNow("The mail server did not answer in time.".into())),
        }
    }
}

const UNREADABLE: &str = "TOUCHBASE_SMTP_URL cannot be read. Write `smtps://USER:PASSWORD@HOST` or `smtp://USER:PASSWORD@HOST:587`; `?tls=` may be `required`, `opportunistic` or `none`.";

/// The server's address with what it does not say: over a network, a password goes encrypted or not at all, and everything else is encrypted where the server can.
fn url(server: &str) -> Result<String, String> {
    let mut url = Url::parse(server).map_err(|_| UNREADABLE)?;
    if !["smtp", "smtps"].contains(&url.scheme()) || url.host().is_none() {
        return Err(UNREADABLE.into());
    }
    let asked = url
        .query_pairs()
        .find(|(name, _)| name == "tls")
        .map(|(_, how)| how.into_owned());
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let here = host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback());
    let tls = match (url.scheme(), asked.as_deref()) {
        ("smtps", _) | (_, Some("none")) => None,
        (_, Some("required")) => Some("required"),
        (_, Some("opportunistic")) => Some("opportunistic"),
        (_, Some(_)) => return Err(UNREADABLE.into()),
        (_, None) if here => None,
        (_, None) if url.password().is_some() => Some("required"),
        (_, None) => Some("opportunistic"),
    };
    url.set_query(None);
    if let Some(tls) = tls {
        url.query_pairs_mut().append_pair("tls", tls);
    }
    Ok(url.into())
}

/// What went wrong, without what the server said: that may name people.
fn said(error: &Error) -> MailError {
    let code = error.status().map(|code| format!(" ({code})")).unwrap_or_default();
    if error.is_permanent() {
        MailError::ForGood(format!("The mail server refused the message{code}."))
    } else if error.is_transient() {
        MailError::ForNow(format!("The mail server does not take the message now{code}."))
    } else if error.is_timeout() {
        MailError::ForNow("The mail server did not answer in time.".into())
    } else if error.is_tls() {
        MailError::ForNow("The connection to the mail server could not be encrypted: its certificate is not trusted, or it offers no TLS.".into())
    } else if error.is_client() {
        MailError::ForNow("The mail server does not work with this configuration: it offers no way to sign in, or lacks what the message needs.".into())
    } else {
        MailError::ForNow("The mail server cannot be reached.".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_crosses_a_network_encrypted_unless_it_is_said_otherwise() {
        for (server, expected) in [
            ("smtps://ada:secret@mail.test", "smtps://ada:secret@mail.test"),
            (
                "smtp://ada:secret@mail.test",
                "smtp://ada:secret@mail.test?tls=required",
            ),
            ("smtp://mail.test:25", "smtp://mail.test:25?tls=opportunistic"),
            ("smtp://ada:secret@127.0.0.1:1025", "smtp://ada:secret@127.0.0.1:1025"),
            ("smtp://[::1]:1025", "smtp://[::1]:1025"),
            ("smtp://ada:secret@mail.test?tls=none", "smtp://ada:secret@mail.test"),
            ("smtp://mail.test?tls=required", "smtp://mail.test?tls=required"),
        ] {
            assert_eq!(url(server).as_deref(), Ok(expected));
        }
    }

    #[test]
    fn what_is_wrong_is_said_without_the_password() {
        for (server, from) in [
            ("smtp://ada:secret@mail.test", None),
            ("smtp://ada:secret@mail.test", Some("nobody")),
            ("http://ada:secret@mail.test", Some("calls@northwind.test")),
            ("smtp://ada:secret@mail.test?tls=secret", Some("calls@northwind.test")),
            ("secret", Some("calls@northwind.test")),
        ] {
            let said = Mailer::open(Some(server), from).err().unwrap();
            assert!(!said.contains("secret") && said.starts_with("TOUCHBASE_"), "{said}");
        }
        assert!(Mailer::open(Some(""), None).is_ok_and(|mailer| mailer.is_none()));
        assert!(Mailer::open(None, None).is_ok_and(|mailer| mailer.is_none()));
        assert!(
            Mailer::open(Some("smtp://127.0.0.1:1"), Some("N <calls@northwind.test>"))
                .is_ok_and(|mailer| mailer.is_some())
        );
    }
}
