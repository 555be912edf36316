//! What was found, until the site has it: one `SQLite` database.
//!
//! A checkpoint and the occurrences before it commit in one transaction: after a kill, what lies
//! before the checkpoint is in the spool once, and what lies behind it is read again.

mod bounds;
mod commit;
mod deliveries;
mod evidence;
mod place;
mod reader;
mod room;
mod rows;
mod schema;
mod terms;
mod view;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use parking_lot::Mutex;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use crate::error::{Error, ErrorKind, Result};
use crate::folders::for_libraries;
use crate::incident::Occurrence;
use crate::notes::Notes;
use crate::tail::Checkpoint;

pub use bounds::{Bounds, Size};
pub use commit::{Batch, Found};
pub use deliveries::Delivery;
pub use evidence::Due;
pub use place::{Drive, Place};
pub use reader::SpoolReader;

use view::{OpenHere, View};

/// Name of the database in the state folder.
pub const FILE: &str = "spool.sqlite";

/// How long one process waits for another's transaction.
const BUSY: Duration = Duration::from_secs(5);

/// And for one that has the whole file on a network drive: longer than its end takes, no longer than a start may.
const BUSY_NETWORK: Duration = Duration::from_millis(200);

/// The writer's side of the spool. One process has it: the leader.
#[derive(Debug)]
pub struct Spool {
    /// For readers, where they cannot read the file itself. The first to go: the next leader brings its own.
    view: Option<View>,
    connection: Mutex<Connection>,
    path: PathBuf,
    recovered: bool,
    term: i64,
    writes: AtomicU64,
    /// The last to go: the file is closed by then.
    _open_here: OpenHere,
}

impl Spool {
    /// Opens or makes the spool in a folder. A damaged one is set aside, and that is noted.
    pub fn open(place: &Place, notes: &Notes) -> Result<Self> {
        std::fs::create_dir_all(&place.folder)
            .map_err(|error| Error::new(ErrorKind::StateFolder).at(&place.folder).because(error))?;
        let path = for_libraries(&place.folder).join(FILE);
        let open_here = OpenHere::new(&place.folder);
        let mut recovered = false;
        let connection = match connect(place, &path) {
            Err(error) if error.kind() == &ErrorKind::SpoolDamaged => {
                let aside = set_aside(&path)?;
                notes.say("spool_damaged", "", || {
                    let (path, aside) = (path.display(), aside.display());
                    format!("{error}; it was moved to {aside}, and {path} starts anew from what the logs still hold")
                });
                recovered = true;
                connect(place, &path)
            }
            other => other,
        };
        let mut connection = connection.map_err(|error| error.at(&path))?;
        let term = terms::begin(&mut connection).map_err(|error| error.at(&path))?;
        // Not before: as long as another one may lead, its readers are its own.
        let view = match place.drive {
            Drive::Network => Some(View::open(&place.folder)?),
            Drive::Local => {
                View::remove(&place.folder)?;
                None
            }
        };
        Ok(Self {
            connection: Mutex::new(connection),
            path,
            recovered,
            term,
            writes: AtomicU64::new(0),
            view,
            _open_here: open_here,
        })
    }

    /// Whether it took the place of a damaged one: what the logs hold is then not old news.
    #[must_use]
    pub fn is_recovered(&self) -> bool {
        self.recovered
    }

    /// Whether this log folder was looked at before.
    pub fn knows_folder(&self, log_folder: &Path) -> Result<bool> {
        self.read(|connection| {
            connection
                .prepare_cached("SELECT 1 FROM folders WHERE path = ?1")?
                .exists([log_folder.to_string_lossy()])
        })
    }

    /// All checkpoints.
    pub fn checkpoints(&self) -> Result<Vec<Checkpoint>> {
        self.read(|connection| {
            let sql = format!("SELECT {} FROM files", rows::CHECKPOINT);
            connection.prepare(&sql)?.query_map([], rows::checkpoint)?.collect()
        })
    }

    /// Names the log folder whose lock goes with this spool: those who read it can then tell a leader that was killed.
    pub fn led_from(&self, log_folder: &Path) -> Result<()> {
        self.view.as_ref().map_or(Ok(()), |view| view.led_from(log_folder))
    }

    /// Gives those a copy who have asked for one: on a network drive they cannot read the spool itself.
    pub fn answer_readers(&self, now: Instant) -> Result<()> {
        let Some(view) = &self.view else { return Ok(()) };
        let connection = self.connection.lock();
        view.answer(&connection, self.writes.load(Ordering::Relaxed), now)
    }

    /// At most 1,000 occurrences behind this row.
    pub fn occurrences(&self, after_id: i64) -> Result<Vec<Occurrence>> {
        self.read(|connection| reader::occurrences(connection, after_id))
    }

    /// Row of the last occurrence; 0 where there is none.
    pub fn last_occurrence_id(&self) -> Result<i64> {
        self.read(reader::last_occurrence_id)
    }

    fn read<T>(&self, query: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T> {
        query(&self.connection.lock()).map_err(|error| Error::from(error).at(&self.path))
    }

    /// One transaction, if we still lead.
    fn write<T>(&self, change: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>) -> Result<T> {
        let mut connection = self.connection.lock();
        let whole = || -> Result<T> {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            terms::check(&transaction, self.term)?;
            let out = change(&transaction)?;
            terms::advance(&transaction, self.term)?;
            transaction.commit()?;
            Ok(out)
        };
        let out = whole().map_err(|error| error.at(&self.path))?;
        self.writes.fetch_add(1, Ordering::Relaxed);
        Ok(out)
    }
}

/// Now, in milliseconds of Unix time: what the spool's times are kept in.
#[must_use]
pub fn now_ms() -> i64 {
    Timestamp::now().as_millisecond()
}

fn connect(place: &Place, path: &Path) -> Result<Connection> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let has_journal = |suffix| path.with_file_name(format!("{FILE}{suffix}")).exists();
    let closed_in_order = !has_journal("-wal") && !has_journal("-journal");
    let mut connection = match &place.vfs {
        None => Connection::open_with_flags(path, flags)?,
        Some(vfs) => Connection::open_with_flags_and_vfs(path, flags, vfs.as_str())?,
    };
    connection.busy_timeout(match place.drive {
        Drive::Local => BUSY,
        Drive::Network => BUSY_NETWORK,
    })?;
    // Only before the first page is written can this be said: else pages are never given back.
    connection.pragma_update(None, "auto_vacuum", "incremental")?;
    connection.pragma_update(None, "journal_size_limit", bounds::WAL_BYTES)?;
    match place.drive {
        Drive::Local => connection.pragma_update(None, "journal_mode", "wal")?,
        Drive::Network => {
            // WAL's index is shared memory, which two machines do not have.
            connection.pragma_update(None, "locking_mode", "exclusive")?;
            connection.pragma_update(None, "journal_mode", "delete")?;
        }
    }
    // Each commit survives a power cut: a checkpoint must not be older than what was delivered.
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    schema::migrate(&mut connection)?;
    // A spool that was closed in order leaves no journal; looking through a large one takes a while.
    if closed_in_order {
        return Ok(connection);
    }
    let verdict: String = connection.pragma_query_value(None, "quick_check", |row| row.get(0))?;
    if verdict == "ok" { Ok(connection) } else { Err(Error::new(ErrorKind::SpoolDamaged)) }
}

/// Moves a damaged database away, with its journal: it may still be read by hand.
fn set_aside(path: &Path) -> Result<PathBuf> {
    let stamp = Timestamp::now().strftime("%Y%m%dT%H%M%S%3f").to_string();
    let aside = |suffix: &str| path.with_file_name(format!("{FILE}.damaged-{stamp}{suffix}"));
    let failed = |error| Error::new(ErrorKind::StateFolder).at(path).because(error);
    std::fs::rename(path, aside("")).map_err(failed)?;
    for suffix in ["-wal", "-shm"] {
        match std::fs::rename(path.with_file_name(format!("{FILE}{suffix}")), aside(suffix)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
    }
    Ok(aside(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_spool_is_set_aside_and_told() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(FILE), b"this is no database, whatever its name says").unwrap();
        let notes = Notes::default();
        let spool = Spool::open(&Place::local(folder.path()), &notes).unwrap();
        assert!(spool.is_recovered());
        assert!(spool.checkpoints().unwrap().is_empty());
        let said = notes.take();
        assert_eq!(said.len(), 1);
        assert!(said[0].text.contains("damaged-"), "{}", said[0].text);
    }

    #[test]
    fn a_newer_spool_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
        let error = Spool::open(&Place::local(folder.path()), &Notes::default()).unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::NewerSpool(99));
        assert!(error.to_string().contains("update tk-incident"), "{error}");
    }
}
