//! The site is left alone: what fails because of the site, and not because of what it was told, holds up everything.
//!
//! One delivery finds out that the site is not there, and the others wait with it, each longer than the last time and five
//! minutes at most. The first one that gets through ends it, and whatever failed meanwhile is tried again at once.

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::steps::{IS_UNDER_WAY, LONGEST_RETRY_MS, backoff_ms};
use super::{Spool, deliveries, now_ms, rows};
use crate::error::Result;

/// A site that is back is found to be so within this time.
const LONGEST_PROBE_MS: i64 = 300_000;

/// What holds everything up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outage {
    /// Until then the site is left alone, in Unix milliseconds.
    pub until_ms: i64,
    /// Why the last one failed.
    pub reason: String,
}

impl Spool {
    /// Whether the site is left alone for now.
    pub fn is_held_up(&self, now_ms: i64) -> Result<bool> {
        self.read(|connection| Ok(held_up(connection, now_ms)?.is_some()))
    }
}

/// What holds up all deliveries at this time. A wait that was set by a clock that was later set back is over.
pub(super) fn held_up(connection: &Connection, now_ms: i64) -> rusqlite::Result<Option<Outage>> {
    let sql = "SELECT until_ms, reason FROM outage WHERE until_ms > ?1 AND set_ms <= ?2";
    let latest = now_ms.saturating_add(deliveries::CLOCK_SLACK_MS);
    connection.prepare_cached(sql)?.query_row([now_ms, latest], outage).optional()
}

/// The site did not take a delivery for a reason of its own; how long it is left alone now, in milliseconds.
pub(super) fn begin(
    transaction: &Transaction<'_>,
    reason: &str,
    random: u64,
    asked_ms: i64,
) -> rusqlite::Result<i64> {
    let now = now_ms();
    let (attempts, began) = known(transaction)?.unwrap_or((0, now));
    let before = u32::try_from(attempts).unwrap_or_default();
    let delay = backoff_ms(before, random).min(LONGEST_PROBE_MS).max(asked_ms).min(LONGEST_RETRY_MS);
    transaction.execute("DELETE FROM outage", [])?;
    transaction
        .prepare_cached(
            "INSERT INTO outage (began_ms, until_ms, set_ms, attempts, reason) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![began, now.saturating_add(delay), now, attempts.saturating_add(1), reason])?;
    Ok(delay)
}

/// The site has taken something: what failed because of it goes on.
pub(super) fn end(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    let Some((attempts, began)) = known(transaction)? else { return Ok(()) };
    transaction.execute("DELETE FROM outage", [])?;
    // One that fails alone is to blame itself, and waits as long as it has to. One that was asked for waits until the
    // site can show it.
    if attempts > 1 {
        for table in ["deliveries", "digests"] {
            transaction
                .prepare_cached(&format!(
                    "UPDATE {table} SET next_try_ms = ?1, set_ms = ?1 \
                     WHERE attempts > 0 AND NOT {IS_UNDER_WAY} AND set_ms >= ?2 AND next_try_ms > ?1"
                ))?
                .execute([now_ms(), began])?;
        }
    }
    Ok(())
}

/// How many deliveries failed because of what holds them up, and since when it does.
fn known(transaction: &Transaction<'_>) -> rusqlite::Result<Option<(i64, i64)>> {
    let sql = "SELECT attempts, began_ms FROM outage";
    let found = |row: &Row<'_>| Ok((rows::number(row, 0)?, rows::number(row, 1)?));
    transaction.prepare_cached(sql)?.query_row([], found).optional()
}

fn outage(row: &Row<'_>) -> rusqlite::Result<Outage> {
    Ok(Outage { until_ms: rows::number(row, 0)?, reason: rows::text(row, 1)? })
}
