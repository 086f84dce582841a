//! Carries a notification out of the house, by mail.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::notification::{Notification, NotificationId};
use crate::access::Scope;
use crate::app::App;
use crate::features::people;
use crate::jobs::{Done, Failure, Kind, New, Running, Task};
use crate::journal;
use crate::mail::{Mail, MailError, Person, message_id};

const MAIL: Kind = Kind::new("notification_mail", 10).abroad();

const FOOTER: &str = "\n\n-- \nTouchbase. Your notification preferences say what comes by mail.\n";

pub fn task() -> Task {
    MAIL.by(send)
}

#[derive(Debug, Serialize, Deserialize)]
struct About {
    notification_id: NotificationId,
}

/// The job that sends it, once.
///
/// # Errors
/// Never, but JSON may always fail.
pub(super) fn job(notification: &Notification) -> Result<New, serde_json::Error> {
    let about = About {
        notification_id: notification.id,
    };
    Ok(MAIL.with(&about)?.keyed(notification.id.to_string()))
}

/// Sends it where mail is set up. An instance that dies between sending and finishing leaves it to be sent again, as the same message.
async fn send(app: Arc<App>, running: Running) -> Result<Done, Failure> {
    let about: About = running.payload()?;
    let (mut read, organization) = (app.read(), running.organization());
    let notification: Option<Notification> = journal::find(&mut read, organization, about.notification_id).await?;
    let (Some(notification), Some(mailer)) = (notification, &app.mail) else {
        return running.nothing_to_do(&app).await;
    };
    let user = people::store::find(&mut read, &Scope::all(organization), notification.user_id).await?;
    let Some(user) = user.filter(|user| user.active) else {
        return running.nothing_to_do(&app).await;
    };
    let mail = Mail {
        message_id: message_id("notification", notification.id.into(), &app.config.public_url),
        written_at: notification.created_at,
        author: None,
        to: Person {
            name: Some(user.fields.name),
            address: user.fields.email,
        },
        subject: notification.title,
        text: format!("{}{FOOTER}", notification.text),
        html: None,
    };
    match mailer.send(&mail).await {
        Ok(()) => running.nothing_to_do(&app).await,
        Err(MailError::ForGood(why)) => Err(Failure::Never(why)),
        Err(MailError::ForNow(why)) => Err(Failure::Again(why)),
    }
}
