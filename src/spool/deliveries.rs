//! What the site is to be told, and how far that has come.

use std::hash::{BuildHasher, Hasher, RandomState};

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{Spool, keys, now_ms, rows};
use crate::capture::remains;
use crate::error::Result;
use crate::incident::{Incident, Occurrence};

/// Delay after the first failure; it doubles with each further one.
const FIRST_RETRY_MS: i64 = 2_000;

/// No failure makes a delivery wait longer.
const LONGEST_RETRY_MS: i64 = 3_600_000;

/// A clock that shows so much less than when a wait began was set back: the wait is over then, for nobody knows how
/// much of it has passed.
const CLOCK_SLACK_MS: i64 = 60_000;

/// One incident of which the site does not know all.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// Its row.
    pub id: i64,
    /// What the site is to know.
    pub incident: Incident,
    /// The first sighting, whose evidence is attached.
    pub occurrence: Occurrence,
    /// Whose problem it was when it was found.
    pub user_login: String,
    /// Where it was found.
    pub project_id: Option<i64>,
    /// How often it failed since it last succeeded.
    pub attempts: u32,
    /// The ticket, once it is known to exist.
    pub ticket_id: Option<i64>,
    /// Whether the evidence is known to be on the site.
    pub attached: bool,
    /// Keys under which earlier rules may have told the site of it, the newest first.
    pub former_signatures: Vec<String>,
    /// `environment.json`, as it was when the problem was found.
    pub environment: String,
}

impl Delivery {
    /// File name of the archive; the same at every attempt.
    #[must_use]
    pub fn evidence_name(&self) -> String {
        format!("incident-{}.zip", self.incident.signature)
    }
}

impl Spool {
    /// The delivery that has been due for longest.
    pub fn delivery_due(&self, now_ms: i64) -> Result<Option<Delivery>> {
        self.read(|connection| {
            // Only a clock that was set back is worth a look at those behind the first one in turn.
            let or_set_later = if was_set_back(connection, now_ms)? {
                format!("OR d.set_ms - {CLOCK_SLACK_MS} > ?1")
            } else {
                String::new()
            };
            let sql = format!(
                "SELECT i.id, i.user_login, i.project_id, d.attempts, d.ticket_id, d.attached, e.environment, {}, {} \
                 FROM deliveries d \
                 JOIN incidents i ON i.id = d.incident_id \
                 JOIN evidence e ON e.incident_id = i.id AND e.archive IS NOT NULL \
                 JOIN occurrences o ON o.id = (SELECT min(id) FROM occurrences WHERE incident_id = i.id) \
                 WHERE d.incident_id = (SELECT d.incident_id FROM deliveries d \
                 JOIN incidents i ON i.id = d.incident_id \
                 JOIN evidence e ON e.incident_id = i.id AND e.archive IS NOT NULL \
                 WHERE d.delivered_count < i.count AND (d.next_try_ms <= ?1 {or_set_later}) \
                 ORDER BY d.next_try_ms, d.incident_id LIMIT 1)",
                rows::INCIDENT,
                rows::OCCURRENCE
            );
            let delivery = connection
                .prepare_cached(&sql)?
                .query_row([now_ms], |row| {
                    Ok(Delivery {
                        id: row.get(0)?,
                        user_login: rows::text(row, 1)?,
                        project_id: rows::number_or_null(row, 2)?,
                        attempts: attempts(row, 3)?,
                        ticket_id: row.get(4)?,
                        attached: row.get(5)?,
                        former_signatures: Vec::new(),
                        environment: rows::text(row, 6)?,
                        incident: rows::incident(row, 7)?,
                        occurrence: rows::occurrence(row, 19)?,
                    })
                })
                .optional()?;
            let Some(mut delivery) = delivery else { return Ok(None) };
            delivery.former_signatures = keys::former(connection, delivery.id, &delivery.occurrence.record)?;
            Ok(Some(delivery))
        })
    }

    /// When the next delivery is due, in Unix milliseconds, by a clock that shows `now_ms`.
    pub fn next_delivery_ms(&self, now_ms: i64) -> Result<Option<i64>> {
        self.read(|connection| {
            let next = |and: &str| {
                let sql = format!(
                    "SELECT d.next_try_ms FROM deliveries d \
                     JOIN incidents i ON i.id = d.incident_id \
                     JOIN evidence e ON e.incident_id = i.id AND e.archive IS NOT NULL \
                     WHERE d.delivered_count < i.count {and} ORDER BY d.next_try_ms LIMIT 1"
                );
                connection.prepare_cached(&sql)?.query_row([], |row| rows::number(row, 0)).optional()
            };
            if was_set_back(connection, now_ms)?
                && next(&format!("AND d.set_ms > {}", now_ms.saturating_add(CLOCK_SLACK_MS)))?.is_some()
            {
                return Ok(Some(now_ms));
            }
            next("")
        })
    }

    /// The evidence archive of a delivery: what is left of it, where there was no room for more.
    pub fn evidence(&self, id: i64) -> Result<Option<Vec<u8>>> {
        let found: Option<(Vec<u8>, String)> = self.read(|connection| {
            let sql = "SELECT e.archive, o.record FROM evidence e \
                 JOIN occurrences o ON o.id = (SELECT min(id) FROM occurrences WHERE incident_id = ?1) \
                 WHERE e.incident_id = ?1 AND e.archive IS NOT NULL";
            connection
                .prepare_cached(sql)?
                .query_row([id], |row| Ok((rows::bytes(row, 0)?, rows::text(row, 1)?)))
                .optional()
        })?;
        match found {
            Some((archive, record)) if archive.is_empty() => remains(&record).map(Some),
            other => Ok(other.map(|(archive, _)| archive)),
        }
    }

    /// The ticket exists. True if there is such a delivery.
    pub fn ticket_created(&self, id: i64, ticket_id: i64) -> Result<bool> {
        self.change_delivery("ticket_id = ?2", params![id, ticket_id])
    }

    /// The evidence is on the site. True if there is such a delivery.
    pub fn evidence_attached(&self, id: i64) -> Result<bool> {
        self.change_delivery("attached = 1", params![id])
    }

    /// The site knows of `count` occurrences; further ones wait for `recurrence_ms`.
    pub fn ack(&self, id: i64, count: u64, recurrence_ms: u64) -> Result<bool> {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        let now = now_ms();
        let known = self.change_delivery(
            "delivered_count = max(delivered_count, ?2), next_try_ms = ?3, set_ms = ?4, attempts = 0, \
             last_error = NULL",
            params![id, count, now.saturating_add_unsigned(recurrence_ms), now],
        )?;
        self.keep_in_ledger(|ledger, connection| ledger.told(connection, id));
        Ok(known)
    }

    /// It failed for this reason: it waits for the delay that is given back, in milliseconds.
    pub fn retry_later(&self, id: i64, reason: &str, retry_after_ms: Option<u64>) -> Result<u64> {
        let attempts: u32 = self.read(|connection| {
            let sql = "SELECT attempts FROM deliveries WHERE incident_id = ?1";
            let attempts = |row: &Row<'_>| attempts(row, 0);
            Ok(connection.prepare_cached(sql)?.query_row([id], attempts).optional()?.unwrap_or(0))
        })?;
        // What the site asks for is the least: it knows its load, we know our failures.
        let asked = retry_after_ms.map_or(0, |asked| i64::try_from(asked).unwrap_or(LONGEST_RETRY_MS));
        let delay = backoff_ms(attempts, RandomState::new().build_hasher().finish()).max(asked);
        let reason = crate::redact(reason);
        let now = now_ms();
        self.change_delivery(
            "attempts = attempts + 1, next_try_ms = ?2, set_ms = ?3, last_error = ?4",
            params![id, now.saturating_add(delay), now, reason],
        )?;
        Ok(delay.unsigned_abs())
    }

    fn change_delivery(&self, change: &str, values: &[&dyn rusqlite::ToSql]) -> Result<bool> {
        let sql = format!("UPDATE deliveries SET {change} WHERE incident_id = ?1");
        self.write(|transaction| Ok(transaction.prepare_cached(&sql)?.execute(values)? > 0))
    }
}

fn attempts(row: &Row<'_>, at: usize) -> rusqlite::Result<u32> {
    Ok(rows::number(row, at)?.try_into().unwrap_or_default())
}

/// Whether a wait was set when the clock showed a later time than now.
fn was_set_back(connection: &Connection, now_ms: i64) -> rusqlite::Result<bool> {
    let sql = "SELECT coalesce(max(set_ms), 0) FROM deliveries";
    let last = connection.prepare_cached(sql)?.query_row([], |row| rows::number(row, 0))?;
    Ok(last.saturating_sub(CLOCK_SLACK_MS) > now_ms)
}

/// Exponential, and spread from half of itself to one and a half, so that a hundred workstations that lost
/// the site together do not come back together.
fn backoff_ms(attempts: u32, random: u64) -> i64 {
    let delay =
        FIRST_RETRY_MS.checked_shl(attempts.min(20)).unwrap_or(LONGEST_RETRY_MS).min(LONGEST_RETRY_MS);
    let spread = i64::try_from(random % 1_000).unwrap_or(0);
    (delay / 2 + delay * spread / 1_000).min(LONGEST_RETRY_MS)
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
