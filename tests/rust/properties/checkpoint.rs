//! Whatever stands in the spool's checkpoints, the tail goes on and reads no record of a file's life twice.

use std::collections::HashSet;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use rusqlite::{Connection, ToSql, params};
use tempfile::TempDir;
use tk_incident_core::Config;
use tk_incident_core::notes::Notes;
use tk_incident_core::signature::Studio;
use tk_incident_core::spool::{Batch, FILE, Place, Spool, SpoolReader};
use tk_incident_core::stats::Stats;
use tk_incident_core::tail::{Beginning, Checkpoint, FileIdentity, Tailer};

const COLUMNS: [&str; 6] = ["identity", "generation", "offset", "anchor", "path", "followed"];

/// Records of the log.
const RECORDS: usize = 6;

/// More rows of one input are left out.
const MOST_ROWS: usize = 8;

/// More than any wait of the tail.
const LONG: Duration = Duration::from_secs(10);

/// A file, its life, and where a record begins in it.
type Address = (FileIdentity, u32, u64);

/// A log, and a spool whose checkpoints are overwritten for each input.
pub struct World {
    root: TempDir,
    spool: Spool,
    /// The other way into the spool's file, past all that its writer takes care of.
    behind: Connection,
    /// The checkpoint after each number of records.
    truth: Vec<Checkpoint>,
    now: Instant,
}

impl World {
    /// Writes the log, and makes the spool.
    pub fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let state = root.path().join("state");
        fs::create_dir(root.path().join("logs")).unwrap();
        let spool = Spool::open(&Place::local(&state), &Studio::default(), &Notes::default()).unwrap();
        let behind = Connection::open(state.join(FILE)).unwrap();
        // A damaged row can hold what no writer may put there. The spool sees what was done to its tables when it is
        // opened, and not before.
        behind
            .execute_batch(
                "PRAGMA writable_schema = on; \
                 UPDATE sqlite_schema SET sql = replace(sql, ' NOT NULL', '') WHERE name = 'files'; \
                 PRAGMA writable_schema = reset; DROP TRIGGER files_new; DROP TRIGGER files_changed",
            )
            .unwrap();
        let mut world = Self { root, spool, behind, truth: Vec::new(), now: Instant::now() };
        world.write_log();
        world
    }

    /// Checks one input: rows with a value a column, with a tab between two; see [`World::value`].
    pub fn holds(&mut self, input: &[u8]) {
        self.behind.execute("DELETE FROM files", []).unwrap();
        for line in input.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).take(MOST_ROWS) {
            self.insert(line);
        }
        SpoolReader::open(&self.config().state_folder()).unwrap().status().map(drop).unwrap_or_default();
        let Ok(points) = self.spool.checkpoints() else { return };

        let mut found = HashSet::new();
        let after = self.follow(points.clone(), &mut found);
        let Some(true_point) = after.iter().find(|point| point.identity == self.truth[0].identity) else {
            panic!("the log is not followed: {after:?}");
        };
        assert_eq!(true_point.offset, self.truth[RECORDS].offset, "the log is read to its end");
        self.reads_what_is_owed(&points, &found);

        // What was read is committed as it was, whatever the row said, and the next reporter finds no record again.
        let batch = Batch { checkpoints: after.clone(), facts: "{}".into(), ..Batch::default() };
        self.spool.commit(&batch).unwrap();
        if let Ok(points) = self.spool.checkpoints() {
            assert!(after.iter().all(|point| points.contains(point)), "{after:?} is kept as {points:?}");
            let count = found.len();
            self.follow(points, &mut found);
            assert_eq!(found.len(), count, "a record is found after all were read");
        }
    }

    /// A file that is new to the spool is read from its start; one that it knows is read from where it stopped.
    fn reads_what_is_owed(&self, points: &[Checkpoint], found: &HashSet<Address>) {
        let identity = self.truth[0].identity;
        let same_file = |point: &&Checkpoint| point.identity == identity;
        let same_place = |point: &&Checkpoint| {
            self.truth.iter().any(|have| (have.offset, &have.anchor) == (point.offset, &point.anchor))
        };
        let skipped = match points.iter().rfind(same_file) {
            Some(point) if same_place(&point) => {
                self.truth.iter().position(|have| have.offset == point.offset).unwrap()
            }
            Some(_) => return,
            None => 0,
        };
        assert_eq!(found.len(), RECORDS - skipped, "{points:?}");
    }

    /// A reporter comes with these checkpoints, reads the log and goes.
    fn follow(&mut self, points: Vec<Checkpoint>, found: &mut HashSet<Address>) -> Vec<Checkpoint> {
        self.now += LONG;
        let mut stats = Stats::default();
        let mut tailer = Tailer::new(&self.config(), points, Beginning::Start);
        tailer.resume(self.now, &mut stats, |_, _| panic!("no file has lost its name"));
        tailer.reconcile(self.now, &Notes::default(), &mut stats).unwrap();
        let mut more = true;
        while more {
            more = self.turn(&mut tailer, &mut stats, found);
        }
        // A look at the file that finds the last record quiet.
        self.turn(&mut tailer, &mut stats, found);
        let points = tailer.take_checkpoints();
        tailer.committed();
        points
    }

    fn turn(&mut self, tailer: &mut Tailer, stats: &mut Stats, found: &mut HashSet<Address>) -> bool {
        self.now += LONG;
        tailer.read(self.now, stats, |read, _| {
            let address = (read.identity, read.generation, read.record.start);
            assert!(found.insert(address), "{address:?} is read twice");
        })
    }

    fn write_log(&mut self) {
        let path = self.log();
        let mut log = OpenOptions::new().create(true).append(true).open(path).unwrap();
        for number in 0..=RECORDS {
            let known = self.truth.last().cloned().into_iter().collect();
            let now = self.follow(known, &mut HashSet::new());
            self.truth.extend(now);
            assert_eq!(self.truth.len(), number + 1);
            if number < RECORDS {
                let lines = "  a line of its own\n".repeat(number * 5);
                write!(log, "2026-11-22 00:21:30,207 [7 ERROR sgtk.x] record {number}\n{lines}").unwrap();
            }
        }
    }

    fn insert(&self, line: &[u8]) {
        let given: Vec<_> = line.split(|byte| *byte == b'\t').collect();
        let value = |at: usize| self.value(at, given.get(at).copied().unwrap_or(b"=3"));
        let sql =
            format!("INSERT OR REPLACE INTO files ({}) VALUES (?1, ?2, ?3, ?4, ?5, ?6)", COLUMNS.join(", "));
        let values = params![value(0), value(1), value(2), value(3), value(4), value(5)];
        // What the table refuses, a number that is none as its key, is no row.
        self.behind.prepare_cached(&sql).unwrap().execute(values).map(drop).unwrap_or_default();
    }

    /// `=3` is what is true after three records, `i-5` a whole number, `r1.5` another, `n` nothing, `x…` bytes;
    /// all else is text, whether or not it is UTF-8.
    fn value<'a>(&self, column: usize, word: &'a [u8]) -> Cell<'a> {
        let text = std::str::from_utf8(word).unwrap_or_default();
        let (kind, rest) = text.split_at_checked(1).unwrap_or_default();
        let value = match kind {
            "=" => rest
                .parse()
                .ok()
                .and_then(|number: usize| self.truth.get(number))
                .map(|point| point_value(point, column)),
            "i" => rest.parse().ok().map(Value::Integer),
            "r" => rest.parse().ok().map(Value::Real),
            "n" if rest.is_empty() => Some(Value::Null),
            "x" => Some(Value::Blob(rest.as_bytes().to_vec())),
            _ => None,
        };
        value.map_or(Cell::Text(word), Cell::Value)
    }

    fn config(&self) -> Config {
        let root = self.root.path();
        Config {
            log_folder: Some(root.join("logs")),
            state_folder: Some(root.join("state")),
            ..Config::default()
        }
    }

    fn log(&self) -> PathBuf {
        self.root.path().join("logs/tk-maya.log")
    }
}

fn point_value(point: &Checkpoint, column: usize) -> Value {
    match column {
        0 => point.identity.to_string().into(),
        1 => i64::from(point.generation).into(),
        2 => i64::try_from(point.offset).unwrap().into(),
        3 => point.anchor.clone().into(),
        4 => point.path.to_string_lossy().into_owned().into(),
        _ => i64::from(point.followed).into(),
    }
}

/// What stands in a column of a row.
enum Cell<'a> {
    Value(Value),
    Text(&'a [u8]),
}

impl ToSql for Cell<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Value(value) => ToSqlOutput::Borrowed(value.into()),
            Self::Text(bytes) => ToSqlOutput::Borrowed(ValueRef::Text(bytes)),
        })
    }
}
