//! Where a spool lies, and how its file is to be treated there.

use std::path::{Path, PathBuf};

/// What kind of drive the spool lies on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Drive {
    /// This machine's own: `SQLite`'s WAL, which shares memory between processes.
    #[default]
    Local,
    /// Shared by several machines, which share no memory: a rollback journal, and the file locked while it is open.
    Network,
}

/// Where a spool lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The state folder.
    pub folder: PathBuf,
    /// What kind of drive that is on.
    pub drive: Drive,
    /// Name of a registered `SQLite` VFS; None: the operating system's. Tests have one that pulls the plug.
    pub vfs: Option<String>,
}

impl Place {
    /// A folder on this machine's own drive.
    #[must_use]
    pub fn local(folder: &Path) -> Self {
        Self { folder: folder.to_path_buf(), drive: Drive::Local, vfs: None }
    }
}
