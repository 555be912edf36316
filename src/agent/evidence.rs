//! When evidence is taken: once the lines behind a record are there, and before a stop.

use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::{Map, Value};

use super::Shared;
use crate::capture::{Capture, Hardware, LogSnapshot, Others, environment};
use crate::error::Result;
use crate::pipeline::Pipeline;
use crate::spool::{Due, LONGEST_EVIDENCE_WAIT_MS, Spool, now_ms};
use crate::tail::Files;

/// So long after a record the lines behind it are taken to be there.
const WAIT_MS: i64 = 300;

/// While it is not known which hardware this is, that is looked at this often.
const HARDWARE_LOOK: Duration = Duration::from_millis(50);

/// Logs that may tell of an error in another: those that were written last.
const MOST_LOGS: usize = 64;

/// Archives lie in memory until they are kept: not more of them at once.
const MOST_KEPT_BYTES: usize = 8 << 20;

/// While evidence cannot be kept, it is tried again this often.
const RETRY_MS: i64 = 1_000;

/// The evidence that is still to be taken.
#[derive(Debug)]
pub(super) struct Evidence {
    /// When the next is due; none where all is taken.
    next_ms: Option<i64>,
    /// The first evidence of a process waits for the answer, two seconds at most; the logs are read on meanwhile.
    hardware: &'static Hardware,
}

impl Evidence {
    /// What a spool waits for.
    pub(super) fn of(spool: &Spool) -> Result<Self> {
        Ok(Self { next_ms: spool.next_evidence_ms(now_ms())?, hardware: Hardware::of_this_machine() })
    }

    /// When that of a record is due which was found now.
    pub(super) fn due_ms() -> i64 {
        now_ms() + WAIT_MS
    }

    /// Some more is due then.
    pub(super) fn expect(&mut self, due_ms: i64) {
        self.hardware.ask();
        self.next_ms = Some(self.next_ms.map_or(due_ms, |earlier| earlier.min(due_ms)));
    }

    pub(super) fn is_awaited(&self) -> bool {
        self.next_ms.is_some()
    }

    /// How long there is nothing to take; none where nothing is awaited.
    pub(super) fn wait(&self) -> Option<Duration> {
        let wait = Duration::from_millis(wait_ms(self.next_ms?, now_ms()).unsigned_abs());
        Some(if self.hardware.is_awaited() { wait.max(HARDWARE_LOOK) } else { wait })
    }

    /// Takes what is due from the files that are open; true if that was something, and it was kept.
    pub(super) fn take(
        &mut self,
        shared: &Shared,
        spool: &Spool,
        files: impl FnOnce() -> Files,
        pipeline: &Pipeline,
    ) -> bool {
        // Before a stop what there is must do: better no lines behind the record than no evidence for now.
        let is_last_call = shared.draining.load(Ordering::Acquire);
        let now = if is_last_call { i64::MAX } else { now_ms() };
        if self.next_ms.is_none_or(|due| wait_ms(due, now) > 0) {
            return false;
        }
        // What an earlier session has left is due before anybody has asked.
        self.hardware.ask();
        if self.hardware.is_awaited() && !is_last_call {
            return false;
        }
        match capture_due(shared, spool, &files(), pipeline, &self.hardware.known(), now) {
            Ok(next) => {
                self.next_ms = next;
                shared.notes.over("evidence", "");
                shared.signal.raise();
                true
            }
            Err(error) => {
                self.next_ms = Some(now_ms() + RETRY_MS);
                shared.notes.say("evidence", "", || format!("cannot keep the evidence of an error: {error}"));
                false
            }
        }
    }
}

/// Captures what is due, file by file; when the next is due.
fn capture_due(
    shared: &Shared,
    spool: &Spool,
    files: &Files,
    pipeline: &Pipeline,
    hardware: &Map<String, Value>,
    now_ms: i64,
) -> Result<Option<i64>> {
    let due = spool.evidence_due(now_ms)?;
    let folders = [("logs", &*shared.log_folder), ("state", &*shared.state_folder)];
    let most_bytes = usize::try_from(shared.config.max_evidence_kib << 10).unwrap_or(usize::MAX);
    let capture = Capture { redactor: pipeline.redactor(), studio: pipeline.studio(), most_bytes };
    let logs = files.written_last(MOST_LOGS);
    let logs = logs.iter().map(|(path, file)| (*path, &**file));
    let others = Others::read(logs, due.iter().map(|due| &due.occurrence));
    for in_one_file in due.chunk_by(|a, b| (a.identity, a.generation) == (b.identity, b.generation)) {
        let Some(Due { identity, generation, occurrence, .. }) = in_one_file.first() else { continue };
        let file = files.file(*identity, *generation);
        let predecessor = files.predecessor(*identity, &occurrence.path);
        let mut log =
            LogSnapshot::take(&occurrence.path, file.as_deref(), predecessor.as_deref(), pipeline.redactor());
        let (mut taken, mut bytes) = (Vec::new(), 0);
        for Due { incident_id, incident, occurrence, facts, .. } in in_one_file {
            let user = incident.users.first().map_or("", |user| user.as_str());
            let facts = serde_json::from_str(facts).unwrap_or_default();
            let environment = environment(user, &folders, &shared.surroundings, hardware, &facts);
            let evidence =
                capture.take(incident, occurrence, file.as_deref(), &mut log, &others, &environment)?;
            bytes += evidence.archive.len();
            taken.push((*incident_id, evidence));
            if bytes >= MOST_KEPT_BYTES {
                spool.keep_evidence(&taken)?;
                (taken, bytes) = (Vec::new(), 0);
            }
        }
        spool.keep_evidence(&taken)?;
    }
    spool.next_evidence_ms(now_ms)
}

/// How long evidence has to wait. A clock that was set back does not make it wait longer.
fn wait_ms(due_ms: i64, now_ms: i64) -> i64 {
    let wait = due_ms.saturating_sub(now_ms).max(0);
    if wait > LONGEST_EVIDENCE_WAIT_MS { 0 } else { wait }
}
