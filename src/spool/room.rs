//! What is given up to make room, and in what order: `docs/design.md` says why.
//!
//! An incident never goes, and neither does its first occurrence.

use rusqlite::{OptionalExtension, Transaction, params};

use super::rows;
use crate::capture::{without_log, without_middle};
use crate::stats::SpoolStats;

/// Rows that are looked at in one step.
const WINDOW: u32 = 256;

/// A step ends once it has given up this much.
const STEP_BYTES: u64 = 4 << 20;

/// Bytes that are left of a record's text, and of its message.
type Most = (usize, usize);

/// Whoever reads the ticket has the rest in the archive, or sees the exception still.
const SHORT: Most = (4 << 10, 2 << 10);

/// What is left when there is room for hardly more than the signatures.
const SHORTEST: Most = (400, 200);

/// How far a way has come: the last row that was looked at.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cursor(Option<i64>);

/// A way to make room.
pub struct Way {
    /// Whose rows it goes through.
    table: &'static str,
    newest_first: bool,
    /// Those among the rows from ?1 to ?2 that it gives up: row and bytes.
    victims: &'static str,
    give_up: fn(&Transaction<'_>, i64, &mut SpoolStats) -> rusqlite::Result<()>,
}

/// The ways, in the order in which they are gone.
pub const LADDER: &[Way] = &[
    // The site has it.
    Way {
        table: "incidents",
        newest_first: false,
        victims: "SELECT e.incident_id, octet_length(e.archive) FROM evidence e \
             JOIN deliveries d ON d.incident_id = e.incident_id \
             WHERE e.incident_id BETWEEN ?1 AND ?2 AND d.attached AND octet_length(e.archive) > 0 ORDER BY 1",
        give_up: remove_archive,
    },
    // The site has counted them.
    Way {
        table: "occurrences",
        newest_first: false,
        victims: "SELECT o.id, octet_length(o.record) + octet_length(o.message) FROM occurrences o \
             JOIN incidents i ON i.id = o.incident_id JOIN deliveries d ON d.incident_id = i.id \
             WHERE o.id BETWEEN ?1 AND ?2 AND d.delivered_count >= i.count \
             AND o.id > (SELECT min(f.id) FROM occurrences f WHERE f.incident_id = o.incident_id) \
             AND (SELECT n.id FROM occurrences n WHERE n.incident_id = o.incident_id AND n.id > o.id \
                  ORDER BY n.id LIMIT 1 OFFSET 2) IS NOT NULL ORDER BY 1",
        give_up: fold,
    },
    // The site has the whole text in its archive.
    Way {
        table: "occurrences",
        newest_first: false,
        victims: "SELECT o.id, octet_length(o.record) FROM occurrences o \
             JOIN incidents i ON i.id = o.incident_id JOIN deliveries d ON d.incident_id = i.id \
             WHERE o.id BETWEEN ?1 AND ?2 AND octet_length(o.record) > 4160 \
             AND d.attached AND d.delivered_count >= i.count ORDER BY 1",
        give_up: |transaction, id, stats| shorten(transaction, id, SHORT, stats),
    },
    // The site will be told how many they are.
    Way {
        table: "occurrences",
        newest_first: false,
        victims: "SELECT o.id, octet_length(o.record) + octet_length(o.message) FROM occurrences o \
             WHERE o.id BETWEEN ?1 AND ?2 \
             AND o.id > (SELECT min(f.id) FROM occurrences f WHERE f.incident_id = o.incident_id) \
             AND (SELECT n.id FROM occurrences n WHERE n.incident_id = o.incident_id AND n.id > o.id \
                  ORDER BY n.id LIMIT 1 OFFSET 2) IS NOT NULL ORDER BY 1",
        give_up: fold,
    },
    // From here on the newest goes first: in a storm the first errors are the cause, the later ones what it led to.
    Way {
        table: "incidents",
        newest_first: true,
        victims: "SELECT e.incident_id, octet_length(e.archive) FROM evidence e \
             WHERE e.incident_id BETWEEN ?1 AND ?2 AND e.has_log AND octet_length(e.archive) > 4096 ORDER BY 1 DESC",
        give_up: reduce_archive,
    },
    Way {
        table: "occurrences",
        newest_first: true,
        victims: "SELECT o.id, octet_length(o.record) FROM occurrences o \
             WHERE o.id BETWEEN ?1 AND ?2 AND octet_length(o.record) > 4160 ORDER BY 1 DESC",
        give_up: |transaction, id, stats| shorten(transaction, id, SHORT, stats),
    },
    Way {
        table: "incidents",
        newest_first: true,
        victims: "SELECT e.incident_id, octet_length(e.archive) FROM evidence e \
             WHERE e.incident_id BETWEEN ?1 AND ?2 AND octet_length(e.archive) > 0 ORDER BY 1 DESC",
        give_up: remove_archive,
    },
    Way {
        table: "occurrences",
        newest_first: false,
        victims: "SELECT o.id, octet_length(o.record) + octet_length(o.message) FROM occurrences o \
             WHERE o.id BETWEEN ?1 AND ?2 \
             AND o.id > (SELECT min(f.id) FROM occurrences f WHERE f.incident_id = o.incident_id) ORDER BY 1",
        give_up: fold,
    },
    Way {
        table: "occurrences",
        newest_first: true,
        victims: "SELECT o.id, octet_length(o.record) FROM occurrences o \
             JOIN evidence e ON e.incident_id = o.incident_id WHERE o.id BETWEEN ?1 AND ?2 \
             AND (octet_length(o.record) > 460 OR octet_length(o.message) > 260 \
             OR octet_length(e.environment) > 200) ORDER BY 1 DESC",
        give_up: |transaction, id, stats| {
            forget_environment(transaction, id)?;
            shorten(transaction, id, SHORTEST, stats)
        },
    },
];

impl Way {
    /// Looks at the next rows. True unless they were the last.
    pub fn step(
        &self,
        transaction: &Transaction<'_>,
        cursor: &mut Cursor,
        stats: &mut SpoolStats,
    ) -> rusqlite::Result<bool> {
        let Some((first, last)) = self.window(transaction, *cursor)? else { return Ok(false) };
        let (low, high) = if self.newest_first { (last, first) } else { (first, last) };
        let victims: Vec<(i64, u64)> = transaction
            .prepare_cached(self.victims)?
            .query_map([low, high], |row| Ok((row.get(0)?, rows::unsigned(row, 1)?)))?
            .collect::<rusqlite::Result<_>>()?;
        let mut given_up = 0;
        for (id, bytes) in victims {
            (self.give_up)(transaction, id, stats)?;
            given_up += bytes;
            if given_up >= STEP_BYTES {
                *cursor = Cursor(Some(id));
                return Ok(true);
            }
        }
        *cursor = Cursor(Some(last));
        Ok(true)
    }

    /// The next rows in the way's direction: the first and the last of them.
    fn window(&self, transaction: &Transaction<'_>, from: Cursor) -> rusqlite::Result<Option<(i64, i64)>> {
        let table = self.table;
        let (edge, first, last, order) =
            if self.newest_first { ("<", "max", "min", "DESC") } else { (">", "min", "max", "ASC") };
        let sql = format!(
            "SELECT {first}(id), {last}(id) FROM \
             (SELECT id FROM {table} WHERE id {edge} ?1 ORDER BY id {order} LIMIT {WINDOW})"
        );
        let from = from.0.unwrap_or(if self.newest_first { i64::MAX } else { 0 });
        transaction.prepare_cached(&sql)?.query_row([from], |row| {
            let (first, last): (Option<i64>, Option<i64>) = (row.get(0)?, row.get(1)?);
            Ok(first.zip(last))
        })
    }
}

/// An empty archive stands for one that was taken: it is not taken again.
fn remove_archive(transaction: &Transaction<'_>, id: i64, stats: &mut SpoolStats) -> rusqlite::Result<()> {
    transaction.prepare_cached("UPDATE evidence SET archive = x'' WHERE incident_id = ?1")?.execute([id])?;
    stats.archives_removed += 1;
    close_ranks(transaction, "evidence", "incident_id", id)
}

fn reduce_archive(transaction: &Transaction<'_>, id: i64, stats: &mut SpoolStats) -> rusqlite::Result<()> {
    let archive = transaction
        .prepare_cached("SELECT archive FROM evidence WHERE incident_id = ?1")?
        .query_row([id], |row| rows::bytes(row, 0))?;
    // One that cannot be read helps nobody.
    let Ok(archive) = without_log(&archive) else { return remove_archive(transaction, id, stats) };
    transaction
        .prepare_cached("UPDATE evidence SET archive = ?2, has_log = 0 WHERE incident_id = ?1")?
        .execute(params![id, archive])?;
    stats.archives_reduced += 1;
    close_ranks(transaction, "evidence", "incident_id", id)
}

/// Takes an occurrence's row away. Its incident has counted it, and the file life remembers its address: where
/// recovery reads a life once more, what lies up to there is known although no row says so.
fn fold(transaction: &Transaction<'_>, id: i64, stats: &mut SpoolStats) -> rusqlite::Result<()> {
    let (identity, generation, offset): (String, u32, i64) = transaction
        .prepare_cached("DELETE FROM occurrences WHERE id = ?1 RETURNING identity, generation, offset")?
        .query_row([id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    transaction
        .prepare_cached(
            "INSERT INTO folded (identity, generation, up_to) VALUES (?1, ?2, ?3) \
             ON CONFLICT (identity, generation) DO UPDATE SET up_to = max(up_to, excluded.up_to)",
        )?
        .execute(params![identity, generation, offset])?;
    stats.occurrences_folded += 1;
    Ok(())
}

fn shorten(
    transaction: &Transaction<'_>,
    id: i64,
    most: Most,
    stats: &mut SpoolStats,
) -> rusqlite::Result<()> {
    let (incident_id, record, message, before): (i64, _, _, u64) = transaction
        .prepare_cached("SELECT incident_id, record, message, shortened FROM occurrences WHERE id = ?1")?
        .query_row([id], |row| {
            let before = rows::number(row, 3)?.try_into().unwrap_or_default();
            Ok((row.get(0)?, rows::text(row, 1)?, rows::text(row, 2)?, before))
        })?;
    let (record, cut) = without_middle(&record, most.0, before);
    let (message, _) = without_middle(&message, most.1, 0);
    transaction
        .prepare_cached("UPDATE occurrences SET record = ?2, message = ?3, shortened = ?4 WHERE id = ?1")?
        .execute(params![id, record, message, i64::try_from(before + cut).unwrap_or(i64::MAX)])?;
    // The incident has the message of its first occurrence.
    let sql = "SELECT message FROM incidents WHERE id = ?1";
    let of_incident = transaction.prepare_cached(sql)?.query_row([incident_id], |row| rows::text(row, 0))?;
    let (shorter, cut_there) = without_middle(&of_incident, most.1, 0);
    if cut_there > 0 {
        transaction
            .prepare_cached("UPDATE incidents SET message = ?2 WHERE id = ?1")?
            .execute(params![incident_id, shorter])?;
        close_ranks(transaction, "incidents", "id", incident_id)?;
    }
    stats.records_shortened += u64::from(before == 0 && cut > 0);
    stats.shortened_bytes += cut;
    close_ranks(transaction, "occurrences", "id", id)
}

/// Which machine it was is all that is left of the environment. Where the evidence is still to be taken, that will say so.
fn forget_environment(transaction: &Transaction<'_>, id: i64) -> rusqlite::Result<()> {
    let sql = "UPDATE evidence SET environment = \
         iif(archive IS NULL OR NOT json_valid(CAST(environment AS TEXT)), '{}', \
         json_object('host', CAST(environment AS TEXT) ->> '$.host')) \
         WHERE incident_id = (SELECT incident_id FROM occurrences WHERE id = ?1) \
         AND octet_length(environment) > 200 RETURNING incident_id";
    let changed: Option<i64> =
        transaction.prepare_cached(sql)?.query_row([id], |row| row.get(0)).optional()?;
    changed.map_or(Ok(()), |incident_id| close_ranks(transaction, "evidence", "incident_id", incident_id))
}

/// Moves a row that has become short next to its neighbours. `SQLite` leaves it alone on its page when it is updated,
/// and joins pages when it is deleted: so it goes away under another key, and comes back.
fn close_ranks(transaction: &Transaction<'_>, table: &str, key: &str, id: i64) -> rusqlite::Result<()> {
    // For a moment rows refer to one that is not there.
    transaction.pragma_update(None, "defer_foreign_keys", true)?;
    let sql = format!("UPDATE {table} SET {key} = -{key} WHERE {key} = ?1");
    for key in [id, -id] {
        transaction.prepare_cached(&sql)?.execute([key])?;
    }
    Ok(())
}
