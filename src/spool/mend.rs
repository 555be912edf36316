//! Makes the rows that outlived a damaged file fit each other again.

use rusqlite::{Connection, OptionalExtension, params};

use super::ledger::Account;
use super::{now_ms, rows};

/// After a loss, new incidents get rows so far behind all that are known: a delivery that is under way may name one
/// that is not known any more.
const ROWS_APART: i64 = 1_000;

/// No delivery waits longer, whatever the settings are: it is due now.
const LONGEST_WAIT_MS: i64 = 7 * 86_400_000;

/// Identity of the file in which a lost occurrence stood.
pub const NOWHERE: &str = "0:0";

/// Makes the rows fit each other again, and has read anew what was lost.
pub fn mend(fresh: &Connection, account: &Account, lost: &[&str]) -> rusqlite::Result<()> {
    let mut lost = lost.to_vec();
    let is_folded = is_folded(fresh, lost.contains(&"folded"))?;
    fresh.execute_batch("CREATE TEMP TABLE carried_over AS SELECT id FROM incidents")?;
    if restore_incidents(fresh)? > 0 {
        lost.push("occurrences");
    }
    let is_lost = |tables: &[&str]| tables.iter().any(|table| lost.contains(table));
    if !is_folded && is_lost(&["occurrences", "incidents", "deliveries"]) {
        // Rows that are gone are found again, and counted then.
        fresh.execute(
            "UPDATE incidents SET count = max((SELECT count(*) FROM occurrences o WHERE o.incident_id = incidents.id), \
             coalesce((SELECT d.delivered_count FROM deliveries d WHERE d.incident_id = incidents.id), 0))",
            [],
        )?;
    }
    account.apply(fresh, !lost.is_empty())?;
    fresh.execute_batch(
        "INSERT OR IGNORE INTO deliveries (incident_id) SELECT id FROM incidents;
         INSERT OR IGNORE INTO evidence (incident_id, due_ms, environment) SELECT id, 0, '{}' FROM incidents;
         DELETE FROM deliveries WHERE incident_id NOT IN (SELECT id FROM incidents);
         DELETE FROM evidence WHERE incident_id NOT IN (SELECT id FROM incidents);",
    )?;
    // A wait stands in an index, too. Where the two differ nobody knows which of them is right.
    fresh.execute(
        "UPDATE deliveries SET next_try_ms = 0, set_ms = 0 WHERE typeof(next_try_ms) <> 'integer' \
         OR typeof(set_ms) <> 'integer' OR next_try_ms > ?1",
        [now_ms().saturating_add(LONGEST_WAIT_MS)],
    )?;
    fresh.execute(
        "UPDATE deliveries SET twins_ms = 0 WHERE typeof(twins_ms) NOT IN ('integer', 'null') OR twins_ms > ?1",
        [now_ms().saturating_add(LONGEST_WAIT_MS)],
    )?;
    fresh.execute_batch(
        "DELETE FROM digest_members WHERE incident_id NOT IN (SELECT id FROM incidents)
             OR digest_id NOT IN (SELECT id FROM digests);
         DELETE FROM digests WHERE NOT is_done AND id NOT IN (SELECT digest_id FROM digest_members);
         UPDATE digests SET next_try_ms = 0, set_ms = 0, twins_ms = iif(twins_ms IS NULL, NULL, 0);",
    )?;
    fresh.execute("DELETE FROM keys WHERE incident_id NOT IN (SELECT id FROM incidents)", [])?;
    if !lost.is_empty() {
        fresh.execute(
            "INSERT OR IGNORE INTO used_ids SELECT ?1 + max(coalesce((SELECT max(id) FROM incidents), 0), \
             coalesce((SELECT max(incident_id) FROM used_ids), 0))",
            [ROWS_APART],
        )?;
    }
    // A count holds what was folded, and needs no row: only those that are lost themselves are counted again.
    if is_folded && is_lost(&["incidents"]) {
        fresh.execute_batch(
            "INSERT OR IGNORE INTO recounted
                 SELECT id FROM incidents WHERE id NOT IN (SELECT id FROM carried_over);
             INSERT INTO folded (identity, generation, up_to)
                 SELECT identity, generation, offset - 1 FROM files WHERE offset > 0
                 ON CONFLICT (identity, generation) DO UPDATE SET up_to = max(up_to, excluded.up_to);",
        )?;
        read_again(fresh)?;
    } else if !is_folded && is_lost(&["occurrences"]) {
        read_again(fresh)?;
    }
    fresh.execute_batch("DROP TABLE carried_over")?;
    if !lost.is_empty() {
        restore_lives(fresh)?;
    }
    make_whole(fresh)
}

/// Whether rows were folded into counts: those of the incidents are then all that is left of them.
fn is_folded(fresh: &Connection, is_lost: bool) -> rusqlite::Result<bool> {
    if fresh.prepare("SELECT 1 FROM folded")?.exists([])? {
        return Ok(true);
    }
    Ok(is_lost && counter(fresh, "occurrences_folded")?.unwrap_or(0) > 0)
}

/// Gives whatever waits something to deliver, and makes the books balance.
pub fn make_whole(connection: &Connection) -> rusqlite::Result<()> {
    // Bytes would be taken for another kind of JSON.
    let engines = "CAST(i.engines AS TEXT)";
    // Its rows are lost, or only the ledger has it. Nobody knows where they stood: no file is called so.
    connection.execute(
        &format!(
            "INSERT OR IGNORE INTO occurrences (incident_id, identity, generation, offset, length, path, time, level, \
             engine, logger, message, exception, record, signature, ticket_user) \
             SELECT i.id, '{NOWHERE}', 0, i.id, 0, '', i.first_seen, i.level, \
             iif(json_valid({engines}), coalesce({engines} ->> '$[0]', ''), ''), '', i.message, i.exception, i.message, \
             i.signature, i.ticket_user FROM incidents i LEFT JOIN deliveries d ON d.incident_id = i.id \
             WHERE i.count > coalesce(d.delivered_count, 0) \
             AND NOT EXISTS (SELECT 1 FROM occurrences o WHERE o.incident_id = i.id)"
        ),
        [],
    )?;
    balance(connection)
}

/// Makes a lost incident again from its occurrences; the number of those that are of no known one.
fn restore_incidents(fresh: &Connection) -> rusqlite::Result<usize> {
    let mut orphans = fresh.prepare(
        "SELECT o.incident_id, o.signature, o.ticket_user, o.level, o.engine, o.exception, o.message, o.record, \
         count(*), min(o.time), max(o.time), min(o.id) FROM occurrences o \
         WHERE o.incident_id NOT IN (SELECT id FROM incidents) AND o.signature IS NOT NULL GROUP BY o.incident_id",
    )?;
    let mut rows = orphans.query([])?;
    while let Some(row) = rows.next()? {
        let (engine, user): (_, String) = (rows::text(row, 4)?, row.get(2)?);
        let title = crate::signature(&rows::text(row, 7)?).title;
        fresh.execute(
            "INSERT OR IGNORE INTO incidents (id, signature, ticket_user, title, level, engines, users, count, \
             first_seen, last_seen, exception, message, user_login) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?3)",
            params![
                row.get::<_, i64>(0)?,
                row.get::<_, String>(1)?,
                user,
                title,
                rows::text(row, 3)?,
                serde_json::json!([engine]).to_string(),
                serde_json::json!([user]).to_string(),
                row.get::<_, i64>(8)?,
                rows::text(row, 9)?,
                rows::text(row, 10)?,
                rows::text_or_null(row, 5)?,
                rows::text(row, 6)?,
            ],
        )?;
    }
    // Whose incident is another one now, or was not known: they are found again in their logs.
    fresh.execute("DELETE FROM occurrences WHERE incident_id NOT IN (SELECT id FROM incidents)", [])
}

/// Where rows were lost, the logs are read again in the same life: each address is taken once only.
fn read_again(fresh: &Connection) -> rusqlite::Result<()> {
    fresh.execute("UPDATE files SET offset = 0, anchor = ''", []).map(drop)
}

/// Lives of files whose checkpoints were lost: what begins at an address that is taken is not to be another life.
fn restore_lives(fresh: &Connection) -> rusqlite::Result<()> {
    let sql = format!(
        "INSERT OR IGNORE INTO files (identity, generation, offset, anchor, path, followed) \
         SELECT identity, max(generation), 0, '', path, 0 FROM \
         (SELECT identity, generation, path FROM occurrences \
         UNION ALL SELECT identity, generation, '' FROM told \
         UNION ALL SELECT identity, generation, '' FROM folded) WHERE identity <> '{NOWHERE}' GROUP BY identity"
    );
    fresh.execute(&sql, []).map(drop)
}

fn counter(connection: &Connection, name: &str) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached("SELECT value FROM counters WHERE name = ?1")?
        .query_row([name], |row| row.get(0))
        .optional()
}

/// Makes the books balance, also where some of them were lost: from here on they are kept as before.
fn balance(connection: &Connection) -> rusqlite::Result<()> {
    let get = |name| counter(connection, name);
    let number = |sql| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
    let captured = number("SELECT coalesce(sum(count), 0) FROM incidents")?;
    let kept = number("SELECT count(*) FROM occurrences")?;
    let (read, matched, other) = (get("records_read")?, get("matched")?, get("not_matched")?);
    let matched = matched.unwrap_or(read.unwrap_or(0) - other.unwrap_or(0)).max(captured);
    let other = other.unwrap_or(read.unwrap_or(0) - matched).max(0);
    let (bytes, of_records) = (get("bytes_read")?.unwrap_or(0), get("record_bytes")?);
    let of_orphans = get("orphan_bytes")?.unwrap_or(bytes - of_records.unwrap_or(bytes)).max(0);
    let of_records = of_records.unwrap_or(bytes - of_orphans).max(0);
    for (name, value) in [
        ("records_read", matched + other),
        ("matched", matched),
        ("not_matched", other),
        ("records_known", matched - captured),
        ("occurrences_folded", (captured - kept).max(0)),
        ("bytes_read", of_records + of_orphans),
        ("record_bytes", of_records),
        ("orphan_bytes", of_orphans),
    ] {
        connection
            .prepare_cached("INSERT OR REPLACE INTO counters (name, value) VALUES (?1, ?2)")?
            .execute(params![name, value])?;
    }
    Ok(())
}
