//! Who makes a change, and from where: what a caller hands to the unit that writes.

use uuid::Uuid;

crate::words! {
    /// What sort of caller made a change.
    pub enum ActorKind {
        /// A person.
        User = "user",
        /// A script or dashboard.
        ApiKey = "api_key",
        /// Touchbase itself.
        System = "system",
    }
}

/// Who made a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Actor {
    pub kind: ActorKind,
    pub id: Option<Uuid>,
}

/// Where a change came from, for the journal.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    /// The client's `User-Agent`, cut to 200 characters.
    pub client: Option<String>,
    /// The address that the request came from.
    pub address: Option<String>,
    pub request_id: Option<Uuid>,
    /// The request's idempotency key, if it has one.
    pub claim: Option<Claim>,
}

/// An idempotency key that this unit answers for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Caller, method, path and key: what makes the key unique in its organization.
    pub scope: String,
    /// HMAC-SHA-256 of query and body.
    pub fingerprint: Vec<u8>,
}
