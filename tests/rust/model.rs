//! Random sequences of what happens to logs, and to us, against an exact account of what was written.
//!
//! The tailer is driven by hand, with a clock of its own, so that a sequence gives the same result each time.
//! `PROPTEST_CASES=2000 cargo test --release model` is the long form.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crossbeam_channel::bounded;
use proptest::prelude::*;
use tk_incident_core::notes::Notes;
use tk_incident_core::pipeline::Pipeline;
use tk_incident_core::spool::{Batch, Found, Place, Spool, SpoolReader};
use tk_incident_core::stats::Stats;
use tk_incident_core::tail::{Beginning, Tailer};

use super::support::{Home, append, error, record, truncate};

/// Something that happens. The number chooses one of the logs.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// A writer adds a record, in so many pieces.
    Write(usize, usize),
    /// A writer adds a record of no interest.
    Chat(usize),
    /// The log becomes the backup, in whose place it comes.
    Roll(usize),
    /// The backup is deleted.
    Delete(usize),
    /// The log is copied elsewhere and emptied, as logrotate's copytruncate does.
    Empty(usize),
    /// We look, read and commit.
    Pass,
    /// We look and read, and die before the commit.
    DieReading,
    /// We die, and start again.
    Die,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let log = || 0..LOGS.len();
    let step = prop_oneof![
        8 => (log(), 1..4usize).prop_map(|(log, pieces)| Step::Write(log, pieces)),
        2 => log().prop_map(Step::Chat),
        4 => log().prop_map(Step::Roll),
        1 => log().prop_map(Step::Delete),
        1 => log().prop_map(Step::Empty),
        6 => Just(Step::Pass),
        1 => Just(Step::DieReading),
        2 => Just(Step::Die),
    ];
    prop::collection::vec(step, 1..40)
}

const LOGS: [&str; 2] = ["tk-maya.log", "tk-nuke.log"];

struct World {
    home: Home,
    spool: Spool,
    tailer: Option<Tailer>,
    now: Instant,
    written: usize,
    /// What names a file that no reporter has seen: it must not lose its name unseen.
    unseen: HashSet<PathBuf>,
}

impl World {
    fn new() -> Self {
        let home = Home::new();
        let spool = Spool::open(&Place::local(&home.state()), &Notes::default()).unwrap();
        let mut world =
            Self { home, spool, tailer: None, now: Instant::now(), written: 0, unseen: HashSet::new() };
        world.pass(true);
        world
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Write(log, pieces) => {
                let text = error(&format!("record {}", self.written));
                self.written += 1;
                self.write(log, &text, pieces);
            }
            Step::Chat(log) => self.write(log, &record("INFO", "nothing"), 1),
            Step::Roll(log) => {
                let (name, backup) = (self.log(log), self.backup(log));
                if name.exists() {
                    self.look_before_loss(&backup);
                    fs::rename(&name, &backup).unwrap();
                    if self.unseen.remove(&name) {
                        self.unseen.insert(backup);
                    }
                }
            }
            Step::Delete(log) => {
                let backup = self.backup(log);
                self.look_before_loss(&backup);
                fs::remove_file(backup).unwrap_or_default();
            }
            Step::Empty(log) => {
                let name = self.log(log);
                if name.exists() {
                    // What is emptied before it was read is lost to everybody.
                    self.pass(true);
                    self.pass(true);
                    truncate(&name);
                    // Emptied and filled again to the very same bytes, it would look untouched.
                    append(&name, format!("a new life after {}\n", self.written));
                }
            }
            Step::Pass => self.pass(true),
            Step::DieReading => {
                self.pass(false);
                self.tailer = None;
            }
            Step::Die => self.tailer = None,
        }
    }

    fn write(&mut self, log: usize, text: &str, pieces: usize) {
        let name = self.log(log);
        if !name.exists() {
            self.unseen.insert(name.clone());
        }
        for piece in text.as_bytes().chunks(text.len().div_ceil(pieces)) {
            append(&name, piece);
            if pieces > 1 {
                self.pass(true);
            }
        }
    }

    fn look_before_loss(&mut self, path: &PathBuf) {
        if self.unseen.contains(path) {
            self.pass(false);
        }
    }

    fn pass(&mut self, commits: bool) {
        // More than any wait of the tail but that for the rest of a line.
        self.now += Duration::from_millis(1_500);
        let config = self.home.config();
        let (mut stats, mut batch) = (Stats::default(), Batch::default());
        let is_first = !self.spool.knows_folder(&self.home.logs()).unwrap();
        let (spool, now) = (&self.spool, self.now);
        let tailer = self.tailer.get_or_insert_with(|| {
            let unknown = if is_first { Beginning::End } else { Beginning::Start };
            let mut tailer = Tailer::new(&config, spool.checkpoints().unwrap(), unknown, bounded(1).0);
            tailer.resume(now, &mut stats);
            tailer
        });
        let pipeline = Pipeline::new(&config).unwrap();
        tailer.reconcile(now, &Notes::default(), &mut stats).unwrap();
        tailer.read(now, &mut stats, |read, stats| {
            if let Some(occurrence) = pipeline.process(&read.record, read.path, stats) {
                batch.found.push(Found { identity: read.identity, generation: read.generation, occurrence });
            }
        });
        self.unseen.clear();
        if commits {
            batch.checkpoints = tailer.take_checkpoints();
            batch.first_look = is_first.then(|| self.home.logs());
            batch.stats = stats;
            batch.facts = "{}".into();
            self.spool.commit(&batch).unwrap();
            tailer.committed();
        } else {
            // What was read and not committed is gone with the reader.
            self.tailer = None;
        }
    }

    fn log(&self, log: usize) -> PathBuf {
        self.home.log(LOGS[log])
    }

    fn backup(&self, log: usize) -> PathBuf {
        self.home.log(&format!("{}.1", LOGS[log]))
    }
}

fn config() -> ProptestConfig {
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    let is_long = std::env::var_os("PROPTEST_CASES").is_some();
    if is_long { config } else { ProptestConfig { cases: 64, ..config } }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn model(steps in steps()) {
        let mut world = World::new();
        for step in steps {
            world.take(step);
        }
        for _ in 0..4 {
            world.pass(true);
        }
        let mut found: BTreeMap<String, usize> = BTreeMap::new();
        for occurrence in SpoolReader::open(&world.home.state()).unwrap().occurrences(0).unwrap() {
            *found.entry(occurrence.message).or_default() += 1;
        }
        let want: BTreeMap<_, _> = (0..world.written).map(|n| (format!("record {n}"), 1)).collect();
        prop_assert_eq!(found, want);
    }
}
