//! Where each part of a brief stands, and what is read of it.

use super::Part;

/// The columns of a line, and of which type each is.
pub const COLUMNS: [(&str, &str); 14] = [
    ("at", "TIMESTAMPTZ"),
    ("until", "TIMESTAMPTZ"),
    ("day", "DATE"),
    ("last_day", "DATE"),
    ("number", "BIGINT"),
    ("flag", "BOOLEAN"),
    ("who", "UUID"),
    ("who_name", "TEXT"),
    ("kind", "TEXT"),
    ("word", "TEXT"),
    ("name", "TEXT"),
    ("text", "TEXT"),
    ("more", "TEXT"),
    ("other", "TEXT"),
];

/// Where a part stands, and what is read of it.
pub struct Source {
    pub table: &'static str,
    /// The column that must equal [`super::key`], and what else must hold.
    pub of: &'static str,
    /// The user who is named with it.
    pub who: Option<&'static str>,
    pub join: &'static str,
    pub columns: &'static [(&'static str, &'static str)],
    pub order: &'static str,
    pub most: i64,
}

/// The least that is said of a part.
const NOTHING: Source = Source {
    table: "",
    of: "customer_id",
    who: None,
    join: "",
    columns: &[],
    order: "id",
    most: 1,
};

const SIGNAL: Source = Source {
    table: "signals",
    who: Some("user_id"),
    columns: &[
        ("at", "signals.occurred_at"),
        ("flag", "signals.worth_congratulating"),
        ("kind", "signals.kind"),
        ("word", "COALESCE(signals.status, signals.topic)"),
        ("name", "signals.title"),
        ("text", "SUBSTR(signals.detail, 1, 1000)"),
        ("more", "CAST(signals.amount AS TEXT)"),
        // How many of them are open, of all there are.
        ("number", "COUNT(*) FILTER (WHERE signals.status = 'open') OVER ()"),
        ("other", "signals.source_url"),
    ],
    order: "at DESC, id DESC",
    most: 10,
    ..NOTHING
};

const USER: &[(&str, &str)] = &[
    ("word", "users.title"),
    ("name", "users.name"),
    ("text", "users.email"),
    ("more", "users.phone"),
    ("other", "users.time_zone"),
];

#[expect(clippy::too_many_lines, reason = "one table, a row for each part")]
pub const fn source(part: Part) -> Source {
    match part {
        Part::Organization => Source {
            table: "organizations",
            of: "id",
            columns: &[("name", "organizations.name"), ("word", "organizations.time_zone")],
            ..NOTHING
        },
        Part::Executive => Source {
            table: "users",
            of: "id",
            columns: USER,
            ..NOTHING
        },
        Part::Program => Source {
            table: "programs",
            of: "id",
            columns: &[("name", "programs.name"), ("text", "programs.purpose")],
            ..NOTHING
        },
        Part::TalkingPoints => Source {
            table: "programs",
            of: "id",
            join: " JOIN talking_points ON talking_points.organization_id = programs.organization_id AND talking_points.id = programs.talking_points_id",
            columns: &[
                ("number", "talking_points.version"),
                ("who", "talking_points.id"),
                ("name", "talking_points.name"),
                ("text", "talking_points.text"),
            ],
            ..NOTHING
        },
        Part::AccountManager => Source {
            table: "users",
            of: "id",
            columns: USER,
            ..NOTHING
        },
        Part::Contact => Source {
            table: "contacts",
            columns: &[
                ("flag", "contacts.is_primary"),
                ("kind", "contacts.first_name"),
                ("word", "contacts.title"),
                ("name", "contacts.name"),
                ("text", "contacts.email"),
                ("more", "COALESCE(contacts.phone_e164, contacts.phone)"),
                ("other", "COALESCE(contacts.mobile_e164, contacts.mobile)"),
            ],
            of: "active AND contacts.customer_id",
            order: "flag DESC, name, id",
            most: 20,
            ..NOTHING
        },
        Part::SupportCase => Source {
            of: "kind = 'support_case' AND signals.customer_id",
            order: "CASE WHEN word = 'open' THEN 0 ELSE 1 END, at DESC, id DESC",
            ..SIGNAL
        },
        Part::ManagerPeriod => Source {
            table: "account_manager_periods",
            who: Some("user_id"),
            columns: &[
                ("day", "account_manager_periods.started_on"),
                ("last_day", "account_manager_periods.ended_on"),
            ],
            order: "day DESC, id DESC",
            most: 20,
            ..NOTHING
        },
        Part::Purchase => Source {
            of: "kind = 'purchase' AND signals.customer_id",
            ..SIGNAL
        },
        Part::Interaction => Source {
            of: "kind IN ('reactive_interaction', 'referral') AND signals.customer_id",
            ..SIGNAL
        },
        Part::News => Source {
            of: "kind IN ('news', 'research_finding') AND signals.customer_id",
            ..SIGNAL
        },
        Part::ReferredBy => Source {
            table: "customers",
            of: "id",
            columns: &[("name", "customers.name")],
            ..NOTHING
        },
        Part::Referred => Source {
            table: "customers",
            of: "referred_by_id",
            columns: &[("name", "customers.name"), ("at", "customers.created_at")],
            order: "at DESC, id DESC",
            most: 10,
            ..NOTHING
        },
        Part::Call => Source {
            table: "attempts",
            who: Some("user_id"),
            join: " LEFT JOIN contacts ON contacts.organization_id = attempts.organization_id AND contacts.id = attempts.contact_id",
            columns: &[
                ("at", "attempts.occurred_at"),
                ("until", "attempts.callback_promised_at"),
                ("number", "attempts.duration_seconds"),
                ("word", "attempts.disposition"),
                ("name", "COALESCE(attempts.spoke_with, contacts.name)"),
                ("text", "SUBSTR(attempts.summary, 1, 2000)"),
            ],
            order: "at DESC, id DESC",
            most: 10,
            ..NOTHING
        },
        Part::Note => Source {
            table: "latest_notes",
            of: "place <= 3 AND latest_notes.customer_id",
            who: Some("author_id"),
            columns: &[
                ("at", "latest_notes.occurred_at"),
                ("kind", "latest_notes.kind"),
                ("name", "latest_notes.employee_name"),
                ("text", "SUBSTR(latest_notes.body, 1, 2000)"),
                ("more", "CAST(latest_notes.themes AS TEXT)"),
            ],
            order: "at DESC, id DESC",
            most: 30,
            ..NOTHING
        },
        Part::NpsResponse => Source {
            table: "nps_responses",
            who: Some("user_id"),
            join: " LEFT JOIN contacts ON contacts.organization_id = nps_responses.organization_id AND contacts.id = nps_responses.contact_id",
            columns: &[
                ("at", "nps_responses.responded_at"),
                ("number", "nps_responses.score"),
                ("flag", "nps_responses.would_recommend"),
                ("kind", "nps_responses.source"),
                ("word", "nps_responses.category"),
                ("name", "contacts.name"),
                ("text", "SUBSTR(nps_responses.comment, 1, 2000)"),
                ("more", "SUBSTR(nps_responses.follow_up_answer, 1, 2000)"),
            ],
            order: "at DESC, id DESC",
            most: 10,
            ..NOTHING
        },
        Part::ActionItem => Source {
            table: "action_items",
            // What is still to be done, and what is done but was promised and not told.
            of: "status <> 'canceled' AND (action_items.status <> 'completed' OR (action_items.promised AND action_items.customer_told_at IS NULL)) AND action_items.customer_id",
            who: Some("owner_id"),
            columns: &[
                ("at", "action_items.due_at"),
                ("until", "action_items.customer_told_at"),
                ("kind", "action_items.kind"),
                ("word", "action_items.status"),
                ("name", "action_items.title"),
                ("text", "SUBSTR(action_items.detail, 1, 1000)"),
                ("more", "CAST(action_items.customer_promise AS TEXT)"),
                ("other", "action_items.department"),
            ],
            order: "CASE WHEN at IS NULL THEN 1 ELSE 0 END, at, id",
            most: 30,
            ..NOTHING
        },
        Part::OtherAssignment => Source {
            table: "assignments",
            of: "status IN ('queued', 'scheduled') AND assignments.customer_id",
            who: Some("assignee_id"),
            join: " LEFT JOIN programs ON programs.organization_id = assignments.organization_id AND programs.id = assignments.program_id",
            columns: &[
                ("at", "assignments.scheduled_for"),
                ("day", "assignments.due_on"),
                ("word", "assignments.status"),
                ("name", "programs.name"),
                ("text", "assignments.reason"),
            ],
            most: 20,
            ..NOTHING
        },
        Part::RescueCase => Source {
            table: "rescue_cases",
            of: "status IN ('open', 'working') AND rescue_cases.customer_id",
            who: Some("owner_id"),
            columns: &[
                ("at", "rescue_cases.created_at"),
                ("kind", "rescue_cases.severity"),
                ("word", "rescue_cases.status"),
                ("name", "rescue_cases.competitor"),
                ("text", "SUBSTR(rescue_cases.reason, 1, 2000)"),
            ],
            order: "at DESC, id DESC",
            most: 10,
            ..NOTHING
        },
        Part::ServiceInterest => Source {
            table: "service_interests",
            of: "stage NOT IN ('won', 'lost') AND service_interests.customer_id",
            who: Some("owner_id"),
            columns: &[
                ("at", "service_interests.raised_at"),
                ("word", "service_interests.stage"),
                ("name", "service_interests.service"),
                ("text", "SUBSTR(service_interests.note, 1, 1000)"),
            ],
            order: "at DESC, id DESC",
            most: 10,
            ..NOTHING
        },
    }
}
