//! The closed set of reasons for which Touchbase says no. Each has one HTTP status and a page at `/problems/<code>`.

use std::fmt;

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $code:literal, $status:literal, $title:literal;)+) => {
        /// Why a request was refused.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code { $($(#[doc = $doc])+ $variant,)+ }

        impl Code {
            /// Every code, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// As it stands in a problem document.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// The HTTP status that goes with it, always the same.
            pub const fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)+ }
            }

            /// A short summary, the same for every occurrence.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)+ }
            }

            /// What it means and what to do, for the code's page.
            pub const fn explanation(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc, "\n",)+),)+ }
            }
        }
    };
}

codes! {
    /// The request cannot be read: the body is not JSON, a header is malformed, or a query parameter is unknown. The detail and `errors` say where.
    Malformed = "malformed_request", 400, "The request cannot be read";
    /// One or more values do not fit. `errors` lists every fault with a JSON Pointer (or the parameter's name).
    Invalid = "invalid_request", 400, "Some values do not fit";
    /// This request must carry an `Idempotency-Key` header, so that it can be repeated safely after a lost answer.
    IdempotencyKeyRequired = "idempotency_key_required", 400, "An Idempotency-Key is required";
    /// No valid credentials came with the request. Sign in at `POST /v1/auth/login`, or send an API key, as `Authorization: Bearer …`.
    Unauthenticated = "unauthenticated", 401, "Sign in first";
    /// E-mail and password do not belong together, or the account is not active.
    WrongCredentials = "wrong_credentials", 401, "E-mail or password is wrong";
    /// The caller is known, but its role (or its API key) lacks the permission that the detail names.
    InsufficientPermission = "insufficient_permission", 403, "Not permitted";
    /// The record can be seen, but this action is for somebody else: an assignment's own executive, an action item's owner.
    NotYours = "not_yours", 403, "This is somebody else's to do";
    /// Nothing is there, or nothing that this caller may see.
    NotFound = "not_found", 404, "Not found";
    /// The record became a part of another, which the detail names. Read that one, and write there.
    Merged = "merged", 410, "Merged into another record";
    /// The path exists, but not with this method. The `Allow` header lists the ones that do.
    MethodNotAllowed = "method_not_allowed", 405, "Method not allowed";
    /// The answer cannot be given in any of the formats in `Accept`.
    NotAcceptable = "not_acceptable", 406, "No acceptable format";
    /// The body did not arrive in time. Send it again, over a better connection or in smaller parts.
    BodyTimeout = "body_timeout", 408, "The body did not arrive in time";
    /// The record's state does not allow this: a closed assignment cannot be rescheduled. The detail names the state.
    WrongState = "wrong_state", 409, "The record's state does not allow this";
    /// The time must lie ahead, and does not.
    InThePast = "in_the_past", 409, "The time is not ahead";
    /// The time lies outside the hours within which the customer is called. The detail names the next opening; `outside_window` overrides it.
    OutsideWindow = "outside_calling_window", 409, "Outside the customer's calling hours";
    /// Another record has this value already, and it must be unique. The detail names the field.
    Duplicate = "duplicate", 409, "Already taken";
    /// A record with this id exists with other content. Ids are chosen once.
    IdInUse = "id_in_use", 409, "This id belongs to another record";
    /// The customer is already in somebody's hands in this program: one open assignment per customer and program.
    AlreadyAssigned = "already_assigned", 409, "The customer has an open assignment";
    /// The ground of some of a plan's calls has changed since it was made: somebody else has the customer, the executive is away. `errors` says which calls and why. Make a new plan, or commit without `strict`.
    PlanOutdated = "plan_outdated", 409, "The plan is out of date";
    /// The customer asked not to be contacted; nothing may be scheduled until that is lifted.
    DoNotContact = "do_not_contact", 409, "The customer must not be contacted";
    /// A request with the same `Idempotency-Key` is still being worked on. Wait a moment and repeat it.
    InProgress = "request_in_progress", 409, "The first request is still running";
    /// The cursor cannot be read on from: it is older than what is known of removals (90 days), or the server was restored from a backup since. Send what is not sent yet, forget what is kept, and read again without a cursor.
    StartAfresh = "start_afresh", 410, "Start afresh";
    /// The record has changed since the revision in `If-Match`. Read it again, merge, and retry with the new `ETag`.
    PreconditionFailed = "precondition_failed", 412, "The record has changed";
    /// The body is larger than this endpoint takes.
    TooLarge = "body_too_large", 413, "The body is too large";
    /// The body's `Content-Type` or `Content-Encoding` is not one that this endpoint reads. Send it plain, in a type that the document lists.
    UnsupportedMediaType = "unsupported_media_type", 415, "Unsupported media type";
    /// The items were understood, but at least one cannot be done; nothing was written. `errors` points at each.
    Unprocessable = "unprocessable", 422, "Nothing was written";
    /// This `Idempotency-Key` was used before, with another body. Use a new key for a new request.
    KeyReused = "idempotency_key_reused", 422, "The Idempotency-Key belongs to another request";
    /// Too many attempts. Wait as long as `Retry-After` says.
    TooManyRequests = "too_many_requests", 429, "Too many requests";
    /// A mistake of ours. It has been recorded under the `request_id`; nothing was half-written.
    Internal = "internal_error", 500, "Something went wrong here";
    /// The database is busy or away for a moment. Nothing was written; repeat the request after `Retry-After` seconds.
    Unavailable = "unavailable", 503, "Come back in a moment";
    /// The server's disk is full. Reading goes on; writing resumes when there is room.
    StorageFull = "storage_full", 507, "The storage is full";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A rule said no: which one, and what to tell the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub code: Code,
    pub detail: String,
}

impl Refusal {
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
        }
    }

    /// A closed record cannot be changed this way.
    pub fn state(detail: impl Into<String>) -> Self {
        Self::new(Code::WrongState, detail)
    }

    /// In sight, but not the caller's to do.
    pub fn not_yours(detail: impl Into<String>) -> Self {
        Self::new(Code::NotYours, detail)
    }
}
