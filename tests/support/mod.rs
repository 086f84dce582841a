//! What every test stands on: a real server on a real port, with a database of its own, and clients that speak HTTP to it.

#![allow(dead_code, reason = "each test binary uses a part of this")]

use std::sync::Arc;

use chrono::NaiveTime;
use serde_json::Value;
use touchbase::access::{Permission, Role, Scope};
use touchbase::app::App;
use touchbase::clock::{Clock, Timestamp};
use touchbase::config::Config;
use touchbase::features::people::{
    self, setup,
    user::{User, UserInput},
};
use touchbase::id::OrganizationId;
use touchbase::{demo, server};
use uuid::Uuid;

pub mod counting;
pub mod database;
pub mod listening;
pub mod proxy;
pub mod receiver;
pub mod running;
pub mod smtp;

pub use database::Database;

/// Every test user's password.
pub const PASSWORD: &str = "correct horse battery";

/// An HTTP client, as the program makes its own.
pub fn http() -> reqwest::Client {
    touchbase::tls::client().build().unwrap()
}

/// A running server with one organization and a user of each role.
pub struct Server {
    pub app: Arc<App>,
    pub url: String,
    pub organization: OrganizationId,
    pub people: Vec<User>,
    handle: actix_web::dev::ServerHandle,
    _database: Database,
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}

/// Settings for tests: two workers, few connections.
pub fn config(database_url: &str) -> Config {
    use clap::Parser;
    #[derive(Parser)]
    struct Flags {
        #[command(flatten)]
        config: Config,
    }
    let mut config = Flags::parse_from(["test"]).config;
    config.database_url = database_url.to_owned();
    config.database_connections = 6;
    config.workers = Some(2);
    config.shutdown_seconds = 1;
    config
}

impl Server {
    /// Starts with an empty organization in the zone `Europe/Berlin`.
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// The same, with other settings.
    pub async fn start_with(set: impl FnOnce(&mut Config)) -> Self {
        let database = Database::new().await;
        let app = open(&database, set).await;
        let organization = setup::organization(&app, "Northwind Traders", "Europe/Berlin")
            .await
            .unwrap();
        let mut people = Vec::new();
        for role in Role::ALL {
            people.push(add_user(&app, organization, &role.to_string(), *role).await);
        }
        Self::serve(database, app, organization, people)
    }

    /// Starts with the demonstration as it was this midnight, and its people.
    pub async fn start_demo() -> Self {
        let database = Database::new().await;
        let midnight = Clock::default().now().date_naive().and_time(NaiveTime::MIN).and_utc();
        demo::fill(config(&database.url), Timestamp::new(midnight))
            .await
            .unwrap();
        let app = open(&database, |_| {}).await;
        let mut db = app.read();
        let organization = people::store::organization_by_slug(&mut db, "demo")
            .await
            .unwrap()
            .unwrap();
        let scope = Scope::all(organization);
        let mut people = Vec::new();
        for role in Role::ALL {
            let email = format!("{role}@demo.test");
            people.extend(people::store::find_by_email(&mut db, &scope, &email).await.unwrap());
        }
        Self::serve(database, app, organization, people)
    }

    fn serve(database: Database, app: Arc<App>, organization: OrganizationId, people: Vec<User>) -> Self {
        let bound = server::bind(app.clone(), ([127, 0, 0, 1], 0).into()).unwrap();
        let handle = bound.server.handle();
        actix_web::rt::spawn(bound.server);
        Self {
            app,
            url: format!("http://{}", bound.address),
            organization,
            people,
            handle,
            _database: database,
        }
    }

    /// One more organization on the same server, with an admin.
    pub async fn another_organization(&self) -> Client {
        let organization = setup::organization(&self.app, "Contoso", "America/New_York")
            .await
            .unwrap();
        let admin = add_user(&self.app, organization, "other", Role::Admin).await;
        self.client_of(organization, &admin)
    }

    /// One more user of this organization.
    pub async fn add(&self, name: &str, role: Role) -> Client {
        let user = add_user(&self.app, self.organization, name, role).await;
        self.client_of(self.organization, &user)
    }

    fn client_of(&self, organization: OrganizationId, user: &User) -> Client {
        let token = self
            .app
            .keys
            .issue(&self.app.clock, organization, user.id, user.fields.role, Uuid::nil())
            .unwrap();
        Client {
            http: http(),
            url: self.url.clone(),
            token: Some(token),
            user: Some(user.clone()),
        }
    }

    /// The same user with a token of this minute: after the clock was moved on.
    pub fn again(&self, client: &Client) -> Client {
        self.client_of(self.organization, client.user.as_ref().unwrap())
    }

    pub fn client(&self, role: Role) -> Client {
        let user = self.people.iter().find(|user| user.fields.role == role).unwrap();
        self.client_of(self.organization, user)
    }

    pub fn admin(&self) -> Client {
        self.client(Role::Admin)
    }

    pub fn manager(&self) -> Client {
        self.client(Role::Manager)
    }

    pub fn executive(&self) -> Client {
        self.client(Role::Executive)
    }

    pub fn contributor(&self) -> Client {
        self.client(Role::Contributor)
    }

    pub fn viewer(&self) -> Client {
        self.client(Role::Viewer)
    }

    /// A script with an admin's API key that has these permissions alone.
    pub async fn script(&self, permissions: &[Permission]) -> Client {
        let key = serde_json::json!({"name": "Script", "role": Role::Admin, "permissions": permissions});
        let key = self.admin().post("/v1/api-keys", key).await.expect(201);
        self.with_key(&key)
    }

    /// A script with this API key, as it was created.
    pub fn with_key(&self, created: &Value) -> Client {
        Client {
            token: Some(created["secret"].as_str().unwrap().to_owned()),
            ..self.nobody()
        }
    }

    /// A client that has not signed in.
    pub fn nobody(&self) -> Client {
        Client {
            http: http(),
            url: self.url.clone(),
            token: None,
            user: None,
        }
    }
}

async fn open(database: &Database, set: impl FnOnce(&mut Config)) -> Arc<App> {
    let mut config = config(&database.url);
    set(&mut config);
    App::open(config, Clock::default(), None).await.unwrap()
}

async fn add_user(app: &App, organization: OrganizationId, name: &str, role: Role) -> User {
    let fields: UserInput = serde_json::from_value(serde_json::json!({
        "email": format!("{name}@northwind.test"), "name": format!("The {name}"), "role": role, "department": "Support"
    }))
    .unwrap();
    // A cheap hash: signing in is tested where it matters, with users made over the API.
    setup::user(app, organization, fields, None).await.unwrap()
}

/// A caller with a token.
#[derive(Clone)]
pub struct Client {
    pub http: reqwest::Client,
    pub url: String,
    pub token: Option<String>,
    pub user: Option<User>,
}

/// An answer, read whole.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
    pub body: Value,
}

impl Reply {
    /// The body, when the status is as expected; else the test fails and shows the answer.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        self.body
    }

    /// The problem's code, when the status is as expected.
    #[track_caller]
    pub fn problem(self, status: u16) -> String {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.text);
        self.body["code"].as_str().unwrap().to_owned()
    }

    pub fn header(&self, name: &str) -> String {
        self.headers
            .get(name)
            .map(|value| value.to_str().unwrap().to_owned())
            .unwrap_or_default()
    }
}

impl Client {
    pub fn id(&self) -> String {
        self.user.as_ref().unwrap().id.to_string()
    }

    /// A request, to be completed with headers and a body.
    pub fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let request = self
            .http
            .request(method.parse().unwrap(), format!("{}{path}", self.url));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    pub async fn send(&self, request: reqwest::RequestBuilder) -> Reply {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Reply {
            status,
            headers,
            text,
            body,
        }
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send(self.request("GET", path)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.send(self.request("POST", path).json(&body)).await
    }

    /// With an idempotency key.
    pub async fn post_once(&self, path: &str, key: &str, body: Value) -> Reply {
        self.send(self.request("POST", path).header("idempotency-key", key).json(&body))
            .await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Reply {
        let request = self
            .request("PATCH", path)
            .header("content-type", "application/merge-patch+json")
            .body(body.to_string());
        self.send(request).await
    }

    pub async fn delete(&self, path: &str) -> Reply {
        self.send(self.request("DELETE", path)).await
    }

    /// A file, as `text/csv`.
    pub async fn csv(&self, path: &str, file: impl Into<reqwest::Body>) -> Reply {
        self.send(self.request("POST", path).header("content-type", "text/csv").body(file))
            .await
    }
}
