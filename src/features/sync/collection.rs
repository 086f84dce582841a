//! What a device keeps, by collection.

use crate::access::{Caller, Permission};

crate::words! {
    /// What a device keeps.
    pub enum Collection {
        /// One's own.
        Assignments = "assignments",
        /// Those whom one has in hand.
        Customers = "customers",
        /// Theirs.
        Contacts = "contacts",
        /// Theirs, whoever placed them.
        Attempts = "attempts",
        /// Theirs, whoever wrote them.
        Notes = "notes",
        /// Theirs.
        NpsResponses = "nps_responses",
        /// Theirs, and all that one owns oneself.
        ActionItems = "action_items",
        /// For all who call.
        Programs = "programs",
        /// For all who call.
        TalkingPoints = "talking_points",
    }
}

impl Collection {
    /// The word for one of its records in the journal.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Assignments => "assignment",
            Self::Customers => "customer",
            Self::Contacts => "contact",
            Self::Attempts => "attempt",
            Self::Notes => "note",
            Self::NpsResponses => "nps_response",
            Self::ActionItems => "action_item",
            Self::Programs => "program",
            Self::TalkingPoints => "talking_points",
        }
    }

    /// The collection of a kind of record, if a device keeps any of that kind.
    pub fn of(kind: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|collection| collection.kind() == kind)
    }

    /// Whether its records hang on a customer.
    pub const fn of_customers(self) -> bool {
        match self {
            Self::Assignments
            | Self::Customers
            | Self::Contacts
            | Self::Attempts
            | Self::Notes
            | Self::NpsResponses
            | Self::ActionItems => true,
            Self::Programs | Self::TalkingPoints => false,
        }
    }

    const fn permission(self) -> Permission {
        match self {
            Self::Assignments => Permission::AssignmentsRead,
            Self::Customers | Self::Contacts => Permission::CustomersRead,
            Self::Attempts => Permission::AttemptsRead,
            Self::Notes => Permission::NotesRead,
            Self::NpsResponses => Permission::NpsRead,
            Self::ActionItems => Permission::ActionItemsRead,
            Self::Programs | Self::TalkingPoints => Permission::ProgramsRead,
        }
    }

    /// Whether this caller may read it.
    pub fn is_for(self, caller: &Caller) -> bool {
        caller.may(self.permission())
    }
}
