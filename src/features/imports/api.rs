//! Speaks: imports.

use serde::Deserialize;
use utoipa::openapi::schema::Type;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use super::cells::DateOrder;
use super::columns::{Mapping, Target};
use super::contacts::Contacts;
use super::customers::Customers;
use super::file::ImportFormat;
use super::report::ImportReport;
use super::run::{Order, run};
use super::signals::Signals;
use super::users::Users;
use crate::access::{Caller, Permission};
use crate::http::{Access, Answer, App, Endpoint, Problem, Query, Upload};

pub fn endpoints() -> Vec<Endpoint> {
    crate::endpoints![
        import_customers: Access::Needs(Permission::CustomersManage) => file,
        import_contacts: Access::Needs(Permission::CustomersManage) => file,
        import_signals: Access::Needs(Permission::CustomersManage) => file,
        import_users: Access::Needs(Permission::UsersManage) => file,
    ]
}

/// How a file is to be imported.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ImportQuery {
    /// Tell what would come of it, and write nothing.
    #[serde(default)]
    #[param(value_type = Option<bool>)]
    pub dry_run: bool,
    /// What columns mean, as JSON: header → field, or a list of fields; an empty list ignores the column.
    #[param(max_length = 4_000, example = "{\"tenure\":\"tenure_months\"}")]
    pub mapping: Option<String>,
    /// The currency of amounts whose row names none, ISO 4217.
    #[param(min_length = 3, max_length = 3, pattern = "^[A-Z]{3}$", example = "USD")]
    pub currency: Option<String>,
    /// How dates such as 1/2/2020 are written: day, month or year first. Without it each column is read as its other dates show, else
    /// as the organization's zone suggests, with a warning.
    #[param(inline)]
    pub date_order: Option<DateOrder>,
}

impl ImportQuery {
    /// What is asked for, of a file of this kind.
    ///
    /// # Errors
    /// When the mapping is no mapping.
    pub fn order(&self, target: Target, format: ImportFormat) -> Result<Order, Problem> {
        let mapping: Mapping = match &self.mapping {
            None => Mapping::new(),
            Some(text) => serde_json::from_str(text).map_err(|error| {
                Problem::fault(
                    "mapping",
                    "invalid_value",
                    format!("This is no JSON object of headers and fields: {error}."),
                )
            })?,
        };
        Ok(Order {
            target,
            format,
            dry_run: self.dry_run,
            mapping,
            currency: self.currency.clone(),
            date_order: self.date_order,
        })
    }
}

/// A CSV file in UTF-8, its first row naming the columns; at most 50,000 rows.
pub struct CsvFile;

impl PartialSchema for CsvFile {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length(Some(1))
            .max_length(Some(64 << 20))
            .description(Some(
                "A CSV file in UTF-8, its first row naming the columns; at most 50,000 rows.",
            ))
            .into()
    }
}

impl ToSchema for CsvFile {}

/// Import customers.
///
/// HubSpot's and Salesforce's headers are recognised, and plain ones. Customers are known again by their `external_id`; a blank cell leaves unchanged. Good rows are in, bad ones are told.
#[utoipa::path(post, path = "/v1/customers/import", operation_id = "import_customers", tag = "customers", params(ImportQuery),
    request_body(content = CsvFile, content_type = "text/csv", example = json!("external_id,name\nALFKI,Alfreds Futterkiste\n")),
    responses((status = 200, description = "What came of it", body = ImportReport)))]
async fn import_customers(app: App, caller: Caller, query: Query<ImportQuery>, file: Upload) -> Answer<ImportReport> {
    let order = query.order(Target::Customers, ImportFormat::Csv)?;
    run(&app, &caller, Customers::default(), order, file.0).await
}

/// Import contacts.
///
/// Their customers are found by `external_id`, else by their exact name. Contacts are known again by their `external_id`, else by their e-mail address.
#[utoipa::path(post, path = "/v1/contacts/import", operation_id = "import_contacts", tag = "customers", params(ImportQuery),
    request_body(content = CsvFile, content_type = "text/csv", example = json!("external_id,customer_external_id,name\nC-1,ALFKI,Maria Anders\n")),
    responses((status = 200, description = "What came of it", body = ImportReport)))]
async fn import_contacts(app: App, caller: Caller, query: Query<ImportQuery>, file: Upload) -> Answer<ImportReport> {
    let order = query.order(Target::Contacts, ImportFormat::Csv)?;
    run(&app, &caller, Contacts::default(), order, file.0).await
}

/// Import signals.
///
/// Purchases, support cases, news. They are known again by their kind and `external_id`.
#[utoipa::path(post, path = "/v1/signals/import", operation_id = "import_signals", tag = "customers", params(ImportQuery),
    request_body(content = CsvFile, content_type = "text/csv", example = json!("order_id,customer_external_id,occurred_on,amount,currency\n10248,ALFKI,2026-03-01,440.00,USD\n")),
    responses((status = 200, description = "What came of it", body = ImportReport)))]
async fn import_signals(app: App, caller: Caller, query: Query<ImportQuery>, file: Upload) -> Answer<ImportReport> {
    let order = query.order(Target::Signals, ImportFormat::Csv)?;
    run(&app, &caller, Signals::default(), order, file.0).await
}

/// Import users.
///
/// They are known again by their e-mail address. Managers may stand anywhere in the file. New users and other roles need the permission `users:secure`; nobody gives more than they have.
#[utoipa::path(post, path = "/v1/users/import", operation_id = "import_users", tag = "people", params(ImportQuery),
    request_body(content = CsvFile, content_type = "text/csv", example = json!("email,name,role\nnancy@example.com,Nancy Davolio,executive\n")),
    responses((status = 200, description = "What came of it", body = ImportReport)))]
async fn import_users(app: App, caller: Caller, query: Query<ImportQuery>, file: Upload) -> Answer<ImportReport> {
    let order = query.order(Target::Users, ImportFormat::Csv)?;
    let answer = run(&app, &caller, Users::default(), order, file.0).await;
    // Roles count at once, not when they are next looked up.
    app.callers.forget();
    answer
}
