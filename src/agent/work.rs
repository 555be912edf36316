//! The keeper's thread: it stands by or leads, and keeps what the tail's thread reads.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::ScopedJoinHandle;
use std::time::{Duration, Instant};

use super::evidence::Evidence;
use super::intake::{Intake, Tail};
use super::reading::Reading;
use super::stand_by::stand_by;
use super::{Led, Shared};
use crate::config::TicketScope;
use crate::error::{Error, ErrorKind, Result};
use crate::pipeline::Pipeline;
use crate::spool::{Batch, Bounds, Drive, Place};
use crate::stats::Stats;
use crate::tail::{Beginning, Tailer};

/// A leader looks this often whether its lock file is still there.
const LEAD_CHECK: Duration = Duration::from_secs(1);

/// And has a round at least this often.
const QUIET_ROUND: Duration = Duration::from_secs(3);

/// The same where other processes have to ask to see what is in the spool: they do not wait for long.
const ASKED_ROUND: Duration = Duration::from_secs(2);

/// Checkpoints alone, with nothing found, are not worth a write to disk more often than this.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(2);

/// While the spool cannot be written there is this long between two tries.
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

/// The state of the keeper's thread.
pub(super) struct Work<'a> {
    shared: &'a Shared,
    spool: Arc<Led>,
    pipeline: &'a Pipeline,
    intake: Arc<Intake>,
    /// What was taken to be kept.
    batch: Batch,
    committed_at: Instant,
    lead_checked_at: Instant,
    evidence: Evidence,
    bounds: Bounds,
    longest_wait: Duration,
    recovered_at: Option<Instant>,
}

impl<'a> Work<'a> {
    /// Stands by until this reporter leads, then follows the folder until it is stopped or loses the lead.
    pub(super) fn run(shared: &'a Shared, pipeline: &'a Pipeline, place: &Place) -> Result<()> {
        while let Some(spool) = stand_by(shared, place, pipeline.studio())? {
            shared.signal.raise();
            let longest_wait = if place.drive == Drive::Network { ASKED_ROUND } else { QUIET_ROUND };
            match Self::new(shared, spool, pipeline, longest_wait).and_then(Self::follow) {
                Err(error) if error.kind() == &ErrorKind::LeadLost => {
                    shared.give_up_lead();
                    shared.set_caught_up(false);
                    shared.notes.say("lead", "", || format!("{error}; this one stands by"));
                }
                outcome => return outcome,
            }
        }
        Ok(())
    }

    fn new(
        shared: &'a Shared,
        spool: Arc<Led>,
        pipeline: &'a Pipeline,
        longest_wait: Duration,
    ) -> Result<Self> {
        let now = Instant::now();
        let is_known = spool.knows_folder(&shared.log_folder)?;
        // The spool that knew where to go on is gone: better to find it again than never.
        let unknown = if is_known || spool.is_recovered() { Beginning::Start } else { Beginning::End };
        let mut tail = Tail::new(tailer(shared, &spool, unknown)?);
        tail.batch.first_look = (!is_known).then(|| shared.log_folder.clone());
        tail.resume(pipeline);
        Ok(Self {
            intake: Arc::new(Intake::new(tail)),
            batch: Batch::default(),
            evidence: Evidence::of(&spool)?,
            bounds: Bounds::new(shared.config.max_spool_mib << 20),
            shared,
            spool,
            pipeline,
            committed_at: now,
            lead_checked_at: now,
            longest_wait,
            recovered_at: None,
        })
    }

    /// Keeps what the tail's thread reads, until this ends.
    fn follow(mut self) -> Result<()> {
        let reading = Reading::new(self.shared, self.pipeline, Arc::clone(&self.intake));
        std::thread::scope(|scope| {
            let started = std::thread::Builder::new()
                .name("tk-incident-tail".into())
                .spawn_scoped(scope, || reading.run());
            let tail = started.map_err(|error| {
                Error::new(ErrorKind::Internal("cannot start a thread".into())).because(error)
            })?;
            let ended = Ended { intake: Arc::clone(&self.intake), shared: self.shared };
            let outcome = self.keep(&tail);
            drop(ended);
            tail.join().unwrap_or_else(|panic| resume_unwind(panic));
            outcome
        })?;
        self.commit(Instant::now(), true)
    }

    fn keep(&mut self, tail: &ScopedJoinHandle<'_, ()>) -> Result<()> {
        while !self.is_stopping() && !tail.is_finished() {
            let seen = self.intake.filled.seen();
            let wait = self.round()?;
            if !wait.is_zero() {
                self.intake.filled.wait(seen, wait);
            }
        }
        Ok(())
    }

    /// Keeps what there is; how long there is nothing to do then, as long as nothing is read.
    fn round(&mut self) -> Result<Duration> {
        let now = Instant::now();
        self.check_lead(now)?;
        if self.spool.is_damaged()
            && let Err(error) = self.recover()
        {
            self.hold_up(&error);
            return if error.kind() == &ErrorKind::LeadLost { Err(error) } else { Ok(SPOOL_RETRY) };
        }
        let (is_busy, has_looked) = {
            let tail = self.intake.tail();
            (tail.has_more, tail.has_looked)
        };
        self.commit(now, false)?;
        if has_looked && !self.shared.looked.swap(true, Ordering::AcqRel) {
            self.shared.signal.raise();
        }
        if !is_busy {
            self.take_evidence();
        }
        self.make_room(is_busy);
        match self.spool.answer_readers(now) {
            Ok(()) => self.shared.notes.over("view", ""),
            Err(error) => self.shared.notes.say("view", "", || {
                format!("what is in the spool cannot be shown to other processes: {error}")
            }),
        }
        Ok(self.wait())
    }

    /// Commits what was found, or at times just the checkpoints. Returns once it is in the spool or we stop.
    fn commit(&mut self, now: Instant, at_stop: bool) -> Result<()> {
        self.take(at_stop || now.duration_since(self.committed_at) >= CHECKPOINT_EVERY);
        if self.batch.is_empty() {
            return Ok(());
        }
        while let Err(error) = self.spool.commit(&self.batch) {
            let error = if self.spool.is_damaged() {
                match self.recover() {
                    Ok(()) => {
                        self.take(true);
                        continue;
                    }
                    Err(error) => error,
                }
            } else {
                error
            };
            // What is in the batch stays there, and no more is read than fills another: memory is bounded, nothing lost.
            self.hold_up(&error);
            if error.kind() == &ErrorKind::LeadLost || at_stop || self.is_stopping() {
                return Err(error);
            }
            let seen = self.shared.signal.seen();
            self.shared.signal.wait(seen, SPOOL_RETRY);
        }
        self.shared.notes.over("spool", "");
        let has_found = !self.batch.found.is_empty();
        if has_found {
            self.evidence.expect(self.batch.evidence_due_ms);
        }
        self.batch = Batch::default();
        self.committed_at = now;
        let mut tail = self.intake.tail();
        tail.tailer.committed();
        tail.is_being_kept = false;
        self.shared.set_caught_up(tail.is_caught_up());
        drop(tail);
        if has_found {
            self.shared.signal.raise();
        }
        Ok(())
    }

    /// Takes what was read, if that is worth a commit or it is time for one.
    fn take(&mut self, is_time: bool) {
        let mut tail = self.intake.tail();
        // A folder is known together with how far its files were read: else the next start would take all of them for new.
        if !tail.has_looked || !is_time && !tail.is_worth_keeping() && !tail.is_full() {
            return;
        }
        tail.batch.checkpoints = tail.tailer.take_checkpoints();
        self.batch = std::mem::take(&mut tail.batch);
        tail.is_being_kept = !self.batch.is_empty();
        drop(tail);
        self.intake.taken.raise();
        let facts = self.shared.facts.read().clone();
        self.batch.ticket_user = match self.shared.config.ticket_scope {
            TicketScope::User => facts.user_login.clone(),
            TicketScope::Site => String::new(),
        };
        self.batch.user_login = facts.user_login;
        self.batch.project_id = facts.project_id.or(self.shared.config.project_id);
        self.batch.facts = facts.environment;
        self.batch.evidence_due_ms = Evidence::due_ms();
    }

    /// Says why nothing can be kept for now.
    fn hold_up(&self, error: &Error) {
        self.intake.tail().is_being_kept = true;
        self.shared.set_caught_up(false);
        if error.kind() != &ErrorKind::LeadLost {
            self.shared.notes.say("spool", "", || format!("{error}; reading waits until it works again"));
        }
    }

    /// Goes on with what can be read of a damaged spool. What was found and is not yet committed stays to be kept.
    fn recover(&mut self) -> Result<()> {
        let now = Instant::now();
        if self.recovered_at.is_some_and(|at| now.duration_since(at) < SHORTEST_RECOVERY) {
            // A drive that spoils what it has just been given is not to be filled with damaged files.
            return Err(Error::new(ErrorKind::SpoolDamaged));
        }
        // Without the lock the file may be another reporter's by now, and is not ours to set aside.
        self.has_lead()?;
        self.recovered_at = Some(now);
        let mut tail = self.intake.tail();
        self.spool.recover(self.pipeline.studio(), &self.shared.notes)?;
        let is_known = self.spool.knows_folder(&self.shared.log_folder)?;
        let tailer = tailer(self.shared, &self.spool, Beginning::Start)?;
        // The tail goes back to where the spool knows it: what is read twice has one address, and counts once.
        let mut found = std::mem::take(&mut self.batch).found;
        found.append(&mut tail.batch.found);
        let count = found.len() as u64;
        *tail = Tail::new(tailer);
        tail.batch = Batch {
            found,
            stats: Stats { records_read: count, matched: count, ..Stats::default() },
            first_look: (!is_known).then(|| self.shared.log_folder.clone()),
            ..Batch::default()
        };
        tail.resume(self.pipeline);
        drop(tail);
        self.evidence = Evidence::of(&self.spool)?;
        self.bounds = Bounds::new(self.shared.config.max_spool_mib << 20);
        Ok(())
    }

    /// Takes the evidence that is due.
    fn take_evidence(&mut self) {
        let files = || self.intake.tail().tailer.files();
        if self.evidence.take(self.shared, &self.spool, files, self.pipeline) {
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

    /// How long there is nothing to do.
    fn wait(&self) -> Duration {
        if self.bounds.is_working() {
            return Duration::ZERO;
        }
        self.evidence.wait().map_or(self.longest_wait, |wait| wait.min(self.longest_wait))
    }

    fn is_stopping(&self) -> bool {
        self.shared.stopping.load(Ordering::Acquire)
    }
}

/// A tailer that goes on where the spool knows it.
fn tailer(shared: &Shared, spool: &Led, unknown: Beginning) -> Result<Tailer> {
    let mut tailer = Tailer::new(&shared.config, spool.checkpoints()?, unknown);
    tailer.listen(shared.hint.clone());
    Ok(tailer)
}

/// Ends the tail's thread, also where the keeper's panics.
struct Ended<'a> {
    intake: Arc<Intake>,
    shared: &'a Shared,
}

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.intake.end();
        self.shared.wake();
    }
}
