//! All SQL of notes and themes.

use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::note::{Note, NoteId, NoteInput, NoteType, tidy_theme};
use crate::access::Scope;
use crate::clock::Timestamp;
use crate::db::search::{self, Document};
use crate::db::{Error, Kind, Sql, Sqls};
use crate::features::customers::customer::CustomerId;
use crate::features::customers::store::redirects;
use crate::fold;
use crate::http::query::List;
use crate::id::UserId;
use crate::journal::{self, Label, Listed, Sort, SortKey, Window};

/// The word for themes among the labels of records.
const THEME: &str = "note_theme";

crate::record!(
    Note, "note", "notes",
    [customer_id, contact_id, assignment_id, attempt_id, author_id, occurred_at],
    fields NoteInput [kind, body, themes, employee_id, employee_name],
    customer: |note| Some(note.customer_id.into()),
    document: |note| Some(Document {
        collection: "notes",
        leads_to: note.id.into(),
        text: fold::search_text(&[
            &note.fields.body,
            &note.fields.themes.0.join(" "),
            note.fields.employee_name.as_deref().unwrap_or_default(),
        ]),
    }),
    labels: |note| note.fields.themes.0.iter().map(|theme| Label { kind: THEME, text: theme.clone() }).collect(),
);

/// Fields that notes can be sorted by.
pub static SORTS: &[Sort<Note>] = &[
    Sort {
        name: "occurred_at",
        column: "notes.occurred_at",
        key: |note| SortKey::Time(note.occurred_at),
    },
    Sort {
        name: "created_at",
        column: "notes.created_at",
        key: |note| SortKey::Time(note.created_at),
    },
];

/// Which notes are asked for.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct NoteFilter {
    /// Words (or their beginnings) of a note, its themes or the employee's name.
    #[param(min_length = 1, max_length = 200)]
    pub q: Option<String>,
    /// Types, separated by commas.
    #[param(style = Form, explode = false, value_type = Option<Vec<NoteType>>, max_items = 20)]
    pub type_in: Option<List<NoteType>>,
    #[param(min_length = 1, max_length = 60)]
    pub theme: Option<String>,
    #[param(value_type = Option<String>, format = Uuid)]
    pub customer_id: Option<CustomerId>,
    #[param(value_type = Option<String>, format = Uuid)]
    pub author_id: Option<UserId>,
    /// Who is praised.
    #[param(value_type = Option<String>, format = Uuid)]
    pub employee_id: Option<UserId>,
    #[param(value_type = Option<String>, format = Uuid)]
    pub assignment_id: Option<Uuid>,
    #[param(value_type = Option<String>, format = Uuid)]
    pub attempt_id: Option<Uuid>,
    pub occurred_at_gte: Option<Timestamp>,
    pub occurred_at_lt: Option<Timestamp>,
}

impl NoteFilter {
    fn narrow(&self, sql: &mut Sql<'_>, kind: Kind, scope: &Scope) {
        if let Some(q) = &self.q {
            let terms = fold::search_terms(q);
            search::narrow(sql, kind, "notes.id", scope.organization, "notes", &terms);
        }
        sql.within("notes.kind", self.type_in.as_deref());
        if let Some(theme) = &self.theme {
            sql.push(" AND notes.id IN (SELECT record_id FROM record_labels WHERE organization_id = ")
                .value(scope.organization)
                .push(" AND kind = ")
                .value(THEME.to_owned())
                .push(" AND label = ")
                .value(tidy_theme(theme))
                .push(")");
        }
        redirects::narrow(sql, "notes.customer_id", self.customer_id);
        sql.compare("notes.author_id =", self.author_id);
        sql.compare("notes.employee_id =", self.employee_id);
        sql.compare("notes.assignment_id =", self.assignment_id);
        sql.compare("notes.attempt_id =", self.attempt_id);
        sql.compare("notes.occurred_at >=", self.occurred_at_gte);
        sql.compare("notes.occurred_at <", self.occurred_at_lt);
    }
}

/// A page of notes.
pub async fn list(
    db: &mut impl Sqls,
    scope: &Scope,
    filter: &NoteFilter,
    window: &Window<Note>,
) -> Result<Listed<Note>, Error> {
    let kind = db.kind();
    journal::list(db, scope.organization, window, |sql| filter.narrow(sql, kind, scope)).await
}

/// The note, if it is in sight.
pub async fn find(db: &mut impl Sqls, scope: &Scope, id: NoteId) -> Result<Option<Note>, Error> {
    journal::find(db, scope.organization, id).await
}

/// A line of the theme register: theme, notes, first and last time.
pub type ThemeRow = (String, i64, Timestamp, Timestamp);

/// Themes by how often they came up within a time.
pub async fn themes(
    db: &mut impl Sqls,
    scope: &Scope,
    from: Option<Timestamp>,
    until: Option<Timestamp>,
    customer: Option<CustomerId>,
    limit: i64,
) -> Result<Vec<ThemeRow>, Error> {
    let mut sql = db
        .sql("SELECT theme.label, COUNT(*), MIN(notes.occurred_at), MAX(notes.occurred_at) FROM record_labels theme JOIN notes ON notes.organization_id = theme.organization_id AND notes.id = theme.record_id WHERE theme.organization_id = $1 AND theme.kind = $2")
        .bind(scope.organization)
        .bind(THEME.to_owned());
    sql.compare("notes.occurred_at >=", from);
    sql.compare("notes.occurred_at <", until);
    if let Some(customer) = customer {
        sql.push(" AND notes.customer_id = ").value(customer);
    }
    sql.push(" GROUP BY theme.label ORDER BY COUNT(*) DESC, theme.label LIMIT ")
        .value(limit);
    sql.all().await
}
