//! Rows of the spool as the types of the core.
//!
//! What a row's sum covers is what was written, or the row is damaged. The rest is taken as it is: a flipped bit in a
//! word, or in a number on which nothing hangs, must not hold up what else the row says. So it is never an error.

use std::path::PathBuf;

use compact_str::CompactString;
use rusqlite::Row;
use rusqlite::types::{Type, ValueRef};

use crate::incident::{Incident, IncidentState, Occurrence};
use crate::record::Level;
use crate::tail::Checkpoint;

/// Columns of an occurrence `o` of an incident `i`, in the order of [`occurrence`].
pub const OCCURRENCE: &str = "o.id, i.signature, i.title, o.level, o.engine, o.logger, o.pid, o.time, o.path, \
     o.offset, o.length, o.message, o.exception, o.context_id, o.request_id, o.record";

/// Columns of an incident `i` with its delivery `d`, in the order of [`incident`].
pub const INCIDENT: &str = "i.signature, i.title, i.level, i.engines, i.count, i.first_seen, i.last_seen, \
     i.exception, i.message, i.users, d.delivered_count, d.ticket_id";

/// Columns of a checkpoint, in the order of [`checkpoint`].
pub const CHECKPOINT: &str = "identity, generation, offset, anchor, path, followed";

type RowResult<T> = rusqlite::Result<T>;

/// Reads an [`OCCURRENCE`] whose columns begin at `at`.
pub fn occurrence(row: &Row<'_>, at: usize) -> RowResult<Occurrence> {
    Ok(Occurrence {
        id: row.get(at)?,
        signature: row.get(at + 1)?,
        title: text(row, at + 2)?,
        level: level(row, at + 3)?,
        engine: text(row, at + 4)?.into(),
        logger: text(row, at + 5)?.into(),
        pid: number_or_null(row, at + 6)?.and_then(|pid| pid.try_into().ok()),
        time: text(row, at + 7)?.into(),
        path: PathBuf::from(text(row, at + 8)?).into(),
        offset: unsigned(row, at + 9)?,
        length: number(row, at + 10)?.try_into().unwrap_or_default(),
        message: text(row, at + 11)?,
        exception: text_or_null(row, at + 12)?.map(CompactString::from),
        context_id: text_or_null(row, at + 13)?,
        request_id: text_or_null(row, at + 14)?,
        record: text(row, at + 15)?,
    })
}

/// Reads an [`INCIDENT`] whose columns begin at `at`.
pub fn incident(row: &Row<'_>, at: usize) -> RowResult<Incident> {
    let count = unsigned(row, at + 4)?;
    let delivered = unsigned(row, at + 10)?;
    Ok(Incident {
        signature: row.get(at)?,
        title: text(row, at + 1)?,
        level: level(row, at + 2)?,
        engines: list(row, at + 3)?,
        count,
        first_seen: text(row, at + 5)?.into(),
        last_seen: text(row, at + 6)?.into(),
        exception: text_or_null(row, at + 7)?.map(CompactString::from),
        message: text(row, at + 8)?,
        users: list(row, at + 9)?,
        state: if delivered < count { IncidentState::Waiting } else { IncidentState::Delivered },
        ticket: row.get(at + 11)?,
    })
}

/// Reads a [`CHECKPOINT`].
pub fn checkpoint(row: &Row<'_>) -> RowResult<Checkpoint> {
    let identity: String = row.get(0)?;
    Ok(Checkpoint {
        identity: identity.parse().map_err(|error| bad(0, error))?,
        generation: row.get(1)?,
        offset: unsigned(row, 2)?,
        anchor: row.get(3)?,
        path: text(row, 4)?.into(),
        followed: row.get(5)?,
    })
}

/// The database's integers are signed; those with a sum never are.
pub fn unsigned(row: &Row<'_>, at: usize) -> RowResult<u64> {
    u64::try_from(row.get::<_, i64>(at)?).map_err(|error| bad(at, error))
}

/// Words, whatever they are by now.
pub fn text(row: &Row<'_>, at: usize) -> RowResult<String> {
    Ok(text_or_null(row, at)?.unwrap_or_default())
}

/// The same, where there may be none.
pub fn text_or_null(row: &Row<'_>, at: usize) -> RowResult<Option<String>> {
    Ok(match row.get_ref(at)? {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
        _ => None,
    })
}

/// A number that no sum covers: none counts as 0.
pub fn number(row: &Row<'_>, at: usize) -> RowResult<i64> {
    Ok(number_or_null(row, at)?.unwrap_or_default())
}

/// The same, where there may be none.
pub fn number_or_null(row: &Row<'_>, at: usize) -> RowResult<Option<i64>> {
    Ok(row.get_ref(at)?.as_i64().ok())
}

/// Bytes: one flipped bit makes them a text.
pub fn bytes(row: &Row<'_>, at: usize) -> RowResult<Vec<u8>> {
    Ok(match row.get_ref(at)? {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.to_vec(),
        _ => Vec::new(),
    })
}

fn level(row: &Row<'_>, at: usize) -> RowResult<Level> {
    Ok(Level::from_name(text(row, at)?.as_bytes()))
}

fn list(row: &Row<'_>, at: usize) -> RowResult<Vec<CompactString>> {
    Ok(serde_json::from_str(&text(row, at)?).unwrap_or_default())
}

fn bad(at: usize, error: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(at, Type::Text, Box::new(error))
}
