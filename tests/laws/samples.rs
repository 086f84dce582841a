//! A record of every collection that an endpoint speaks of, made over the API as the document says.

use std::cell::RefCell;
use std::collections::BTreeMap;

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use serde_json::{Value, json};
use touchbase::openapi;
use touchbase::routes;

use crate::example::Schemas;
use crate::support::{Client, Reply};

/// What a property's name refers to.
const REFERENCES: &[(&str, &str)] = &[
    ("customer_id", "/v1/customers"),
    ("referred_by_id", "/v1/customers"),
    ("contact_id", "/v1/contacts"),
    ("program_id", "/v1/programs"),
    ("talking_points_id", "/v1/talking-points"),
    ("assignment_id", "/v1/assignments"),
    ("attempt_id", "/v1/attempts"),
    ("nps_response_id", "/v1/nps-responses"),
    ("note_id", "/v1/notes"),
    ("action_item_id", "/v1/action-items"),
    ("follow_up_id", "/v1/follow-ups"),
    ("case_id", "/v1/cases"),
    ("endpoint_id", "/v1/webhook-endpoints"),
];

/// Properties that mean a person; in samples always the caller.
const PEOPLE: &[&str] = &[
    "user_id",
    "assignee_id",
    "owner_id",
    "manager_id",
    "account_manager_id",
    "employee_id",
    "executive_id",
];

/// What the document alone does not tell: fields that a sample needs beside the required ones.
fn more(collection: &str) -> Value {
    match collection {
        "/v1/contacts" => json!({"name": "Maria Anders"}),
        "/v1/webhook-endpoints" => json!({"types": ["customer.*"], "url": "https://hooks.example.com/touchbase"}),
        "/v1/api-keys" => json!({"name": "sample", "role": "viewer"}),
        "/v1/segments" => json!({"ready_made": "silent"}),
        "/v1/assignments" => json!({"assignee_id": "caller"}),
        _ => json!({}),
    }
}

/// Makes samples as one caller, each once.
pub struct Samples {
    pub client: Client,
    document: Value,
    made: RefCell<BTreeMap<String, String>>,
}

impl Samples {
    pub fn new(client: Client) -> Self {
        Self {
            client,
            document: openapi::document(&routes::endpoints()),
            made: RefCell::default(),
        }
    }

    /// A sample that was made otherwise.
    pub fn keep(&self, collection: &str, id: String) {
        self.made.borrow_mut().insert(collection.to_owned(), id);
    }

    pub fn made(&self) -> BTreeMap<String, String> {
        self.made.borrow().clone()
    }

    /// The collections that endpoints speak of: what stands before `{id}`.
    pub fn collections() -> Vec<String> {
        let mut collections: Vec<String> = routes::endpoints()
            .iter()
            .filter_map(|endpoint| endpoint.path.split_once("/{id}").map(|(before, _)| before.to_owned()))
            .collect();
        collections.sort();
        collections.dedup();
        collections
    }

    /// The id of this collection's sample; what it refers to is made before.
    ///
    /// # Errors
    /// With the reason, when there is no way to make one.
    pub fn of<'s>(&'s self, collection: &'s str) -> LocalBoxFuture<'s, Result<String, String>> {
        async move {
            if let Some(id) = self.made.borrow().get(collection) {
                return Ok(id.clone());
            }
            if collection == "/v1/assignment-batches" {
                return self.batch().await;
            }
            if collection == "/v1/plans" {
                return self.plan().await;
            }
            if collection == "/v1/notifications" {
                return self.notification().await;
            }
            if collection == "/v1/follow-ups" {
                return self.follow_up().await;
            }
            if collection == "/v1/imports" {
                return self.import().await;
            }
            let (path, outer) = self
                .way_to_create(collection)
                .ok_or_else(|| format!("nothing creates a record of {collection}"))?;
            let path = match outer {
                Some(outer) => path.replace("{id}", &self.of(&outer).await?),
                None => path,
            };
            let operation = match path.strip_prefix(collection) {
                Some("") => &self.document["paths"][collection]["post"],
                Some(_) | None => self
                    .nested(collection)
                    .map(|(_, operation)| operation)
                    .unwrap_or(&Value::Null),
            };
            let body = self.body(operation, &more(collection)).await?;
            let reply = self.send("POST", &path, operation, &body).await;
            let last = collection.rsplit('/').next().unwrap_or_default();
            // Some answers hold more than the record, which then stands under its name.
            let name = last.trim_end_matches('s').replace('-', "_");
            let id = reply.body["id"].as_str().or(reply.body[&name]["id"].as_str());
            match (reply.status, id) {
                (201, Some(id)) => {
                    self.made.borrow_mut().insert(collection.to_owned(), id.to_owned());
                    Ok(id.to_owned())
                }
                _ => Err(format!("POST {path} {body} answers {}: {}", reply.status, reply.text)),
            }
        }
        .boxed_local()
    }

    /// A bulk assignment of one customer, who is in nobody's hands.
    async fn batch(&self) -> Result<String, String> {
        let customer = self.client.post("/v1/customers", json!({"name": "Of a batch"})).await;
        let items = json!({"items": [{"customer_id": customer.body["id"], "assignee_id": self.client.id()}]});
        let path = "/v1/assignments/bulk";
        let reply = self.send("POST", path, self.operation(path, "post"), &items).await;
        let id = reply.body["batch_id"].as_str().ok_or(reply.text)?;
        self.made
            .borrow_mut()
            .insert("/v1/assignment-batches".into(), id.to_owned());
        Ok(id.to_owned())
    }

    /// What the caller hears when a customer praises them.
    async fn notification(&self) -> Result<String, String> {
        let customer = self.of("/v1/customers").await?;
        let praise =
            json!({"customer_id": customer, "type": "praise", "body": "Splendid!", "employee_id": self.client.id()});
        self.client.post("/v1/notes", praise).await.expect(201);
        let told = self.client.get("/v1/me/notifications").await.expect(200);
        let id = told["data"][0]["id"].as_str().ok_or("nobody was told")?;
        self.made.borrow_mut().insert("/v1/notifications".into(), id.to_owned());
        Ok(id.to_owned())
    }

    /// What is written after a call: there is one, so it stands under its call without a name of its own.
    async fn follow_up(&self) -> Result<String, String> {
        let attempt = self.of("/v1/attempts").await?;
        let operation = self.operation("/v1/attempts/{id}/follow-up", "post");
        let reply = self
            .send(
                "POST",
                &format!("/v1/attempts/{attempt}/follow-up"),
                operation,
                &json!({}),
            )
            .await;
        let id = reply.body["id"].as_str().ok_or(reply.text)?;
        self.made.borrow_mut().insert("/v1/follow-ups".into(), id.to_owned());
        Ok(id.to_owned())
    }

    /// A plan of one customer for a program in which the caller takes part.
    async fn plan(&self) -> Result<String, String> {
        let customer = self.client.post("/v1/customers", json!({"name": "Of a plan"})).await;
        let part =
            json!({"user_id": self.client.id(), "calls_to_prepare": 5, "conversations_to_reach": 2, "period": "week"});
        let program = json!({"name": "Planned", "participants": [part]});
        let program = self.client.post("/v1/programs", program).await.body["id"].clone();
        let path = format!("/v1/programs/{}/plans", program.as_str().unwrap_or_default());
        let body = json!({"customer_ids": [customer.body["id"]], "from": "2030-01-07", "to": "2030-01-08"});
        let reply = self.client.post(&path, body).await;
        let id = reply.body["id"].as_str().ok_or(reply.text)?;
        self.made.borrow_mut().insert("/v1/plans".into(), id.to_owned());
        Ok(id.to_owned())
    }

    /// A file of one customer.
    async fn import(&self) -> Result<String, String> {
        let request = self.client.request("POST", "/v1/imports?target=customers");
        let request = request
            .header("content-type", "text/csv")
            .header("idempotency-key", "sample");
        let reply = self
            .client
            .send(request.body("external_id,name\nS-1,Of a file\n"))
            .await;
        let id = reply.body["id"].as_str().ok_or(reply.text)?;
        self.made.borrow_mut().insert("/v1/imports".into(), id.to_owned());
        Ok(id.to_owned())
    }

    /// Where a record of this collection is created, and whose id that path needs.
    fn way_to_create(&self, collection: &str) -> Option<(String, Option<String>)> {
        if self.document["paths"][collection]["post"].is_object() {
            return Some((collection.to_owned(), None));
        }
        let (path, _) = self.nested(collection)?;
        let outer = path.split("/{id}").next()?.to_owned();
        Some((path.clone(), Some(outer)))
    }

    /// `/v1/customers/{id}/contacts` for `/v1/contacts`.
    fn nested(&self, collection: &str) -> Option<(&String, &Value)> {
        let last = collection.rsplit('/').next()?;
        let ending = format!("/{{id}}/{last}");
        let paths = self.document["paths"].as_object()?;
        let (path, item) = paths
            .iter()
            .find(|(path, item)| path.ends_with(&ending) && item["post"].is_object())?;
        Some((path, &item["post"]))
    }

    /// A body that this operation takes, as far as the document tells.
    ///
    /// # Errors
    /// When a record that it must refer to cannot be made.
    pub async fn body(&self, operation: &Value, more: &Value) -> Result<Value, String> {
        let Some(content) = operation["requestBody"]["content"].as_object() else {
            return Ok(Value::Null);
        };
        let Some((_, media)) = content.iter().find(|(kind, _)| kind.ends_with("json")) else {
            return Ok(json!("name\n"));
        };
        let schemas = Schemas {
            document: &self.document,
        };
        let wanted = RefCell::new(Vec::new());
        schemas.example("", &media["schema"], &|name| {
            let (_, collection) = REFERENCES.iter().find(|(known, _)| *known == name)?;
            wanted.borrow_mut().push(*collection);
            None
        });
        for collection in wanted.into_inner() {
            self.of(collection).await?;
        }
        let made = self.made();
        let reference = |name: &str| {
            if PEOPLE.contains(&name) {
                return Some(self.client.id());
            }
            let (_, collection) = REFERENCES.iter().find(|(known, _)| *known == name)?;
            made.get(*collection).cloned()
        };
        let mut body = schemas.example("", &media["schema"], &reference);
        for (name, value) in more.as_object().into_iter().flatten() {
            body[name] = if value == "caller" {
                json!(self.client.id())
            } else {
                value.clone()
            };
        }
        Ok(body)
    }

    /// Sends a body in the type that the operation takes, with a key of its own.
    pub async fn send(&self, method: &str, path: &str, operation: &Value, body: &Value) -> Reply {
        let mut request = self.client.request(method, &format!("{path}{}", self.query(operation)));
        if method == "POST" || method == "PATCH" {
            request = request.header("idempotency-key", format!("{:x}", rand::random::<u128>()));
        }
        let content = operation["requestBody"]["content"].as_object().into_iter().flatten();
        let kinds: Vec<&String> = content.map(|(kind, _)| kind).collect();
        if let Some(kind) = kinds.iter().find(|kind| kind.ends_with("json")).or(kinds.first()) {
            let text = body.as_str().map_or_else(|| body.to_string(), str::to_owned);
            request = request.header("content-type", kind.as_str()).body(text);
        }
        self.client.send(request).await
    }

    /// The query parameters that the operation cannot do without.
    fn query(&self, operation: &Value) -> String {
        let schemas = Schemas {
            document: &self.document,
        };
        let required = operation["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|parameter| parameter["in"] == "query" && parameter["required"] == true);
        let pairs: Vec<String> = required
            .map(|parameter| {
                let name = parameter["name"].as_str().unwrap_or_default();
                let value = schemas.example(name, &parameter["schema"], &|_| None);
                format!(
                    "{name}={}",
                    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
                )
            })
            .collect();
        if pairs.is_empty() {
            String::new()
        } else {
            format!("?{}", pairs.join("&"))
        }
    }

    pub fn operation(&self, path: &str, method: &str) -> &Value {
        &self.document["paths"][path][method.to_ascii_lowercase()]
    }
}
