//! Which files are followed, and in what order they are read.

mod arrivals;
mod harvester;
mod held;
#[cfg(unix)]
#[path = "unix.rs"]
mod platform;
#[cfg(windows)]
#[path = "windows.rs"]
mod platform;
#[cfg(target_os = "linux")]
mod writers;
#[cfg(not(target_os = "linux"))]
#[path = "no_writers.rs"]
mod writers;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::Sender;

use crate::config::Config;
use crate::error::{Error, ErrorKind, Result};
use crate::folders::is_log_name;
use crate::notes::Notes;
use crate::record::Record;
use crate::stats::Stats;

pub use arrivals::Arrivals;
pub use harvester::Harvester;
pub use platform::{open, read_at};

use arrivals::Arrival;
use held::Held;
use writers::{OpenLog, Writers};

/// What a file is, whatever its name: device and inode, or Windows' volume and file index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileIdentity {
    /// Device or volume.
    pub volume: u64,
    /// Inode or file index.
    pub index: u128,
}

impl fmt::Display for FileIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}:{:x}", self.volume, self.index)
    }
}

impl FromStr for FileIdentity {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> std::result::Result<Self, Self::Err> {
        let (volume, index) = text.split_once(':').unwrap_or((text, ""));
        Ok(Self { volume: u64::from_str_radix(volume, 16)?, index: u128::from_str_radix(index, 16)? })
    }
}

/// How far a file life has been read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The file.
    pub identity: FileIdentity,
    /// Its life.
    pub generation: u32,
    /// Offset behind its last whole record.
    pub offset: u64,
    /// Hash of the bytes just before the offset: tells this file from another with its identity.
    pub anchor: String,
    /// Its name when the checkpoint was taken.
    pub path: PathBuf,
    /// Whether it is still followed.
    pub followed: bool,
}

/// Where a file begins that the spool does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beginning {
    /// At its end: it lay there before we came.
    End,
    /// At its first byte: it appeared while we followed the folder.
    Start,
}

/// Bytes of one file that are read before another has its turn.
const TURN_BYTES: usize = 1 << 20;

/// A record, and the file life that it stands in.
#[derive(Debug)]
pub struct Read<'a> {
    /// The file.
    pub identity: FileIdentity,
    /// Its life.
    pub generation: u32,
    /// Its name.
    pub path: &'a Path,
    /// The record.
    pub record: Record,
}

/// Follows the logs of one folder.
#[derive(Debug)]
pub struct Tailer {
    folder: PathBuf,
    arrivals: Arrivals,
    writers: Writers,
    held: Arc<Held>,
    max_record_bytes: usize,
    idle_flush: Duration,
    /// Ordered, so that a run over the same files takes the same course.
    harvesters: BTreeMap<FileIdentity, Harvester>,
    /// Of files that are not open.
    checkpoints: HashMap<FileIdentity, Checkpoint>,
    /// Last checkpoints of files that were let go since they were last taken.
    released: Vec<Checkpoint>,
    /// Files that were let go, and whose last checkpoint is not known to be in the spool.
    let_go: Vec<FileIdentity>,
    unknown: Beginning,
    buffer: Vec<u8>,
}

impl Tailer {
    /// A tailer that goes on at these checkpoints. `hint` is raised when there may be something to read.
    #[must_use]
    pub fn new(config: &Config, checkpoints: Vec<Checkpoint>, unknown: Beginning, hint: Sender<()>) -> Self {
        let folder = config.log_folder();
        let held = Arc::new(Held::new(&config.state_folder()));
        Self {
            arrivals: Arrivals::listen(&folder, Arc::clone(&held), hint),
            writers: Writers::new(&folder),
            held,
            folder,
            max_record_bytes: config.max_record_bytes,
            idle_flush: Duration::from_millis(config.idle_flush_ms),
            harvesters: BTreeMap::new(),
            checkpoints: checkpoints.into_iter().map(|point| (point.identity, point)).collect(),
            released: Vec::new(),
            let_go: Vec::new(),
            unknown,
            buffer: vec![0; 128 << 10],
        }
    }

    /// Goes on with the files that were followed when the last reporter ended, whatever their names are now.
    pub fn resume(&mut self, now: Instant, stats: &mut Stats) {
        for (identity, name, file) in self.held.take_over() {
            let path = self.folder.join(name);
            // What cannot be read now is looked at again if it has a name in the folder, or at the next start.
            self.adopt(identity, path, file, self.unknown, now, stats).unwrap_or_default();
        }
    }

    /// Looks at the folder and at the writers: opens what is new, and learns new names.
    pub fn reconcile(&mut self, now: Instant, notes: &Notes, stats: &mut Stats) -> Result<()> {
        for Arrival { identity, path, file, is_new } in self.arrivals.take() {
            let unknown = if is_new { Beginning::Start } else { self.unknown };
            // If it has a name still, the look at the folder says what is wrong with it.
            self.adopt(identity, path, file, unknown, now, stats).unwrap_or_default();
        }
        self.look_at_folder(now, notes, stats)?;
        self.look_at_writers(now, stats);
        // Whatever the first look did not show has appeared under our eyes.
        self.unknown = Beginning::Start;
        Ok(())
    }

    /// Reads from each file in turn. True if there is more to read at once.
    pub fn read(
        &mut self,
        now: Instant,
        stats: &mut Stats,
        mut give: impl FnMut(Read<'_>, &mut Stats),
    ) -> bool {
        let mut more = false;
        let mut done = Vec::new();
        let searched_at = self.writers.searched_at();
        for harvester in self.harvesters.values_mut() {
            let (identity, path) = (harvester.identity, harvester.path.clone());
            let writers = &mut self.writers;
            let mut give = |generation, record: Record, stats: &mut Stats| {
                writers.note(record.header.pid);
                give(Read { identity, generation, path: &path, record }, stats);
            };
            more |= harvester.read(now, TURN_BYTES, &mut self.buffer, stats, &mut give);
            harvester.flush_if_quiet(now, self.idle_flush, stats, &mut give);
            if harvester.is_done(now, searched_at) {
                harvester.finish(stats, &mut give);
                done.push(identity);
            }
        }
        for mut harvester in done.iter().filter_map(|identity| self.harvesters.remove(identity)) {
            let point = Checkpoint { followed: false, ..harvester.checkpoint() };
            self.released.push(point.clone());
            self.checkpoints.insert(point.identity, point);
        }
        more
    }

    /// The checkpoints that have moved since they were last taken.
    pub fn take_checkpoints(&mut self) -> Vec<Checkpoint> {
        let moved = self.harvesters.values_mut().filter(|harvester| harvester.has_moved());
        let mut points: Vec<_> = moved.map(Harvester::checkpoint).collect();
        self.let_go.extend(self.released.iter().map(|point| point.identity));
        points.append(&mut self.released);
        points
    }

    /// What [`Tailer::take_checkpoints`] gave is in the spool: files that were let go are not needed any more.
    pub fn committed(&mut self) {
        for identity in self.let_go.drain(..) {
            // A late writer may have brought it back.
            if !self.harvesters.contains_key(&identity) {
                self.held.release(identity);
            }
        }
    }

    /// When the next open record will have been quiet for long enough.
    #[must_use]
    pub fn next_flush(&self) -> Option<Instant> {
        self.harvesters.values().filter_map(|harvester| harvester.flush_at(self.idle_flush)).min()
    }

    /// The open file with this identity.
    #[must_use]
    pub fn file(&self, identity: FileIdentity, generation: u32) -> Option<&fs::File> {
        let harvester = self.harvesters.get(&identity)?;
        (harvester.generation == generation).then_some(&harvester.file)
    }

    fn look_at_folder(&mut self, now: Instant, notes: &Notes, stats: &mut Stats) -> Result<()> {
        let folder = self.folder.clone();
        let missing = |error| Error::new(ErrorKind::LogFolder).at(&folder).because(error);
        let entries = fs::read_dir(&folder).map_err(missing)?;
        for harvester in self.harvesters.values_mut() {
            harvester.nameless_since.get_or_insert(now);
        }
        for entry in entries {
            let path = entry.map_err(missing)?.path();
            if !path.file_name().is_some_and(|name| is_log_name(&name.to_string_lossy())) {
                continue;
            }
            let about = path.to_string_lossy().into_owned();
            match self.look_at(path, now, stats) {
                Ok(()) => notes.over("unreadable", &about),
                // It was renamed or deleted between the listing and the look.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => notes.say("unreadable", &about, || {
                    format!("cannot read {about}: {error}; its errors are not reported until it may be read")
                }),
            }
        }
        Ok(())
    }

    fn look_at(&mut self, path: PathBuf, now: Instant, stats: &mut Stats) -> io::Result<()> {
        let metadata = fs::metadata(&path)?;
        // Opening a pipe or a device would wait for its other end.
        if !metadata.is_file() {
            return Err(io::Error::other("it is not a file"));
        }
        let identity = platform::identity_at(&path, &metadata)?;
        if let Some(harvester) = self.harvesters.get_mut(&identity) {
            harvester.nameless_since = None;
            // Its first name may have been gone before it could be used for this.
            self.held.hold(identity, &path);
            if harvester.path != path {
                harvester.path = path;
            }
            return Ok(());
        }
        let file = open(&path)?;
        // Another file may have taken the name since: what counts is what was opened.
        let identity = platform::identity_of(&file, &path)?;
        self.adopt(identity, path, file, self.unknown, now, stats)
    }

    fn look_at_writers(&mut self, now: Instant, stats: &mut Stats) {
        let is_busy = self.harvesters.values().any(|harvester| harvester.needs_writers_known(now));
        for OpenLog { identity, path, through } in self.writers.look(now, is_busy) {
            if let Some(harvester) = self.harvesters.get_mut(&identity) {
                harvester.written_at = Some(now);
            } else if let Ok(file) = open(&through) {
                // If it was closed in this moment, it is another one by now, or none that can be read.
                let adopted = platform::identity_of(&file, &path)
                    .and_then(|identity| self.adopt(identity, path, file, self.unknown, now, stats));
                adopted.unwrap_or_default();
            }
        }
    }

    fn adopt(
        &mut self,
        identity: FileIdentity,
        path: PathBuf,
        file: fs::File,
        unknown: Beginning,
        now: Instant,
        stats: &mut Stats,
    ) -> io::Result<()> {
        if self.harvesters.contains_key(&identity) {
            return Ok(());
        }
        self.held.hold(identity, &path);
        let known = self.checkpoints.remove(&identity);
        let harvester =
            Harvester::new(identity, path, file, known.as_ref(), unknown, self.max_record_bytes, now, stats)?;
        self.harvesters.insert(identity, harvester);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_survives_its_text() {
        let identity = FileIdentity { volume: 0xfe01, index: u128::MAX };
        assert_eq!(identity.to_string().parse(), Ok(identity));
        assert!("no".parse::<FileIdentity>().is_err());
    }
}
