//! The organization that is measured, and its customers.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::json;
use touchbase::access::Role;
use touchbase::app::App;
use touchbase::clock::Clock;
use touchbase::config::Config;
use touchbase::features::people::setup;
use touchbase::id::OrganizationId;

use crate::Outcome;
use crate::http::{Connection, request};
use crate::server::Server;

pub const PASSWORD: &str = "correct horse battery staple";
/// Rows in one request of an import.
const AT_ONCE: usize = 50_000;

/// A database with one organization, an admin and an executive.
pub struct Database {
    pub url: String,
    /// The file, where it is SQLite.
    pub path: PathBuf,
    pub organization: OrganizationId,
    pub executive: uuid::Uuid,
}

pub fn email(role: Role) -> String {
    format!("{role}@bench.test")
}

/// The server's own settings, as it would read them.
pub fn config(url: &str) -> Config {
    use clap::Parser as _;
    #[derive(clap::Parser)]
    struct Flags {
        #[command(flatten)]
        config: Config,
    }
    Flags::parse_from(["load", "--database", url]).config
}

impl Database {
    /// Makes one in a new file of `folder`.
    pub async fn sqlite(folder: &Path, name: &str) -> Outcome<Self> {
        let path = folder.join(format!("{name}.db"));
        Self::at(format!("sqlite://{}", path.display()), path).await
    }

    /// Makes one wherever `url` says.
    pub async fn at(url: String, path: PathBuf) -> Outcome<Self> {
        let app = App::open(config(&url), Clock::default(), None).await?;
        let organization = setup::organization(&app, "Bench", "Europe/Berlin").await?;
        let mut executive = uuid::Uuid::nil();
        for role in [Role::Admin, Role::Executive] {
            let fields = json!({"email": email(role), "name": format!("The {role}"), "role": role});
            let hash = setup::hash(PASSWORD).await?;
            let user = setup::user(&app, organization, serde_json::from_value(fields)?, Some(hash)).await?;
            executive = user.id.into();
        }
        app.db.close().await;
        Ok(Self {
            url,
            path,
            organization,
            executive,
        })
    }

    pub async fn serve(&self, program: &Path) -> Outcome<Server> {
        Server::start(program, &["serve"], &self.url).await
    }
}

/// Imports `count` customers through the API: rows per second.
pub async fn import(server: &Server, count: usize) -> Outcome<f64> {
    let token = server.sign_in(&email(Role::Admin), PASSWORD).await?;
    let mut connection = Connection::open(&server.address).await?;
    let mut seconds = 0.0;
    for from in (0..count).step_by(AT_ONCE) {
        let file = customers(from, AT_ONCE.min(count - from));
        let request = request(
            "POST",
            "/v1/customers/import",
            &token,
            "Content-Type: text/csv\r\n",
            file.as_bytes(),
        );
        let started = Instant::now();
        let answer = connection.json(&request, 200).await?;
        seconds += started.elapsed().as_secs_f64();
        if let Some(first) = answer["errors"].as_array().and_then(|errors| errors.first()) {
            return Err(format!("a row was refused: {first}").into());
        }
    }
    Ok(count as f64 / seconds)
}

/// A file of customers as a CRM would export it.
pub fn customers(from: usize, count: usize) -> String {
    const PLACES: [(&str, &str, &str, &str); 5] = [
        ("Berlin", "Germany", "Europe/Berlin", "030"),
        ("Madrid", "Spain", "Europe/Madrid", "91"),
        ("Chicago", "USA", "America/Chicago", "(312)"),
        ("London", "UK", "Europe/London", "020"),
        ("São Paulo", "Brazil", "America/Sao_Paulo", "(11)"),
    ];
    let mut file = String::from(
        "external_id,name,time_zone,customer_since,annual_billing,currency,phone,website,industry,street,city,postal_code,country,tags\n",
    );
    for number in from..from + count {
        let (city, country, zone, area) = PLACES[number % PLACES.len()];
        // Spread without order, as billing is in life.
        let billing = (number * 7_919) % 1_000_003;
        let _ = writeln!(
            file,
            "B-{number:07},{} {number:07},{zone},20{:02}-{:02}-{:02},{billing}.50,EUR,{area} 55{:05},https://customer-{number}.example,Wholesale,Street {},{city},{:05},{country},{}",
            ["Alder", "Birch", "Cedar", "Dogwood", "Elm", "Fir", "Ginkgo"][(number * 31) % 7],
            number % 24,
            number % 12 + 1,
            number % 28 + 1,
            number % 100_000,
            number % 900,
            number % 100_000,
            ["key", "pilot", "west"][number % 3],
        );
    }
    file
}
