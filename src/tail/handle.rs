//! What a file is read through: a descriptor, or, while nobody writes to it, the second name that we hold of it.
//!
//! Descriptors are the host's, which may have a thousand of them, and a folder can hold more logs than that. No rename
//! and no deletion takes a second name away, so what is parked behind one is found again whatever becomes of its log.

use std::fs::{self, File, Metadata};
use std::io;
use std::path::Path;
use std::sync::Arc;

use super::open;

/// A way to a file, whatever its name in the log folder becomes.
#[derive(Debug, Clone)]
pub(super) enum Handle {
    /// Shared with whoever looks into it while the tail reads on.
    Open(Arc<File>),
    /// Behind this second name.
    Parked(Arc<Path>),
}

impl Handle {
    /// How long it is, and when it was last written to.
    pub fn metadata(&self) -> io::Result<Metadata> {
        match self {
            Self::Open(file) => file.metadata(),
            Self::Parked(second) => fs::metadata(second),
        }
    }

    /// The file, for this once.
    pub fn file(&self) -> io::Result<Arc<File>> {
        match self {
            Self::Open(file) => Ok(Arc::clone(file)),
            Self::Parked(second) => open(second).map(Arc::new),
        }
    }

    /// The file, which is open from now on.
    pub fn open(&mut self) -> io::Result<Arc<File>> {
        let file = self.file()?;
        *self = Self::Open(Arc::clone(&file));
        Ok(file)
    }

    /// Whether it takes a descriptor.
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Open(_))
    }
}
