//! Brings the incidents of a spool under the keys of today's rules, once after an upgrade and after each recovery.

use rusqlite::{Connection, OptionalExtension, params};

use super::keys;
use super::mend::NOWHERE;
use crate::record::Parts;
use crate::redact::redact;
use crate::signature::{Studio, VERSION, is_current, sign};

/// An incident, as it is called so far.
struct Named {
    id: i64,
    key: String,
    ticket_user: String,
}

/// Signs what is kept of each incident, where that was not done by these rules.
pub fn sign_anew(connection: &Connection, studio: &Studio) -> rusqlite::Result<()> {
    if connection.prepare("SELECT 1 FROM signed WHERE version = ?1")?.exists([VERSION])? {
        return Ok(());
    }
    let mut after = i64::MIN;
    while let Some(incident) = next(connection, after)? {
        after = incident.id;
        let keys = keys_of(connection, &incident, studio)?;
        incident.take(connection, &keys)?;
    }
    connection.execute("DELETE FROM signed", [])?;
    connection.execute("INSERT INTO signed VALUES (?1)", [VERSION]).map(drop)
}

fn next(connection: &Connection, after: i64) -> rusqlite::Result<Option<Named>> {
    connection
        .prepare_cached("SELECT id, signature, ticket_user FROM incidents WHERE id > ?1 ORDER BY id LIMIT 1")?
        .query_row([after], |row| Ok(Named { id: row.get(0)?, key: row.get(1)?, ticket_user: row.get(2)? }))
        .optional()
}

/// The keys of an incident's occurrences, in their order. A text that has lost its middle, or was never there, gives none.
fn keys_of(connection: &Connection, incident: &Named, studio: &Studio) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare_cached(
        "SELECT signature, record, shortened = 0 AND identity <> ?2 FROM occurrences WHERE incident_id = ?1 ORDER BY id",
    )?;
    let mut rows = statement.query(params![incident.id, NOWHERE])?;
    let mut keys = Vec::new();
    let mut known = std::collections::HashSet::new();
    while let Some(row) = rows.next()? {
        let signed: Option<String> = row.get(0).unwrap_or_default();
        let key = match signed {
            Some(key) if is_current(&key) => key,
            _ if row.get(2)? => sign(&Parts::of(&redact(&super::rows::text(row, 1)?)), studio).key,
            _ => continue,
        };
        if known.insert(key.clone()) {
            keys.push(key);
        }
    }
    Ok(keys)
}

impl Named {
    /// Takes those of these keys that no other incident has: the first as its own, if its own is an old one.
    fn take(&self, connection: &Connection, keys: &[String]) -> rusqlite::Result<()> {
        let mut is_old = !is_current(&self.key);
        for key in keys {
            match keys::owner(connection, key, &self.ticket_user)? {
                Some(other) if other != self.id => {}
                _ if is_old => {
                    keys::replace(connection, (&self.key, key), &self.ticket_user, self.id)?;
                    is_old = false;
                }
                Some(_) => {}
                None => keys::insert(connection, key, &self.ticket_user, self.id)?,
            }
        }
        if is_old && !keys.is_empty() {
            keys::insert(connection, &self.key, &self.ticket_user, self.id)?;
        }
        Ok(())
    }
}
