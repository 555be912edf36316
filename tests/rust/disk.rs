//! A drive under `SQLite` that keeps an account of all that is written to it, and fails when it is told to.
//!
//! The files are real. The account says what the drive itself holds at each sync, so that the power can be cut there.
//! The crate has no shared memory for a WAL's index; under this drive the spool locks its file instead.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use sqlite_vfs::{DatabaseHandle, LockKind, OpenAccess, OpenKind, OpenOptions, Vfs, WalDisabled};
use tk_incident_core::spool::{Drive, Place};

/// What a drive writes at once.
const SECTOR: usize = 512;

/// Something that reached the operating system, in order.
#[derive(Debug, Clone)]
pub enum Event {
    Write(String, u64, Vec<u8>),
    SetLen(String, u64),
    Delete(String),
    Sync(String),
    /// The site was told of a problem, and that is committed: its signature, and how often.
    Acked(String, u64),
    /// The log folder is known.
    Looked,
}

/// How the drive fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    Full,
    Io,
}

#[derive(Debug, Default)]
struct State {
    events: Vec<Event>,
    /// The fault, writes before it, and whether it stays.
    fault: Option<(Fault, usize, bool)>,
    writes: usize,
}

/// The drive, as the test holds it.
#[derive(Debug, Clone)]
pub struct Disk {
    state: Arc<Mutex<State>>,
    ice: Arc<Ice>,
    name: String,
}

/// What holds up every write while the drive is frozen.
#[derive(Debug, Default)]
struct Ice {
    /// Whether it is, and how many writes wait for it.
    state: Mutex<(bool, usize)>,
    changed: Condvar,
}

impl Ice {
    fn wait(&self) {
        let mut state = self.state.lock();
        state.1 += 1;
        self.changed.notify_all();
        self.changed.wait_while(&mut state, |(is_frozen, _)| *is_frozen);
        state.1 -= 1;
    }
}

/// A drive that answers to nothing until this is dropped.
pub struct Frozen(Arc<Ice>);

impl Frozen {
    /// Waits until something is written to it; false if nothing is in time.
    pub fn is_asked(&self, timeout: Duration) -> bool {
        let mut state = self.0.state.lock();
        !self.0.changed.wait_while_for(&mut state, |(_, waiting)| *waiting == 0, timeout).timed_out()
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        self.0.state.lock().0 = false;
        self.0.changed.notify_all();
    }
}

impl Disk {
    pub fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("disk-{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let disk = Self { state: Arc::default(), ice: Arc::default(), name: name.clone() };
        sqlite_vfs::register(&name, disk.clone(), false).unwrap();
        disk
    }

    pub fn place(&self, folder: &Path, drive: Drive) -> Place {
        Place { drive, vfs: Some(self.name.clone()), ..Place::local(folder) }
    }

    /// Lets so many writes through, then fails: once, or until it is mended.
    pub fn fail(&self, fault: Fault, after: usize, stays: bool) {
        self.state.lock().fault = Some((fault, after, stays));
    }

    /// Lets nothing through until what it gives is dropped.
    pub fn freeze(&self) -> Frozen {
        self.ice.state.lock().0 = true;
        Frozen(Arc::clone(&self.ice))
    }

    pub fn mend(&self) {
        self.state.lock().fault = None;
    }

    pub fn note(&self, event: Event) {
        self.state.lock().events.push(event);
    }

    pub fn events(&self) -> Vec<Event> {
        self.state.lock().events.clone()
    }

    /// Writes, truncations, deletions and syncs so far.
    pub fn writes(&self) -> usize {
        self.state.lock().writes
    }

    fn change(&self, event: Event) -> io::Result<()> {
        self.ice.wait();
        let mut state = self.state.lock();
        state.writes += 1;
        if let Some((fault, after, stays)) = &mut state.fault {
            let (kind, stays) = (*fault, *stays);
            if *after == 0 {
                if !stays {
                    state.fault = None;
                }
                // What the crate takes for a full disk.
                let kind = if kind == Fault::Full { io::ErrorKind::WriteZero } else { io::ErrorKind::Other };
                return Err(io::Error::new(kind, "the drive fails"));
            }
            *after -= 1;
        }
        state.events.push(event);
        Ok(())
    }
}

/// Puts into a folder what a drive holds after its sync `n`, counted from 0 for no sync at all. Of what was not
/// synced by then, each sector is there if `survives` says so.
pub fn cut_power(events: &[Event], n: usize, folder: &Path, mut survives: impl FnMut() -> bool) {
    let mut files: BTreeMap<&str, Held> = BTreeMap::new();
    let mut syncs = 0;
    for event in events {
        match event {
            Event::Write(name, offset, bytes) => {
                for (at, sector) in bytes.chunks(SECTOR).enumerate() {
                    let offset = usize::try_from(*offset).unwrap() + at * SECTOR;
                    files.entry(name).or_default().waiting.push(Change::Bytes(offset, sector));
                }
            }
            Event::SetLen(name, len) => {
                let len = usize::try_from(*len).unwrap();
                files.entry(name).or_default().waiting.push(Change::Len(len));
            }
            Event::Delete(name) => files.entry(name).or_default().waiting.push(Change::Gone),
            Event::Sync(name) => {
                syncs += 1;
                // The next one is never reached: what was written before it is on its way.
                if syncs > n {
                    break;
                }
                // SQLite syncs the folder with a file that is new in it: what was deleted before stays so.
                if files.get(name.as_str()).is_none_or(|held| held.bytes.is_none() || held.is_going()) {
                    files.values_mut().for_each(Held::go);
                }
                files.entry(name).or_default().settle(|| true);
            }
            Event::Acked(..) | Event::Looked => {}
        }
    }
    fs::create_dir_all(folder).unwrap();
    for (name, mut held) in files {
        held.settle(&mut survives);
        if let Some(bytes) = held.bytes {
            fs::write(folder.join(name), bytes).unwrap();
        }
    }
}

/// Number of syncs in an account.
pub fn syncs(events: &[Event]) -> usize {
    events.iter().filter(|event| matches!(event, Event::Sync(_))).count()
}

enum Change<'a> {
    Bytes(usize, &'a [u8]),
    Len(usize),
    Gone,
}

/// A file on the drive, and what is on its way there.
#[derive(Default)]
struct Held<'a> {
    bytes: Option<Vec<u8>>,
    waiting: Vec<Change<'a>>,
}

impl Held<'_> {
    fn is_going(&self) -> bool {
        self.waiting.iter().any(|change| matches!(change, Change::Gone))
    }

    /// The deletions on their way arrive.
    fn go(&mut self) {
        if let Some(last) = self.waiting.iter().rposition(|change| matches!(change, Change::Gone)) {
            self.waiting.drain(..=last);
            self.bytes = None;
        }
    }

    fn settle(&mut self, mut survives: impl FnMut() -> bool) {
        for change in self.waiting.drain(..) {
            if !survives() {
                continue;
            }
            match change {
                Change::Gone => self.bytes = None,
                Change::Len(len) => self.bytes.get_or_insert_default().resize(len, 0),
                Change::Bytes(offset, sector) => {
                    let bytes = self.bytes.get_or_insert_default();
                    if bytes.len() < offset + sector.len() {
                        bytes.resize(offset + sector.len(), 0);
                    }
                    bytes[offset..offset + sector.len()].copy_from_slice(sector);
                }
            }
        }
    }
}

fn name_of(path: &str) -> String {
    Path::new(path).file_name().unwrap().to_str().unwrap().to_owned()
}

/// An open file.
pub struct Handle {
    disk: Disk,
    file: Mutex<File>,
    name: String,
    lock: LockKind,
    /// Files that `SQLite` makes for itself are no part of the account.
    is_ours: bool,
}

impl Handle {
    fn change(&self, event: impl FnOnce(String) -> Event) -> io::Result<()> {
        if self.is_ours { self.disk.change(event(self.name.clone())) } else { Ok(()) }
    }
}

impl DatabaseHandle for Handle {
    type WalIndex = WalDisabled;

    fn size(&self) -> io::Result<u64> {
        Ok(self.file.lock().metadata()?.len())
    }

    fn read_exact_at(&mut self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        let mut file = self.file.lock();
        file.seek(SeekFrom::Start(offset))?;
        let mut have = 0;
        while have < buffer.len() {
            match file.read(&mut buffer[have..])? {
                0 => {
                    // SQLite wants the rest to be zeros.
                    buffer[have..].fill(0);
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                count => have += count,
            }
        }
        Ok(())
    }

    fn write_all_at(&mut self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.change(|name| Event::Write(name, offset, bytes.to_vec()))?;
        let mut file = self.file.lock();
        file.seek(SeekFrom::Start(offset))?;
        file.write_all(bytes)
    }

    fn sync(&mut self, _data_only: bool) -> io::Result<()> {
        // The account is what survives: the file itself need not be forced out.
        self.change(Event::Sync)
    }

    fn set_len(&mut self, size: u64) -> io::Result<()> {
        self.change(|name| Event::SetLen(name, size))?;
        self.file.lock().set_len(size)
    }

    fn lock(&mut self, lock: LockKind) -> io::Result<bool> {
        self.lock = lock;
        Ok(true)
    }

    fn reserved(&mut self) -> io::Result<bool> {
        Ok(false)
    }

    fn current_lock(&self) -> io::Result<LockKind> {
        Ok(self.lock)
    }

    fn wal_index(&self, _readonly: bool) -> io::Result<WalDisabled> {
        Ok(WalDisabled)
    }
}

impl Vfs for Disk {
    type Handle = Handle;

    fn open(&self, path: &str, options: OpenOptions) -> io::Result<Handle> {
        let mut how = fs::OpenOptions::new();
        how.read(true);
        match options.access {
            OpenAccess::Read => &mut how,
            OpenAccess::Write => how.write(true),
            OpenAccess::Create => how.write(true).create(true),
            OpenAccess::CreateNew => how.write(true).create_new(true),
        };
        let is_ours = matches!(options.kind, OpenKind::MainDb | OpenKind::MainJournal | OpenKind::Wal);
        let file = Mutex::new(how.open(path)?);
        Ok(Handle { disk: self.clone(), file, name: name_of(path), lock: LockKind::None, is_ours })
    }

    fn delete(&self, path: &str) -> io::Result<()> {
        if !Path::new(path).exists() {
            return Err(io::ErrorKind::NotFound.into());
        }
        self.change(Event::Delete(name_of(path)))?;
        fs::remove_file(path)
    }

    fn exists(&self, path: &str) -> io::Result<bool> {
        Ok(Path::new(path).exists())
    }

    fn temporary_name(&self) -> String {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("{}-{}-{}", self.name, std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path: PathBuf = std::env::temp_dir().join(name);
        path.to_str().unwrap().to_owned()
    }

    fn random(&self, buffer: &mut [i8]) {
        // Salts only have to differ.
        static COUNT: AtomicUsize = AtomicUsize::new(1);
        for byte in buffer {
            let number = COUNT.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            *byte = i8::from_ne_bytes([number.to_be_bytes()[0]]);
        }
    }

    fn sleep(&self, duration: Duration) -> Duration {
        std::thread::sleep(duration);
        duration
    }
}
