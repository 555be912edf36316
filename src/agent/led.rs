//! The spool of the reporter that leads.

use std::ops::Deref;

use crate::leader::Leadership;
use crate::spool::Spool;

/// A spool, and the lead that gives the right to write to it.
///
/// Whoever still has it keeps the lead with it: the next leader cannot begin before the last call into
/// the spool has returned and its file is closed.
#[derive(Debug)]
pub struct Led {
    // In this order: the spool is closed first.
    spool: Spool,
    lead: Leadership,
}

impl Led {
    /// Binds the spool to the lead.
    pub(super) fn new(spool: Spool, lead: Leadership) -> Self {
        Self { spool, lead }
    }

    /// The lead.
    pub(super) fn lead(&self) -> &Leadership {
        &self.lead
    }
}

impl Deref for Led {
    type Target = Spool;

    fn deref(&self) -> &Spool {
        &self.spool
    }
}
