//! Lists as CSV and NDJSON: the same handler, page after page, streamed in constant memory.

use actix_web::body::{BodyStream, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::web::Bytes;
use actix_web::{Error, HttpMessage, HttpRequest, HttpResponse};
use futures_util::stream;
use serde_json::Value;
use utoipa::openapi::path::Operation;
use utoipa::openapi::{RefOr, Schema};

use super::endpoint::{Schemas, named};
use super::{Access, Problem, bearer, csv, gate, query};
use crate::clock::Timestamp;

pub const JSON: &str = "application/json";
pub const CSV: &str = "text/csv";
pub const NDJSON: &str = "application/x-ndjson";

/// Which page an export asks for next; [`super::page::Paging`] reads it before the query.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub cursor: Option<String>,
    pub limit: i64,
}

/// A column of a list: the field, and the field within it where the record nests one level.
type Column = (String, Option<String>);

/// The columns of a list endpoint, in the order of the document; `None` when it is not a list.
pub(super) fn columns(operation: &Operation, schemas: Schemas) -> Option<Vec<Column>> {
    let value = serde_json::to_value(operation).ok()?;
    let page = value["responses"]["200"]["content"][JSON]["schema"]["$ref"]
        .as_str()
        .and_then(last)?;
    let schemas = named(schemas);
    let schema = |name: &str| {
        let found = schemas.iter().find(|(known, _)| known == name);
        found.map(|(_, schema)| schema)
    };
    let page = serde_json::to_value(schema(page)?).ok()?;
    let item = page["properties"]["data"]["items"]["$ref"].as_str().and_then(last)?;
    let mut columns = Vec::new();
    collect(schema(item)?, &schema, &mut columns);
    // Stable: the id first, the rest as the document has it.
    columns.sort_by_key(|(name, _)| name != "id");
    Some(columns)
}

fn last(reference: &str) -> Option<&str> {
    reference.rsplit('/').next()
}

fn collect<'s>(item: &RefOr<Schema>, schema: &impl Fn(&str) -> Option<&'s RefOr<Schema>>, columns: &mut Vec<Column>) {
    let Ok(item) = serde_json::to_value(item) else { return };
    for part in item["allOf"].as_array().into_iter().flatten() {
        match part["$ref"].as_str().and_then(last).and_then(schema) {
            Some(part) => collect(part, schema, columns),
            None => fields(part, schema, columns),
        }
    }
    fields(&item, schema, columns);
}

fn fields<'s>(item: &Value, schema: &impl Fn(&str) -> Option<&'s RefOr<Schema>>, columns: &mut Vec<Column>) {
    for (name, property) in item["properties"].as_object().into_iter().flatten() {
        let options = property["oneOf"].as_array().into_iter().flatten().chain([property]);
        let inner = options
            .filter_map(|option| option["$ref"].as_str().and_then(last).and_then(schema))
            .find_map(|inner| {
                let inner = serde_json::to_value(inner).ok()?;
                inner["properties"]
                    .as_object()
                    .map(|inner| inner.keys().cloned().collect::<Vec<_>>())
            });
        match inner {
            Some(inner) => columns.extend(inner.into_iter().map(|field| (name.clone(), Some(field)))),
            None => columns.push((name.clone(), None)),
        }
    }
}

enum Form {
    Csv(Vec<Column>),
    Ndjson,
}

impl Form {
    fn head(&self) -> Vec<u8> {
        let mut out = Vec::new();
        if let Self::Csv(columns) = self {
            csv::row(
                &mut out,
                columns.iter().map(|(name, inner)| match inner {
                    Some(inner) => format!("{name}.{inner}"),
                    None => name.clone(),
                }),
            );
        }
        out
    }

    fn rows(&self, data: &[Value], out: &mut Vec<u8>) {
        for record in data {
            match self {
                Self::Csv(columns) => {
                    let cells = columns.iter().map(|(name, inner)| match inner {
                        Some(inner) => csv::cell(&record[name][inner]),
                        None => csv::cell(&record[name]),
                    });
                    csv::row(out, cells);
                }
                Self::Ndjson => {
                    out.extend_from_slice(record.to_string().as_bytes());
                    out.push(b'\n');
                }
            }
        }
    }
}

/// Where an export stands between two pages.
struct Export<B> {
    next: Next<B>,
    request: HttpRequest,
    form: Form,
    ready: Option<Vec<u8>>,
    cursor: Option<String>,
    access: Access,
    begun: Timestamp,
}

impl<B> Export<B> {
    /// Asks again who it is for, before each further page: who has lost the role or signed out meanwhile reads no more.
    async fn still(&self) -> Result<(), Problem> {
        if self.access == Access::Public {
            return Ok(());
        }
        let app = gate::app(&self.request)?;
        let mut caller = bearer::who_since(&app, bearer::token(self.request.headers())?, self.begun).await?;
        self.access.allows(&caller)?;
        caller.origin = gate::origin(&self.request, app.config.trusted_proxies);
        self.request.extensions_mut().insert(caller);
        Ok(())
    }
}

/// Answers a list as CSV or NDJSON: everything that matches, or one page when `limit` or `cursor` is given.
///
/// # Errors
/// What the handler answered, when that is not a page.
pub(super) async fn answer(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
    (kind, columns): (&'static str, &[Column]),
    access: Access,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let begun = gate::app(request.request())?.clock.now();
    let text = request.query_string();
    let one_page = query::pairs(text)
        .iter()
        .any(|(name, _)| name == "limit" || name == "cursor");
    let wanted = query::parameter(request.request(), "fields");
    let wanted: Option<Vec<&str>> = wanted
        .as_deref()
        .map(|fields| fields.split(',').map(str::trim).collect());
    let form = match kind {
        CSV => Form::Csv(
            columns
                .iter()
                .filter(|(name, _)| {
                    wanted
                        .as_ref()
                        .is_none_or(|wanted| name == "id" || wanted.contains(&name.as_str()))
                })
                .cloned()
                .collect(),
        ),
        _ => Form::Ndjson,
    };
    if !one_page {
        request.extensions_mut().insert(Asked {
            cursor: None,
            limit: super::page::LARGEST_LIMIT,
        });
    }
    let (request, page) = match read(&next, request).await? {
        Ok(page) => page,
        Err(response) => return Ok(response),
    };
    let mut ready = form.head();
    form.rows(&page.0, &mut ready);
    let cursor = page.1.filter(|_| !one_page);
    let content_type = if kind == CSV { csv::KIND } else { NDJSON };
    let export = Export {
        next,
        request: request.clone(),
        form,
        ready: Some(ready),
        cursor,
        access,
        begun,
    };
    let chunks = stream::unfold(export, |mut export| async move {
        if let Some(ready) = export.ready.take() {
            return Some((Ok::<_, Error>(Bytes::from(ready)), export));
        }
        let cursor = export.cursor.take()?;
        if let Err(problem) = export.still().await {
            return Some((Err(problem.into()), export));
        }
        export.request.extensions_mut().insert(Asked {
            cursor: Some(cursor),
            limit: super::page::LARGEST_LIMIT,
        });
        let request = ServiceRequest::from_request(export.request.clone());
        match read(&export.next, request).await {
            Ok(Ok((_, (data, cursor)))) => {
                let mut out = Vec::new();
                export.form.rows(&data, &mut out);
                export.cursor = cursor;
                Some((Ok(Bytes::from(out)), export))
            }
            // The answer has begun: breaking it off is the only way to say that it is not whole.
            Ok(Err(_)) => Some((Err(Problem::internal(&"an export broke off").into()), export)),
            Err(error) => Some((Err(error), export)),
        }
    });
    let ending = if kind == CSV { "csv" } else { "ndjson" };
    let response = HttpResponse::Ok()
        .content_type(content_type)
        .insert_header(csv::attachment(request.path(), ending))
        .body(BodyStream::new(Box::pin(chunks)));
    Ok(ServiceResponse::new(request, response))
}

type Page = (Vec<Value>, Option<String>);

/// One page from the handler; or its whole answer, when that is no page.
async fn read(
    next: &Next<impl MessageBody + 'static>,
    request: ServiceRequest,
) -> Result<Result<(HttpRequest, Page), ServiceResponse<BoxBody>>, Error> {
    let response = next.call(request).await?.map_into_boxed_body();
    if response.status() != actix_web::http::StatusCode::OK {
        return Ok(Err(response));
    }
    let (request, response) = response.into_parts();
    let bytes = actix_web::body::to_bytes(response.into_body())
        .await
        .unwrap_or_default();
    let mut page: Value = serde_json::from_slice(&bytes).map_err(|error| Problem::internal(&error))?;
    let data = match page["data"].take() {
        Value::Array(data) => data,
        _ => Vec::new(),
    };
    Ok(Ok((request, (data, page["next_cursor"].as_str().map(str::to_owned)))))
}
