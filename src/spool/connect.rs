//! How the file is opened, and whether it is what it was.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::{Drive, FILE, Place, bounds, schema, sums};
use crate::error::{Error, ErrorKind, Result};

/// How long one process waits for another's transaction.
pub(super) const BUSY: Duration = Duration::from_secs(5);

/// And for one that has the whole file on a network drive: longer than its end takes, no longer than a start may.
const BUSY_NETWORK: Duration = Duration::from_millis(200);

/// A larger spool is looked through only after an end that was not in order: the start does not wait for more.
const LOOKED_THROUGH_BYTES: u64 = 32 << 20;

/// Statements that stay prepared: all there are. With fewer, each occurrence of a batch prepares its own anew.
const STATEMENTS: usize = 256;

/// KiB of the file's pages that are kept between transactions.
const CACHE_KIB: i64 = 512;

/// And within one: as many as a large batch changes. With fewer a page that it needs again is read again.
const CACHE_WITHIN_KIB: i64 = 2048;

/// Opens the file, or makes it. Fails where it is damaged.
pub(super) fn connect(place: &Place, path: &Path) -> Result<Connection> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let has_journal = |suffix| path.with_file_name(format!("{FILE}{suffix}")).exists();
    let closed_in_order = !has_journal("-wal") && !has_journal("-journal");
    let size = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    let mut connection = match &place.vfs {
        None => Connection::open_with_flags(path, flags)?,
        Some(vfs) => Connection::open_with_flags_and_vfs(path, flags, vfs.as_str())?,
    };
    connection.busy_timeout(match place.drive {
        Drive::Local => BUSY,
        Drive::Network => BUSY_NETWORK,
    })?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // Where a table has a partial index, SQLite prepares a statement anew for each value that is bound: the value might
    // be one for which the index will do. That took half of a batch's time.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    sums::register(&connection)?;
    if place.drive == Drive::Network || place.vfs.is_some() {
        // WAL's index is shared memory, which two machines do not have, nor does a test's VFS.
        connection.pragma_update(None, "locking_mode", "exclusive")?;
    }
    schema::prepare(&connection)?;
    connection.pragma_update(None, "journal_size_limit", bounds::WAL_BYTES)?;
    let journal = if place.drive == Drive::Network { "delete" } else { "wal" };
    set_journal_mode(&connection, journal)?;
    // Each commit survives a power cut: a checkpoint must not be older than what was delivered.
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    schema::migrate(&mut connection)?;
    if !schema::is_intact(&connection)? {
        return Err(Error::new(ErrorKind::SpoolDamaged));
    }
    // A spool that was closed in order leaves no journal; looking through a large one takes a while.
    if closed_in_order && size > LOOKED_THROUGH_BYTES {
        return Ok(connection);
    }
    // The quick check does not see an index that says something else than its table: a known address would be new.
    let verdict: String = connection.pragma_query_value(None, "integrity_check", |row| row.get(0))?;
    if verdict == "ok" && sums::hold(&connection)? {
        Ok(connection)
    } else {
        Err(Error::new(ErrorKind::SpoolDamaged))
    }
}

/// Runs a transaction with the cache that it needs, and gives back what is more than a host should keep for it.
pub(super) fn with_cache<T>(
    connection: &mut Connection,
    transaction: impl FnOnce(&mut Connection) -> Result<T>,
) -> Result<T> {
    keep(connection, CACHE_WITHIN_KIB);
    let out = transaction(connection);
    keep(connection, CACHE_KIB);
    out
}

/// Where that fails, so does the transaction, or it is done and must not be called failed.
fn keep(connection: &Connection, kib: i64) {
    // Less than nothing is a number of KiB, and not of pages.
    connection.pragma_update(None, "cache_size", -kib).unwrap_or_default();
}

/// `SQLite` says first what the mode is, and then changes the file. A journal that could not be deleted then would take
/// back at the next start all that is written from here on: so the statement is followed to its end.
fn set_journal_mode(connection: &Connection, mode: &str) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(&format!("PRAGMA journal_mode = {mode}"))?;
    let mut rows = statement.query([])?;
    while rows.next()?.is_some() {}
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transaction_has_more_cache_than_is_kept() {
        let mut connection = Connection::open_in_memory().unwrap();
        let kib = |connection: &Connection| -> i64 {
            connection.pragma_query_value(None, "cache_size", |row| row.get(0)).unwrap()
        };
        let within = with_cache(&mut connection, |connection| Ok(kib(connection))).unwrap();
        assert_eq!((within, kib(&connection)), (-2048, -512));
        let failed = with_cache(&mut connection, |_| -> Result<()> { Err(Error::new(ErrorKind::LeadLost)) });
        assert_eq!(failed.unwrap_err().kind(), &ErrorKind::LeadLost);
        assert_eq!(kib(&connection), -512);
    }
}
