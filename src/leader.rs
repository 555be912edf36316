//! One reporter per log folder: whoever holds the lock on a file in that folder leads.
//!
//! The kernel drops the lock with the process, so there is nothing stale to remove. The lock is `flock` on Linux and
//! macOS, `LockFileEx` on Windows; on NFS Linux hands `flock` to the server, so that it holds between machines.
//! What a lock cannot do is survive the deletion of its file: the spool's terms are the fence behind it.

use std::fs::{File, Metadata, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use crate::drive;
use crate::error::{Error, ErrorKind, Result};

/// Name of the lock file. It holds nothing.
pub const LOCK_FILE: &str = ".tk-incident.lock";

/// Lock files that may be deleted under our hands in one try.
const MOST_DELETED: usize = 8;

/// Leads as long as it lives.
#[derive(Debug)]
pub struct Leadership {
    locked: File,
    path: PathBuf,
    /// What a network drive says of a name may be some seconds old.
    is_on_network: bool,
}

impl Leadership {
    /// Takes the lead of a log folder; None if another reporter has it.
    pub fn try_take(log_folder: &Path) -> Result<Option<Self>> {
        let path = log_folder.join(LOCK_FILE);
        let is_on_network = drive::is_network(log_folder);
        let refused = |error| Error::new(ErrorKind::Lock).at(&path).because(error);
        for _ in 0..MOST_DELETED {
            let locked = open(&path).map_err(refused)?;
            match locked.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(error)) => return Err(refused(error)),
            }
            let lead = Self { locked, path: path.clone(), is_on_network };
            // A file that was deleted before it was locked keeps nobody out.
            if lead.is_intact() {
                return Ok(Some(lead));
            }
        }
        Ok(None)
    }

    /// Whether anyone leads this folder now. Asking takes the lock for a moment at most.
    #[must_use]
    pub fn is_taken(log_folder: &Path) -> bool {
        let Ok(file) = File::open(log_folder.join(LOCK_FILE)) else { return false };
        matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
    }

    /// False once the lock file was deleted or replaced: from then on another reporter may take the lead.
    #[must_use]
    pub fn is_intact(&self) -> bool {
        // Opened only where it must be: the log folder is watched, and who opens a file in it wakes the watcher.
        let there = if self.is_on_network {
            File::open(&self.path).and_then(|it| it.metadata())
        } else {
            self.path.metadata()
        };
        match there.and_then(|there| Ok(is_same(&self.locked.metadata()?, &there))) {
            Ok(is_same) => is_same,
            // Whatever else keeps us from looking, the lock itself is not gone.
            Err(error) => error.kind() != io::ErrorKind::NotFound,
        }
    }

    /// The lock file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
    // NFS gives an exclusive lock only to those who may write.
    OpenOptions::new().create(true).append(true).open(path)
}

#[cfg(unix)]
fn is_same(locked: &Metadata, there: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (locked.dev(), locked.ino()) == (there.dev(), there.ino())
}

/// `FILE_SHARE_READ | FILE_SHARE_WRITE`: without the right to delete it, nobody can while it is open.
#[cfg(windows)]
fn open(path: &Path) -> io::Result<File> {
    use std::os::windows::fs::OpenOptionsExt;
    OpenOptions::new().create(true).append(true).share_mode(0x3).open(path)
}

#[cfg(windows)]
fn is_same(_locked: &Metadata, _there: &Metadata) -> bool {
    true
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
        assert!(first.is_intact());
        drop(first);
        assert!(Leadership::try_take(folder.path()).unwrap().is_some());
    }

    #[cfg(unix)]
    #[test]
    fn a_lead_without_its_file_knows_it() {
        let folder = tempfile::tempdir().unwrap();
        let first = Leadership::try_take(folder.path()).unwrap().expect("nobody else is here");
        std::fs::remove_file(first.path()).unwrap();
        assert!(!first.is_intact());
        let second = Leadership::try_take(folder.path()).unwrap().expect("a new file is free");
        assert!(!first.is_intact() && second.is_intact());
    }

    #[test]
    fn a_folder_that_is_none_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = Leadership::try_take(file.path()).unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::Lock);
        assert!(error.to_string().contains(&*file.path().to_string_lossy()));
    }
}
