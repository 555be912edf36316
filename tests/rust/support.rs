//! A log folder with an agent on it.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use proptest::test_runner::Config as Property;
use tempfile::TempDir;
use tk_incident_core::spool::Delivery;
use tk_incident_core::{Agent, Config, Occurrence};

/// No test waits longer for anything.
pub const LONGEST: Duration = Duration::from_secs(20);

/// A throw-away home: a log folder and a state folder.
pub struct Home {
    root: TempDir,
}

impl Home {
    pub fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("logs")).unwrap();
        Self { root }
    }

    pub fn logs(&self) -> PathBuf {
        self.root.path().join("logs")
    }

    pub fn state(&self) -> PathBuf {
        self.root.path().join("state")
    }

    pub fn log(&self, name: &str) -> PathBuf {
        self.logs().join(name)
    }

    pub fn config(&self) -> Config {
        Config {
            log_folder: Some(self.logs()),
            state_folder: Some(self.state()),
            idle_flush_ms: 50,
            user_login: Some("artist".into()),
            ..Config::default()
        }
    }

    pub fn agent(&self) -> Agent {
        agent_with(self.config())
    }
}

/// An agent at work.
pub fn agent_with(config: Config) -> Agent {
    let agent = Agent::new(config);
    agent.start().unwrap();
    agent
}

/// A record as Toolkit writes it, with its newline.
pub fn record(level: &str, message: &str) -> String {
    format!("2026-11-22 00:21:30,207 [14106 {level} sgtk.env.project.tk-maya] {message}\n")
}

pub fn error(message: &str) -> String {
    record("ERROR", message)
}

pub fn append(path: &Path, text: impl AsRef<[u8]>) {
    let mut file = OpenOptions::new().create(true).append(true).open(path).unwrap();
    file.write_all(text.as_ref()).unwrap();
}

pub fn truncate(path: &Path) {
    File::create(path).unwrap();
}

/// Renames a file over another one, if there is one.
pub fn replace(from: &Path, to: &Path) {
    if is_wine() {
        remove(to);
    }
    fs::rename(from, to).unwrap();
}

/// Deletes a file, if it is there.
pub fn remove(path: &Path) {
    static DELETED: AtomicUsize = AtomicUsize::new(0);
    let mut now = path.to_path_buf();
    if is_wine() {
        now.set_file_name(format!("deleted-{}", DELETED.fetch_add(1, Ordering::Relaxed)));
        fs::rename(path, &now).unwrap_or_default();
    }
    fs::remove_file(now).unwrap_or_default();
}

/// Whether this is Wine: unlike on Windows 10 a file that somebody has open keeps its name when it is deleted,
/// until it is closed, and cannot be replaced by another one. Here such a name is moved out of the way first.
pub fn is_wine() -> bool {
    cfg!(windows) && Path::new(r"C:\windows\system32\winecfg.exe").exists()
}

/// Raises a flag at the end of a scope, also of one that a failed assertion leaves.
pub struct Raised<'a>(pub &'a AtomicBool);

impl Drop for Raised<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Waits until so many occurrences are in the spool, and gives all there are.
pub fn occurrences(agent: &Agent, count: usize) -> Vec<Occurrence> {
    let mut all = Vec::new();
    let deadline = Instant::now() + LONGEST;
    while all.len() < count {
        assert!(
            Instant::now() < deadline,
            "only {} of {count} came: {:?} {all:?}",
            all.len(),
            agent.take_notes()
        );
        let after = all.last().map_or(0, |last: &Occurrence| last.id);
        all.extend(agent.wait_occurrences(after, Duration::from_millis(500)).unwrap());
    }
    all
}

/// Waits for the next delivery, whatever else there may be to do or to say meanwhile.
pub fn next_delivery(agent: &Agent) -> Delivery {
    let deadline = Instant::now() + LONGEST;
    loop {
        if let Some(delivery) = agent.next_delivery(LONGEST).unwrap() {
            return delivery;
        }
        assert!(Instant::now() < deadline, "no delivery is due: {:?}", agent.take_notes());
        std::thread::yield_now();
    }
}

/// Waits until all that the files hold is committed.
pub fn caught_up(agent: &Agent) {
    let deadline = Instant::now() + LONGEST;
    while !agent.is_caught_up() {
        assert!(Instant::now() < deadline, "never caught up: {:?}", agent.take_notes());
        std::thread::yield_now();
    }
}

/// Waits until this reporter leads.
pub fn leads(agent: &Agent) {
    let deadline = Instant::now() + LONGEST;
    while !agent.is_leader() {
        assert!(Instant::now() < deadline, "it never leads: {:?}", agent.take_notes());
        std::thread::yield_now();
    }
}

pub fn messages(found: &[Occurrence]) -> Vec<&str> {
    found.iter().map(|occurrence| occurrence.message.as_str()).collect()
}

pub fn stop(agent: &Agent) {
    assert!(agent.stop(LONGEST), "the thread did not end");
    assert_eq!(agent.failure(), None);
}

/// Waits until something holds.
pub fn wait_until(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + LONGEST;
    while !holds() {
        assert!(Instant::now() < deadline, "never: {what}");
        std::thread::yield_now();
    }
}

/// Whether the long forms are to run.
pub fn is_long() -> bool {
    std::env::var_os("PROPTEST_CASES").is_some()
}

/// So many cases in the short form.
pub fn config_of_a_property(cases: u32) -> Property {
    // A counterexample that is not the smallest one is worth more than a run that does not end.
    let config = Property { failure_persistence: None, max_shrink_time: 60_000, ..Property::default() };
    if is_long() { config } else { Property { cases, ..config } }
}
