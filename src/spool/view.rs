//! What others see of a spool on a network drive: its leader has the database to itself, and gives out copies.
//!
//! A reader takes no lock on the spool, so it can neither hold up a leader nor be held up by one. It asks by making
//! `view/asked` longer by a byte. The leader answers with a new `view/spool.sqlite` and writes into `view/answered`
//! how long `asked` was. While nobody leads (`view/leader` is empty, or names a log folder that nobody has locked, or
//! nobody answers) the spool itself is copied.
//!
//! All these files keep their names, and are opened at each look: that is the one thing NFS keeps no old news about.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use parking_lot::{Mutex, RwLock};
use rusqlite::Connection;
use tempfile::TempDir;

use super::{FILE, schema};
use crate::error::{Error, ErrorKind, Result};
use crate::leader::{LOCK_FILE, Leadership};

/// Where readers and the leader meet, in the state folder. It is there only on a network drive.
const FOLDER: &str = "view";

/// The leader looks this often whether it was asked.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// A copy is made at most this often...
const COPY_EVERY: Duration = Duration::from_secs(1);

/// ...and takes at most one part in so many of the leader's time.
const SHARE: u32 = 10;

/// A leader that lives has answered by then.
const LONGEST_ANSWER: Duration = Duration::from_secs(3);

/// A reader looks this often for the answer.
const BLINK: Duration = Duration::from_millis(20);

/// So long a reader begins again because the spool changed hands under it.
const LONGEST_COPY: Duration = Duration::from_secs(10);

/// Spools that this process has open. POSIX drops all locks of a process on a file as soon as the process closes
/// any descriptor of it: a copy of the file itself, made here, would take the lock from our own leader.
static OPEN_HERE: RwLock<Vec<PathBuf>> = RwLock::new(Vec::new());

/// The leader's side.
#[derive(Debug)]
pub struct View {
    folder: PathBuf,
    last: Mutex<Last>,
}

#[derive(Debug, Default)]
struct Last {
    looked: Option<Instant>,
    answered: u64,
    copied: Option<Instant>,
    took: Duration,
    /// How much had been written to the spool by then.
    writes: u64,
}

impl View {
    /// Says that there is a leader. Only whoever has the spool locked may do so.
    pub fn open(state_folder: &Path) -> Result<Self> {
        let folder = state_folder.join(FOLDER);
        let failed = |error| Error::new(ErrorKind::StateFolder).at(&folder).because(error);
        fs::create_dir_all(&folder).map_err(failed)?;
        let asked = File::create(folder.join("asked"));
        asked.and_then(|_| fs::write(folder.join("answered"), "0")).map_err(failed)?;
        fs::write(folder.join("leader"), identity()).map_err(failed)?;
        Ok(Self { folder, last: Mutex::default() })
    }

    /// Names the log folder whose lock tells that this leader lives.
    pub fn led_from(&self, log_folder: &Path) -> Result<()> {
        let leader = format!("{}\n{}", identity(), log_folder.display());
        fs::write(self.folder.join("leader"), leader)
            .map_err(|error| Error::new(ErrorKind::StateFolder).at(&self.folder).because(error))
    }

    /// A spool that is on no network drive any more is read where it lies.
    pub fn remove(state_folder: &Path) -> Result<()> {
        let folder = state_folder.join(FOLDER);
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(Error::new(ErrorKind::StateFolder).at(&folder).because(error))
            }
            _ => Ok(()),
        }
    }

    /// Answers those who asked, if it is time. `writes` grows with each change of the spool.
    pub fn answer(&self, connection: &Connection, writes: u64, now: Instant) -> Result<()> {
        let mut last = self.last.lock();
        if last.looked.is_some_and(|looked| now.duration_since(looked) < LOOK_EVERY) {
            return Ok(());
        }
        last.looked = Some(now);
        let at_folder = |error| Error::new(ErrorKind::StateFolder).at(&self.folder).because(error);
        let asked = length(&self.folder.join("asked")).map_err(at_folder)?;
        if asked <= last.answered {
            return Ok(());
        }
        let is_old = last.copied.is_none() || last.writes != writes;
        let pause = COPY_EVERY.max(last.took * SHARE);
        if is_old && last.copied.is_some_and(|copied| now.duration_since(copied) < pause) {
            return Ok(());
        }
        if is_old {
            let began = Instant::now();
            let next = self.folder.join("next.sqlite");
            copy_tables(connection, &next).map_err(|error| error.at(&next))?;
            fs::rename(&next, self.folder.join(FILE)).map_err(at_folder)?;
            *last = Last { copied: Some(now), took: began.elapsed(), writes, ..*last };
        }
        fs::write(self.folder.join("answered"), asked.to_string()).map_err(at_folder)?;
        last.answered = asked;
        Ok(())
    }
}

impl Drop for View {
    /// Readers need not wait for an answer.
    fn drop(&mut self) {
        // Where that fails they wait in vain, and then do the same.
        File::create(self.folder.join("leader")).map(drop).unwrap_or_default();
    }
}

/// Keeps this process from copying a spool that it has open.
#[derive(Debug)]
pub struct OpenHere(PathBuf);

impl OpenHere {
    /// To be had before the spool is opened, and dropped once it is closed.
    pub fn new(state_folder: &Path) -> Self {
        let folder = resolved(state_folder);
        OPEN_HERE.write().push(folder.clone());
        Self(folder)
    }
}

impl Drop for OpenHere {
    fn drop(&mut self) {
        let mut open = OPEN_HERE.write();
        if let Some(at) = open.iter().position(|folder| *folder == self.0) {
            open.swap_remove(at);
        }
    }
}

/// A private copy of a spool on a network drive, for one reader; None where the spool lies on no such drive.
pub fn copy(state_folder: &Path) -> Result<Option<TempDir>> {
    let folder = state_folder.join(FOLDER);
    let failed = |error| Error::new(ErrorKind::Spool).at(&folder).because(error);
    let deadline = Instant::now() + LONGEST_COPY;
    let mut trouble = None;
    while Instant::now() < deadline {
        let leader = match fs::read_to_string(folder.join("leader")) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => other.map_err(failed)?,
        };
        // Whoever may not write here cannot ask.
        let is_answered = may_live(&leader) && ask(&folder).unwrap_or(false);
        let copied = if is_answered {
            copy_files(&[(folder.join(FILE), FILE)]).map(Some)
        } else {
            copy_at_rest(state_folder, &leader)
        };
        match copied {
            Ok(Some(copy)) => return Ok(Some(copy)),
            Ok(None) => {}
            Err(error) => trouble = Some(error),
        }
        std::thread::sleep(BLINK);
    }
    // Old news are better than none.
    let old = folder.join(FILE);
    if old.is_file() {
        return copy_files(&[(old, FILE)]).map(Some).map_err(failed);
    }
    Err(trouble.map_or_else(|| Error::new(ErrorKind::SpoolBusy).at(&state_folder.join(FILE)), failed))
}

/// Whether there is a leader, by what `view/leader` says: it was killed if nobody has its lock.
fn may_live(leader: &str) -> bool {
    let Some(log_folder) = leader.lines().nth(1).map(Path::new) else { return !leader.is_empty() };
    // Another machine may have mounted it elsewhere, and then the lock cannot be asked.
    Leadership::is_taken(log_folder) || !log_folder.join(LOCK_FILE).exists()
}

fn identity() -> String {
    format!("{} {}", gethostname::gethostname().to_string_lossy(), std::process::id())
}

/// Asks the leader for a copy; true once it is there, false if nobody answers.
fn ask(folder: &Path) -> io::Result<bool> {
    let mut asked = OpenOptions::new().append(true).open(folder.join("asked"))?;
    asked.write_all(b"?")?;
    let mine = asked.metadata()?.len();
    drop(asked);
    let deadline = Instant::now() + LONGEST_ANSWER;
    while Instant::now() < deadline {
        let answered = fs::read_to_string(folder.join("answered"))?;
        // While it is written it may be empty.
        if answered.parse::<u64>().is_ok_and(|answered| answered >= mine) {
            return Ok(true);
        }
        // A new leader begins to count anew.
        if length(&folder.join("asked"))? < mine {
            return Ok(false);
        }
        std::thread::sleep(BLINK);
    }
    Ok(false)
}

/// Copies the spool while nobody writes to it; None if somebody did.
fn copy_at_rest(state_folder: &Path, leader: &str) -> io::Result<Option<TempDir>> {
    let (path, journal) = (state_folder.join(FILE), state_folder.join(format!("{FILE}-journal")));
    let open_here = OPEN_HERE.read();
    if open_here.contains(&resolved(state_folder)) {
        return Ok(None);
    }
    let state = || -> io::Result<(u64, SystemTime, Option<u64>)> {
        let metadata = File::open(&path)?.metadata()?;
        Ok((metadata.len(), metadata.modified()?, length(&journal).ok()))
    };
    let before = state()?;
    let mut files = vec![(path.clone(), FILE.to_owned())];
    if before.2.is_some() {
        // Of a leader that was killed: the copy is rolled back when it is opened, not the spool.
        files.push((journal.clone(), format!("{FILE}-journal")));
    }
    let copy = copy_files(&files)?;
    let is_same =
        state()? == before && fs::read_to_string(state_folder.join(FOLDER).join("leader"))? == leader;
    Ok(is_same.then_some(copy))
}

fn copy_files(files: &[(PathBuf, impl AsRef<Path>)]) -> io::Result<TempDir> {
    let copy = tempfile::Builder::new().prefix("tk-incident-").tempdir()?;
    for (path, name) in files {
        io::copy(&mut File::open(path)?, &mut File::create_new(copy.path().join(name))?)?;
    }
    Ok(copy)
}

/// Writes a copy of all tables but for the archives, which are most of a spool and of no use to a reader.
fn copy_tables(connection: &Connection, path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(Error::new(ErrorKind::StateFolder).because(error));
        }
        _ => {}
    }
    connection.execute("ATTACH ?1 AS view", [path.to_string_lossy()])?;
    let copied = copy_into_view(connection);
    connection.execute_batch("DETACH view")?;
    copied
}

fn copy_into_view(connection: &Connection) -> Result<()> {
    // What fails is thrown away, and nobody sees it before it is whole.
    connection.execute_batch("PRAGMA view.journal_mode = off; PRAGMA view.synchronous = off")?;
    let version = schema::version(connection)?;
    let transaction = connection.unchecked_transaction()?;
    connection.execute_batch("PRAGMA defer_foreign_keys = on")?;
    let tables: Vec<(String, String)> = connection
        .prepare(
            "SELECT name, sql FROM main.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
        )?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (name, sql) in tables {
        let columns: Vec<String> = connection
            .prepare("SELECT name FROM pragma_table_info(?1, 'main')")?
            .query_map([&name], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        let is_archive = |column: &String| name == "evidence" && column == "archive";
        let values: Vec<_> = columns
            .iter()
            .map(|column| {
                if is_archive(column) { format!("iif({column} IS NULL, NULL, x'')") } else { column.clone() }
            })
            .collect();
        // SQLite keeps the text as it was given, but for these two words.
        connection.execute_batch(&sql.replacen("CREATE TABLE ", "CREATE TABLE view.", 1))?;
        let copy = format!("INSERT INTO view.{name} SELECT {} FROM main.{name}", values.join(", "));
        connection.execute_batch(&copy)?;
    }
    connection.execute_batch(&format!("PRAGMA view.user_version = {version}"))?;
    Ok(transaction.commit()?)
}

fn length(path: &Path) -> io::Result<u64> {
    Ok(File::open(path)?.metadata()?.len())
}

fn resolved(folder: &Path) -> PathBuf {
    folder.canonicalize().unwrap_or_else(|_| folder.to_path_buf())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(state: &Path) {
        let mut asked = OpenOptions::new().append(true).open(state.join(FOLDER).join("asked")).unwrap();
        asked.write_all(b"?").unwrap();
    }

    fn answered(state: &Path) -> u64 {
        fs::read_to_string(state.join(FOLDER).join("answered")).unwrap().parse().unwrap()
    }

    #[test]
    fn copies_are_made_when_asked_for_and_no_faster_than_they_may() {
        let state = tempfile::tempdir().unwrap();
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE notes (text TEXT); INSERT INTO notes VALUES ('one')").unwrap();
        let view = View::open(state.path()).unwrap();
        let begin = Instant::now();
        let answer = |writes, after_ms| {
            view.answer(&connection, writes, begin + Duration::from_millis(after_ms)).unwrap();
            answered(state.path())
        };
        assert_eq!(answer(1, 0), 0);
        assert!(!state.path().join(FOLDER).join(FILE).exists(), "nobody asked");
        ask(state.path());
        assert_eq!(answer(1, 50), 0, "too soon to look again");
        assert_eq!(answer(1, 100), 1);
        ask(state.path());
        assert_eq!(answer(1, 200), 2, "nothing has changed: the copy is as good as new");
        connection.execute_batch("INSERT INTO notes VALUES ('two')").unwrap();
        ask(state.path());
        ask(state.path());
        assert_eq!(answer(2, 300), 2, "too soon to copy again");
        // A copy may take a while here, and then the next one waits for ten times that.
        assert_eq!(answer(2, 60_000), 4);
        let copy = Connection::open(state.path().join(FOLDER).join(FILE)).unwrap();
        let texts: i64 = copy.query_row("SELECT count(*) FROM notes", [], |row| row.get(0)).unwrap();
        assert_eq!(texts, 2);
    }

    #[test]
    fn a_leader_without_its_lock_is_dead() {
        let logs = tempfile::tempdir().unwrap();
        let leader = format!("host 1\n{}", logs.path().display());
        assert!(may_live(&leader), "there is no lock to ask");
        let lead = Leadership::try_take(logs.path()).unwrap();
        assert!(may_live(&leader));
        drop(lead);
        assert!(!may_live(&leader));
        assert!(may_live("host 1") && !may_live(""));
    }

    #[test]
    fn a_spool_that_changes_hands_while_it_is_copied_is_not_believed() {
        let state = tempfile::tempdir().unwrap();
        fs::write(state.path().join(FILE), "pages").unwrap();
        fs::create_dir(state.path().join(FOLDER)).unwrap();
        fs::write(state.path().join(FOLDER).join("leader"), "the next one").unwrap();
        assert!(copy_at_rest(state.path(), "the one before").unwrap().is_none());
        assert!(copy_at_rest(state.path(), "the next one").unwrap().is_some());
    }

    #[test]
    fn what_this_process_has_open_is_never_opened_a_second_time() {
        let state = tempfile::tempdir().unwrap();
        let view = View::open(state.path()).unwrap();
        fs::write(state.path().join(FILE), "pages").unwrap();
        drop(view);
        let open = OpenHere::new(state.path());
        assert!(copy_at_rest(state.path(), "").unwrap().is_none());
        drop(open);
        assert!(copy_at_rest(state.path(), "").unwrap().is_some());
    }
}
