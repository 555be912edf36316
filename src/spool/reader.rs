//! The reader's side of the spool: for the command line, also while a reporter runs.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, Row};
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use super::connect::BUSY;
use super::{FILE, Size, rows, schema, view};
use crate::error::{Error, ErrorKind, Result};
use crate::folders::for_libraries;
use crate::incident::{Incident, IncidentState, Occurrence};
use crate::leader::Leadership;
use crate::stats::{SpoolStats, Stats};

/// Occurrences that are read at once.
const PAGE: i64 = 1_000;

/// Fewer of them where they are as long as this together.
const PAGE_BYTES: usize = 8 << 20;

/// The first version of the tables that knows of occurrences that a hook wanted no ticket for.
const KNOWS_VETOES: i64 = 7;

/// Deliveries that the status names.
const STATUS_DELIVERIES: usize = 20;

/// Reads a spool, and never writes to it.
///
/// On a network drive it reads a copy of its own, as old as the reader: whatever it does, no leader waits for it.
#[derive(Debug)]
pub struct SpoolReader {
    connection: Connection,
    path: PathBuf,
    /// Deleted once the connection to it is closed.
    _copy: Option<TempDir>,
}

impl SpoolReader {
    /// Opens the spool in a state folder.
    pub fn open(state_folder: &Path) -> Result<Self> {
        let path = for_libraries(state_folder).join(FILE);
        if !path.is_file() {
            return Err(Error::new(ErrorKind::NoSpool).at(state_folder));
        }
        let copy = view::copy(state_folder)?;
        let open = || -> Result<Connection> {
            let connection = match &copy {
                None => Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY)?,
                // With the right to write: a journal that came with it is rolled back here.
                Some(copy) => {
                    Connection::open_with_flags(copy.path().join(FILE), OpenFlags::SQLITE_OPEN_READ_WRITE)?
                }
            };
            connection.busy_timeout(BUSY)?;
            if schema::version(&connection)? == 0 {
                return Err(Error::new(ErrorKind::NoSpool));
            }
            Ok(connection)
        };
        Ok(Self { connection: open().map_err(|error| error.at(&path))?, path, _copy: copy })
    }

    /// All incidents, in order of first sight.
    pub fn incidents(&self) -> Result<Vec<Incident>> {
        let is_discarded = match schema::version(&self.connection)? {
            KNOWS_VETOES.. => {
                "coalesce(min(CAST(d.discarded_count AS INTEGER), d.delivered_count) >= i.count, 0)"
            }
            _ => "0",
        };
        let sql = format!(
            "SELECT {is_discarded}, {} FROM incidents i JOIN deliveries d ON d.incident_id = i.id ORDER BY i.id",
            rows::INCIDENT
        );
        let incident = |row: &Row<'_>| {
            let found = rows::incident(row, 1)?;
            Ok(if row.get(0)? { Incident { state: IncidentState::Discarded, ..found } } else { found })
        };
        self.read(|connection| connection.prepare_cached(&sql)?.query_map([], incident)?.collect())
    }

    /// At most 1,000 occurrences behind this row; none where there is no further one.
    pub fn occurrences(&self, after_id: i64) -> Result<Vec<Occurrence>> {
        self.read(|connection| occurrences(connection, after_id))
    }

    /// Row of the last occurrence; 0 where there is none.
    pub fn last_occurrence_id(&self) -> Result<i64> {
        self.read(last_occurrence_id)
    }

    /// Who leads, what is followed, and the books.
    pub fn status(&self) -> Result<Value> {
        // Of one moment: a reporter may be at work, and the books are to balance.
        let _moment = self.connection.unchecked_transaction()?;
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
            "size": self.size()?,
            "files": self.files()?,
            "counters": self.counters()?,
            "books": self.books()?,
            "deliveries": self.deliveries(STATUS_DELIVERIES)?,
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
        let known = [Stats::default().named(), SpoolStats::default().named()].concat();
        let mut all: Map<_, _> =
            known.into_iter().map(|(name, none)| (name.to_owned(), none.into())).collect();
        self.read(|connection| {
            let mut statement = connection.prepare("SELECT name, value FROM counters ORDER BY name")?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                all.insert(row.get(0)?, row.get::<_, i64>(1)?.into());
            }
            Ok(all)
        })
    }

    fn size(&self) -> Result<Value> {
        let (size, cap): (Size, Option<u64>) = self.read(|connection| {
            let size = Size::of(connection, self.path.parent().unwrap_or(&self.path))?;
            let sql = "SELECT max(cap_bytes) FROM bounds";
            Ok((
                size,
                connection.query_row(sql, [], |row| rows::number_or_null(row, 0))?.map(i64::unsigned_abs),
            ))
        })?;
        let Size { used_bytes, file_bytes, wal_bytes } = size;
        Ok(
            json!({"used_bytes": used_bytes, "file_bytes": file_bytes, "wal_bytes": wal_bytes, "cap_bytes": cap}),
        )
    }

    /// Read = matched + not matched; matched = captured + known; captured = kept + folded, and also
    /// delivered + waiting + discarded. No number here is worked out from another.
    fn books(&self) -> Result<Value> {
        // A spool that no reporter of today has opened yet.
        let vetoed = match schema::version(&self.connection)? {
            KNOWS_VETOES.. => "min(max(CAST(d.discarded_count AS INTEGER), 0), d.delivered_count, i.count)",
            _ => "0",
        };
        let sql = format!(
            "WITH n AS (SELECT name, value FROM counters) SELECT \
             coalesce((SELECT value FROM n WHERE name = 'records_read'), 0), \
             coalesce((SELECT value FROM n WHERE name = 'matched'), 0), \
             coalesce((SELECT value FROM n WHERE name = 'not_matched'), 0), \
             coalesce((SELECT value FROM n WHERE name = 'records_known'), 0), \
             coalesce((SELECT value FROM n WHERE name = 'occurrences_folded'), 0), \
             (SELECT count(*) FROM occurrences), coalesce(sum(i.count), 0), \
             coalesce(sum(min(d.delivered_count, i.count) - {vetoed}), 0), \
             coalesce(sum(max(i.count - d.delivered_count, 0)), 0), coalesce(sum({vetoed}), 0) \
             FROM incidents i JOIN deliveries d ON d.incident_id = i.id"
        );
        let names = [
            "read",
            "matched",
            "not_matched",
            "known",
            "folded",
            "kept",
            "captured",
            "delivered",
            "waiting",
            "vetoed",
        ];
        let mut books: Map<String, Value> = self.read(|connection| {
            connection.query_row(&sql, [], |row| {
                let numbers = names.iter().enumerate();
                numbers.map(|(at, name)| Ok(((*name).to_owned(), row.get::<_, i64>(at)?.into()))).collect()
            })
        })?;
        let vetoed = books.remove("vetoed").filter(|count| count != 0);
        books.insert("discarded".to_owned(), vetoed.map_or(json!({}), |count| json!({"vetoed": count})));
        Ok(books.into())
    }

    pub(super) fn read<T>(&self, query: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T> {
        query(&self.connection).map_err(|error| Error::from(error).at(&self.path))
    }
}

/// At most 1,000 occurrences behind this row, for readers and the leader alike.
pub(super) fn occurrences(connection: &Connection, after_id: i64) -> rusqlite::Result<Vec<Occurrence>> {
    let sql = format!(
        "SELECT {} FROM occurrences o JOIN incidents i ON i.id = o.incident_id \
         WHERE o.id > ?1 ORDER BY o.id LIMIT {PAGE}",
        rows::OCCURRENCE
    );
    let (mut page, mut bytes) = (Vec::new(), 0);
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([after_id])?;
    while bytes < PAGE_BYTES
        && let Some(row) = rows.next()?
    {
        let occurrence = rows::occurrence(row, 0)?;
        bytes += occurrence.record.len();
        page.push(occurrence);
    }
    Ok(page)
}

/// Row of the last occurrence; 0 where there is none.
pub(super) fn last_occurrence_id(connection: &Connection) -> rusqlite::Result<i64> {
    let sql = "SELECT coalesce(max(id), 0) FROM occurrences";
    connection.prepare_cached(sql)?.query_row([], |row| row.get(0))
}
