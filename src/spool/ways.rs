//! What the settings say of how the site is told.

use std::time::Duration;

/// How the site is told.
#[derive(Debug, Clone, Copy)]
pub struct Ways {
    /// After this time it has shown what it was told.
    pub site_lag: Duration,
    /// So many new problems within a minute make one ticket.
    pub digest_from: u64,
}

impl Default for Ways {
    fn default() -> Self {
        // Five seconds is the longest that a site was seen to take.
        Self { site_lag: Duration::from_secs(10), digest_from: 50 }
    }
}
