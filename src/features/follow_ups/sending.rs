//! The background work of a follow-up: the mail server takes it, or it does not.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::follow_up::{FollowUp, FollowUpId, FollowUpStatus};
use super::store;
use crate::access::Scope;
use crate::app::App;
use crate::features::{customers, people};
use crate::jobs::{Done, Failure, Kind, Running};
use crate::mail::{Mail, MailError, Person};

/// Twelve attempts go on for some two hours.
pub const MAIL: Kind = Kind::new("follow_up_mail", 12);

/// Which one.
#[derive(Debug, Serialize, Deserialize)]
pub struct Message {
    pub follow_up_id: FollowUpId,
}

/// Hands the message over, and says what became of it.
///
/// # Errors
/// When it is to be tried again.
pub async fn deliver(app: Arc<App>, running: Running) -> Result<Done, Failure> {
    let id = running.payload::<Message>()?.follow_up_id;
    let scope = Scope::all(running.organization());
    let found = store::find(&mut app.read(), &scope, id).await?;
    let Some(follow_up) = found.filter(|found| found.status == FollowUpStatus::Sending) else {
        return running.nothing_to_do(&app).await;
    };
    let outcome = handed_over(&app, &scope, &follow_up).await?;
    if let Err(MailError::ForNow(why)) = &outcome
        && running.job.attempts < running.job.attempt_limit
    {
        return Err(Failure::Again(why.clone()));
    }
    let mut unit = running.unit(&app).await?;
    let now = unit.now();
    let follow_up = store::find(&mut unit, &scope, id).await?;
    let change = follow_up.map(|follow_up| match &outcome {
        Ok(()) => follow_up.delivered(now),
        Err(error) => follow_up.fail(&error.to_string()),
    });
    if let Some(Ok(change)) = change {
        unit.save(change).await?;
    }
    running.finish(unit).await
}

async fn handed_over(app: &App, scope: &Scope, follow_up: &FollowUp) -> Result<Result<(), MailError>, Failure> {
    let no = |why: &str| Ok(Err(MailError::ForGood(why.to_owned())));
    let mut db = app.read();
    let Some(mailer) = &app.mail else {
        return no("No mail server is configured here.");
    };
    // Both may have changed since it was put on its way.
    let customer = customers::store::find(&mut db, scope, follow_up.customer_id).await?;
    if customer.is_none_or(|customer| customer.fields.do_not_contact) {
        return no("The customer asked not to be contacted.");
    }
    let author = people::store::find(&mut db, scope, follow_up.user_id).await?;
    let mail = author.and_then(|author| mail(follow_up, author.fields.name, author.fields.email));
    match mail {
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
