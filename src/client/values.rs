//! What is written behind an argument, read with words for who wrote it otherwise.

/// A day.
///
/// # Errors
/// How a day is written, for who wrote it otherwise.
pub fn day(text: &str) -> Result<chrono::NaiveDate, String> {
    text.parse().map_err(|_| "a day is written like 2026-11-22".to_owned())
}

/// An id.
///
/// # Errors
/// What an id looks like.
pub fn id(text: &str) -> Result<uuid::Uuid, String> {
    let told = "an id looks like 01a20655-a6f1-7ac1-8b7e-3f2d6a0b9c11; `touchbase jobs` lists those there are";
    text.parse().map_err(|_| told.to_owned())
}
