//! The tail's thread: it looks at the folder and reads, and waits for no commit.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use parking_lot::MutexGuard;

use super::Shared;
use super::intake::{Intake, Tail, find};
use crate::drive;
use crate::pipeline::Pipeline;
use crate::spool::Drive;
use crate::stats::Stats;

/// The folder is looked at this often while something is written, whatever the events say.
const BUSY_TURN: Duration = Duration::from_millis(200);

/// And at least this often when all is quiet.
const QUIET_TURN: Duration = Duration::from_secs(3);

/// The same on a network drive, where nothing tells of what another machine writes.
const NETWORK_TURN: Duration = Duration::from_millis(500);

/// In between, a pause is this part of the time in which nothing came.
const QUIET_SHARE: u32 = 10;

/// A storm of events is one event: turns are at least this far apart.
const SHORTEST_TURN: Duration = Duration::from_millis(5);

/// The state of the tail's thread.
pub(super) struct Reading<'a> {
    shared: &'a Shared,
    pipeline: &'a Pipeline,
    intake: Arc<Intake>,
    active_at: Instant,
    longest_pause: Duration,
}

impl<'a> Reading<'a> {
    pub fn new(shared: &'a Shared, pipeline: &'a Pipeline, intake: Arc<Intake>) -> Self {
        let is_network =
            shared.config.place().drive == Drive::Network || drive::is_network(&shared.log_folder);
        let longest_pause = if is_network { NETWORK_TURN } else { QUIET_TURN };
        Self { shared, pipeline, intake, active_at: Instant::now(), longest_pause }
    }

    /// Follows the folder until it is over.
    pub fn run(mut self) {
        let intake = Arc::clone(&self.intake);
        let _told = Told(&intake);
        while !self.is_over() {
            let began = Instant::now();
            let seen = intake.taken.seen();
            let mut tail = intake.tail();
            let is_first = !tail.has_looked;
            self.turn(&mut tail, began);
            let (more, is_full, pause) = (tail.has_more, tail.is_full(), self.pause(&tail, began));
            let is_awaited = is_first || is_full || tail.is_worth_keeping();
            // The keeper may be waiting for it while the next turn begins at once.
            MutexGuard::unlock_fair(tail);
            if is_awaited || self.shared.draining.load(Ordering::Acquire) {
                intake.filled.raise();
            }
            if is_full {
                intake.taken.wait(seen, QUIET_TURN);
            } else if !more {
                // The sender lives as long as the receiver, so all that can come is a hint or the end of the pause.
                self.shared.hints.recv_timeout(pause).unwrap_or_default();
                // Events that came while we looked are answered by the next look, not by one each.
                if let Some(rest) = SHORTEST_TURN.checked_sub(began.elapsed()) {
                    std::thread::sleep(rest);
                }
            }
        }
    }

    /// One look at the folder and at each file.
    fn turn(&mut self, tail: &mut Tail, now: Instant) {
        let about = self.shared.log_folder.to_string_lossy();
        let Tail { tailer, batch, .. } = tail;
        match tailer.reconcile(now, &self.shared.notes, &mut batch.stats) {
            Ok(()) => self.shared.notes.over("log_folder", &about),
            // Files that are open are read on: they may have been moved with the folder.
            Err(error) => self.shared.notes.say("log_folder", &about, || error.to_string()),
        }
        let read_before = batch.stats.bytes_read;
        let (found, pipeline) = (&mut batch.found, self.pipeline);
        let more = tailer.read(now, &mut batch.stats, |read, stats: &mut Stats| {
            found.extend(find(pipeline, &read, stats));
        });
        for loss in tailer.take_losses() {
            // Each one is a loss of its own.
            self.shared.notes.say("bytes_lost", "", || loss.to_string());
            self.shared.notes.over("bytes_lost", "");
        }
        if batch.stats.bytes_read > read_before {
            self.active_at = now;
        }
        (tail.has_more, tail.has_looked) = (more, true);
        self.shared.set_caught_up(tail.is_caught_up());
    }

    /// How long there is nothing to do, as long as no event comes.
    fn pause(&self, tail: &Tail, now: Instant) -> Duration {
        let quiet = now.duration_since(self.active_at);
        let pause = (quiet / QUIET_SHARE).clamp(BUSY_TURN, self.longest_pause);
        tail.tailer.next_flush().map_or(pause, |flush| pause.min(flush.saturating_duration_since(now)))
    }

    fn is_over(&self) -> bool {
        self.intake.is_over() || self.shared.stopping.load(Ordering::Acquire)
    }
}

/// Tells the keeper that the tail's thread ends, however it does.
struct Told<'a>(&'a Intake);

impl Drop for Told<'_> {
    fn drop(&mut self) {
        self.0.filled.raise();
    }
}
