//! Which logs have changed since the last look, as far as events tell it by name.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::mem;

/// With more names than this, each file is asked.
const MOST_NAMES: usize = 256;

/// The logs that may hold something new.
#[derive(Debug)]
pub enum Changed {
    /// Those with these names in the log folder.
    Named(HashSet<OsString>),
    /// Any of them.
    Any,
}

impl Changed {
    /// Takes in a name that an event has told.
    pub fn add(&mut self, name: &OsStr) {
        if let Self::Named(names) = self
            && !names.contains(name)
        {
            if names.len() < MOST_NAMES {
                names.insert(name.to_owned());
            } else {
                *self = Self::Any;
            }
        }
    }

    /// What came together; nothing is left.
    #[must_use]
    pub fn take(&mut self) -> Self {
        mem::replace(self, Self::Named(HashSet::new()))
    }
}

impl Default for Changed {
    /// Nothing was told yet, which says nothing.
    fn default() -> Self {
        Self::Any
    }
}
