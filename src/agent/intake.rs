//! What was read and is not yet kept: the tail's thread fills it, the keeper's empties it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use parking_lot::{Mutex, MutexGuard};

use crate::pipeline::Pipeline;
use crate::signal::Signal;
use crate::spool::{Batch, Found};
use crate::stats::Stats;
use crate::tail::{PASS_BYTES, Read, Tailer};

/// The tail, and what it has read since that was last taken to be kept.
#[derive(Debug)]
pub(super) struct Tail {
    pub tailer: Tailer,
    pub batch: Batch,
    /// Whether the folder was looked at.
    pub has_looked: bool,
    /// Whether the last turn has left something unread.
    pub has_more: bool,
    /// Whether something was taken that is not yet in the spool.
    pub is_being_kept: bool,
}

impl Tail {
    pub fn new(tailer: Tailer) -> Self {
        Self { tailer, batch: Batch::default(), has_looked: false, has_more: true, is_being_kept: false }
    }

    /// Goes on where the last reporter ended.
    pub fn resume(&mut self, pipeline: &Pipeline) {
        let found = &mut self.batch.found;
        self.tailer.resume(Instant::now(), &mut self.batch.stats, |read, stats| {
            found.extend(find(pipeline, &read, stats));
        });
    }

    /// Whether there is something to keep that is worth a write to disk by itself.
    pub fn is_worth_keeping(&self) -> bool {
        !self.batch.found.is_empty() || self.batch.first_look.is_some()
    }

    /// Whether there is as much as may lie in memory before it is taken.
    pub fn is_full(&self) -> bool {
        self.batch.stats.bytes_read >= PASS_BYTES
    }

    /// Whether all that the files hold is in the spool, and no record is open.
    pub fn is_caught_up(&self) -> bool {
        let is_read = self.has_looked && !self.has_more && self.tailer.next_flush().is_none();
        is_read && !self.is_being_kept && self.batch.found.is_empty()
    }
}

/// The tail, shared by the two threads of a leader. Whoever has it locked waits for the spool's disk only where that is recovered,
/// because the tail goes back then.
#[derive(Debug)]
pub(super) struct Intake {
    tail: Mutex<Tail>,
    /// Raised when there is something to keep, and when the tail's thread ends.
    pub filled: Signal,
    /// Raised when something was taken.
    pub taken: Signal,
    is_over: AtomicBool,
}

impl Intake {
    pub fn new(tail: Tail) -> Self {
        Self {
            tail: Mutex::new(tail),
            filled: Signal::default(),
            taken: Signal::default(),
            is_over: AtomicBool::new(false),
        }
    }

    pub fn tail(&self) -> MutexGuard<'_, Tail> {
        self.tail.lock()
    }

    /// No more is to be read.
    pub fn end(&self) {
        self.is_over.store(true, Ordering::Release);
        self.taken.raise();
    }

    pub fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Acquire)
    }
}

/// The occurrence that a record is, if it is to be reported.
pub(super) fn find(pipeline: &Pipeline, read: &Read<'_>, stats: &mut Stats) -> Option<Found> {
    let occurrence = pipeline.process(&read.record, read.path, stats)?;
    Some(Found { identity: read.identity, generation: read.generation, occurrence })
}
