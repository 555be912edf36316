//! A reporter that is driven by hand, and the site that it tells: who was told what is known exactly.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crossbeam_channel::bounded;
use tk_incident_core::capture::Evidence;
use tk_incident_core::notes::Notes;
use tk_incident_core::pipeline::Pipeline;
use tk_incident_core::spool::{Batch, Found, Place, Spool, SpoolReader, now_ms};
use tk_incident_core::stats::Stats;
use tk_incident_core::tail::{Beginning, Read, Tailer};
use tk_incident_core::{Config, Result, signature};

use super::support::{append, error};

/// Problems, by the exceptions that make them.
pub const PROBLEMS: [&str; 4] = ["LicenceError", "SaveError", "SceneError", "FarmError"];

/// No failure makes a delivery wait longer.
const LONGEST_RETRY_MS: i64 = 3_600_000;

/// What the site was told: how often each problem, by its signature.
#[derive(Debug, Default, Clone)]
pub struct Site {
    pub told: BTreeMap<String, u64>,
    tickets: BTreeMap<String, i64>,
    /// What it was told where the spool could not say that it keeps it: that may be said once more.
    unsure: BTreeSet<(String, u64)>,
}

impl Site {
    /// The ticket of a problem: a second one must not be made.
    fn ticket(&mut self, key: &str, ticket: Option<i64>) -> i64 {
        if self.told.contains_key(key) {
            assert_eq!(ticket, self.tickets.get(key).copied(), "its ticket was forgotten");
        }
        let next = 1_000 + i64::try_from(self.tickets.len()).unwrap();
        let ticket = ticket.unwrap_or(next);
        self.tickets.insert(key.to_owned(), ticket);
        ticket
    }

    /// A site must not hear the same twice.
    fn tell(&mut self, key: &str, count: u64) {
        let again = !self.unsure.insert((key.to_owned(), count));
        let known = self.told.insert(key.to_owned(), count).unwrap_or(0);
        assert!(count > known || again, "told again of {known} occurrences of {key}");
    }
}

pub struct Session {
    config: Config,
    pub spool: Spool,
    tailer: Tailer,
    pipeline: Pipeline,
    now: Instant,
    batch: Batch,
    pub notes: Notes,
    /// When the evidence of what is found is due.
    pub due_ms: i64,
    /// What was found where the last one ended stands in the batch.
    is_resumed: bool,
}

impl Session {
    pub fn open(config: &Config, place: &Place) -> Result<Self> {
        let notes = Notes::default();
        let pipeline = Pipeline::new(config)?;
        let spool = Spool::open(place, pipeline.studio(), &notes)?;
        let is_known = spool.knows_folder(&config.log_folder())?;
        let unknown = if is_known || spool.is_recovered() { Beginning::Start } else { Beginning::End };
        let now = Instant::now();
        let mut batch = Batch { first_look: (!is_known).then(|| config.log_folder()), ..Batch::default() };
        let mut tailer = Tailer::new(config, spool.checkpoints()?, unknown);
        tailer.listen(bounded(1).0);
        let found = &mut batch.found;
        tailer.resume(now, &mut batch.stats, |read, stats| found.extend(find(&pipeline, &read, stats)));
        Ok(Self {
            config: config.clone(),
            pipeline,
            tailer,
            spool,
            now,
            batch,
            notes,
            due_ms: 0,
            is_resumed: true,
        })
    }

    /// Looks, reads and commits. What was read and not committed is committed next time.
    pub fn pass(&mut self) -> Result<()> {
        self.now += Duration::from_millis(1_500);
        let (batch, pipeline) = (&mut self.batch, &self.pipeline);
        if batch.found.is_empty() || self.is_resumed {
            self.is_resumed = false;
            self.tailer.reconcile(self.now, &self.notes, &mut batch.stats)?;
            let found = &mut batch.found;
            self.tailer.read(self.now, &mut batch.stats, |read, stats: &mut Stats| {
                found.extend(find(pipeline, &read, stats));
            });
        }
        let mut points = self.tailer.take_checkpoints();
        batch.checkpoints.append(&mut points);
        batch.facts = "{}".into();
        batch.evidence_due_ms = self.due_ms;
        batch.user_login = self.config.user_login.clone().unwrap_or_default();
        batch.ticket_user.clone_from(&batch.user_login);
        self.spool.commit(batch)?;
        self.tailer.committed();
        self.batch = Batch::default();
        Ok(())
    }

    /// Takes all evidence, as far as the spool cares.
    pub fn capture(&self) -> Result<()> {
        let due = self.spool.evidence_due(i64::MAX)?;
        let taken: Vec<_> = due
            .iter()
            .map(|due| {
                (due.incident_id, Evidence { environment: "{}".into(), archive: b"an archive".repeat(100) })
            })
            .collect();
        self.spool.keep_evidence(&taken)
    }

    /// Delivers all that is due within the longest wait; `acked` is called when it is committed.
    pub fn deliver(&self, site: &mut Site, mut acked: impl FnMut(&str, u64)) -> Result<()> {
        while let Some(delivery) = self.spool.delivery_due(now_ms() + LONGEST_RETRY_MS)? {
            let (key, count) = (&delivery.incident.signature, delivery.incident.count);
            if delivery.ticket_id.is_none() {
                self.spool.ticket_asked(delivery.id)?;
            }
            let ticket = site.ticket(key, delivery.ticket_id);
            self.spool.ticket_created(delivery.id, ticket, true)?;
            assert!(self.spool.evidence(delivery.id)?.is_some());
            self.spool.evidence_attached(delivery.id)?;
            site.tell(key, count);
            assert!(self.spool.ack(delivery.id, count, 0, true)?);
            site.unsure.remove(&(key.clone(), count));
            acked(key, count);
        }
        Ok(())
    }
}

fn find(pipeline: &Pipeline, read: &Read<'_>, stats: &mut Stats) -> Option<Found> {
    let occurrence = pipeline.process(&read.record, read.path, stats)?;
    Some(Found { identity: read.identity, generation: read.generation, occurrence })
}

/// What was written to the logs.
#[derive(Debug, Default, Clone)]
pub struct Written {
    pub messages: Vec<String>,
    counts: BTreeMap<String, u64>,
}

impl Written {
    /// Adds a record to a log.
    pub fn error(&mut self, log: &std::path::Path, problem: usize) {
        let message = format!("record {}", self.messages.len());
        let traceback = "Traceback (most recent call last):\n  File \"a.py\", line 1, in f";
        let text = error(&format!("{message}\n{traceback}\nstudio.{}: no", PROBLEMS[problem]));
        append(log, &text);
        *self.counts.entry(signature(&text).key).or_default() += 1;
        self.messages.push(message);
    }

    /// How often each problem, by its signature.
    pub fn counts(&self) -> BTreeMap<String, u64> {
        self.counts.clone()
    }
}

/// Captured = delivered + waiting + discarded, and also kept + folded; matched = captured + known;
/// read = matched + not matched.
pub fn books_balance(state: &std::path::Path) {
    let status = SpoolReader::open(state).unwrap().status().unwrap();
    let number = |value: &serde_json::Value| value.as_i64().unwrap_or(0);
    let books = &status["books"];
    let discarded: i64 = books["discarded"].as_object().unwrap().values().map(number).sum();
    assert!(number(&books["waiting"]) >= 0, "{books}");
    assert_eq!(
        number(&books["captured"]),
        number(&books["delivered"]) + number(&books["waiting"]) + discarded,
        "{books}"
    );
    let sums = [
        ("captured", ["kept", "folded"]),
        ("matched", ["captured", "known"]),
        ("read", ["matched", "not_matched"]),
    ];
    for (whole, parts) in sums {
        assert_eq!(
            number(&books[whole]),
            parts.iter().map(|part| number(&books[*part])).sum::<i64>(),
            "{books}"
        );
    }
    let counters = &status["counters"];
    assert_eq!(
        number(&counters["bytes_read"]),
        number(&counters["record_bytes"]) + number(&counters["orphan_bytes"]),
        "{counters}"
    );
}

/// What the books of a spool say.
pub fn books(state: &std::path::Path) -> serde_json::Value {
    SpoolReader::open(state).unwrap().status().unwrap()["books"].take()
}

/// How often each problem is in the spool.
pub fn counted(state: &std::path::Path) -> BTreeMap<String, u64> {
    let incidents = SpoolReader::open(state).unwrap().incidents().unwrap();
    incidents.into_iter().map(|incident| (incident.signature, incident.count)).collect()
}

/// Copies the spool, and not what is held.
pub fn copy_spool(from: &std::path::Path, to: &PathBuf) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        if entry.file_type().unwrap().is_file() {
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}
