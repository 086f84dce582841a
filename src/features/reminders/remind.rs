//! Looks for what is due soon or late, and tells whoever is responsible.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::reminder::{self, Occasion, Subject};
use super::store;
use crate::access::{Role, Scope};
use crate::app::App;
use crate::clock::Timestamp;
use crate::features::action_items::{self, action_item::ActionItem};
use crate::features::assignments::{self, assignment::AssignmentStatus};
use crate::features::customers::{self, customer::CustomerId};
use crate::features::notifications::{self, notification::Told};
use crate::features::people::{self, user::User};
use crate::id::{OrganizationId, UserId};
use crate::jobs::{self, Done, Failure, Kind, New, Running, Task};
use crate::journal::{self, Unit};
use crate::local_time;

const REMIND: Kind = Kind::new("remind", 8);

pub fn task() -> Task {
    REMIND.by(remind)
}

/// What is to be looked at again, and reminded of if it is still so.
#[derive(Debug, Serialize, Deserialize)]
struct About {
    occasion: Occasion,
    id: Uuid,
    at: Timestamp,
}

/// Finds what is due; each thing is asked for once for each time that it was changed. What cannot be asked for now stops nothing else.
pub async fn look(app: Arc<App>) -> Result<(), journal::Error> {
    let mut outcome = Ok(());
    for occasion in Occasion::ALL.iter().copied() {
        outcome = outcome.and(look_for(&app, occasion).await);
    }
    outcome
}

async fn look_for(app: &App, occasion: Occasion) -> Result<(), journal::Error> {
    let (now, mut last, mut outcome) = (app.clock.now(), None, Ok(()));
    loop {
        let found = store::due(&mut app.read(), occasion, now, last).await?;
        last = found.last().copied().filter(|_| found.len() == store::MOST);
        let mut jobs: BTreeMap<OrganizationId, Vec<New>> = BTreeMap::new();
        for due in found {
            let (id, at) = (due.id, due.at);
            let job = REMIND.with(&About { occasion, id, at })?;
            let job = job.keyed(format!("{occasion}/{id}/{}", due.updated_at));
            jobs.entry(due.organization_id).or_default().push(job);
        }
        for (organization, jobs) in jobs {
            outcome = outcome.and(jobs::enqueue_missing(app, organization, jobs).await);
        }
        if last.is_none() {
            return outcome;
        }
    }
}

async fn remind(app: Arc<App>, running: Running) -> Result<Done, Failure> {
    let about: About = running.payload()?;
    let mut unit = running.unit(&app).await?;
    let scope = Scope::all(running.organization());
    let told = match about.occasion {
        Occasion::CallbackDue | Occasion::CallbackMissed => of_callback(&mut unit, &scope, &about).await?,
        Occasion::PromiseDue | Occasion::PromiseBroken | Occasion::ItemDue | Occasion::ItemOverdue => {
            of_item(&mut unit, &scope, &about).await?
        }
    };
    notifications::store::tell(&mut unit, told).await?;
    running.finish(unit).await
}

/// The executive hears of a call that was promised.
async fn of_callback(unit: &mut Unit, scope: &Scope, about: &About) -> Result<Vec<Told>, Failure> {
    let assignment = assignments::store::find(unit, scope, about.id.into()).await?;
    let open = |status| matches!(status, AssignmentStatus::Queued | AssignmentStatus::Scheduled);
    let still = assignment.filter(|it| open(it.status) && it.callback_promised_at == Some(about.at));
    let Some(assignment) = still else {
        return Ok(Vec::new());
    };
    let Some(executive) = people::store::find(unit, scope, assignment.assignee_id).await? else {
        return Ok(Vec::new());
    };
    let customer = name_of(unit, scope, assignment.customer_id).await?;
    let subject = Subject {
        customer,
        what: String::new(),
    };
    let words = Words::of(unit, scope, about, subject, "assignment").await?;
    let mut told = vec![words.to(&executive, None)];
    if about.occasion.escalates() {
        let whose = executive.fields.name.clone();
        told.extend(words.to_those_above(unit, scope, &[executive], &whose).await?);
    }
    Ok(told)
}

/// Whoever is responsible for an item hears of it, and, when it is late, their managers.
async fn of_item(unit: &mut Unit, scope: &Scope, about: &About) -> Result<Vec<Told>, Failure> {
    let item = action_items::store::find(unit, scope, about.id.into()).await?;
    let still = item.filter(|item| reminder::time_of(item, about.occasion) == Some(about.at));
    let Some(item) = still else {
        return Ok(Vec::new());
    };
    let customer = name_of(unit, scope, item.customer_id).await?;
    let what = match about.occasion {
        Occasion::PromiseDue | Occasion::PromiseBroken => item.fields.customer_promise.as_ref().map(|p| p.what.clone()),
        Occasion::CallbackDue | Occasion::CallbackMissed | Occasion::ItemDue | Occasion::ItemOverdue => None,
    };
    let subject = Subject {
        customer,
        what: what.unwrap_or_else(|| item.fields.title.clone()),
    };
    let words = Words::of(unit, scope, about, subject, "action_item").await?;
    let responsible = responsible(unit, scope, &item, about.occasion).await?;
    let mut told: Vec<Told> = responsible.iter().map(|user| words.to(user, None)).collect();
    if about.occasion.escalates() {
        let whose = match (responsible.as_slice(), &item.fields.department) {
            ([one], _) => one.fields.name.clone(),
            (_, Some(department)) => department.clone(),
            (_, None) => "nobody".to_owned(),
        };
        told.extend(words.to_those_above(unit, scope, &responsible, &whose).await?);
    }
    Ok(told)
}

/// Who is to see to it: whoever was to contact the customer, the owner, the department, whose call it came of; the first of them who is there.
async fn responsible(
    unit: &mut Unit,
    scope: &Scope,
    item: &ActionItem,
    occasion: Occasion,
) -> Result<Vec<User>, Failure> {
    let contact_by = match occasion {
        Occasion::PromiseDue | Occasion::PromiseBroken => item
            .fields
            .customer_promise
            .as_ref()
            .and_then(|promise| promise.contact_by),
        Occasion::CallbackDue | Occasion::CallbackMissed | Occasion::ItemDue | Occasion::ItemOverdue => None,
    };
    for user in [contact_by, item.fields.owner_id].into_iter().flatten() {
        if let Some(user) = there(unit, scope, user).await? {
            return Ok(vec![user]);
        }
    }
    if let Some(department) = &item.fields.department {
        let theirs = store::of_department(unit, scope.organization, department).await?;
        if !theirs.is_empty() {
            return Ok(theirs);
        }
    }
    match item.created_by {
        Some(user) => Ok(there(unit, scope, user).await?.into_iter().collect()),
        None => Ok(Vec::new()),
    }
}

/// The managers of these people; where there is none, those who own the program: somebody always hears of what is late.
async fn above(unit: &mut Unit, scope: &Scope, people: &[User]) -> Result<Vec<User>, Failure> {
    let managers: BTreeSet<UserId> = people.iter().filter_map(|user| user.fields.manager_id).collect();
    let mut above = Vec::new();
    for manager in managers {
        above.extend(there(unit, scope, manager).await?);
    }
    if above.is_empty() {
        above = store::active(unit, scope.organization, Some(Role::Manager)).await?;
    }
    Ok(above)
}

async fn there(unit: &mut Unit, scope: &Scope, user: UserId) -> Result<Option<User>, Failure> {
    let user = people::store::find(unit, scope, user).await?;
    Ok(user.filter(|user| user.active))
}

async fn name_of(unit: &mut Unit, scope: &Scope, customer: CustomerId) -> Result<String, Failure> {
    let customer = customers::store::find(unit, scope, customer).await?;
    Ok(customer.map(|customer| customer.fields.name).unwrap_or_default())
}

/// What is said, to each by their own clock.
struct Words<'a> {
    about: &'a About,
    subject: Subject,
    record: &'static str,
    zone: Option<String>,
}

impl<'a> Words<'a> {
    async fn of(
        unit: &mut Unit,
        scope: &Scope,
        about: &'a About,
        subject: Subject,
        record: &'static str,
    ) -> Result<Self, Failure> {
        let organization = people::store::organization(unit, scope.organization).await?;
        Ok(Self {
            about,
            subject,
            record,
            zone: organization.map(|organization| organization.fields.time_zone),
        })
    }

    /// What is said to the managers of these people, where they are not among them.
    async fn to_those_above(
        &self,
        unit: &mut Unit,
        scope: &Scope,
        people: &[User],
        whose: &str,
    ) -> Result<Vec<Told>, Failure> {
        let own: BTreeSet<UserId> = people.iter().map(|user| user.id).collect();
        let above = above(unit, scope, people).await?;
        let above = above.iter().filter(|manager| !own.contains(&manager.id));
        Ok(above.map(|manager| self.to(manager, Some(whose))).collect())
    }

    fn to(&self, user: &User, whose: Option<&str>) -> Told {
        let About { occasion, id, at } = self.about;
        let zone = local_time::zone([user.fields.time_zone.as_deref(), self.zone.as_deref()]);
        let (title, text) = occasion.words(&self.subject, *at, zone, whose);
        Told {
            user_id: user.id,
            kind: occasion.kind(),
            key: format!("{occasion}/{id}/{at}"),
            title,
            text,
            about: Some((self.record, *id)),
        }
    }
}
