//! Pages by key: a signed, opaque cursor instead of an offset.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use sha2::Sha256;
use utoipa::IntoParams;
use uuid::Uuid;

use super::{Problem, query};
use crate::access::Caller;
use crate::journal::Listed;
pub use crate::journal::{Sort, SortKey, Window};

pub const DEFAULT_LIMIT: i64 = 50;
pub const LARGEST_LIMIT: i64 = 200;

/// What every list takes.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Paging {
    /// How many records, 50 by default.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<i64>,
    /// `next_cursor` of the page before.
    #[param(max_length = 2000)]
    pub cursor: Option<String>,
    /// Fields to sort by, separated by commas; `-` before a field turns it round.
    #[param(max_length = 200)]
    pub sort: Option<String>,
    /// Count all records that match, at a price.
    pub include_total: Option<bool>,
    /// Show only these fields of each record, separated by commas; its id comes along.
    #[param(max_length = 1000)]
    pub fields: Option<String>,
    /// Everything else that the list was asked for: what a cursor is bound to.
    #[serde(skip)]
    #[param(ignore)]
    binding: String,
    /// The sort when none is named, as the endpoint's row has it.
    #[serde(skip)]
    #[param(ignore)]
    default: &'static str,
}

/// What a list takes that has one order and no count, as the document says it; [`Paging`] reads it.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct OnePage {
    /// How many records at most, 50 by default.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<i64>,
    /// `next_cursor` of the page before.
    #[param(max_length = 2000)]
    pub cursor: Option<String>,
    /// Show only these fields of each record, separated by commas; its id comes along.
    #[param(max_length = 1000)]
    pub fields: Option<String>,
}

/// The sort of a list when none is named, from its row to its handler.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unsorted(pub &'static str);

impl FromRequest for Paging {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(query::read::<Self>(request).map(|mut paging| {
            if let Some(Unsorted(default)) = request.extensions().get() {
                paging.default = default;
            }
            if let Some(asked) = request.extensions().get::<super::export::Asked>() {
                paging.cursor.clone_from(&asked.cursor);
                paging.limit = Some(asked.limit);
            }
            let mut rest: Vec<_> = query::pairs(request.query_string())
                .into_iter()
                .filter(|(name, _)| {
                    !matches!(
                        name.as_str(),
                        "cursor" | "limit" | "include_total" | "fields" | "expand"
                    )
                })
                .collect();
            rest.sort();
            paging.binding = format!("{} {rest:?}", request.path());
            paging
        }))
    }
}

/// A signed place in a list.
#[derive(Debug)]
pub struct Cursor;

impl Cursor {
    fn seal(secret: &[u8], binding: &str, payload: &[u8]) -> Option<Vec<u8>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
        mac.update(binding.as_bytes());
        mac.update(&[0]);
        mac.update(payload);
        Some(mac.finalize().into_bytes()[..16].to_vec())
    }

    /// Writes a cursor that only the same list of the same organization will take.
    pub fn write(secret: &[u8], binding: &str, payload: &[u8]) -> Option<String> {
        let mut bytes = Self::seal(secret, binding, payload)?;
        bytes.extend_from_slice(payload);
        Some(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Reads it back.
    ///
    /// # Errors
    /// 400 when it was not written here for this list.
    pub fn read(secret: &[u8], binding: &str, cursor: &str) -> Result<Vec<u8>, Problem> {
        let refused = || {
            Problem::fault(
                "cursor",
                "invalid_cursor",
                "This cursor belongs to another list, other filters or another sort. Start again without it.",
            )
        };
        let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| refused())?;
        let (seal, payload) = bytes.split_at_checked(16).ok_or_else(refused)?;
        let expected = Self::seal(secret, binding, payload).ok_or_else(refused)?;
        if subtle::ConstantTimeEq::ct_eq(seal, expected.as_slice()).into() {
            Ok(payload.to_vec())
        } else {
            Err(refused())
        }
    }
}

impl Paging {
    fn binding(&self, caller: &Caller) -> String {
        format!("{} {}", caller.organization, self.binding)
    }

    pub fn limit(&self) -> i64 {
        self.limit.unwrap_or(DEFAULT_LIMIT)
    }

    /// The window that is asked for; in the order of the endpoint's row, when none is named.
    ///
    /// # Errors
    /// 400 that names the fields one can sort by, or refuses a foreign cursor.
    pub fn window<R>(
        &self,
        app: &super::App,
        caller: &Caller,
        sorts: &'static [Sort<R>],
    ) -> Result<Window<R>, Problem> {
        let mut order: Vec<(&'static Sort<R>, bool)> = Vec::new();
        for wanted in self.sort.as_deref().unwrap_or(self.default).split(',').map(str::trim) {
            let (name, descending) = wanted.strip_prefix('-').map_or((wanted, false), |name| (name, true));
            let sort = sorts.iter().find(|sort| sort.name == name).ok_or_else(|| {
                let known: Vec<&str> = sorts.iter().map(|sort| sort.name).collect();
                Problem::fault(
                    "sort",
                    "not_allowed",
                    format!("This list cannot be sorted by `{name}`, but by {}.", known.join(", ")),
                )
            })?;
            if order.iter().any(|(known, _)| known.name == sort.name) {
                return Err(Problem::fault(
                    "sort",
                    "not_allowed",
                    format!("`{name}` is named twice."),
                ));
            }
            order.push((sort, descending));
        }
        let after = match &self.cursor {
            None => None,
            Some(cursor) => {
                let payload = Cursor::read(&app.cursor_secret, &self.binding(caller), cursor)?;
                let after: (Vec<SortKey>, Uuid) = serde_json::from_slice(&payload).map_err(|_| {
                    Problem::fault(
                        "cursor",
                        "invalid_cursor",
                        "This cursor is from another version. Start again without it.",
                    )
                })?;
                Some(after)
            }
        };
        Ok(Window {
            order,
            after,
            limit: self.limit(),
            total: self.include_total == Some(true),
        })
    }

    /// Closes a page: its rows, and the cursor of the next one.
    pub fn close<R>(&self, app: &super::App, caller: &Caller, listed: Listed<R>) -> Paged<R> {
        let next_cursor = listed
            .next
            .and_then(|next| serde_json::to_vec(&next).ok())
            .and_then(|payload| Cursor::write(&app.cursor_secret, &self.binding(caller), &payload));
        Paged {
            has_more: next_cursor.is_some(),
            next_cursor,
            data: listed.rows,
            total: listed.total,
        }
    }

    /// A cursor over plain numbers, for lists in order of revision.
    pub fn number_cursor(&self, app: &super::App, caller: &Caller, number: i64) -> Option<String> {
        Cursor::write(&app.cursor_secret, &self.binding(caller), number.to_string().as_bytes())
    }

    /// The number in the cursor.
    ///
    /// # Errors
    /// 400 for a foreign cursor.
    pub fn number(&self, app: &super::App, caller: &Caller) -> Result<Option<i64>, Problem> {
        let Some(cursor) = &self.cursor else { return Ok(None) };
        let payload = Cursor::read(&app.cursor_secret, &self.binding(caller), cursor)?;
        Ok(std::str::from_utf8(&payload)
            .ok()
            .and_then(|number| number.parse().ok()))
    }
}

/// A page before it has the name that the document knows.
pub struct Paged<T> {
    pub data: Vec<T>,
    pub next_cursor: Option<String>,
    pub has_more: bool,
    pub total: Option<i64>,
}

impl<T> Paged<T> {
    /// The same page with other views of its records.
    pub fn map<U>(self, view: impl FnMut(T) -> U) -> Paged<U> {
        Paged {
            data: self.data.into_iter().map(view).collect(),
            next_cursor: self.next_cursor,
            has_more: self.has_more,
            total: self.total,
        }
    }
}

impl<T> Paged<T> {
    /// The same page with other views of its records, where there may be none of one.
    ///
    /// # Errors
    /// Those of `view`.
    pub fn try_map<U, E>(self, view: impl FnMut(T) -> Result<U, E>) -> Result<Paged<U>, E> {
        Ok(Paged {
            data: self.data.into_iter().map(view).collect::<Result<_, E>>()?,
            next_cursor: self.next_cursor,
            has_more: self.has_more,
            total: self.total,
        })
    }
}

/// Writes out a page type: `page!(CustomerPage of Customer);`
#[macro_export]
macro_rules! page {
    ($name:ident of $item:ty) => {
        /// A page of records, and where the next one starts.
        #[derive(Debug, serde::Serialize, utoipa::ToSchema)]
        pub struct $name {
            #[schema(max_items = 200)]
            pub data: Vec<$item>,
            /// Hand this back as `cursor`; null on the last page.
            #[schema(max_length = 2000)]
            pub next_cursor: Option<String>,
            pub has_more: bool,
            /// All that match, when `include_total=true` was asked for.
            #[serde(skip_serializing_if = "Option::is_none")]
            #[schema(minimum = 0)]
            pub total: Option<i64>,
        }

        impl From<$crate::http::page::Paged<$item>> for $name {
            fn from(page: $crate::http::page::Paged<$item>) -> Self {
                Self {
                    data: page.data,
                    next_cursor: page.next_cursor,
                    has_more: page.has_more,
                    total: page.total,
                }
            }
        }
    };
}
