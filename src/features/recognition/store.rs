//! All SQL of the wall of praise, and what follows when somebody is praised.

use std::collections::BTreeMap;

use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::praise::{self, Recognition};
use crate::access::Scope;
use crate::clock::Timestamp;
use crate::db::{Error, Sql, Sqls};
use crate::features::customers::customer::{Customer, CustomerId};
use crate::features::customers::store::redirects;
use crate::features::notes::note::Note;
use crate::features::notifications::{self, notification::Told};
use crate::features::people::user::User;
use crate::fold;
use crate::id::UserId;
use crate::journal::{self, Listed, Rows, Sort, SortKey, Unit, Window};

impl Rows for Recognition {
    const TABLE: &'static str = "notes";
    const SELECT: &'static str = "notes.id, notes.occurred_at, notes.body AS text, notes.employee_id, COALESCE((SELECT users.name FROM users WHERE users.organization_id = notes.organization_id AND users.id = notes.employee_id), notes.employee_name) AS employee_name, (SELECT users.department FROM users WHERE users.organization_id = notes.organization_id AND users.id = notes.employee_id) AS employee_department, notes.customer_id, (SELECT customers.name FROM customers WHERE customers.organization_id = notes.organization_id AND customers.id = notes.customer_id) AS customer_name, notes.attempt_id, notes.author_id";

    fn id(&self) -> Uuid {
        self.id.into()
    }
}

/// Fields that praise can be sorted by.
pub static SORTS: &[Sort<Recognition>] = &[Sort {
    name: "occurred_at",
    column: "notes.occurred_at",
    key: |praise| SortKey::Time(praise.occurred_at),
}];

/// Which praise is asked for.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RecognitionFilter {
    /// Who is praised.
    #[param(value_type = Option<String>, format = Uuid)]
    pub employee_id: Option<UserId>,
    /// Whose employees are praised, whatever its case.
    #[param(min_length = 1, max_length = 100)]
    pub department: Option<String>,
    /// By whom.
    #[param(value_type = Option<String>, format = Uuid)]
    pub customer_id: Option<CustomerId>,
    pub occurred_at_gte: Option<Timestamp>,
    pub occurred_at_lt: Option<Timestamp>,
}

impl RecognitionFilter {
    fn narrow(&self, sql: &mut Sql<'_>, department: Option<&[UserId]>) {
        sql.push(" AND notes.kind = 'praise'");
        if let Some(users) = department {
            sql.push(" AND notes.employee_id IN ").list(users.iter().copied());
        }
        redirects::narrow(sql, "notes.customer_id", self.customer_id)
            .compare("notes.employee_id =", self.employee_id)
            .compare("notes.occurred_at >=", self.occurred_at_gte)
            .compare("notes.occurred_at <", self.occurred_at_lt);
    }
}

/// A page of the wall.
pub async fn list(
    db: &mut impl Sqls,
    scope: &Scope,
    filter: &RecognitionFilter,
    window: &Window<Recognition>,
) -> Result<Listed<Recognition>, Error> {
    let department = match &filter.department {
        Some(department) => Some(of_department(db, scope, department).await?),
        None => None,
    };
    journal::list(db, scope.organization, window, |sql| {
        filter.narrow(sql, department.as_deref());
    })
    .await
}

/// Who is of a department, whatever its case and accents, there or not any more.
async fn of_department(db: &mut impl Sqls, scope: &Scope, department: &str) -> Result<Vec<UserId>, Error> {
    let key = fold::key(department);
    let users: Vec<(UserId, String)> = db
        .sql("SELECT id, department FROM users WHERE organization_id = $1 AND department IS NOT NULL ORDER BY id")
        .bind(scope.organization)
        .all()
        .await?;
    let theirs = users.into_iter().filter(|(_, its)| fold::key(its) == key);
    Ok(theirs.map(|(user, _)| user).collect())
}

/// Tells those whom these notes praise, and their managers.
///
/// # Errors
/// What the database said.
pub async fn pass_on(unit: &mut Unit, notes: &[Note]) -> Result<(), journal::Error> {
    let told = telling(unit, notes).await?;
    notifications::store::tell(unit, told).await?;
    Ok(())
}

/// A note was changed: who was told of its praise reads what it says now, or nothing where it praises them no longer.
///
/// # Errors
/// What the database said.
pub async fn follow(unit: &mut Unit, note: &Note) -> Result<(), journal::Error> {
    let told = telling(unit, std::slice::from_ref(note)).await?;
    notifications::store::retell(unit, &praise::key(note), told).await
}

/// A note was deleted: nobody is told of its praise any more.
///
/// # Errors
/// What the database said.
pub async fn take_back(unit: &mut Unit, note: &Note) -> Result<(), journal::Error> {
    notifications::store::retell(unit, &praise::key(note), Vec::new()).await
}

/// What is to be told of these notes.
async fn telling(unit: &mut Unit, notes: &[Note]) -> Result<Vec<Told>, journal::Error> {
    let praising: Vec<(&Note, UserId)> = notes
        .iter()
        .filter_map(|note| praise::praised(note).map(|employee| (note, employee)))
        .collect();
    if praising.is_empty() {
        return Ok(Vec::new());
    }
    let organization = unit.organization();
    let employees: Vec<Uuid> = praising.iter().map(|(_, employee)| (*employee).into()).collect();
    let customers: Vec<Uuid> = praising.iter().map(|(note, _)| note.customer_id.into()).collect();
    let employees: Vec<User> = journal::find_all(unit, organization, &employees).await?;
    let employees: BTreeMap<UserId, User> = employees.into_iter().map(|user| (user.id, user)).collect();
    let customers: Vec<Customer> = journal::find_all(unit, organization, &customers).await?;
    let customers: BTreeMap<CustomerId, Customer> =
        customers.into_iter().map(|customer| (customer.id, customer)).collect();
    let mut told = Vec::new();
    for (note, employee) in praising {
        if let (Some(employee), Some(customer)) = (employees.get(&employee), customers.get(&note.customer_id)) {
            told.extend(praise::told(note, employee, &customer.fields.name));
        }
    }
    Ok(told)
}
