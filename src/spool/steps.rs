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
use super::{Spool, now_ms, outage};
use crate::error::Result;
use crate::spool::rows;

/// Delay after the first failure; it doubles with each further one.
const FIRST_RETRY_MS: i64 = 2_000;

/// No failure makes a delivery wait longer.
pub(super) const LONGEST_RETRY_MS: i64 = 3_600_000;

/// Tickets whose twins one search looks for.
const MOST_AT_ONCE: usize = 20;

impl Spool {
    /// The site is asked for a ticket from now on: one may be there, whatever comes of it. True if there is such a
    /// delivery.
    pub fn ticket_asked(&self, id: i64) -> Result<bool> {
        let now = now_ms();
        self.change_delivery(
            "asked_ms = ?2, next_try_ms = ?3, set_ms = ?2",
            params![id, now, now.saturating_add(self.site_lag_ms)],
        )
    }

    /// The ticket exists; `is_new` where it was made, and not found. True if there is such a delivery.
    pub fn ticket_created(&self, id: i64, ticket_id: i64, is_new: bool) -> Result<bool> {
        // One that was found after it was asked for may be one of two, as well.
        self.change_delivery(
            "twins_ms = CASE WHEN ?3 OR asked_ms IS NOT NULL THEN ?4 ELSE twins_ms END, ticket_id = ?2, \
             asked_ms = NULL",
            params![id, ticket_id, is_new, now_ms().saturating_add(self.site_lag_ms)],
        )
    }

    /// Those whose twins and counts are to be looked at now, unless the site is left alone; they come again later, each
    /// at a time of its own, until they are [`Spool::settled`].
    pub fn take_unsettled(&self, now_ms: i64) -> Result<Vec<Delivery>> {
        if self.is_held_up(now_ms)? {
            return Ok(Vec::new());
        }
        let due = "SELECT incident_id FROM deliveries WHERE twins_ms <= ?1 ORDER BY twins_ms LIMIT";
        let found =
            self.read(|connection| deliveries(connection, &format!("{due} {MOST_AT_ONCE}"), now_ms))?;
        if !found.is_empty() {
            self.write(|transaction| {
                let mut later = transaction
                    .prepare_cached("UPDATE deliveries SET twins_ms = ?2 WHERE incident_id = ?1")?;
                for delivery in &found {
                    let later_ms = now_ms.saturating_add(spread(self.site_lag_ms, random()));
                    later.execute(params![delivery.id, later_ms])?;
                }
                Ok(())
            })?;
        }
        Ok(found)
    }

    /// The ticket has no twin any more, and holds what it was told. True if there is such a delivery.
    pub fn settled(&self, id: i64) -> Result<bool> {
        self.change_delivery("twins_ms = NULL", params![id])
    }

    /// The evidence is on the site. True if there is such a delivery.
    pub fn evidence_attached(&self, id: i64) -> Result<bool> {
        self.change_delivery("attached = 1", params![id])
    }

    /// The site knows of `count` occurrences; further ones wait for `recurrence_ms`. Where others may have written over
    /// what it was told, that is looked at later: `is_settled` is false then.
    pub fn ack(&self, id: i64, count: u64, recurrence_ms: u64, is_settled: bool) -> Result<bool> {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        let now = now_ms();
        let again = (!is_settled).then(|| now.saturating_add(spread(self.site_lag_ms, random())));
        let known = self.write(|transaction| {
            outage::end(transaction)?;
            Ok(transaction
                .prepare_cached(
                    "UPDATE deliveries SET delivered_count = max(delivered_count, ?2), next_try_ms = ?3, \
                     set_ms = ?4, attempts = 0, last_error = NULL, twins_ms = coalesce(twins_ms, ?5) \
                     WHERE incident_id = ?1",
                )?
                .execute(params![id, count, now.saturating_add_unsigned(recurrence_ms), now, again])?
                > 0)
        })?;
        self.keep_in_ledger(|ledger, connection| ledger.told(connection, id));
        Ok(known)
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
            let sql = "SELECT attempts, asked_ms IS NOT NULL FROM deliveries WHERE incident_id = ?1";
            let found = |row: &Row<'_>| Ok((attempts(row, 0)?, row.get(1)?));
            Ok(connection.prepare_cached(sql)?.query_row([id], found).optional()?.unwrap_or((0, false)))
        })?;
        // What the site asks for is the least: it knows its load, we know our failures.
        let asked = retry_after_ms.map_or(0, |asked| i64::try_from(asked).unwrap_or(LONGEST_RETRY_MS));
        let mut delay = backoff_ms(attempts, random()).max(asked);
        if may_be_there {
            delay = delay.max(self.site_lag_ms);
        }
        let reason = crate::redact(reason);
        let now = now_ms();
        self.write(|transaction| {
            if is_outage {
                outage::begin(transaction, &reason, random(), asked)?;
            }
            transaction
                .prepare_cached(
                    "UPDATE deliveries SET attempts = attempts + 1, next_try_ms = ?2, set_ms = ?3, last_error = ?4 \
                     WHERE incident_id = ?1",
                )?
                .execute(params![id, now.saturating_add(delay), now, reason])
        })?;
        Ok(delay.unsigned_abs())
    }

    fn change_delivery(&self, change: &str, values: &[&dyn rusqlite::ToSql]) -> Result<bool> {
        let sql = format!("UPDATE deliveries SET {change} WHERE incident_id = ?1");
        self.write(|transaction| Ok(transaction.prepare_cached(&sql)?.execute(values)? > 0))
    }
}

pub(super) fn attempts(row: &Row<'_>, at: usize) -> rusqlite::Result<u32> {
    Ok(rows::number(row, at)?.try_into().unwrap_or_default())
}

/// Takes up the deliveries of an earlier process: what that one had asked for last, the site may still be about to show.
pub(super) fn take_up(transaction: &Transaction<'_>, site_lag_ms: i64) -> rusqlite::Result<()> {
    let now = now_ms();
    transaction.execute(
        "UPDATE deliveries SET next_try_ms = max(next_try_ms, ?2), set_ms = ?1 WHERE asked_ms IS NOT NULL",
        params![now, now.saturating_add(site_lag_ms)],
    )?;
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
