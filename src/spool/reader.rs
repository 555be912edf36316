//! The reader's side of the spool: for the command line, also while a reporter runs.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};
use serde_json::{Map, Value, json};

use super::{BUSY, FILE, rows, schema};
use crate::error::{Error, ErrorKind, Result};
use crate::incident::{Incident, Occurrence};
use crate::leader::Leadership;

/// Occurrences that are read at once.
const PAGE: i64 = 1_000;

/// Reads a spool, and never writes to it.
#[derive(Debug)]
pub struct SpoolReader {
    connection: Connection,
    path: PathBuf,
}

impl SpoolReader {
    /// Opens the spool in a state folder.
    pub fn open(state_folder: &Path) -> Result<Self> {
        let path = state_folder.join(FILE);
        if !path.is_file() {
            return Err(Error::new(ErrorKind::NoSpool).at(state_folder));
        }
        let open = || -> Result<Connection> {
            let connection = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
            connection.busy_timeout(BUSY)?;
            if schema::version(&connection)? == 0 {
                return Err(Error::new(ErrorKind::NoSpool));
            }
            Ok(connection)
        };
        Ok(Self { connection: open().map_err(|error| error.at(&path))?, path })
    }

    /// All incidents, in order of first sight.
    pub fn incidents(&self) -> Result<Vec<Incident>> {
        let sql = format!(
            "SELECT {} FROM incidents i JOIN deliveries d ON d.incident_id = i.id ORDER BY i.id",
            rows::INCIDENT
        );
        self.read(|connection| {
            connection.prepare_cached(&sql)?.query_map([], |row| rows::incident(row, 0))?.collect()
        })
    }

    /// At most 1,000 occurrences behind this row.
    pub fn occurrences(&self, after_id: i64) -> Result<Vec<Occurrence>> {
        let sql = format!(
            "SELECT {} FROM occurrences o JOIN incidents i ON i.id = o.incident_id \
             WHERE o.id > ?1 ORDER BY o.id LIMIT {PAGE}",
            rows::OCCURRENCE
        );
        self.read(|connection| {
            connection.prepare_cached(&sql)?.query_map([after_id], |row| rows::occurrence(row, 0))?.collect()
        })
    }

    /// Row of the last occurrence; 0 where there is none.
    pub fn last_occurrence_id(&self) -> Result<i64> {
        self.read(|connection| {
            let sql = "SELECT coalesce(max(id), 0) FROM occurrences";
            connection.prepare_cached(sql)?.query_row([], |row| row.get(0))
        })
    }

    /// Who leads, what is followed, and the books.
    pub fn status(&self) -> Result<Value> {
        let folders: Vec<String> = self.read(|connection| {
            connection
                .prepare("SELECT path FROM folders ORDER BY path")?
                .query_map([], |row| row.get(0))?
                .collect()
        })?;
        let led: Vec<_> = folders
            .iter()
            .map(|folder| json!({"path": folder, "has_leader": Leadership::is_taken(Path::new(folder))}))
            .collect();
        Ok(json!({
            "spool": self.path,
            "schema_version": schema::version(&self.connection)?,
            "log_folders": led,
            "files": self.files()?,
            "counters": self.counters()?,
            "books": self.books()?,
            "deliveries": self.waiting()?,
        }))
    }

    fn files(&self) -> Result<Vec<Value>> {
        let sql = format!("SELECT {} FROM files WHERE followed ORDER BY path", rows::CHECKPOINT);
        let points: Vec<_> =
            self.read(|connection| connection.prepare(&sql)?.query_map([], rows::checkpoint)?.collect())?;
        let describe = |point: &crate::tail::Checkpoint| {
            // The name may be gone or belong to another file by now: the lag is then not known.
            let size = std::fs::metadata(&point.path).map(|metadata| metadata.len()).ok();
            let lag = size.and_then(|size| size.checked_sub(point.offset));
            json!({"path": point.path, "offset": point.offset, "generation": point.generation, "lag_bytes": lag})
        };
        Ok(points.iter().map(describe).collect())
    }

    fn counters(&self) -> Result<Map<String, Value>> {
        self.read(|connection| {
            let mut statement = connection.prepare("SELECT name, value FROM counters ORDER BY name")?;
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.into())))?;
            rows.collect()
        })
    }

    /// Captured = delivered + waiting + discarded. Nothing is ever discarded so far.
    fn books(&self) -> Result<Value> {
        let (captured, delivered) = self.read(|connection| {
            connection.query_row(
                "SELECT (SELECT count(*) FROM occurrences), \
                 coalesce((SELECT sum(min(d.delivered_count, i.count)) FROM deliveries d \
                 JOIN incidents i ON i.id = d.incident_id), 0)",
                [],
                |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)),
            )
        })?;
        let waiting = captured - delivered;
        Ok(json!({"captured": captured, "delivered": delivered, "waiting": waiting, "discarded": {}}))
    }

    /// Deliveries that failed and wait.
    fn waiting(&self) -> Result<Vec<Value>> {
        self.read(|connection| {
            let sql = "SELECT i.title, d.attempts, d.next_try_ms, d.last_error FROM deliveries d \
                 JOIN incidents i ON i.id = d.incident_id WHERE d.attempts > 0 ORDER BY d.next_try_ms";
            connection
                .prepare(sql)?
                .query_map([], |row| {
                    let next = jiff::Timestamp::from_millisecond(row.get(2)?).map(|at| at.to_string()).ok();
                    Ok(json!({
                        "title": row.get::<_, String>(0)?,
                        "attempts": row.get::<_, i64>(1)?,
                        "next_try": next,
                        "last_error": row.get::<_, Option<String>>(3)?,
                    }))
                })?
                .collect()
        })
    }

    fn read<T>(&self, query: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T> {
        query(&self.connection).map_err(|error| Error::from(error).at(&self.path))
    }
}
