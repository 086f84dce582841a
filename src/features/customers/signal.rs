//! Something that happened to a customer elsewhere.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::customer::{CustomerId, Money};
use crate::clock::Timestamp;
use crate::db::Json;
use crate::id::UserId;
use crate::journal::{Change, Changing};
use crate::refusal::{Code, Refusal};

crate::id! {
    /// Something that happened to a customer elsewhere.
    SignalId;
}

crate::words! {
    /// What sort of thing happened.
    pub enum SignalKind {
        /// The customer asked for help.
        SupportCase = "support_case",
        /// The customer bought something.
        Purchase = "purchase",
        /// The customer recommended us to somebody.
        Referral = "referral",
        /// The customer was in the news.
        News = "news",
        /// Somebody looked, and found something out.
        ResearchFinding = "research_finding",
        /// The customer got in touch with us, for whatever reason.
        ReactiveInteraction = "reactive_interaction",
    }
}

crate::words! {
    /// Whether a support case waits for somebody.
    pub enum SignalStatus {
        Open = "open",
        Closed = "closed",
    }
}

crate::words! {
    /// What a news item or a finding is about.
    pub enum SignalTopic {
        Award = "award",
        Layoff = "layoff",
        Coverage = "coverage",
        Launch = "launch",
        Funding = "funding",
        Leadership = "leadership",
        Expansion = "expansion",
        Other = "other",
    }
}

/// What can be said of a signal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignalInput {
    pub customer_id: CustomerId,
    pub kind: SignalKind,
    /// Its id where it comes from; unique among signals of its kind.
    #[schema(min_length = 1, max_length = 200)]
    pub external_id: Option<String>,
    /// When it happened: never ahead.
    pub occurred_at: Timestamp,
    #[schema(max_length = 300)]
    pub title: Option<String>,
    #[schema(max_length = 10_000)]
    pub detail: Option<String>,
    /// Of a news item or a finding.
    pub topic: Option<SignalTopic>,
    #[schema(value_type = Option<Money>)]
    pub amount: Option<Json<Money>>,
    /// Of a support case, `open` by default; other signals have none.
    pub status: Option<SignalStatus>,
    #[schema(max_length = 2000)]
    pub source_url: Option<String>,
    /// A good reason to say something nice.
    #[serde(default)]
    pub worth_congratulating: bool,
    /// Who of ours made the sale, has the case, or found it out.
    pub user_id: Option<UserId>,
}

impl SignalInput {
    /// That something happened, and nothing more.
    pub fn of(customer_id: CustomerId, kind: SignalKind, occurred_at: Timestamp) -> Self {
        Self {
            customer_id,
            kind,
            external_id: None,
            occurred_at,
            title: None,
            detail: None,
            topic: None,
            amount: None,
            status: None,
            source_url: None,
            worth_congratulating: false,
            user_id: None,
        }
    }
}

/// Something that happened to a customer elsewhere.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Signal {
    pub id: SignalId,
    #[serde(flatten)]
    pub fields: SignalInput,
    /// When a support case was closed, as far as that is known; null while it is open, and of other signals.
    pub closed_at: Option<Timestamp>,
    pub revision: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Signal {
    pub fn new(id: SignalId, fields: SignalInput, now: Timestamp) -> Self {
        let fields = settled(fields);
        Self {
            id,
            // One that comes closed was closed at some time after it began; nothing nearer is known.
            closed_at: is_closed(&fields).then_some(fields.occurred_at),
            fields,
            revision: 0,
            created_at: now,
            updated_at: now,
        }
    }

    /// Other fields than before. Whose signal it is and of what kind does not change.
    ///
    /// # Errors
    /// When another customer or kind is named.
    pub fn revise(self, fields: SignalInput, now: Timestamp) -> Result<Change<Self>, Refusal> {
        if fields.customer_id != self.fields.customer_id || fields.kind != self.fields.kind {
            return Err(Refusal::new(
                Code::WrongState,
                "A signal's customer and kind stay as they are. Make a new signal instead.",
            ));
        }
        let fields = settled(fields);
        Ok(self.change("updated", |next| {
            next.closed_at = is_closed(&fields).then(|| next.closed_at.unwrap_or(now));
            next.fields = fields;
        }))
    }
}

fn is_closed(fields: &SignalInput) -> bool {
    match fields.status {
        Some(SignalStatus::Closed) => true,
        Some(SignalStatus::Open) | None => false,
    }
}

/// Support cases are open until they are closed; nothing else has a status.
fn settled(mut fields: SignalInput) -> SignalInput {
    fields.status = match fields.kind {
        SignalKind::SupportCase => fields.status.or(Some(SignalStatus::Open)),
        SignalKind::Purchase
        | SignalKind::Referral
        | SignalKind::News
        | SignalKind::ResearchFinding
        | SignalKind::ReactiveInteraction => None,
    };
    fields
}
