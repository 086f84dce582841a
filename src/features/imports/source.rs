//! A file as its bytes wait in the database, read on a thread that may block.

use std::io::{self, Read};

use tokio::runtime::Handle;

use super::job_store;
use crate::db::Db;
use crate::id::OrganizationId;
use crate::jobs::JobId;

/// Bytes of a chunk; only the last one of a file has fewer.
pub const CHUNK: usize = 1 << 20;

/// Which file.
#[derive(Clone)]
pub struct Stored {
    pub db: Db,
    pub organization: OrganizationId,
    pub import: JobId,
    /// How many bytes it has.
    pub length: i64,
}

/// The bytes of a file from one of them on: a chunk at a time in memory.
pub struct Chunks {
    stored: Stored,
    runtime: Handle,
    /// The chunk that is asked for next.
    next: i64,
    /// How much of it is passed over.
    skip: usize,
    held: Vec<u8>,
    at: usize,
}

impl Stored {
    /// Reads on from this byte.
    ///
    /// # Errors
    /// Never in a file of ours: the byte is beyond what a file can have.
    pub fn from(&self, byte: u64, runtime: Handle) -> io::Result<Chunks> {
        let size = u64::try_from(CHUNK).map_err(io::Error::other)?;
        Ok(Chunks {
            stored: self.clone(),
            runtime,
            next: i64::try_from(byte / size).map_err(io::Error::other)?,
            skip: usize::try_from(byte % size).map_err(io::Error::other)?,
            held: Vec::new(),
            at: 0,
        })
    }
}

impl Read for Chunks {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.held.len() {
            let Stored {
                db,
                organization,
                import,
                length,
            } = &self.stored;
            let mut read = db.read();
            let found = job_store::chunk(&mut read, *organization, *import, self.next);
            let Some(bytes) = self.runtime.block_on(found).map_err(io::Error::other)? else {
                let read = i64::try_from(CHUNK).unwrap_or(i64::MAX).saturating_mul(self.next);
                // Nobody is to take what is gone for the end of the file.
                return if read < *length { Err(gone()) } else { Ok(0) };
            };
            self.held = bytes;
            self.at = std::mem::take(&mut self.skip);
            self.next += 1;
        }
        let rest = self.held.get(self.at..).unwrap_or_default();
        let length = rest.len().min(buffer.len());
        for (to, from) in buffer.iter_mut().zip(rest) {
            *to = *from;
        }
        self.at += length;
        Ok(length)
    }
}

fn gone() -> io::Error {
    let reason = "A part of the file is gone that was not read yet. Send the file again.";
    io::Error::new(io::ErrorKind::UnexpectedEof, reason)
}
