//! A sum in each row over what decides what is read again and what is delivered.
//!
//! `SQLite` sees when a page makes no sense, but not when a number in it has become another one.

use rusqlite::functions::FunctionFlags;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Result};

/// A table whose rows outlive a damaged file.
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// What its rows are in order of.
    pub key: &'static str,
    /// What the sum is taken over; None where a row carries none.
    pub summed: Option<&'static str>,
    /// What a row can do without.
    pub spare: Option<&'static str>,
}

/// All of them, incidents before what belongs to them. The triggers of the schema say the same of the sums.
pub const TABLES: [Table; 13] = [
    table("folders", "path", Some("path")),
    table("files", "identity", Some("identity, generation, offset, anchor, followed")),
    table("reporter", "id", Some("id")),
    table("folded", "identity, generation", Some("identity, generation, up_to")),
    table("terms", "term", Some("term")),
    table("counters", "name", Some("name, value")),
    table("incidents", "id", Some("id, signature, ticket_user, count")),
    table("keys", "signature, ticket_user", Some("signature, ticket_user, incident_id")),
    table("deliveries", "incident_id", Some("incident_id, ticket_id, attached, delivered_count")),
    table("digests", "id", Some("id, key, ticket_id, attached, is_done")),
    table("digest_members", "incident_id", Some("incident_id, digest_id, count")),
    table("occurrences", "id", Some("id, incident_id, identity, generation, offset, signature, ticket_user")),
    // An archive has sums of its own, and is made again from the log if it cannot be read.
    Table { spare: Some("archive"), ..table("evidence", "incident_id", None) },
];

const fn table(name: &'static str, key: &'static str, summed: Option<&'static str>) -> Table {
    Table { name, key, summed, spare: None }
}

/// Lets a connection compute the sum of a row: whoever writes needs it.
pub fn register(connection: &Connection) -> Result<()> {
    let flags =
        FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
    connection.create_scalar_function(c"row_sum", -1, flags, |row| {
        let mut hasher = blake3::Hasher::new();
        for at in 0..row.len() {
            let (kind, integer);
            let bytes: &[u8] = match row.get_raw(at) {
                ValueRef::Null => {
                    kind = 0;
                    &[]
                }
                ValueRef::Integer(value) => {
                    (kind, integer) = (1, value.to_le_bytes());
                    &integer
                }
                ValueRef::Real(value) => {
                    (kind, integer) = (2, value.to_le_bytes());
                    &integer
                }
                ValueRef::Text(text) => {
                    kind = 3;
                    text
                }
                ValueRef::Blob(blob) => {
                    kind = 4;
                    blob
                }
            };
            hasher.update(&[kind]).update(&(bytes.len() as u64).to_le_bytes()).update(bytes);
        }
        let mut first = [0; 8];
        first.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
        Ok(i64::from_le_bytes(first))
    })
}

/// Whether each row of the database is what was written.
pub fn hold(connection: &Connection) -> Result<bool> {
    for table in &TABLES {
        if let Some(summed) = table.summed {
            let sql = format!("SELECT 1 FROM {} WHERE sum IS NOT row_sum({summed})", table.name);
            if connection.prepare(&sql)?.exists([])? {
                return Ok(false);
            }
        }
    }
    Ok(true)
}
