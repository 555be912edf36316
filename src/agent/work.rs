//! What the agent's thread does.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use super::Shared;
use crate::capture::{capture, environment};
use crate::config::TicketScope;
use crate::error::{ErrorKind, Result};
use crate::leader::Leadership;
use crate::pipeline::Pipeline;
use crate::spool::{Batch, Due, Found, Spool, now_ms};
use crate::stats::Stats;
use crate::tail::{Beginning, Tailer};

/// A stand-by tries to take the lead this often.
const STANDBY_TURN: Duration = Duration::from_secs(1);

/// The folder is looked at this often while something is written, whatever the events say.
const BUSY_TURN: Duration = Duration::from_millis(200);

/// And this often when all has been quiet for [`QUIET_AFTER`].
const QUIET_TURN: Duration = Duration::from_secs(1);

/// When a folder counts as quiet.
const QUIET_AFTER: Duration = Duration::from_secs(10);

/// A storm of events is one event: turns are at least this far apart.
const SHORTEST_TURN: Duration = Duration::from_millis(5);

/// Checkpoints alone, with nothing found, are not worth a write to disk more often than this.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(2);

/// So long after a record the lines behind it are taken to be there.
const EVIDENCE_WAIT_MS: i64 = 500;

/// While the spool cannot be written the tail waits this long between two tries.
const SPOOL_RETRY: Duration = Duration::from_secs(1);

/// Runs the thread's work; whatever ends it is said, and the lead is given up.
pub(super) fn guarded(shared: &Arc<Shared>, work: impl FnOnce(&Arc<Shared>) -> Result<()>) {
    let outcome = catch_unwind(AssertUnwindSafe(|| work(shared)));
    let failure = match outcome {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(error.to_string()),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("panic");
            Some(format!("internal error: {text}"))
        }
    };
    if let Some(failure) = failure {
        shared
            .notes
            .say("stopped", "", || format!("{failure}; errors in the logs are not reported until a restart"));
        *shared.failure.lock() = Some(failure);
    }
    *shared.spool.write() = None;
    shared.signal.raise();
}

/// The state of a leading thread.
pub(super) struct Work<'a> {
    shared: &'a Shared,
    spool: Arc<Spool>,
    pipeline: Pipeline,
    tailer: Tailer,
    batch: Batch,
    committed_at: Instant,
    active_at: Instant,
    evidence_ms: Option<i64>,
}

impl<'a> Work<'a> {
    /// Stands by until this reporter leads, then follows the folder until it is stopped.
    pub(super) fn run(shared: &'a Arc<Shared>, pipeline: Pipeline, lead: Option<Leadership>) -> Result<()> {
        let Some(_lead) = (match lead {
            Some(lead) => Some(lead),
            None => stand_by(shared)?,
        }) else {
            return Ok(());
        };
        let Some(spool) = shared.spool() else { return Ok(()) };
        shared.signal.raise();
        Self::new(shared, spool, pipeline)?.follow()
    }

    fn new(shared: &'a Shared, spool: Arc<Spool>, pipeline: Pipeline) -> Result<Self> {
        let now = Instant::now();
        let is_known = spool.knows_folder(&shared.log_folder)?;
        // The spool that knew where to go on is gone: better to find it again than never.
        let unknown = if is_known || spool.is_recovered() { Beginning::Start } else { Beginning::End };
        let checkpoints = spool.checkpoints()?;
        Ok(Self {
            tailer: Tailer::new(shared.log_folder.clone(), &shared.config, checkpoints, unknown),
            batch: Batch { first_look: (!is_known).then(|| shared.log_folder.clone()), ..Batch::default() },
            evidence_ms: spool.next_evidence_ms()?,
            shared,
            spool,
            pipeline,
            committed_at: now,
            active_at: now,
        })
    }

    fn follow(mut self) -> Result<()> {
        let (hint, hints) = bounded(1);
        let _watcher = watch(&self.shared.log_folder, hint);
        while !self.is_stopping() {
            let began = Instant::now();
            let more = self.turn()?;
            if !more {
                let pause = self.pause(Instant::now());
                wait(&hints, pause);
                // Events that came while we looked are answered by the next look, not by one each.
                if let Some(rest) = SHORTEST_TURN.checked_sub(began.elapsed()) {
                    std::thread::sleep(rest);
                }
            }
        }
        self.commit(Instant::now(), true)
    }

    /// One look at the folder and at each file. True if there is more to read at once.
    fn turn(&mut self) -> Result<bool> {
        let now = Instant::now();
        let about = self.shared.log_folder.to_string_lossy();
        match self.tailer.reconcile(now, &self.shared.notes, &mut self.batch.stats) {
            Ok(()) => self.shared.notes.over("log_folder", &about),
            // Files that are open are read on: they may have been moved with the folder.
            Err(error) => self.shared.notes.say("log_folder", &about, || error.to_string()),
        }
        let (batch, pipeline) = (&mut self.batch, &self.pipeline);
        let found = &mut batch.found;
        let more = self.tailer.read(now, &mut batch.stats, |read, stats: &mut Stats| {
            if let Some(occurrence) = pipeline.process(&read.record, read.path, stats) {
                found.push(Found { identity: read.identity, generation: read.generation, occurrence });
            }
        });
        if self.batch.stats.bytes_read > 0 {
            self.active_at = now;
        }
        self.commit(now, false)?;
        if !more {
            self.take_evidence();
        }
        if !self.shared.looked.swap(true, Ordering::AcqRel) {
            self.shared.signal.raise();
        }
        let caught_up = !more && self.batch.found.is_empty() && self.tailer.next_flush().is_none();
        if self.shared.caught_up.swap(caught_up, Ordering::AcqRel) != caught_up {
            self.shared.signal.raise();
        }
        Ok(more)
    }

    /// Commits what was found, or at times just the checkpoints. Returns once it is in the spool or we stop.
    fn commit(&mut self, now: Instant, at_stop: bool) -> Result<()> {
        let worth_it = at_stop
            || !self.batch.found.is_empty()
            || self.batch.first_look.is_some()
            || now.duration_since(self.committed_at) >= CHECKPOINT_EVERY;
        if !worth_it {
            return Ok(());
        }
        self.batch.checkpoints = self.tailer.take_checkpoints();
        if self.batch.is_empty() {
            return Ok(());
        }
        let facts = self.shared.facts.read().clone();
        self.batch.ticket_user = match self.shared.config.ticket_scope {
            TicketScope::User => facts.user_login.clone(),
            TicketScope::Site => String::new(),
        };
        self.batch.user_login = facts.user_login;
        self.batch.project_id = facts.project_id.or(self.shared.config.project_id);
        self.batch.evidence_due_ms = now_ms() + EVIDENCE_WAIT_MS;
        while let Err(error) = self.spool.commit(&self.batch) {
            // What is in the batch stays there, and nothing more is read: memory is bounded, nothing lost.
            self.shared.caught_up.store(false, Ordering::Release);
            self.shared.notes.say("spool", "", || format!("{error}; reading waits until it works again"));
            if error.kind() == &ErrorKind::SpoolDamaged || at_stop || self.is_stopping() {
                return Err(error);
            }
            let seen = self.shared.signal.seen();
            self.shared.signal.wait(seen, SPOOL_RETRY);
        }
        self.shared.notes.over("spool", "");
        if !self.batch.found.is_empty() {
            let due = self.batch.evidence_due_ms;
            self.evidence_ms = Some(self.evidence_ms.map_or(due, |earlier| earlier.min(due)));
            self.shared.signal.raise();
        }
        self.batch = Batch::default();
        self.committed_at = now;
        Ok(())
    }

    /// Takes the evidence of one incident, if one is due: the files have their turn between two.
    fn take_evidence(&mut self) {
        let now = now_ms();
        if self.evidence_ms.is_none_or(|due| due > now) {
            return;
        }
        let taken = self.spool.evidence_due(now).and_then(|due| match due {
            Some(due) => self.capture(&due),
            None => Ok(()),
        });
        match taken.and_then(|()| self.spool.next_evidence_ms()) {
            Ok(next) => {
                self.evidence_ms = next;
                self.shared.notes.over("evidence", "");
                self.shared.signal.raise();
            }
            Err(error) => {
                self.evidence_ms = Some(now + 1_000);
                self.shared
                    .notes
                    .say("evidence", "", || format!("cannot keep the evidence of an error: {error}"));
            }
        }
    }

    fn capture(&self, due: &Due) -> Result<()> {
        let facts = self.shared.facts.read().clone();
        let folders = [self.shared.log_folder.clone(), self.shared.state_folder.clone()];
        let environment = environment(&facts.user_login, &folders, &facts.environment);
        let found_again = self.tailer.file(due.identity, due.generation);
        let evidence = capture(&due.incident, &due.occurrence, found_again, &environment)?;
        self.spool.keep_evidence(due.incident_id, &evidence.environment, &evidence.archive)
    }

    /// How long there is nothing to do, as long as no event comes.
    fn pause(&self, now: Instant) -> Duration {
        let quiet = now.duration_since(self.active_at) > QUIET_AFTER;
        let mut pause = if quiet { QUIET_TURN } else { BUSY_TURN };
        if let Some(flush) = self.tailer.next_flush() {
            pause = pause.min(flush.saturating_duration_since(now));
        }
        if let Some(evidence) = self.evidence_ms {
            pause = pause.min(Duration::from_millis((evidence - now_ms()).max(0).unsigned_abs()));
        }
        pause
    }

    fn is_stopping(&self) -> bool {
        self.shared.stopping.load(Ordering::Acquire)
    }
}

/// Waits for the lead; None if we are stopped before.
fn stand_by(shared: &Shared) -> Result<Option<Leadership>> {
    while !shared.stopping.load(Ordering::Acquire) {
        let seen = shared.signal.seen();
        match Leadership::try_take(&shared.log_folder) {
            Ok(Some(lead)) => {
                shared.open_spool()?;
                return Ok(Some(lead));
            }
            Ok(None) => shared.notes.over("lock", ""),
            Err(error) => shared.notes.say("lock", "", || error.to_string()),
        }
        shared.signal.wait(seen, STANDBY_TURN);
    }
    Ok(None)
}

/// Asks to be told of changes. They are a hint: without them all comes at the next turn.
fn watch(folder: &Path, hint: Sender<()>) -> Option<RecommendedWatcher> {
    let on_event = move |event: notify::Result<notify::Event>| {
        // Our own opening and listing is an access, too, and would wake us for ever.
        if !event.is_ok_and(|event| matches!(event.kind, EventKind::Access(_))) {
            // A hint that is waiting to be taken is as good as two.
            hint.try_send(()).unwrap_or_default();
        }
    };
    let mut watcher = notify::recommended_watcher(on_event).ok()?;
    watcher.watch(folder, RecursiveMode::NonRecursive).ok()?;
    Some(watcher)
}

fn wait(hints: &Receiver<()>, pause: Duration) {
    if let Err(RecvTimeoutError::Disconnected) = hints.recv_timeout(pause) {
        // No watcher could be made: there is nobody to wake us early.
        std::thread::sleep(pause);
    }
}
