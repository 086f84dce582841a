//! Typed ids. A customer's id cannot be handed to something that wants a user's.

/// Declares an id type over a UUID: in JSON a string, in SQL a `UUID`, in the document `format: uuid`.
#[macro_export]
macro_rules! id {
    ($($(#[$meta:meta])* $name:ident;)+) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub uuid::Uuid);

        impl From<uuid::Uuid> for $name {
            fn from(id: uuid::Uuid) -> Self {
                Self(id)
            }
        }

        impl From<$name> for uuid::Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                $crate::id::schema()
            }
        }

        impl utoipa::ToSchema for $name {}

        $crate::sql_as!($name as uuid::Uuid, |id| id.0, |id| Ok($name(id)));
    )+};
}

/// How every id stands in the document.
pub fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
    use utoipa::openapi::{KnownFormat, ObjectBuilder, SchemaFormat, schema::Type};
    ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Uuid)))
        .min_length(Some(36))
        .max_length(Some(36))
        .into()
}

crate::id! {
    /// A tenant: everything belongs to exactly one.
    OrganizationId;
    /// A person of the organization.
    UserId;
    /// A key for scripts and dashboards.
    ApiKeyId;
}

/// The id of a record of another room, where only its form matters.
pub struct AnyId;

impl utoipa::PartialSchema for AnyId {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        schema()
    }
}

impl utoipa::ToSchema for AnyId {}
