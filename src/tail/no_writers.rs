//! Where no process shows its descriptors to another, files go by their names alone.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::FileIdentity;

/// A log that a process has open for writing.
#[derive(Debug)]
pub struct OpenLog {
    /// The file.
    pub identity: FileIdentity,
    /// Its name.
    pub path: PathBuf,
}

impl OpenLog {
    /// There is no way to it but its name.
    #[must_use]
    pub fn open(&self) -> Option<(FileIdentity, PathBuf, File)> {
        None
    }
}

/// Knows nobody.
#[derive(Debug)]
pub struct Writers;

impl Writers {
    /// Knows nobody.
    #[must_use]
    pub fn new(_folder: &Path) -> Self {
        Self
    }

    /// A process has written a record.
    pub fn note(&mut self, _pid: u32) {}

    /// There was no search.
    #[must_use]
    pub fn searched_at(&self) -> Option<Instant> {
        None
    }

    /// Nothing can be seen.
    pub fn look(&mut self, _now: Instant, _is_busy: bool, _was_missed: bool) -> Vec<OpenLog> {
        Vec::new()
    }

    /// Nothing can be seen.
    pub fn look_at_known(&mut self) -> Vec<OpenLog> {
        Vec::new()
    }
}
