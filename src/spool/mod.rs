//! What was found, until the site has it: one `SQLite` database.
//!
//! A checkpoint and the occurrences before it commit in one transaction: after a kill, what lies
//! before the checkpoint is in the spool once, and what lies behind it is read again.

mod adding;
mod bounds;
mod commit;
mod connect;
mod deliveries;
mod digest;
mod evidence;
mod keys;
mod ledger;
mod mend;
mod outage;
mod place;
mod reader;
mod recovery;
mod reporter;
mod room;
mod rows;
mod salvage;
mod schema;
mod signing;
mod steps;
mod sums;
mod terms;
mod view;
mod waiting;
mod ways;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use jiff::Timestamp;
use parking_lot::Mutex;
use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::error::{Error, ErrorKind, Result};
use crate::folders::for_libraries;
use crate::incident::Occurrence;
use crate::notes::Notes;
use crate::signature::Studio;
use crate::tail::Checkpoint;

pub use bounds::{Bounds, Size};
pub use commit::{Batch, Found};
pub use deliveries::Delivery;
pub use evidence::{Due, LONGEST_WAIT_MS as LONGEST_EVIDENCE_WAIT_MS};
pub use outage::Outage;
pub use place::{Drive, Place};
pub use reader::SpoolReader;
pub use ways::Ways;

use connect::connect;
use ledger::{Account, Ledger};
use recovery::Recovered;
use view::{OpenHere, View};

/// Name of the database in the state folder.
pub const FILE: &str = "spool.sqlite";

/// The writer's side of the spool. One process has it: the leader.
#[derive(Debug)]
pub struct Spool {
    /// For readers, where they cannot read the file itself. The first to go: the next leader brings its own.
    view: Option<View>,
    open: Mutex<Open>,
    place: Place,
    path: PathBuf,
    ledger: Ledger,
    recovered: AtomicBool,
    /// Something that was read made no sense: see [`Spool::recover`].
    damaged: AtomicBool,
    writes: AtomicU64,
    /// A site has shown what it was told after so many milliseconds.
    site_lag_ms: i64,
    /// So many new problems at once make a digest.
    digest_from: u64,
    /// The last to go: the file is closed by then.
    _open_here: OpenHere,
}

/// The database, as it is open now.
#[derive(Debug)]
struct Open {
    connection: Connection,
    term: i64,
    /// What the file is: one of this name that is another one has taken its place.
    file: Option<terms::FileAt>,
}

impl Open {
    /// Nothing: what is asked of it fails.
    fn nothing(term: i64) -> Result<Self> {
        Ok(Self { connection: Connection::open_in_memory()?, term, file: None })
    }

    fn is_nothing(&self) -> bool {
        self.connection.path().is_none_or(str::is_empty)
    }
}

impl Spool {
    /// Opens or makes the spool in a folder. A damaged one is set aside, and that is noted; what was signed by earlier
    /// rules is signed by these.
    pub fn open(place: &Place, studio: &Studio, notes: &Notes) -> Result<Self> {
        Self::open_for(place, studio, Ways::default(), notes)
    }

    /// The same, for a site that is told in these ways.
    pub fn open_for(place: &Place, studio: &Studio, ways: Ways, notes: &Notes) -> Result<Self> {
        std::fs::create_dir_all(&place.folder)
            .map_err(|error| Error::new(ErrorKind::StateFolder).at(&place.folder).because(error))?;
        let mut spool = Self {
            _open_here: OpenHere::new(&place.folder),
            open: Mutex::new(Open::nothing(0)?),
            place: place.clone(),
            path: for_libraries(&place.folder).join(FILE),
            ledger: Ledger::new(&place.folder),
            recovered: AtomicBool::new(false),
            damaged: AtomicBool::new(false),
            writes: AtomicU64::new(0),
            site_lag_ms: i64::try_from(ways.site_lag.as_millis()).unwrap_or(i64::MAX),
            digest_from: ways.digest_from,
            view: None,
        };
        spool.reopen(studio, notes).map_err(|error| error.at(&spool.path))?;
        // Not before: as long as another one may lead, its readers are its own.
        match place.drive {
            Drive::Network => spool.view = Some(View::open(&place.folder)?),
            Drive::Local => View::remove(&place.folder)?,
        }
        Ok(spool)
    }

    /// Whether it took the place of a damaged one: what the logs hold is then not old news.
    #[must_use]
    pub fn is_recovered(&self) -> bool {
        self.recovered.load(Ordering::Acquire)
    }

    /// Whether it was found to be damaged while it was open.
    #[must_use]
    pub fn is_damaged(&self) -> bool {
        self.damaged.load(Ordering::Acquire)
    }

    /// Sets the damaged file aside, and goes on with what can be read of it. Read the checkpoints again afterwards.
    ///
    /// Only whoever leads may do so. Calls on other threads wait for it, and those that come while there is no file
    /// fail: nothing is written into the one that was set aside.
    pub fn recover(&self, studio: &Studio, notes: &Notes) -> Result<()> {
        self.reopen(studio, notes).map_err(|error| error.at(&self.path))?;
        self.damaged.store(false, Ordering::Release);
        self.writes.fetch_add(1, Ordering::Relaxed);
        Ok(())
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
        let open = self.open.lock();
        view.answer(&open.connection, self.writes.load(Ordering::Relaxed), now)
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
        query(&self.open.lock().connection).map_err(|error| self.failed(error.into()))
    }

    /// One transaction, if we still lead.
    fn write<T>(&self, change: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>) -> Result<T> {
        let mut open = self.open.lock();
        let Open { connection, term, file } = &mut *open;
        let whole = |connection: &mut Connection| -> Result<T> {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            terms::check(&transaction, *term)?;
            terms::check_place(&self.path, *file)?;
            let out = change(&transaction)?;
            terms::advance(&transaction, *term)?;
            transaction.commit()?;
            Ok(out)
        };
        let out = connect::with_cache(connection, whole).map_err(|error| self.failed(error))?;
        self.writes.fetch_add(1, Ordering::Relaxed);
        Ok(out)
    }

    fn failed(&self, error: Error) -> Error {
        if error.kind() == &ErrorKind::SpoolDamaged {
            self.damaged.store(true, Ordering::Release);
        }
        error.at(&self.path)
    }

    /// Keeps in the ledger, too, what was just committed.
    fn keep_in_ledger(&self, write: impl FnOnce(&Ledger, &Connection) -> io::Result<()>) {
        // It is the second copy: if it cannot be written now, the next start makes up for it.
        write(&self.ledger, &self.open.lock().connection).unwrap_or_default();
    }

    /// Opens the file. One that is open already is damaged, and set aside first.
    fn reopen(&self, studio: &Studio, notes: &Notes) -> Result<()> {
        let mut open = self.open.lock();
        let is_damaged = !open.is_nothing();
        let led = open.term;
        // Closes the files: one that is open cannot be renamed everywhere.
        *open = Open::nothing(led)?;
        let unreadable = |error| Error::new(ErrorKind::StateFolder).because(error);
        let mut account = self.ledger.read().map_err(unreadable)?;
        let mut recovered = recovery::resume(&self.path, &account)?;
        if is_damaged && recovered.is_none() && self.path.exists() {
            recovered = Some(recovery::recover(&self.path, &account)?);
        }
        let opened = match self.connect(&account, studio) {
            // A header with a flipped bit can pass for a file that may not be written.
            Err(error)
                if error.kind() == &ErrorKind::SpoolDamaged
                    || error.kind() == &ErrorKind::Spool
                        && !salvage::begins_well(&self.path).unwrap_or(true) =>
            {
                recovered = Some(recovery::recover(&self.path, &account)?);
                self.connect(&account, studio)
            }
            other => other,
        };
        let (mut connection, was_behind) = opened?;
        self.ledger.catch_up(&connection, &mut account).unwrap_or_default();
        let term = terms::begin(&mut connection, led)?;
        *open = Open { connection, term, file: terms::file_at(&self.path) };
        if recovered.is_some() || was_behind {
            self.recovered.store(true, Ordering::Release);
            notes.say("spool_damaged", &self.path.to_string_lossy(), || self.told(recovered.as_ref()));
            notes.over("spool_damaged", &self.path.to_string_lossy());
        }
        Ok(())
    }

    fn told(&self, recovered: Option<&Recovered>) -> String {
        let path = self.path.display();
        match recovered {
            Some(Recovered { aside, is_whole: true }) => {
                format!(
                    "the spool was damaged: {path}; it was moved to {}, and nothing of it was lost",
                    aside.display()
                )
            }
            Some(Recovered { aside, .. }) => format!(
                "the spool was damaged: {path}; it was moved to {}, and what could not be read of it is looked for \
                 in the logs again",
                aside.display()
            ),
            None => format!(
                "the spool has lost what was written last: {path}; the logs are read again from there, and nothing \
                 that was delivered is delivered again"
            ),
        }
    }

    /// Opens the file; true if it was behind the ledger.
    fn connect(&self, account: &Account, studio: &Studio) -> Result<(Connection, bool)> {
        let mut connection = connect(&self.place, &self.path)?;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let was_behind = account.apply(&transaction, false)?;
        reporter::identify(&transaction, account)?;
        signing::sign_anew(&transaction, studio)?;
        if was_behind {
            mend::make_whole(&transaction)?;
        }
        steps::take_up(&transaction, self.site_lag_ms)?;
        transaction.commit()?;
        Ok((connection, was_behind))
    }
}

/// Now, in milliseconds of Unix time: what the spool's times are kept in.
#[must_use]
pub fn now_ms() -> i64 {
    Timestamp::now().as_millisecond()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_spool_is_set_aside_and_told() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(FILE), b"this is no database, whatever its name says").unwrap();
        let notes = Notes::default();
        let spool = Spool::open(&Place::local(folder.path()), &Studio::default(), &notes).unwrap();
        assert!(spool.is_recovered());
        assert!(spool.checkpoints().unwrap().is_empty());
        let said = notes.take();
        assert_eq!(said.len(), 1);
        assert!(said[0].text.contains("damaged-"), "{}", said[0].text);
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_another_one_has_set_aside_is_not_written() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::open(&Place::local(folder.path()), &Studio::default(), &Notes::default()).unwrap();
        let look = |name: &str| Batch { first_look: Some(name.into()), ..Batch::default() };
        spool.commit(&look("before")).unwrap();
        std::fs::rename(folder.path().join(FILE), folder.path().join("aside")).unwrap();
        assert_eq!(spool.commit(&look("after")).unwrap_err().kind(), &ErrorKind::LeadLost);
        assert!(!spool.knows_folder(Path::new("after")).unwrap());
    }

    #[test]
    fn a_newer_spool_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
        let error =
            Spool::open(&Place::local(folder.path()), &Studio::default(), &Notes::default()).unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::NewerSpool(99));
        assert!(error.to_string().contains("update tk-incident"), "{error}");
    }
}
