//! Who hears of praise, and in which words.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::clock::Timestamp;
use crate::features::customers::customer::CustomerId;
use crate::features::notes::note::{Note, NoteId, NoteType};
use crate::features::notifications::notification::{NotificationKind, Told};
use crate::features::people::user::User;
use crate::id::UserId;

/// Praise, as it hangs on the wall.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema, sqlx::FromRow)]
pub struct Recognition {
    /// The note that holds it.
    pub id: NoteId,
    /// When the customer said it.
    pub occurred_at: Timestamp,
    /// What they said.
    #[schema(max_length = 10_000)]
    pub text: String,
    /// Who is praised; null when it is nobody of the users.
    pub employee_id: Option<UserId>,
    /// Null for who may not read users, unless it is nobody of them.
    #[schema(max_length = 200)]
    pub employee_name: Option<String>,
    /// Null for who may not read users.
    #[schema(max_length = 100)]
    pub employee_department: Option<String>,
    pub customer_id: CustomerId,
    /// Null for who may not read customers.
    #[schema(max_length = 300)]
    pub customer_name: Option<String>,
    /// The call in which it was said.
    #[schema(value_type = Option<crate::id::AnyId>)]
    pub attempt_id: Option<Uuid>,
    /// Who wrote it down.
    pub author_id: Option<UserId>,
}

impl Recognition {
    /// What is known of the employee as a user is not shown; a name that stands in the note is.
    pub fn withhold_employee(&mut self) {
        if self.employee_id.is_some() {
            self.employee_name = None;
        }
        self.employee_department = None;
    }
}

/// Whom a note praises, when it is somebody of the users.
pub fn praised(note: &Note) -> Option<UserId> {
    note.fields.employee_id.filter(|_| note.fields.kind == NoteType::Praise)
}

/// What all hear of who are told of a note.
pub fn key(note: &Note) -> String {
    format!("praise/{}", note.id)
}

/// What the employee hears, and what their manager hears.
pub fn told(note: &Note, employee: &User, customer: &str) -> Vec<Told> {
    let key = key(note);
    let about = Some(("note", note.id.into()));
    let name = &employee.fields.name;
    let tell = |user_id, title| Told {
        user_id,
        kind: NotificationKind::Praise,
        key: key.clone(),
        title,
        text: note.fields.body.clone(),
        about,
    };
    let mut told = vec![tell(employee.id, format!("{customer} praised you"))];
    if let Some(manager) = employee.fields.manager_id {
        told.push(tell(manager, format!("{customer} praised {name}")));
    }
    told
}
