//! The keys that an incident is found by beside its own: those that it had under earlier rules, and those of the
//! problems that these rules had taken for one. They have one ticket already, and it stays theirs.
//!
//! Each key is one incident's. An incident whose texts are gone has none of today's keys: it gets that of the first
//! problem which, by the rules of then, would have been it. See *Old keys* in `docs/design.md`.

use rusqlite::{Connection, OptionalExtension, params};

use crate::record::Parts;
use crate::signature::{VERSION, former};

/// Old keys that a ticket is looked for by: a site compares each of them with all that it has.
const MOST_FORMER: usize = 8;

/// The incident that is found by this key.
pub fn owner(connection: &Connection, key: &str, ticket_user: &str) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached(
            "SELECT id FROM incidents WHERE signature = ?1 AND ticket_user = ?2 \
             UNION ALL SELECT incident_id FROM keys WHERE signature = ?1 AND ticket_user = ?2 LIMIT 1",
        )?
        .query_row([key, ticket_user], |row| row.get(0))
        .optional()
}

/// The incident that this record was, by the rules of then.
pub fn former_owner(
    connection: &Connection,
    record: &str,
    ticket_user: &str,
) -> rusqlite::Result<Option<i64>> {
    for key in former::keys(&Parts::of(record)) {
        if let Some(id) = owner(connection, &key, ticket_user)? {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

/// Whether nothing is known of an incident but an old key. One whose text was there, and gave a key that another
/// incident has, keeps its old key among these: it is known.
pub fn is_unknown(connection: &Connection, incident_id: i64) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(
            "SELECT 1 FROM incidents i WHERE i.id = ?1 AND i.signature NOT GLOB ?2 AND NOT EXISTS \
             (SELECT 1 FROM keys k WHERE k.incident_id = i.id AND (k.signature GLOB ?2 OR k.signature = i.signature))",
        )?
        .exists(params![incident_id, current()])
}

/// Lets an incident be found by a key as well, unless another one is.
pub fn add(connection: &Connection, key: &str, ticket_user: &str, incident_id: i64) -> rusqlite::Result<()> {
    if owner(connection, key, ticket_user)?.is_none() {
        insert(connection, key, ticket_user, incident_id)?;
    }
    Ok(())
}

/// Gives an incident a new key of its own, which no other one has; it is still found by the old one.
pub fn replace(
    connection: &Connection,
    (old, new): (&str, &str),
    ticket_user: &str,
    incident_id: i64,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached("DELETE FROM keys WHERE signature = ?1 AND ticket_user = ?2")?
        .execute([new, ticket_user])?;
    connection
        .prepare_cached("UPDATE incidents SET signature = ?2 WHERE id = ?1")?
        .execute(params![incident_id, new])?;
    insert(connection, old, ticket_user, incident_id)
}

/// Also the one that it has: it says that the incident was looked at.
pub fn insert(
    connection: &Connection,
    key: &str,
    ticket_user: &str,
    incident_id: i64,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT OR IGNORE INTO keys (signature, ticket_user, incident_id) VALUES (?1, ?2, ?3)",
        )?
        .execute(params![key, ticket_user, incident_id])
        .map(drop)
}

/// The keys of an incident beside its own, the oldest first.
pub fn further(connection: &Connection, incident_id: i64, most: usize) -> rusqlite::Result<Vec<String>> {
    connection
        .prepare_cached(
            "SELECT k.signature FROM keys k JOIN incidents i ON i.id = k.incident_id \
             WHERE k.incident_id = ?1 AND k.signature <> i.signature ORDER BY k.signature LIMIT ?2",
        )?
        .query_map(params![incident_id, i64::try_from(most).unwrap_or(i64::MAX)], |row| row.get(0))?
        .collect()
}

/// The old keys under which an incident may have been told to the site, the newest first: those that it had, and those
/// that its first record would have had and that are no other incident's.
pub fn former(connection: &Connection, incident_id: i64, record: &str) -> rusqlite::Result<Vec<String>> {
    let (own, ticket_user): (String, String) = connection
        .prepare_cached("SELECT signature, ticket_user FROM incidents WHERE id = ?1")?
        .query_row([incident_id], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut all: Vec<String> = connection
        .prepare_cached(
            "SELECT signature FROM keys WHERE incident_id = ?1 AND signature NOT GLOB ?2 AND signature <> ?3 \
             ORDER BY signature DESC",
        )?
        .query_map(params![incident_id, current(), own], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for key in former::keys(&Parts::of(record)) {
        if key != own && !all.contains(&key) && owner(connection, &key, &ticket_user)?.is_none() {
            all.push(key);
        }
    }
    all.sort_unstable_by(|one, other| other.cmp(one));
    all.truncate(MOST_FORMER);
    Ok(all)
}

/// What a key of today's rules looks like.
fn current() -> String {
    format!("{VERSION}-*")
}
