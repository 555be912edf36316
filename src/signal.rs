//! Wakes whoever waits for the agent.

use std::time::Duration;

use parking_lot::{Condvar, Mutex};

/// Counts how often it was raised, so that none is missed between a look and a wait.
#[derive(Debug, Default)]
pub struct Signal {
    raised: Mutex<u64>,
    changed: Condvar,
}

impl Signal {
    /// Wakes everyone who waits.
    pub fn raise(&self) {
        *self.raised.lock() += 1;
        self.changed.notify_all();
    }

    /// What to wait from: look first, then wait with this.
    pub fn seen(&self) -> u64 {
        *self.raised.lock()
    }

    /// Waits until it is raised again, or for so long; gives what to wait from next.
    pub fn wait(&self, seen: u64, timeout: Duration) -> u64 {
        let mut raised = self.raised.lock();
        if *raised == seen {
            self.changed.wait_for(&mut raised, timeout);
        }
        *raised
    }
}
