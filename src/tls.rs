//! How this program speaks TLS when it is the client: rustls with ring, as its database and mail libraries do, trusting what the machine trusts.

use std::sync::{Arc, LazyLock};

use rustls::{ClientConfig, RootCertStore, crypto::ring};

/// The machine's certificates are read once. Where it has none, every server that speaks TLS is refused, and plain HTTP works.
static CONFIG: LazyLock<Option<ClientConfig>> = LazyLock::new(|| {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = config.with_safe_default_protocol_versions().ok()?;
    Some(config.with_root_certificates(roots).with_no_client_auth())
});

/// The beginning of every HTTP client. `reqwest::Client::new` would look for a provider of cryptography and find none.
pub fn client() -> reqwest::ClientBuilder {
    let builder = reqwest::Client::builder();
    match CONFIG.as_ref() {
        Some(config) => builder.tls_backend_preconfigured(config.clone()),
        None => builder,
    }
}
