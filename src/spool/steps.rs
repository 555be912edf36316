//! The steps of a delivery. Each is committed when it was done, and the one that cannot be taken back before: what a later
//! attempt finds here is where it goes on.
//!
//! A delivery without a ticket is *pending*; the site is searched for one each time. It is *creating* from before the
//! site is asked to make one until the site has said which: whatever happens in between, a ticket may be there, so that
//! it is searched for, and only once the site has had the time to show it. *Created*, it lacks its evidence; *attached*,
//! it is told of what came since; *done*, it knows all. A ticket that was made is *unsettled* until the site was asked
//! for its twins.

use std::hash::{BuildHasher, Hasher, RandomState};

use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::deliveries::{Delivery, deliveries};
use super::{Spool, digest, now_ms, outage};
use crate::error::Result;
use crate::spool::rows;

/// Delay after the first failure; it doubles with each further one.
const FIRST_RETRY_MS: i64 = 2_000;

/// No failure makes a delivery wait longer.
pub(super) const LONGEST_RETRY_MS: i64 = 3_600_000;

/// Whether a ticket or an archive may have come to the site without our hearing of it: it is looked for, once the site has
/// had the time to show it.
pub(super) const IS_UNDER_WAY: &str = "(asked_ms IS NOT NULL OR (ticket_id IS NOT NULL AND NOT attached))";

/// Tickets whose twins one search looks for.
const MOST_AT_ONCE: usize = 20;

impl Spool {
    /// The site is asked for a ticket from now on: one may be there, whatever comes of it. True if there is such a
    /// delivery.
    pub fn ticket_asked(&self, id: i64) -> Result<bool> {
        let now = now_ms();
        self.change_delivery(
            id,
            "asked_ms = ?2, next_try_ms = ?3, set_ms = ?2",
            params![row_of(id), now, now.saturating_add(self.site_lag_ms)],
        )
    }

    /// The ticket exists; `is_new` where it was made, and not found. What is attached is so at one ticket, and at no other
    /// one. True if there is such a delivery.
    pub fn ticket_created(&self, id: i64, ticket_id: i64, is_new: bool) -> Result<bool> {
        // One that was found after it was asked for may be one of two, as well.
        self.change_delivery(
            id,
            "twins_ms = CASE WHEN ?3 OR asked_ms IS NOT NULL THEN ?4 ELSE twins_ms END, ticket_id = ?2, \
             attached = CASE WHEN ?3 OR ticket_id IS NOT ?2 THEN 0 ELSE attached END, asked_ms = NULL",
            params![row_of(id), ticket_id, is_new, now_ms().saturating_add(self.site_lag_ms)],
        )
    }

    /// Those whose twins and counts are to be looked at now, unless the site is left alone; they come again later, each
    /// at a time of its own, until they are [`Spool::settled`].
    pub fn take_unsettled(&self, now_ms: i64) -> Result<Vec<Delivery>> {
        if self.is_held_up(now_ms)? {
            return Ok(Vec::new());
        }
        let due = |what: &str| {
            let furthest_ms = self.furthest_settling_ms();
            format!(
                "SELECT {what} WHERE twins_ms <= ?1 OR twins_ms > ?1 + {furthest_ms} ORDER BY twins_ms LIMIT {MOST_AT_ONCE}"
            )
        };
        let (incidents, digests) = (due("incident_id FROM deliveries"), due("id FROM digests"));
        let (taken, found) = self.read(|connection| {
            let ids = |which: &str| {
                let mut statement = connection.prepare_cached(which)?;
                let found = statement.query_map([now_ms], |row| rows::number(row, 0))?;
                found.collect::<rusqlite::Result<Vec<i64>>>()
            };
            let mut taken = ids(&incidents)?;
            taken.extend(ids(&digests)?.iter().map(|id| -id));
            let mut found = deliveries(connection, &incidents, now_ms)?;
            found.extend(digest::digests(connection, &digests, now_ms)?);
            Ok((taken, found))
        })?;
        if !taken.is_empty() {
            // Those, too, of which a damaged spool has lost too much to tell: they must not hold up the others.
            self.write(|transaction| {
                for id in taken {
                    let later_ms = now_ms.saturating_add(spread(self.site_lag_ms, random()));
                    change(transaction, "twins_ms = ?2", params![row_of(id), later_ms], id)?;
                }
                Ok(())
            })?;
        }
        Ok(found)
    }

    /// When [`Spool::take_unsettled`] has something to give, in Unix milliseconds.
    pub fn next_settling_ms(&self, now_ms: i64) -> Result<Option<i64>> {
        self.read(|connection| {
            let mut next = None;
            for table in ["deliveries", "digests"] {
                let at = |which: &str| {
                    let sql = format!("SELECT {which}(twins_ms) FROM {table} WHERE twins_ms IS NOT NULL");
                    connection.prepare_cached(&sql)?.query_row([], |row| row.get::<_, Option<i64>>(0))
                };
                let was_set_back =
                    at("max")?.is_some_and(|last| last > now_ms.saturating_add(self.furthest_settling_ms()));
                let first = if was_set_back { Some(now_ms) } else { at("min")? };
                next = next.into_iter().chain(first).min();
            }
            let until = outage::held_up(connection, now_ms)?.map(|outage| outage.until_ms);
            Ok(next.map(|next: i64| next.max(until.unwrap_or(next))))
        })
    }

    /// None is put off for longer than that: what is further away was put off before the clock was set back.
    fn furthest_settling_ms(&self) -> i64 {
        self.site_lag_ms.saturating_mul(2)
    }

    /// The ticket has no twin any more, and holds what it was told. True if there is such a delivery.
    pub fn settled(&self, id: i64) -> Result<bool> {
        self.change_delivery(id, "twins_ms = NULL", params![row_of(id)])
    }

    /// The evidence is on the site. True if there is such a delivery.
    pub fn evidence_attached(&self, id: i64) -> Result<bool> {
        self.change_delivery(id, "attached = 1", params![row_of(id)])
    }

    /// The site knows of `count` occurrences; further ones wait for `recurrence_ms`. Where others may have written over
    /// what it was told, that is looked at later: `is_settled` is false then.
    pub fn ack(&self, id: i64, count: u64, recurrence_ms: u64, is_settled: bool) -> Result<bool> {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        let now = now_ms();
        let again = (!is_settled).then(|| now.saturating_add(spread(self.site_lag_ms, random())));
        let next = now.saturating_add_unsigned(recurrence_ms);
        self.conclude(id, next, now, "delivered_count = max(delivered_count, {count})", count, again)
    }

    /// A hook wants no ticket for it: `count` occurrences are discarded, and further ones wait for `recurrence_ms`.
    pub fn discard(&self, id: i64, count: u64, recurrence_ms: u64) -> Result<bool> {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        let now = now_ms();
        let next = now.saturating_add_unsigned(recurrence_ms);
        let told = "discarded_count = discarded_count + max({count} - delivered_count, 0), \
             delivered_count = max(delivered_count, {count})";
        self.conclude(id, next, now, told, count, None)
    }

    /// Nothing is left to do for these occurrences; of a digest, for those of all its members.
    fn conclude(
        &self,
        id: i64,
        next_ms: i64,
        now_ms: i64,
        told: &str,
        count: i64,
        twins_ms: Option<i64>,
    ) -> Result<bool> {
        let over = "next_try_ms = ?2, set_ms = ?3, attempts = 0, last_error = NULL, \
             twins_ms = coalesce(twins_ms, ?4)";
        let ids = self.write(|transaction| {
            outage::end(transaction)?;
            let values = params![row_of(id), next_ms, now_ms, twins_ms];
            if id < 0 {
                change(transaction, &format!("is_done = 1, {over}"), values, id)?;
                return digest::done(transaction, -id, &told.replace("{count}", "m.count"), next_ms, now_ms);
            }
            let told = told.replace("{count}", "?5");
            let values = params![id, next_ms, now_ms, twins_ms, count];
            let known = change(transaction, &format!("{told}, {over}"), values, id)?;
            Ok(if known { vec![id] } else { Vec::new() })
        })?;
        self.keep_in_ledger(|ledger, connection| ledger.told(connection, &ids));
        Ok(!ids.is_empty())
    }

    /// It failed for this reason: it waits for the delay that is given back, in milliseconds. `is_outage` where the site
    /// would not have taken anything else either: then all wait.
    pub fn retry_later(
        &self,
        id: i64,
        reason: &str,
        retry_after_ms: Option<u64>,
        is_outage: bool,
    ) -> Result<u64> {
        let (attempts, may_be_there) = self.read(|connection| {
            let (table, key) = place(id);
            let sql = format!("SELECT attempts, {IS_UNDER_WAY} FROM {table} WHERE {key} = ?1");
            let found = |row: &Row<'_>| Ok((attempts(row, 0)?, row.get(1)?));
            let found = connection.prepare_cached(&sql)?.query_row([row_of(id)], found).optional()?;
            Ok(found.unwrap_or((0, false)))
        })?;
        // What the site asks for is the least: it knows its load, we know our failures.
        let asked = retry_after_ms.map_or(0, |asked| i64::try_from(asked).unwrap_or(LONGEST_RETRY_MS));
        let own = backoff_ms(attempts, random()).max(asked);
        let reason = crate::redact(reason);
        let now = now_ms();
        self.write(|transaction| {
            let mut delay = own;
            if is_outage {
                let outage_ms = outage::begin(transaction, &reason, random(), asked)?;
                // It is still its turn. But one that fails again lets another one try: it may be to blame itself.
                if attempts == 0 {
                    delay = outage_ms;
                }
            }
            if may_be_there {
                delay = delay.max(self.site_lag_ms);
            }
            let failed = "attempts = attempts + 1, next_try_ms = ?2, set_ms = ?3, last_error = ?4";
            change(transaction, failed, params![row_of(id), now.saturating_add(delay), now, reason], id)?;
            Ok(delay.unsigned_abs())
        })
    }

    fn change_delivery(&self, id: i64, what: &str, values: &[&dyn rusqlite::ToSql]) -> Result<bool> {
        self.write(|transaction| change(transaction, what, values, id))
    }
}

/// The table of a delivery, and its key there: the steps of a digest are those of an incident, and its id is negative.
fn place(id: i64) -> (&'static str, &'static str) {
    if id < 0 { ("digests", "id") } else { ("deliveries", "incident_id") }
}

/// The row of a delivery in its table.
fn row_of(id: i64) -> i64 {
    id.saturating_abs()
}

/// Changes a delivery; `?1` among the values is its row. True if there is such a delivery.
fn change(
    transaction: &Transaction<'_>,
    what: &str,
    values: &[&dyn rusqlite::ToSql],
    id: i64,
) -> rusqlite::Result<bool> {
    let (table, key) = place(id);
    Ok(transaction.prepare_cached(&format!("UPDATE {table} SET {what} WHERE {key} = ?1"))?.execute(values)?
        > 0)
}

pub(super) fn attempts(row: &Row<'_>, at: usize) -> rusqlite::Result<u32> {
    Ok(rows::number(row, at)?.try_into().unwrap_or_default())
}

/// Takes up the deliveries of an earlier process: what that one had asked for last, the site may still be about to show.
pub(super) fn take_up(transaction: &Transaction<'_>, site_lag_ms: i64) -> rusqlite::Result<()> {
    let now = now_ms();
    for table in ["deliveries", "digests"] {
        transaction.execute(
            &format!(
                "UPDATE {table} SET next_try_ms = max(next_try_ms, ?2), set_ms = ?1 WHERE {IS_UNDER_WAY}"
            ),
            params![now, now.saturating_add(site_lag_ms)],
        )?;
    }
    Ok(())
}

/// Exponential, and spread from half of itself to one and a half, so that a hundred workstations that lost
/// the site together do not come back together.
pub(super) fn backoff_ms(attempts: u32, random: u64) -> i64 {
    let delay =
        FIRST_RETRY_MS.checked_shl(attempts.min(20)).unwrap_or(LONGEST_RETRY_MS).min(LONGEST_RETRY_MS);
    spread(delay, random).min(LONGEST_RETRY_MS)
}

/// From half of a time to one and a half.
fn spread(time_ms: i64, random: u64) -> i64 {
    let share = i64::try_from(random % 1_000).unwrap_or(0);
    time_ms / 2 + time_ms.saturating_mul(share) / 1_000
}

fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delay_grows_and_is_bounded() {
        let middle: Vec<_> = [0, 1, 2, 5].map(|attempts| backoff_ms(attempts, 500)).into();
        assert_eq!(middle, [2_000, 4_000, 8_000, 64_000]);
        for random in [0, 999] {
            assert!((1_000..=3_000).contains(&backoff_ms(0, random)));
            assert!(backoff_ms(u32::MAX, random) <= LONGEST_RETRY_MS);
        }
    }
}
