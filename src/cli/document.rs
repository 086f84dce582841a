//! `touchbase openapi`: the document, printed or compared.

use std::path::PathBuf;

use clap::Args;

use super::print;
use crate::app::Broken;
use crate::{openapi, routes};

#[derive(Args)]
pub struct Openapi {
    /// Compare with this file instead of printing; the exit code says whether they are the same.
    #[arg(long, value_name = "FILE")]
    check: Option<PathBuf>,
}

impl Openapi {
    pub fn run(self) -> Result<(), Broken> {
        let document = openapi::document(&routes::endpoints());
        let text = serde_json::to_string_pretty(&document)
            .map_err(|error| Broken(format!("The document cannot be written: {error}")))?;
        let Some(file) = self.check else {
            print(&text);
            return Ok(());
        };
        let name = file.display();
        let there =
            std::fs::read_to_string(&file).map_err(|error| Broken(format!("{name} cannot be read: {error}")))?;
        if there.trim_end() == text {
            return Ok(());
        }
        let differs = there.lines().zip(text.lines()).position(|(there, now)| there != now);
        let line = differs.unwrap_or_else(|| there.lines().count().min(text.lines().count())) + 1;
        Err(Broken(format!(
            "{name} is not this program's document; they differ from line {line}. Write it anew with `touchbase openapi > {name}`."
        )))
    }
}
