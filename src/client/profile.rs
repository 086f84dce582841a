//! What is remembered between two commands: a file per profile, for its owner's eyes alone.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::trouble::{Trouble, unusable};
use crate::clock::Timestamp;

/// Where a profile is signed in, and with what.
#[derive(Clone, Serialize, Deserialize)]
pub struct Profile {
    pub server: String,
    #[serde(flatten)]
    pub with: Credentials,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Credentials {
    ApiKey { api_key: String },
    Session(Session),
}

/// A user's session: the access token is used until it expires, the refresh token once.
#[derive(Clone, Serialize, Deserialize)]
pub struct Session {
    pub refresh_token: String,
    pub access_token: String,
    pub access_expires_at: Timestamp,
}

/// The place of one profile.
#[derive(Debug, Clone)]
pub struct Place {
    pub name: String,
    folder: PathBuf,
}

/// While it lives, no other process writes this profile.
pub struct Locked(#[expect(dead_code, reason = "the lock ends with the file")] File);

impl Place {
    /// # Errors
    /// When this is no name for a profile, or nobody says where settings are kept.
    pub fn of(name: &str) -> Result<Self, Trouble> {
        let fit = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
        if name.is_empty() || name.len() > 50 || name.starts_with('.') || !name.chars().all(fit) {
            return Err(Trouble::usage(format!(
                "`{name}` is no name for a profile: up to 50 letters, digits, `-`, `_` and `.`."
            )));
        }
        let set = |variable: &str| {
            std::env::var_os(variable)
                .map(PathBuf::from)
                .filter(|path| path.is_absolute())
        };
        let home = || set("HOME").map(|home| home.join(".config"));
        let folder = set("XDG_CONFIG_HOME")
            .or_else(home)
            .ok_or_else(|| Trouble::failed("file", "Neither XDG_CONFIG_HOME nor HOME says where settings are kept."))?;
        Ok(Self {
            name: name.to_owned(),
            folder: folder.join("touchbase").join("profiles"),
        })
    }

    pub fn file(&self) -> PathBuf {
        self.folder.join(format!("{}.json", self.name))
    }

    /// # Errors
    /// When the file is there and cannot be read, or others than its owner can read it.
    pub fn read(&self) -> Result<Option<Profile>, Trouble> {
        let path = self.file();
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unusable(path.display(), &error)),
        };
        let mode = file
            .metadata()
            .map_err(|error| unusable(path.display(), &error))?
            .mode()
            & 0o777;
        if mode & 0o077 != 0 {
            return Err(Trouble::not_signed_in(format!(
                "{0} holds secrets and others than you may read or write it (mode {mode:03o}). If you trust that nobody has: `chmod 600 {0}`. Else sign out everywhere, and sign in again.",
                path.display()
            )));
        }
        let profile = serde_json::from_reader(std::io::BufReader::new(file)).map_err(|_| {
            Trouble::not_signed_in(format!(
                "{} cannot be understood. `touchbase login` writes it anew.",
                path.display()
            ))
        })?;
        Ok(Some(profile))
    }

    /// Waits for other processes that write this profile.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn lock(&self) -> Result<Locked, Trouble> {
        let broken = |error: std::io::Error| unusable(self.folder.display(), &error);
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.folder)
            .map_err(broken)?;
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(self.folder.join(format!("{}.lock", self.name)))
            .map_err(broken)?;
        file.lock().map_err(broken)?;
        Ok(Locked(file))
    }

    /// Writes the profile beside the old one and puts it in its place: whoever reads sees the one or the other, whole.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, _: &Locked, profile: &Profile) -> Result<(), Trouble> {
        let text = serde_json::to_vec_pretty(profile).map_err(|error| Trouble::failed("file", error))?;
        replace(&self.file(), &text).map_err(|error| unusable(self.file().display(), &error))
    }

    /// # Errors
    /// When it is there and cannot be removed.
    pub fn forget(&self, _: &Locked) -> Result<(), Trouble> {
        match std::fs::remove_file(self.file()) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(unusable(self.file().display(), &error)),
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

/// A new file has the mode 0600 from its first moment.
fn replace(path: &Path, text: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".new-").tempfile_in(folder)?;
    file.write_all(text)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profiles_name_leads_nowhere_else() {
        for name in ["", ".", "..", "a/b", "../a", ".hidden", "a b", "ü", &"x".repeat(51)] {
            assert!(Place::of(name).is_err(), "{name}");
        }
    }
}
