//! Speaks: the wall of praise.

use super::praise::{self, Recognition};
use super::store::{self, RecognitionFilter};
use crate::access::{Caller, Permission};
use crate::http::page::Paging;
use crate::http::{Access, Answer, App, Endpoint, Query, Reply};

crate::page!(RecognitionPage of Recognition);

pub fn endpoints() -> Vec<Endpoint> {
    crate::endpoints![
        list_recognition: Access::Needs(Permission::NotesRead) => sorted(store::SORTS, "-occurred_at"),
    ]
}

/// Read the wall of praise.
///
/// What customers said of employees, the latest first: the notes of type `praise`, with names. Whoever is praised hears of it by themselves, and so does their manager. `department` needs `users:read` as well.
#[utoipa::path(get, path = "/v1/recognition", operation_id = "list_recognition", tag = "notes", params(RecognitionFilter, Paging),
    responses((status = 200, description = "A page of praise", body = RecognitionPage)))]
async fn list_recognition(
    app: App,
    caller: Caller,
    filter: Query<RecognitionFilter>,
    paging: Paging,
) -> Answer<RecognitionPage> {
    if filter.department.is_some() {
        // Who is of a department is known of users.
        caller.needs(Permission::UsersRead)?;
    }
    let window = paging.window(&app, &caller, store::SORTS)?;
    let mut listed = store::list(&mut app.read(), &caller.scope(), &filter, &window).await?;
    if !caller.may(Permission::CustomersRead) {
        listed.rows.iter_mut().for_each(|praise| praise.customer_name = None);
    }
    if !caller.may(Permission::UsersRead) {
        listed.rows.iter_mut().for_each(praise::Recognition::withhold_employee);
    }
    Ok(Reply::ok(paging.close(&app, &caller, listed).into()))
}
