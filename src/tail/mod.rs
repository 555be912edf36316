//! Which files are followed, and in what order they are read.

mod arrivals;
mod asleep;
mod changed;
mod checkpoint;
mod copies;
mod files;
mod handle;
mod harvester;
mod held;
mod holder;
mod identity;
mod listing;
mod past;
#[cfg(unix)]
#[path = "unix.rs"]
mod platform;
#[cfg(windows)]
#[path = "windows.rs"]
mod platform;
mod proofs;
mod resume;
mod twins;
#[cfg(target_os = "linux")]
mod writers;
#[cfg(not(target_os = "linux"))]
#[path = "no_writers.rs"]
mod writers;

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::Sender;
use parking_lot::Mutex;

use crate::config::Config;
use crate::error::{Error, ErrorKind, Result};
use crate::folders::{engine_of, is_log_name};
use crate::notes::Notes;
use crate::record::Record;
use crate::stats::Stats;

pub use arrivals::{Arrival, Arrivals};
pub use checkpoint::{Beginning, Checkpoint, Loss};
pub use files::Files;
pub use harvester::Harvester;
pub use identity::FileIdentity;
pub use platform::{open, read_at};

use asleep::Asleep;
use changed::Changed;
use handle::Handle;
use held::{Held, Kept};
use listing::Listing;
use twins::Twins;
use writers::Writers;

/// Bytes of one file that are read before another has its turn.
const TURN_BYTES: usize = 1 << 20;

/// Bytes of records that all files together may give before they are committed: until then they lie in memory. A record
/// counts where it ends, however long ago it began.
pub const PASS_BYTES: u64 = 8 << 20;

/// Files that have a handle at a time, as far as the others can do without. A host may have a thousand in all.
const MOST_OPEN: usize = 128;

/// A record, and the file life that it stands in.
#[derive(Debug)]
pub struct Read<'a> {
    /// The file.
    pub identity: FileIdentity,
    /// Its life.
    pub generation: u32,
    /// Its name.
    pub path: &'a Arc<Path>,
    /// The record.
    pub record: Record,
}

/// Follows the logs of one folder.
#[derive(Debug)]
pub struct Tailer {
    folder: PathBuf,
    arrivals: Arrivals,
    writers: Arc<Mutex<Writers>>,
    held: Arc<Held>,
    max_record_bytes: usize,
    idle_flush: Duration,
    /// Ordered, so that a run over the same files takes the same course.
    harvesters: BTreeMap<FileIdentity, Harvester>,
    /// Those that have no turn until they change.
    asleep: Asleep,
    /// Of files that are not open.
    checkpoints: HashMap<FileIdentity, Checkpoint>,
    /// Last checkpoints of files that were let go since they were last taken.
    released: Vec<Checkpoint>,
    /// Files that were let go, and whose last checkpoint is not known to be in the spool.
    let_go: Vec<FileIdentity>,
    /// Copies that have been read to their end, which is not known to be in the spool.
    drained: Vec<Kept>,
    /// What was gone before it could be read.
    lost: Vec<Loss>,
    twins: Twins,
    unknown: Beginning,
    /// Files that take a descriptor, as of the last look.
    open: usize,
    listing: Listing,
    /// Whose turn is next, where the last pass ended before everybody had one.
    next_turn: Option<FileIdentity>,
    buffer: Vec<u8>,
}

impl Tailer {
    /// A tailer that goes on at these checkpoints.
    #[must_use]
    pub fn new(config: &Config, checkpoints: Vec<Checkpoint>, unknown: Beginning) -> Self {
        let folder = config.log_folder();
        let (past, checkpoints): (Vec<_>, Vec<_>) =
            checkpoints.into_iter().partition(|point| point.identity.is_past());
        let mut twins = Twins::default();
        for point in &past {
            twins.remember_checkpoint(point);
        }
        let held = Arc::new(Held::new(&config.state_folder()));
        let writers = Arc::new(Mutex::new(Writers::new(&folder)));
        Self {
            arrivals: Arrivals::default(),
            writers,
            held,
            folder,
            max_record_bytes: config.max_record_bytes,
            idle_flush: Duration::from_millis(config.idle_flush_ms),
            harvesters: BTreeMap::new(),
            asleep: Asleep::default(),
            checkpoints: checkpoints.into_iter().map(|point| (point.identity, point)).collect(),
            released: Vec::new(),
            let_go: Vec::new(),
            drained: Vec::new(),
            lost: Vec::new(),
            twins,
            unknown,
            open: 0,
            listing: Listing::default(),
            next_turn: None,
            buffer: vec![0; 128 << 10],
        }
    }

    /// Listens to the folder from now on. `hint` is raised when there may be something to read.
    pub fn listen(&mut self, hint: Sender<()>) {
        self.arrivals.listen(&self.folder, Arc::clone(&self.held), Arc::clone(&self.writers), hint);
    }

    /// Looks at the folder and at the writers: opens what is new, and learns new names.
    pub fn reconcile(&mut self, now: Instant, notes: &Notes, stats: &mut Stats) -> Result<()> {
        self.open = self.harvesters.values().filter(|harvester| harvester.handle.is_open()).count();
        for arrival in self.arrivals.take() {
            self.arrived(arrival, now, stats);
        }
        let was_renamed = self.arrivals.take_renamed();
        if self.listing.is_due(&self.folder) || was_renamed {
            let looked = self.look_at_folder(now, notes, stats);
            self.listing.was_read(looked.as_ref().is_ok_and(|is_whole| *is_whole));
            looked?;
        }
        self.look_at_writers(now, stats);
        self.harvesters.values_mut().for_each(|harvester| harvester.past.looked());
        // Whatever the first look did not show has appeared under our eyes.
        self.unknown = Beginning::Start;
        Ok(())
    }

    /// Follows a file that was opened when it appeared, however long ago that was.
    pub fn arrived(&mut self, arrival: Arrival, now: Instant, stats: &mut Stats) {
        let Arrival { identity, path, file, is_new } = arrival;
        let unknown = if is_new { Beginning::Start } else { self.unknown };
        // If it has a name still, the look at the folder says what is wrong with it.
        self.adopt(identity, path, file, unknown, now, stats).unwrap_or_default();
    }

    /// Reads from each file in turn, until there is enough for a commit. True if there is more to read at once.
    pub fn read(
        &mut self,
        now: Instant,
        stats: &mut Stats,
        mut give: impl FnMut(Read<'_>, &mut Stats),
    ) -> bool {
        let mut more = false;
        let (mut done, mut tired) = (Vec::new(), Vec::new());
        let read_before = stats.bytes_read;
        let searched_at = self.writers.lock().searched_at();
        // Before it is read: what is read and not committed must not be in this process alone.
        self.held.copy_on();
        self.settle_twins(now, stats);
        self.wake_changed(now);
        let mut turns: Vec<_> = self.harvesters.keys().copied().collect();
        let first =
            self.next_turn.take().map_or(0, |next| turns.partition_point(|identity| *identity < next));
        turns.rotate_left(first);
        for identity in turns {
            if stats.bytes_read - read_before >= PASS_BYTES {
                self.next_turn = Some(identity);
                more = true;
                break;
            }
            let Some(harvester) = self.harvesters.get_mut(&identity) else { continue };
            if self.twins.unsettled.contains_key(&identity) {
                done.extend(harvester.is_done(now, searched_at).then_some(identity));
                continue;
            }
            let was_open = harvester.handle.is_open();
            let path = Arc::clone(&harvester.path);
            let writers = &self.writers;
            let mut give = |generation, record: Record, stats: &mut Stats| {
                if let Some(pid) = record.header.pid {
                    writers.lock().note(pid);
                }
                give(Read { identity, generation, path: &path, record }, stats);
            };
            let generation = harvester.generation;
            more |= harvester.read(now, TURN_BYTES, &mut self.buffer, stats, &mut give);
            if harvester.generation != generation {
                self.held.start_over(identity);
                self.lost.extend(harvester.take_loss());
                // A copy can be written over the one before.
                self.twins.consider(identity, &harvester.path);
            }
            // What was written over was a copy itself, if it was not called as a log is.
            if let Some((head, end, anchor)) = harvester.take_ended().filter(|_| !twins::may_be_copy(&path)) {
                self.twins.remember(engine_of(&path), &head, end, anchor);
            }
            harvester.flush_if_quiet(now, self.idle_flush, stats, &mut give);
            if harvester.is_done(now, searched_at) {
                harvester.finish(stats, &mut give);
                done.push(identity);
            }
            self.open += usize::from(!was_open && harvester.handle.is_open());
            if harvester.may_be_parked() && (self.open > MOST_OPEN || harvester.is_quiet(now)) {
                self.open -= usize::from(park(&self.held, harvester));
            }
            tired.extend(harvester.may_sleep(now).then_some(identity));
        }
        for identity in tired {
            self.harvesters.remove(&identity).into_iter().for_each(|harvester| self.asleep.add(harvester));
        }
        for identity in done {
            if let Some(harvester) = self.harvesters.remove(&identity) {
                self.let_go(harvester);
            }
        }
        more
    }

    /// Wakes the files up that may hold something new.
    fn wake_changed(&mut self, now: Instant) {
        // On a network drive another machine's writes are told by nobody.
        let told = self.arrivals.take_changed();
        let changed = if self.listing.is_told(&self.folder) { told } else { Changed::Any };
        let woken = self.asleep.wake_changed(&changed, now);
        self.wake(woken);
    }

    fn wake(&mut self, woken: Vec<Harvester>) {
        self.harvesters.extend(woken.into_iter().map(|harvester| (harvester.identity, harvester)));
    }

    fn let_go(&mut self, mut harvester: Harvester) {
        // Once it is closed, its identity may be another file's.
        self.held.forget(harvester.identity);
        self.released.extend(harvester.past.checkpoint(false, harvester.identity, &harvester.path));
        let (head, end, anchor) = harvester.so_far();
        self.twins.remember(engine_of(&harvester.path), &head, end, anchor);
        self.release(Checkpoint { followed: false, ..harvester.checkpoint() });
    }

    /// Where a file ended that is followed no more.
    fn release(&mut self, point: Checkpoint) {
        self.released.push(point.clone());
        self.checkpoints.insert(point.identity, point);
    }

    /// The checkpoints that have moved since they were last taken.
    pub fn take_checkpoints(&mut self) -> Vec<Checkpoint> {
        // What is read is about to be in the spool: a copy must not end before it.
        self.held.copy_on();
        self.let_go.extend(self.released.iter().map(|point| point.identity));
        // An identity that was let go can have been given to a new file since: that one's checkpoint counts.
        let mut points = std::mem::take(&mut self.released);
        let twins = &self.twins;
        for harvester in self.harvesters.values_mut() {
            let is_awaited = twins.are_awaited(&engine_of(&harvester.path));
            points.extend(harvester.past.checkpoint(is_awaited, harvester.identity, &harvester.path));
            if harvester.has_moved() {
                points.push(harvester.checkpoint());
            }
        }
        points
    }

    /// Takes what was gone before it could be read.
    pub fn take_losses(&mut self) -> Vec<Loss> {
        std::mem::take(&mut self.lost)
    }

    /// What [`Tailer::take_checkpoints`] gave is in the spool: files that were let go are not needed any more.
    pub fn committed(&mut self) {
        for identity in std::mem::take(&mut self.let_go) {
            // A late writer may have brought it back.
            if !self.is_followed(identity) {
                self.held.release(identity);
            }
        }
        self.drained.drain(..).for_each(Kept::discard);
        for harvester in self.harvesters.values().filter(|harvester| harvester.is_copied) {
            self.held.trim(harvester.identity, harvester.committed());
        }
    }

    /// When the next open record will have been quiet for long enough.
    #[must_use]
    pub fn next_flush(&self) -> Option<Instant> {
        self.harvesters.values().filter_map(|harvester| harvester.flush_at(self.idle_flush)).min()
    }

    /// The files that are followed now.
    #[must_use]
    pub fn files(&self) -> Files {
        Files::of(self.all())
    }

    fn all(&self) -> impl Iterator<Item = &Harvester> {
        self.harvesters.values().chain(self.asleep.all())
    }

    fn is_followed(&self, identity: FileIdentity) -> bool {
        self.harvesters.contains_key(&identity) || self.asleep.has(identity)
    }

    /// Looks at each name in the folder; false where one of them could not be read.
    fn look_at_folder(&mut self, now: Instant, notes: &Notes, stats: &mut Stats) -> Result<bool> {
        let mut is_whole = true;
        let folder = self.folder.clone();
        let missing = |error| Error::new(ErrorKind::LogFolder).at(&folder).because(error);
        let entries = fs::read_dir(&folder).map_err(missing)?;
        for harvester in self.harvesters.values_mut() {
            harvester.nameless_since.get_or_insert(now);
        }
        self.asleep.begin_look(now);
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
                Err(error) => {
                    is_whole = false;
                    notes.say("unreadable", &about, || {
                        format!(
                            "cannot read {about}: {error}; its errors are not reported until it may be read"
                        )
                    });
                }
            }
        }
        let woken = self.asleep.end_look();
        self.wake(woken);
        Ok(is_whole)
    }

    fn look_at(&mut self, path: PathBuf, now: Instant, stats: &mut Stats) -> io::Result<()> {
        let metadata = fs::metadata(&path)?;
        // Opening a pipe or a device would wait for its other end.
        if !metadata.is_file() {
            return Err(io::Error::other("it is not a file"));
        }
        let identity = platform::identity_at(&path, &metadata)?;
        if self.asleep.is_found(identity, &path) {
            return Ok(());
        }
        let woken = self.asleep.wake(identity);
        self.wake(woken.into_iter().collect());
        if let Some(harvester) = self.harvesters.get_mut(&identity) {
            harvester.nameless_since = None;
            // Its first name may have been gone before it could be used for this. What is parked has its second one.
            if let Handle::Open(file) = &harvester.handle {
                harvester.is_copied = self.held.hold(identity, &path, file, harvester.committed());
            }
            if *harvester.path != path {
                harvester.path = path.into();
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
        let found = self.writers.lock().look(now, is_busy, self.arrivals.take_missed());
        for log in found {
            if let Some(harvester) = self.harvesters.get_mut(&log.identity) {
                harvester.written_at = Some(now);
            } else if !self.asleep.has(log.identity)
                && let Some((identity, path, file)) = log.open()
            {
                self.adopt(identity, path, file, self.unknown, now, stats).unwrap_or_default();
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
        if self.is_followed(identity) {
            return Ok(());
        }
        // If this fails it is tried again, from the same place.
        let known = self.checkpoints.get(&identity);
        let mut harvester =
            Harvester::new(identity, path, file, known, unknown, self.max_record_bytes, now, stats)?;
        let known = self.checkpoints.remove(&identity);
        if let Some(point) = known.filter(|point| harvester.generation != point.generation) {
            self.twins.remember_checkpoint(&point);
        }
        if harvester.position() == 0 {
            self.twins.consider(identity, &harvester.path);
        }
        if let Handle::Open(file) = &harvester.handle {
            harvester.is_copied = self.held.hold(identity, &harvester.path, file, harvester.committed());
        }
        self.lost.extend(harvester.take_loss());
        self.open += 1;
        // It has its turn all the same, and a handle for as long as that takes.
        if self.open > MOST_OPEN && !harvester.is_copied {
            self.open -= usize::from(park(&self.held, &mut harvester));
        }
        self.harvesters.insert(identity, harvester);
        Ok(())
    }
}

/// Gives up a file's handle, if we hold a second name of it; true if so.
fn park(held: &Held, harvester: &mut Harvester) -> bool {
    // On Windows a file's length is known for sure to an open handle alone.
    let second = if cfg!(unix) { held.second(harvester.identity) } else { None };
    second.inspect(|second| harvester.park(second)).is_some()
}

/// Gives a file a second name; not found if its first one is gone or belongs to another file.
#[cfg(not(target_os = "linux"))]
fn link_by_name(identity: FileIdentity, path: &Path, second: &Path) -> io::Result<()> {
    fs::hard_link(path, second)?;
    if platform::identity_at(second, &fs::metadata(second)?)? == identity {
        return Ok(());
    }
    fs::remove_file(second)?;
    Err(io::ErrorKind::NotFound.into())
}
