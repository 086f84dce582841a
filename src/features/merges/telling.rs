//! Tells executives whose calls a merge has ended.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::features::assignments::assignment::{Assignment, AssignmentId};
use crate::features::customers::customer::{Customer, CustomerId};
use crate::features::notifications::notification::{NotificationKind, Told};
use crate::features::notifications::store::{retell, tell};
use crate::features::people::user::User;
use crate::features::programs::program::Program;
use crate::id::UserId;
use crate::journal::{self, Error, Unit};

/// What it is that somebody is told. A call is taken back once, unless the merge is undone.
fn key(assignment: AssignmentId) -> String {
    format!("call_taken_back/{assignment}")
}

/// Each executive hears which of their calls ended, and why: for `kept`, or because the customer is not to be called.
///
/// Not who merged them and saw it, and not who keeps the customer: of two calls of theirs one is left.
///
/// # Errors
/// What the database said.
pub async fn taken_back(
    unit: &mut Unit,
    all: &[Customer],
    ended: &[Assignment],
    kept: Option<&Assignment>,
    by: Option<UserId>,
) -> Result<(), Error> {
    let keeper = kept.map(|it| it.assignee_id);
    let losing = |it: &&Assignment| Some(it.assignee_id) != keeper && Some(it.assignee_id) != by;
    let ended: Vec<&Assignment> = ended.iter().filter(losing).collect();
    if ended.is_empty() {
        return Ok(());
    }
    let organization = unit.organization();
    let ids: BTreeSet<Uuid> = ended.iter().map(|it| it.program_id.into()).collect();
    let programs: Vec<Program> = journal::find_all(unit, organization, &Vec::from_iter(ids)).await?;
    let programs: BTreeMap<_, String> = programs.into_iter().map(|it| (it.id, it.fields.name)).collect();
    let keeper: Option<User> = match keeper {
        Some(keeper) => journal::find(unit, organization, keeper).await?,
        None => None,
    };
    let keeper = keeper.map(|it| it.fields.name);
    let name = |id: CustomerId| {
        all.iter()
            .find(|it| it.id == id)
            .map_or("", |it| it.fields.name.as_str())
    };
    let other = match kept {
        Some(kept) => name(kept.customer_id),
        None => all
            .iter()
            .find(|it| it.fields.do_not_contact)
            .map_or("", |it| it.fields.name.as_str()),
    };
    let told = ended.into_iter().map(|assignment| {
        let own = name(assignment.customer_id);
        let program = programs.get(&assignment.program_id).map_or("", String::as_str);
        let why = match &keeper {
            Some(keeper) => format!("{keeper} has it in hand and keeps it. Tell {keeper} what was agreed."),
            None => "It asked not to be called.".to_owned(),
        };
        Told {
            user_id: assignment.assignee_id,
            kind: NotificationKind::CallTakenBack,
            key: key(assignment.id),
            title: format!("Your call to {own} was taken back"),
            text: format!(
                "{own} is the same customer as {other}, and they were merged. {why} Your call in the program {program} was taken back."
            ),
            about: Some(("assignment", assignment.id.into())),
        }
    });
    let told = told.collect();
    tell(unit, told).await?;
    Ok(())
}

/// The call is its executive's again: that it was taken back is not told any more.
///
/// # Errors
/// What the database said.
pub async fn given_back(unit: &mut Unit, assignment: AssignmentId) -> Result<(), Error> {
    retell(unit, &key(assignment), Vec::new()).await
}
