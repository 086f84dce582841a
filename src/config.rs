//! What an installation can set: flags, each with an environment variable.

use std::net::SocketAddr;

use clap::Args;
use ipnet::IpNet;

/// Settings of the server.
#[derive(Debug, Clone, Args)]
pub struct Config {
    /// Where to keep data: `sqlite://PATH` or `postgres://USER:PASSWORD@HOST/NAME`.
    #[arg(
        long = "database",
        env = "TOUCHBASE_DATABASE_URL",
        default_value = "sqlite://touchbase.db",
        hide_env_values = true
    )]
    pub database_url: String,

    /// Most connections to PostgreSQL: half of them write, the others read; at least one each.
    #[arg(long, env = "TOUCHBASE_DATABASE_CONNECTIONS", default_value_t = 16)]
    pub database_connections: u32,

    /// Address to serve on.
    #[arg(long, env = "TOUCHBASE_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,

    /// Address for `/metrics` alone, for whoever can reach it; without it, metrics are served beside the API to callers on the same machine.
    #[arg(long, env = "TOUCHBASE_METRICS_LISTEN")]
    pub metrics_listen: Option<SocketAddr>,

    /// The address under which clients reach this installation; issuer of tokens, start of links.
    #[arg(long, env = "TOUCHBASE_PUBLIC_URL", default_value = "http://127.0.0.1:8080")]
    pub public_url: String,

    /// Where mail is handed over: `smtps://USER:PASSWORD@HOST` or `smtp://…`; without it, no mail is sent.
    #[arg(long, env = "TOUCHBASE_SMTP_URL", hide_env_values = true)]
    pub smtp_url: Option<String>,

    /// From whom mail comes: `calls@example.com` or `Northwind <calls@example.com>`.
    #[arg(long, env = "TOUCHBASE_MAIL_FROM")]
    pub mail_from: Option<String>,

    /// Origins whose pages may call the API from a browser, separated by commas; `*` for any.
    #[arg(long, env = "TOUCHBASE_CORS_ORIGINS", value_delimiter = ',')]
    pub cors_origins: Vec<String>,

    /// How many proxies stand before the server: that many `X-Forwarded-For` entries from the right are believed.
    #[arg(long, env = "TOUCHBASE_TRUSTED_PROXIES", default_value_t = 0)]
    pub trusted_proxies: usize,

    /// Largest body of an ordinary request, in bytes.
    #[arg(long, env = "TOUCHBASE_BODY_LIMIT", default_value_t = 1 << 20)]
    pub body_limit: usize,

    /// Largest body of a bulk request, in bytes.
    #[arg(long, env = "TOUCHBASE_BULK_LIMIT", default_value_t = 8 << 20)]
    pub bulk_limit: usize,

    /// Largest file of an import, in bytes.
    #[arg(long, env = "TOUCHBASE_IMPORT_LIMIT", default_value_t = 64 << 20)]
    pub import_limit: usize,

    /// Largest file that is sent to be imported in the background, in bytes.
    #[arg(long, env = "TOUCHBASE_UPLOAD_LIMIT", default_value_t = 1 << 30)]
    pub upload_limit: usize,

    /// Seconds that a body may take to arrive; a file for the background, 64 KiB of it.
    #[arg(long, env = "TOUCHBASE_BODY_SECONDS", default_value_t = 30)]
    pub body_seconds: u64,

    /// Threads that serve requests; one per core by default.
    #[arg(long, env = "TOUCHBASE_WORKERS")]
    pub workers: Option<usize>,

    /// Streams of events that one caller may have open at a time.
    #[arg(long, env = "TOUCHBASE_STREAMS_PER_CALLER", default_value_t = 32)]
    pub streams_per_caller: usize,

    /// Seconds after which a stream that has nothing to say gives a sign of life; less than the patience of what stands before the server.
    #[arg(long, env = "TOUCHBASE_STREAM_HEARTBEAT_SECONDS", default_value_t = 15)]
    pub stream_heartbeat_seconds: u64,

    /// Networks that webhooks may reach though they are not public, separated by commas: `10.1.0.0/16,fd00::/8`.
    #[arg(long, env = "TOUCHBASE_WEBHOOK_ALLOW", value_delimiter = ',')]
    pub webhook_allow: Vec<IpNet>,

    /// Log as JSON lines instead of for the eye.
    #[arg(long, env = "TOUCHBASE_LOG_JSON")]
    pub log_json: bool,

    /// What to log: `info`, `debug`, or a filter like `touchbase=debug,sqlx=warn`.
    #[arg(long, env = "TOUCHBASE_LOG", default_value = "info,sqlx=warn")]
    pub log: String,

    /// Seconds that a stopping server waits for running requests.
    #[arg(long, env = "TOUCHBASE_SHUTDOWN_SECONDS", default_value_t = 30)]
    pub shutdown_seconds: u64,
}
