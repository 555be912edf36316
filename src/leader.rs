//! One reporter per log folder: whoever holds the lock on a file in that folder leads.
//!
//! The kernel drops the lock with the process, so there is nothing stale to remove.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use crate::error::{Error, ErrorKind, Result};

/// Name of the lock file. It holds nothing.
pub const LOCK_FILE: &str = ".tk-incident.lock";

/// Leads as long as it lives.
#[derive(Debug)]
pub struct Leadership {
    _locked: File,
}

impl Leadership {
    /// Takes the lead of a log folder; None if another reporter has it.
    pub fn try_take(log_folder: &Path) -> Result<Option<Self>> {
        let path = log_folder.join(LOCK_FILE);
        let refused = |error| Error::new(ErrorKind::Lock).at(&path).because(error);
        let file = OpenOptions::new().create(true).append(true).open(&path).map_err(refused)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _locked: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(refused(error)),
        }
    }

    /// Whether anyone leads this folder now. Asking takes the lock for a moment at most.
    #[must_use]
    pub fn is_taken(log_folder: &Path) -> bool {
        let Ok(file) = File::open(log_folder.join(LOCK_FILE)) else { return false };
        matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_leads_and_the_next_follows() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!Leadership::is_taken(folder.path()));
        let first = Leadership::try_take(folder.path()).unwrap().expect("nobody else is here");
        assert!(Leadership::try_take(folder.path()).unwrap().is_none());
        assert!(Leadership::is_taken(folder.path()));
        drop(first);
        assert!(Leadership::try_take(folder.path()).unwrap().is_some());
    }

    #[test]
    fn a_folder_that_is_none_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = Leadership::try_take(file.path()).unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::Lock);
        assert!(error.to_string().contains(&*file.path().to_string_lossy()));
    }
}
