//! What the agent's thread does.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::evidence::Evidence;
use super::stand_by::stand_by;
use super::{Led, Shared};
use crate::config::TicketScope;
use crate::error::{Error, ErrorKind, Result};
use crate::pipeline::Pipeline;
use crate::spool::{Batch, Bounds, Found, Place};
use crate::stats::Stats;
use crate::tail::{Beginning, Read, Tailer};

/// A leader looks this often whether its lock file is still there.
const LEAD_CHECK: Duration = Duration::from_secs(1);

/// The folder is looked at this often while something is written, whatever the events say.
const BUSY_TURN: Duration = Duration::from_millis(200);

/// And at least this often when all is quiet.
const QUIET_TURN: Duration = Duration::from_secs(2);

/// In between, a pause is this part of the time in which nothing came.
const QUIET_SHARE: u32 = 10;

/// A storm of events is one event: turns are at least this far apart.
const SHORTEST_TURN: Duration = Duration::from_millis(5);

/// Checkpoints alone, with nothing found, are not worth a write to disk more often than this.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(2);

/// While the spool cannot be written the tail waits this long between two tries.
const SPOOL_RETRY: Duration = Duration::from_secs(1);

/// A spool that is damaged again within this time waits for so long.
const SHORTEST_RECOVERY: Duration = Duration::from_secs(5);

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
    shared.give_up_lead();
}

/// The state of a leading thread.
pub(super) struct Work<'a> {
    shared: &'a Shared,
    spool: Arc<Led>,
    pipeline: &'a Pipeline,
    tailer: Tailer,
    batch: Batch,
    committed_at: Instant,
    active_at: Instant,
    lead_checked_at: Instant,
    evidence: Evidence,
    bounds: Bounds,
    recovered_at: Option<Instant>,
}

impl<'a> Work<'a> {
    /// Stands by until this reporter leads, then follows the folder until it is stopped or loses the lead.
    pub(super) fn run(shared: &'a Shared, pipeline: &'a Pipeline, place: &Place) -> Result<()> {
        while let Some(spool) = stand_by(shared, place, pipeline.studio())? {
            shared.signal.raise();
            match Self::new(shared, spool, pipeline).and_then(Self::follow) {
                Err(error) if error.kind() == &ErrorKind::LeadLost => {
                    shared.give_up_lead();
                    shared.caught_up.store(false, Ordering::Release);
                    shared.notes.say("lead", "", || format!("{error}; this one stands by"));
                }
                outcome => return outcome,
            }
        }
        Ok(())
    }

    fn new(shared: &'a Shared, spool: Arc<Led>, pipeline: &'a Pipeline) -> Result<Self> {
        let now = Instant::now();
        let is_known = spool.knows_folder(&shared.log_folder)?;
        // The spool that knew where to go on is gone: better to find it again than never.
        let unknown = if is_known || spool.is_recovered() { Beginning::Start } else { Beginning::End };
        let checkpoints = spool.checkpoints()?;
        let mut tailer = Tailer::new(&shared.config, checkpoints, unknown);
        tailer.listen(shared.hint.clone());
        Ok(Self {
            tailer,
            batch: Batch { first_look: (!is_known).then(|| shared.log_folder.clone()), ..Batch::default() },
            evidence: Evidence::of(&spool)?,
            bounds: Bounds::new(shared.config.max_spool_mib << 20),
            shared,
            spool,
            pipeline,
            committed_at: now,
            active_at: now,
            lead_checked_at: now,
            recovered_at: None,
        })
    }

    fn follow(mut self) -> Result<()> {
        self.resume();
        while !self.is_stopping() {
            let began = Instant::now();
            let more = self.turn()?;
            if !more {
                let pause = self.pause(Instant::now());
                // The sender lives as long as the receiver, so all that can come is a hint or the end of the pause.
                self.shared.hints.recv_timeout(pause).unwrap_or_default();
                // Events that came while we looked are answered by the next look, not by one each.
                if let Some(rest) = SHORTEST_TURN.checked_sub(began.elapsed()) {
                    std::thread::sleep(rest);
                }
            }
        }
        self.commit(Instant::now(), true)
    }

    /// Goes on where the last reporter ended.
    fn resume(&mut self) {
        let (found, pipeline) = (&mut self.batch.found, &self.pipeline);
        self.tailer.resume(Instant::now(), &mut self.batch.stats, |read, stats| {
            found.extend(find(pipeline, &read, stats));
        });
    }

    /// One look at the folder and at each file. True if there is more to read at once.
    fn turn(&mut self) -> Result<bool> {
        let now = Instant::now();
        self.check_lead(now)?;
        if self.spool.is_damaged()
            && let Err(error) = self.recover()
        {
            self.shared.caught_up.store(false, Ordering::Release);
            if error.kind() == &ErrorKind::LeadLost {
                return Err(error);
            }
            self.shared.notes.say("spool", "", || format!("{error}; reading waits until it works again"));
            return Ok(false);
        }
        let about = self.shared.log_folder.to_string_lossy();
        match self.tailer.reconcile(now, &self.shared.notes, &mut self.batch.stats) {
            Ok(()) => self.shared.notes.over("log_folder", &about),
            // Files that are open are read on: they may have been moved with the folder.
            Err(error) => self.shared.notes.say("log_folder", &about, || error.to_string()),
        }
        let (batch, pipeline) = (&mut self.batch, self.pipeline);
        let found = &mut batch.found;
        let more = self.tailer.read(now, &mut batch.stats, |read, stats: &mut Stats| {
            found.extend(find(pipeline, &read, stats));
        });
        for loss in self.tailer.take_losses() {
            // Each one is a loss of its own.
            self.shared.notes.say("bytes_lost", "", || loss.to_string());
            self.shared.notes.over("bytes_lost", "");
        }
        if self.batch.stats.bytes_read > 0 {
            self.active_at = now;
        }
        self.commit(now, false)?;
        if !more {
            self.take_evidence();
        }
        self.make_room(more);
        match self.spool.answer_readers(now) {
            Ok(()) => self.shared.notes.over("view", ""),
            Err(error) => self.shared.notes.say("view", "", || {
                format!("what is in the spool cannot be shown to other processes: {error}")
            }),
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
        self.batch.facts = facts.environment;
        self.batch.evidence_due_ms = Evidence::due_ms();
        while let Err(error) = self.spool.commit(&self.batch) {
            let error = if self.spool.is_damaged() {
                match self.recover() {
                    Ok(()) => {
                        self.batch.checkpoints = self.tailer.take_checkpoints();
                        continue;
                    }
                    Err(error) => error,
                }
            } else {
                error
            };
            // What is in the batch stays there, and nothing more is read: memory is bounded, nothing lost.
            self.shared.caught_up.store(false, Ordering::Release);
            if error.kind() == &ErrorKind::LeadLost {
                return Err(error);
            }
            self.shared.notes.say("spool", "", || format!("{error}; reading waits until it works again"));
            if at_stop || self.is_stopping() {
                return Err(error);
            }
            let seen = self.shared.signal.seen();
            self.shared.signal.wait(seen, SPOOL_RETRY);
        }
        self.shared.notes.over("spool", "");
        self.tailer.committed();
        if !self.batch.found.is_empty() {
            self.evidence.expect(self.batch.evidence_due_ms);
            self.shared.signal.raise();
        }
        self.batch = Batch::default();
        self.committed_at = now;
        Ok(())
    }

    /// Goes on with what can be read of a damaged spool. What was found and is not yet committed stays in the batch.
    fn recover(&mut self) -> Result<()> {
        let now = Instant::now();
        if self.recovered_at.is_some_and(|at| now.duration_since(at) < SHORTEST_RECOVERY) {
            // A drive that spoils what it has just been given is not to be filled with damaged files.
            return Err(Error::new(ErrorKind::SpoolDamaged));
        }
        // Without the lock the file may be another reporter's by now, and is not ours to set aside.
        self.has_lead()?;
        self.recovered_at = Some(now);
        self.spool.recover(self.pipeline.studio(), &self.shared.notes)?;
        let is_known = self.spool.knows_folder(&self.shared.log_folder)?;
        // The tail goes back to where the spool knows it: what is read twice has one address, and counts once.
        let found = self.batch.found.len() as u64;
        self.batch = Batch {
            found: std::mem::take(&mut self.batch.found),
            stats: Stats { records_read: found, matched: found, ..Stats::default() },
            first_look: (!is_known).then(|| self.shared.log_folder.clone()),
            ..std::mem::take(&mut self.batch)
        };
        self.batch.checkpoints.clear();
        self.tailer = Tailer::new(&self.shared.config, self.spool.checkpoints()?, Beginning::Start);
        self.tailer.listen(self.shared.hint.clone());
        self.resume();
        self.evidence = Evidence::of(&self.spool)?;
        self.bounds = Bounds::new(self.shared.config.max_spool_mib << 20);
        Ok(())
    }

    /// Takes the evidence that is due.
    fn take_evidence(&mut self) {
        if self.evidence.take(self.shared, &self.spool, &self.tailer, self.pipeline) {
            self.bounds.try_again();
        }
    }

    /// Keeps the spool within its cap.
    fn make_room(&mut self, tail_is_busy: bool) {
        let notes = &self.shared.notes;
        match self.spool.make_room(&mut self.bounds, tail_is_busy) {
            Ok(()) => notes.over("room", ""),
            Err(error) => notes.say("room", "", || format!("cannot make room in the spool: {error}")),
        }
        // Evidence that is still to be taken is room that can still be made.
        if !self.bounds.is_exhausted() || self.evidence.is_awaited() {
            notes.over("full", "");
            return;
        }
        notes.say("full", "", || {
            let most = self.shared.config.max_spool_mib;
            format!("the spool takes more than its {most} MiB, with one short record kept of each problem; raise max_spool_mib")
        });
    }

    /// Looks at times whether the lock file is still there: without it the next reporter takes the lead too.
    fn check_lead(&mut self, now: Instant) -> Result<()> {
        if now.duration_since(self.lead_checked_at) < LEAD_CHECK {
            return Ok(());
        }
        self.lead_checked_at = now;
        self.has_lead()
    }

    fn has_lead(&self) -> Result<()> {
        let lead = self.spool.lead();
        if lead.is_intact() { Ok(()) } else { Err(Error::new(ErrorKind::LeadLost).at(lead.path())) }
    }

    /// How long there is nothing to do, as long as no event comes.
    fn pause(&self, now: Instant) -> Duration {
        let quiet = now.duration_since(self.active_at);
        let mut pause = (quiet / QUIET_SHARE).clamp(BUSY_TURN, QUIET_TURN);
        if let Some(flush) = self.tailer.next_flush() {
            pause = pause.min(flush.saturating_duration_since(now));
        }
        if let Some(wait) = self.evidence.wait() {
            pause = pause.min(wait);
        }
        if self.bounds.is_working() {
            pause = Duration::ZERO;
        }
        pause
    }

    fn is_stopping(&self) -> bool {
        self.shared.stopping.load(Ordering::Acquire)
    }
}

/// The occurrence that a record is, if it is to be reported.
fn find(pipeline: &Pipeline, read: &Read<'_>, stats: &mut Stats) -> Option<Found> {
    let occurrence = pipeline.process(&read.record, read.path, stats)?;
    Some(Found { identity: read.identity, generation: read.generation, occurrence })
}
