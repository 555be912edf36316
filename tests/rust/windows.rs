//! What is different on Windows: who may rename what is open, and names that are too long.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::windows::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Sender, bounded, unbounded};
use tk_incident_core::notes::Notes;
use tk_incident_core::spool::Delivery;
use tk_incident_core::stats::Stats;
use tk_incident_core::tail::{Beginning, Tailer};
use tk_incident_core::{Agent, Config};

use super::support::{
    Home, LONGEST, Raised, agent_with, append, error, messages, next_delivery, occurrences, record, remove,
    stop,
};

/// `FILE_SHARE_READ | FILE_SHARE_WRITE`, as all that CPython opens.
const SHARE_AS_PYTHON: u32 = 0x3;

/// Somebody has it open, and does not share what is wanted.
const ERROR_SHARING_VIOLATION: i32 = 32;

const RENAMES: usize = 10_000;

/// Toolkit's writer: one process, one log, one backup.
struct Writer {
    log: PathBuf,
    renames: usize,
}

impl Writer {
    /// Writes a record, and closes the log, as Toolkit does before it rolls.
    fn write(&self, text: &str) {
        let mut log =
            OpenOptions::new().append(true).create(true).share_mode(SHARE_AS_PYTHON).open(&self.log).unwrap();
        log.write_all(text.as_bytes()).unwrap();
    }

    /// Away to a unique name and back, to see whether it can be renamed; then the roll.
    fn roll(&mut self) -> io::Result<()> {
        let aside = self.log.with_extension(format!("log.{:032x}", self.renames));
        let backup = self.log.with_extension("log.1");
        self.rename(&self.log.clone(), &aside)?;
        self.rename(&aside, &self.log.clone())?;
        remove(&backup);
        self.rename(&self.log.clone(), &backup)
    }

    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)?;
        self.renames += 1;
        Ok(())
    }
}

/// Follows the logs until it is told to end, by a clock that runs fast, so that files without a name are let go.
fn follow(config: &Config, done: &AtomicBool, give: &Sender<String>) {
    let mut tailer = Tailer::new(config, Vec::new(), Beginning::Start);
    tailer.listen(bounded(1).0);
    let (notes, mut stats, mut now) = (Notes::default(), Stats::default(), Instant::now());
    while !done.load(Ordering::Relaxed) {
        now += Duration::from_secs(10);
        tailer.reconcile(now, &notes, &mut stats).unwrap();
        tailer.read(now, &mut stats, |read, _| {
            give.send(String::from_utf8(read.record.bytes).unwrap()).unwrap()
        });
    }
}

#[test]
fn no_rename_of_the_writer_is_refused_because_of_us() {
    let home = Home::new();
    let config = home.config();
    let mut writer = Writer { log: home.log("tk-maya.log"), renames: 0 };
    let (give, given) = unbounded();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| follow(&config, &done, &give));
        let _ends = Raised(&done);
        let mut round = 0;
        while writer.renames < RENAMES {
            let text = record("INFO", &format!("round {round}"));
            writer.write(&text);
            // It has been read, so it is open.
            let read = given.recv_timeout(LONGEST).expect("a record came");
            assert_eq!(read.trim_end(), text.trim_end(), "each once, and in their order");
            writer.roll().unwrap_or_else(|error| panic!("in round {round}: {error}"));
            round += 1;
        }
    });
    assert_eq!(given.try_iter().count(), 0, "nothing is read twice");
}

#[test]
fn a_reader_that_does_not_share_deletion_keeps_the_writer_from_rolling() {
    let home = Home::new();
    let mut writer = Writer { log: home.log("tk-maya.log"), renames: 0 };
    writer.write(&error("one"));
    let reader: File = OpenOptions::new().read(true).share_mode(SHARE_AS_PYTHON).open(&writer.log).unwrap();
    assert_eq!(writer.roll().unwrap_err().raw_os_error(), Some(ERROR_SHARING_VIOLATION));
    drop(reader);
    writer.roll().unwrap();
}

#[test]
fn a_log_that_its_writer_has_open_is_read() {
    let home = Home::new();
    let log = home.log("tk-maya.log");
    let agent = home.agent();
    let mut writer =
        OpenOptions::new().append(true).create(true).share_mode(SHARE_AS_PYTHON).open(&log).unwrap();
    for round in 1..=3 {
        // The folder's entry keeps the size of the last opening or closing: only an open handle knows it.
        writer.write_all(error(&format!("record {round}")).as_bytes()).unwrap();
        assert_eq!(occurrences(&agent, round).len(), round);
    }
    stop(&agent);
}

#[test]
fn folders_with_long_and_foreign_names_do() {
    let home = Home::new();
    let long = Path::new("Ошибки 日誌 Łódź ñ").join("l".repeat(120)).join("o".repeat(120)).join("ng");
    let config = Config {
        log_folder: Some(home.logs().join(&long)),
        state_folder: Some(home.state().join(&long)),
        ..home.config()
    };
    for folder in [config.log_folder(), config.state_folder()] {
        assert!(folder.as_os_str().len() > 260, "{}", folder.display());
        fs::create_dir_all(folder).unwrap();
    }
    let log = config.log_folder().join("tk-maya.log");
    let agent = agent_with(config.clone());
    append(&log, error("far down"));
    let found = occurrences(&agent, 1);
    assert_eq!((messages(&found), &*found[0].path), (vec!["far down"], &*log));
    let delivery = next(&agent);
    let archive = agent.spool().unwrap().evidence(delivery.id).unwrap();
    assert!(archive.is_some_and(|archive| !archive.is_empty()));
    let environment: serde_json::Value = serde_json::from_str(&delivery.environment).unwrap();
    for role in ["logs", "state"] {
        assert!(environment["disks"][role]["free_bytes"].as_u64().is_some(), "{environment}");
    }
    stop(&agent);
    // The next start finds its way there, too.
    let agent = agent_with(config);
    append(&log, error("further down"));
    assert_eq!(messages(&occurrences(&agent, 2)), ["far down", "further down"]);
    stop(&agent);
}

fn next(agent: &Agent) -> Delivery {
    next_delivery(agent)
}
