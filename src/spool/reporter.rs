//! Who this is, at a site where several reporters count: a few characters, made once for each state folder.

use std::hash::{BuildHasher, Hasher, RandomState};

use rusqlite::{Connection, OptionalExtension};

use super::ledger::Account;
use super::now_ms;

/// Characters of an id: so many that no two reporters of one studio have the same.
const LENGTH: usize = 10;

/// The id in this spool; where it is not known there, that of the ledger, and else a new one.
pub fn identify(connection: &Connection, account: &Account) -> rusqlite::Result<()> {
    if known(connection)?.is_none() {
        let id = account.reporter().map_or_else(fresh, str::to_owned);
        connection.execute("INSERT INTO reporter (id) VALUES (?1)", [id])?;
    }
    Ok(())
}

/// The id, in a spool that was opened to be written.
pub fn known(connection: &Connection) -> rusqlite::Result<Option<String>> {
    connection
        .prepare_cached("SELECT id FROM reporter ORDER BY id LIMIT 1")?
        .query_row([], |row| row.get(0))
        .optional()
}

fn fresh() -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&RandomState::new().build_hasher().finish().to_le_bytes());
    hasher.update(&now_ms().to_le_bytes());
    hasher.update(&std::process::id().to_le_bytes());
    hasher.update(gethostname::gethostname().as_encoded_bytes());
    hasher.finalize().to_hex()[..LENGTH].to_owned()
}
