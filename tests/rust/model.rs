//! Random sequences of what happens to logs, and to us, against an exact account of what was written.
//!
//! The tailer is driven by hand, with a clock of its own, so that a sequence gives the same result each time.
//! `PROPTEST_CASES=2000 cargo test --release model` is the long form.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crossbeam_channel::bounded;
use proptest::prelude::*;
use tk_incident_core::notes::Notes;
use tk_incident_core::pipeline::Pipeline;
use tk_incident_core::signature::Studio;
use tk_incident_core::spool::{Batch, Found, Place, Spool, SpoolReader};
use tk_incident_core::stats::Stats;
use tk_incident_core::tail::{Arrival, Beginning, Read, Tailer};

use super::support::{Home, append, config_of_a_property, error, is_wine, record, remove, replace, truncate};

/// Something that happens. The number chooses one of the logs.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// A writer adds a record, in so many pieces.
    Write(usize, usize),
    /// A writer adds a record of no interest.
    Chat(usize),
    /// A writer opens the log, and keeps it open whatever becomes of the name.
    Open(usize),
    /// That writer adds a record.
    Late(usize),
    /// That writer closes it.
    Close(usize),
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
        2 => log().prop_map(Step::Open),
        3 => log().prop_map(Step::Late),
        2 => log().prop_map(Step::Close),
        4 => log().prop_map(Step::Roll),
        2 => log().prop_map(Step::Delete),
        1 => log().prop_map(Step::Empty),
        6 => Just(Step::Pass),
        1 => Just(Step::DieReading),
        2 => Just(Step::Die),
    ];
    prop::collection::vec(step, 1..40)
}

fn events() -> impl Strategy<Value = Events> {
    prop_oneof![Just(Events::AsTheyCome), Just(Events::Never), Just(Events::Late)]
}

const LOGS: [&str; 2] = ["tk-maya.log", "tk-nuke.log"];

/// What is heard of the files that appear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Events {
    AsTheyCome,
    Never,
    /// Some time later, the last one first.
    Late,
}

struct World {
    home: Home,
    events: Events,
    /// Files that have appeared, and of which nothing is heard yet.
    unheard: Vec<Arrival>,
    spool: Spool,
    tailer: Option<Tailer>,
    now: Instant,
    written: usize,
    /// What late writers have open, and whether no reporter has seen all of it.
    late: HashMap<usize, (File, bool)>,
    /// What names a file that no reporter has seen: it must not lose its name unseen.
    unseen: HashSet<PathBuf>,
}

impl World {
    fn new(events: Events) -> Self {
        let home = Home::new();
        let spool = Spool::open(&Place::local(&home.state()), &Studio::default(), &Notes::default()).unwrap();
        let mut world = Self {
            home,
            events,
            unheard: Vec::new(),
            spool,
            tailer: None,
            now: Instant::now(),
            written: 0,
            late: HashMap::new(),
            unseen: HashSet::new(),
        };
        world.pass(true);
        world
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Write(log, pieces) => {
                let text = self.next_record();
                self.write(log, &text, pieces);
            }
            Step::Open(log) => {
                let name = self.log(log);
                if cfg!(target_os = "linux") && name.exists() && !self.late.contains_key(&log) {
                    let file = OpenOptions::new().append(true).open(name).unwrap();
                    self.late.insert(log, (file, true));
                }
            }
            Step::Late(log) => {
                if self.late.contains_key(&log) {
                    let text = self.next_record();
                    let (file, is_unseen) = self.late.get_mut(&log).unwrap();
                    file.write_all(text.as_bytes()).unwrap();
                    *is_unseen = true;
                }
            }
            Step::Close(log) => {
                if self.late.get(&log).is_some_and(|(_, is_unseen)| *is_unseen) {
                    self.pass(false);
                }
                self.late.remove(&log);
            }
            Step::Chat(log) => self.write(log, &record("INFO", "nothing"), 1),
            Step::Roll(log) => {
                let (name, backup) = (self.log(log), self.backup(log));
                if name.exists() {
                    self.look_before_loss(&backup);
                    replace(&name, &backup);
                    if self.unseen.remove(&name) {
                        self.unseen.insert(backup);
                    }
                }
            }
            Step::Delete(log) => {
                let backup = self.backup(log);
                self.look_before_loss(&backup);
                remove(&backup);
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

    fn next_record(&mut self) -> String {
        self.written += 1;
        error(&format!("record {}", self.written - 1))
    }

    fn write(&mut self, log: usize, text: &str, pieces: usize) {
        let name = self.log(log);
        if !name.exists() {
            self.unseen.insert(name.clone());
        }
        let is_new = !name.exists();
        for piece in text.as_bytes().chunks(text.len().div_ceil(pieces)) {
            append(&name, piece);
            if is_new && self.events == Events::Late {
                self.unheard.extend(Arrival::open(name.clone(), true));
            }
            if pieces > 1 {
                self.pass(true);
            }
        }
    }

    fn look_before_loss(&mut self, path: &PathBuf) {
        // Where it is open it can be read without a name.
        if self.unseen.contains(path) && !self.late.values().any(|(file, _)| is_at(file, path)) {
            self.pass(false);
        }
    }

    fn pass(&mut self, commits: bool) {
        // More than any wait of the tail but that for the rest of a line.
        self.now += Duration::from_millis(1_500);
        let config = self.home.config();
        let (mut stats, mut batch) = (Stats::default(), Batch::default());
        let is_first = !self.spool.knows_folder(&self.home.logs()).unwrap();
        let (spool, now, events) = (&self.spool, self.now, self.events);
        let pipeline = Pipeline::new(&config).unwrap();
        let tailer = self.tailer.get_or_insert_with(|| {
            let unknown = if is_first { Beginning::End } else { Beginning::Start };
            let mut tailer = Tailer::new(&config, spool.checkpoints().unwrap(), unknown);
            if events == Events::AsTheyCome {
                tailer.listen(bounded(1).0);
            }
            tailer.resume(now, &mut stats, |read, stats| batch.found.extend(find(&pipeline, &read, stats)));
            tailer
        });
        // Half of what there is to hear, so that some of it comes late, and some of it very late.
        let heard = self.unheard.len().div_ceil(2);
        for arrival in self.unheard.drain(self.unheard.len() - heard..).rev() {
            tailer.arrived(arrival, now, &mut stats);
        }
        tailer.reconcile(now, &Notes::default(), &mut stats).unwrap();
        tailer.read(now, &mut stats, |read, stats| {
            batch.found.extend(find(&pipeline, &read, stats));
        });
        self.unseen.clear();
        self.late.values_mut().for_each(|(_, is_unseen)| *is_unseen = false);
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

#[cfg(target_os = "linux")]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(path).is_ok_and(|found| found.ino() == file.metadata().unwrap().ino())
}

#[cfg(not(target_os = "linux"))]
fn is_at(_file: &File, _path: &Path) -> bool {
    false
}

fn find(pipeline: &Pipeline, read: &Read<'_>, stats: &mut Stats) -> Option<Found> {
    let occurrence = pipeline.process(&read.record, read.path, stats)?;
    Some(Found { identity: read.identity, generation: read.generation, occurrence })
}

fn config() -> ProptestConfig {
    // Each of Wine's steps is a question to another process.
    config_of_a_property(if is_wine() { 8 } else { 64 })
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn model(steps in steps(), events in events()) {
        let mut world = World::new(events);
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
