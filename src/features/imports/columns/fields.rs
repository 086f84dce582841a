//! What a column of an import file can mean: the fields of each target.

mod names;

use serde::{Serialize, Serializer};

use crate::text::is_unfit;

crate::words! {
    /// What the rows of a file are.
    pub enum ImportTarget {
        Customers = "customers",
        Contacts = "contacts",
        Users = "users",
        Signals = "signals",
        /// Who is to call whom.
        Assignments = "assignments",
        /// Answers to the recommendation question, as a survey tool exports them.
        NpsResponses = "nps_responses",
    }
}

pub use ImportTarget as Target;

/// The meaning of a column. Which ones a target has, [`Target::fields`] says.
///
/// Written as its name; those with a key as `custom_fields.<key>` and `service:<name>`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say it; what they do not say is said")]
pub enum Field {
    /// The record's id in the CRM; case matters (Salesforce's ids differ by it).
    ExternalId,
    /// The record's own id, in a file that this program has exported beside `external_id`.
    Id,
    /// The customer's `external_id`, of contacts and signals.
    CustomerExternalId,
    /// The customer's name, where the file has no id of theirs.
    CustomerName,
    Name,
    FirstName,
    LastName,
    Title,
    Role,
    Department,
    Email,
    Phone,
    Mobile,
    Street,
    City,
    Region,
    PostalCode,
    Country,
    TimeZone,
    Industry,
    Website,
    LinkedinUrl,
    XHandle,
    AccountManagerEmail,
    /// The user's own id, as an export has it.
    AccountManagerId,
    ManagerEmail,
    /// The user whom a contact belongs to, or who made a sale.
    OwnerEmail,
    CustomerSince,
    /// Whole months as a customer, from which `customer_since` is computed (`cells::since_tenure`)
    /// where that is not given.
    TenureMonths,
    LastActivityOn,
    HiredOn,
    /// Money per year, in the row's currency.
    AnnualBilling,
    /// The same in minor units, as an export has it.
    AnnualBillingMinor,
    Currency,
    /// A list.
    Tags,
    /// A list.
    Services,
    DoNotContact,
    DoNotContactReason,
    PreferredLanguage,
    IsPrimary,
    /// Of a signal: `support_case`, `purchase`, `referral`, `news`, `interaction` …
    Kind,
    /// A date; [`Field::OccurredAt`] wins where both are given.
    OccurredOn,
    OccurredAt,
    Amount,
    Detail,
    SourceUrl,
    Status,
    /// An amount in minor units, as an export has it.
    AmountMinor,
    Topic,
    WorthCongratulating,
    /// A user's own id, as an export has it.
    OwnerId,
    /// Whether a contact still works there.
    Active,
    /// The executive who is to call: by e-mail address, or by id.
    AssigneeEmail,
    ProgramId,
    DueOn,
    ScheduledFor,
    OutsideWindow,
    Priority,
    Reason,
    /// 0 to 10; blank where the question was skipped.
    Score,
    WouldRecommend,
    Comment,
    FollowUpAnswer,
    RespondedAt,
    /// How the question was put: `call`, `survey`, `import`.
    Source,
    /// A JSON object, as an export has it.
    CustomFields,
    /// A JSON object, as an export has it.
    SocialProfiles,
    /// `custom_fields.<key>`: the cell as text, under that key.
    Custom(String),
    /// `service:<name>`: a column per service; see [`super::service`].
    Service(String),
}

use Field::{
    AccountManagerEmail, AccountManagerId, Active, Amount, AmountMinor, AnnualBilling, AnnualBillingMinor,
    AssigneeEmail, City, Comment, Country, Currency, CustomFields, CustomerExternalId, CustomerName, CustomerSince,
    Department, Detail, DoNotContact, DoNotContactReason, DueOn, Email, ExternalId, FirstName, FollowUpAnswer, HiredOn,
    Industry, IsPrimary, Kind, LastActivityOn, LastName, LinkedinUrl, ManagerEmail, Mobile, Name, OccurredAt,
    OccurredOn, OutsideWindow, OwnerEmail, OwnerId, Phone, PostalCode, PreferredLanguage, Priority, ProgramId, Reason,
    Region, RespondedAt, Role, ScheduledFor, Score, Services, SocialProfiles, Source, SourceUrl, Status, Street, Tags,
    TenureMonths, TimeZone, Title, Topic, Website, WorthCongratulating, WouldRecommend, XHandle,
};

/// A custom field's key: at most so many of `a-z`, `0-9` and `_`.
const LONGEST_KEY: usize = 64;

/// A service's name: at most so many characters.
const LONGEST_SERVICE: usize = 100;

impl Target {
    /// The fields of this target, without those of a key ([`Target::takes_keys`]).
    #[must_use]
    pub fn fields(self) -> &'static [Field] {
        match self {
            Self::Customers => &[
                ExternalId,
                Name,
                AccountManagerEmail,
                AccountManagerId,
                CustomerSince,
                TenureMonths,
                Phone,
                LastActivityOn,
                Street,
                City,
                Region,
                PostalCode,
                Country,
                Industry,
                AnnualBilling,
                AnnualBillingMinor,
                Currency,
                TimeZone,
                Website,
                LinkedinUrl,
                XHandle,
                Tags,
                Services,
                DoNotContact,
                DoNotContactReason,
                PreferredLanguage,
                CustomFields,
                SocialProfiles,
            ],
            Self::Contacts => &[
                ExternalId,
                CustomerExternalId,
                CustomerName,
                FirstName,
                LastName,
                Name,
                Title,
                Phone,
                Mobile,
                Email,
                City,
                Country,
                OwnerEmail,
                OwnerId,
                IsPrimary,
                PreferredLanguage,
                Active,
            ],
            Self::Users => &[
                Email,
                Name,
                FirstName,
                LastName,
                Title,
                Role,
                Department,
                ManagerEmail,
                Phone,
                City,
                Country,
                HiredOn,
                TimeZone,
            ],
            Self::Signals => &[
                ExternalId,
                CustomerExternalId,
                Kind,
                OccurredOn,
                OccurredAt,
                Amount,
                Currency,
                Title,
                Detail,
                SourceUrl,
                OwnerEmail,
                OwnerId,
                Status,
                AmountMinor,
                Topic,
                WorthCongratulating,
            ],
            Self::Assignments => &[
                CustomerExternalId,
                AssigneeEmail,
                ProgramId,
                DueOn,
                ScheduledFor,
                OutsideWindow,
                Priority,
                Reason,
            ],
            Self::NpsResponses => &[
                ExternalId,
                CustomerExternalId,
                CustomerName,
                Email,
                Score,
                WouldRecommend,
                Comment,
                FollowUpAnswer,
                RespondedAt,
                OwnerEmail,
                Source,
            ],
        }
    }

    /// Whether a column can also be `custom_fields.<key>` or `service:<name>`.
    #[must_use]
    pub fn takes_keys(self) -> bool {
        match self {
            Self::Customers => true,
            Self::Contacts | Self::Users | Self::Signals | Self::Assignments | Self::NpsResponses => false,
        }
    }

    /// Without these no row can be understood. One of each group is enough.
    #[must_use]
    pub fn required(self) -> &'static [&'static [Field]] {
        match self {
            Self::Customers => &[&[ExternalId]],
            Self::Contacts => &[&[ExternalId, Email], &[CustomerExternalId, CustomerName]],
            Self::Users => &[&[Email]],
            Self::Signals => &[&[ExternalId], &[CustomerExternalId], &[OccurredOn, OccurredAt]],
            Self::Assignments => &[&[CustomerExternalId], &[AssigneeEmail]],
            Self::NpsResponses => &[&[Score], &[RespondedAt], &[CustomerExternalId, CustomerName, Email]],
        }
    }

    /// Without these a row can change what is known already, but add nothing new.
    #[must_use]
    pub fn required_to_create(self) -> &'static [&'static [Field]] {
        match self {
            Self::Customers => &[&[Name]],
            Self::Contacts | Self::Users => &[&[Name, LastName, FirstName]],
            Self::Signals => &[&[Kind]],
            Self::Assignments | Self::NpsResponses => &[],
        }
    }

    /// The names that a mapping may give a column, for people who gave another.
    #[must_use]
    pub fn field_names(self) -> Vec<String> {
        let keys: &[&str] = if self.takes_keys() {
            &["custom_fields.<key>", "service:<name>"]
        } else {
            &[]
        };
        self.fields()
            .iter()
            .map(Field::to_string)
            .chain(keys.iter().map(|key| (*key).to_owned()))
            .collect()
    }

    /// The field of that name, if this target has one.
    #[must_use]
    pub fn field(self, name: &str) -> Option<Field> {
        let name = name.trim();
        if let Some(key) = name.strip_prefix("custom_fields.") {
            let allowed = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == b'_';
            let is_key = (1..=LONGEST_KEY).contains(&key.len()) && key.bytes().all(allowed);
            (self.takes_keys() && is_key).then(|| Field::Custom(key.to_owned()))
        } else if let Some(service) = name.strip_prefix("service:") {
            let service = service.trim();
            let is_name = (1..=LONGEST_SERVICE).contains(&service.chars().count()) && !is_unfit(service);
            (self.takes_keys() && is_name).then(|| Field::Service(service.to_owned()))
        } else {
            self.fields()
                .iter()
                .find(|field| field.plain_name() == Some(name))
                .cloned()
        }
    }
}

impl Field {
    /// Whether several columns may have this meaning; their values are put together.
    #[must_use]
    pub fn is_a_list(&self) -> bool {
        matches!(self, Tags | Services)
    }
}

impl std::fmt::Display for Field {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Custom(key) => write!(f, "custom_fields.{key}"),
            Self::Service(name) => write!(f, "service:{name}"),
            plain => f.write_str(plain.plain_name().unwrap_or_default()),
        }
    }
}

impl Serialize for Field {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests;
