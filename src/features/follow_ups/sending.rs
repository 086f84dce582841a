//! The background work of a follow-up: the mail server takes it, or it does not.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::follow_up::{FollowUp, FollowUpId, FollowUpStatus};
use super::store;
use crate::access::{Permission, Scope};
use crate::app::App;
use crate::clock::Timestamp;
use crate::features::people::user::User;
use crate::features::{customers, people};
use crate::jobs::{Done, Failure, Kind, New, Running};
use crate::mail::{Mail, MailError, Person};

/// Twelve attempts go on for some three and a half hours.
pub const MAIL: Kind = Kind::new("follow_up_mail", 12).abroad();

/// Which one, and as of which sending: put on its way anew, it is another job's.
#[derive(Debug, Serialize, Deserialize)]
pub struct Message {
    pub follow_up_id: FollowUpId,
    pub revision: i64,
}

impl Message {
    /// Of a follow-up that is `sending`: it does not change until it is sent or has failed.
    pub fn of(follow_up: &FollowUp) -> Self {
        Self {
            follow_up_id: follow_up.id,
            revision: follow_up.revision,
        }
    }

    /// The key of its job.
    pub fn key(&self) -> String {
        format!("{}/{}", self.follow_up_id, self.revision)
    }

    /// The job that sends it, once.
    ///
    /// # Errors
    /// Never, but JSON may always fail.
    pub fn job(&self) -> Result<New, serde_json::Error> {
        Ok(MAIL.with(self)?.keyed(self.key()))
    }

    fn is(&self, follow_up: &FollowUp) -> bool {
        follow_up.status == FollowUpStatus::Sending && follow_up.revision == self.revision
    }
}

/// Hands the message over, and says what became of it.
///
/// # Errors
/// When it is to be tried again.
pub async fn deliver(app: Arc<App>, running: Running) -> Result<Done, Failure> {
    let message = running.payload::<Message>()?;
    let scope = Scope::all(running.organization());
    let found = store::find(&mut app.read(), &scope, message.follow_up_id).await?;
    let Some(follow_up) = found.filter(|found| message.is(found)) else {
        return running.nothing_to_do(&app).await;
    };
    let outcome = match running.job.handed_over_at {
        // It went out in an attempt that could not say so.
        Some(at) => Ok(at),
        None => hand_over(&app, &running, &scope, &follow_up).await?,
    };
    if let Err(MailError::ForNow(why)) = &outcome
        && running.job.attempts < running.job.attempt_limit
    {
        return Err(Failure::Again(why.clone()));
    }
    let mut unit = running.unit(&app).await?;
    let found = store::find(&mut unit, &scope, message.follow_up_id).await?;
    let change = found.filter(|found| message.is(found)).map(|follow_up| match &outcome {
        Ok(at) => follow_up.delivered(*at),
        Err(error) => follow_up.fail(&error.to_string()),
    });
    if let Some(Ok(change)) = change {
        unit.save(change).await?;
    }
    running.finish(unit).await
}

/// Sends it, and keeps at once that it was taken: the unit that says so may have to wait for the organization, and must not send it again.
async fn hand_over(
    app: &App,
    running: &Running,
    scope: &Scope,
    follow_up: &FollowUp,
) -> Result<Result<Timestamp, MailError>, Failure> {
    if let Err(error) = sent(app, scope, follow_up).await? {
        return Ok(Err(error));
    }
    let kept = running.handed_over(app).await;
    Ok(Ok(kept.unwrap_or_else(|error| {
        tracing::warn!(%error, "that a message was handed over could not be kept apart from its follow-up");
        app.clock.now()
    })))
}

async fn sent(app: &App, scope: &Scope, follow_up: &FollowUp) -> Result<Result<(), MailError>, Failure> {
    let no = |why: &str| Ok(Err(MailError::ForGood(why.to_owned())));
    let mut db = app.read();
    let Some(mailer) = &app.mail else {
        return no("No mail server is configured here.");
    };
    // All of this may have changed since it was put on its way.
    let customer = customers::store::find(&mut db, scope, follow_up.customer_id).await?;
    if customer.is_none_or(|customer| customer.fields.do_not_contact) {
        return no("The customer asked not to be contacted.");
    }
    let author = people::store::find(&mut db, scope, follow_up.user_id).await?;
    let may = |author: &User| author.active && author.fields.role.may(Permission::FollowUpsWrite);
    let Some(author) = author.filter(may) else {
        return no("Whoever wrote it may write to customers no longer.");
    };
    match mail(follow_up, author.fields.name, author.fields.email) {
        Some(mail) => Ok(mailer.send(&mail).await),
        None => no("It has no recipient."),
    }
}

/// The follow-up as a message of its executive; nothing when nobody is named to send it to.
pub fn mail(follow_up: &FollowUp, name: String, address: String) -> Option<Mail> {
    let fields = &follow_up.fields;
    Some(Mail {
        message_id: follow_up.message_id.clone(),
        written_at: follow_up.updated_at,
        author: Some(Person {
            name: Some(name),
            address,
        }),
        to: Person {
            name: fields.to_name.clone(),
            address: fields.to_email.clone()?,
        },
        subject: fields.subject.clone(),
        text: fields.text.clone(),
        html: Some(follow_up.html.clone()),
    })
}
