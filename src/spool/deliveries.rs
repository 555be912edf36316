//! What the site is to be told, and how far that has come.

use rusqlite::{Connection, OptionalExtension, Row};

use super::{Spool, keys, outage, rows, steps};
use crate::capture::remains;
use crate::error::Result;
use crate::incident::{Incident, Occurrence};

/// A clock that shows so much less than when a wait began was set back: the wait is over then, for nobody knows how
/// much of it has passed.
pub(super) const CLOCK_SLACK_MS: i64 = 60_000;

/// The turn is found among so many that are due: more of them would hold up whoever else wants the spool.
const IN_ORDER: u32 = 10_000;

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
    /// Which reporter tells of it: the same as long as its state folder is.
    pub reporter_id: String,
    /// Where it was found.
    pub project_id: Option<i64>,
    /// How often it failed since it last succeeded.
    pub attempts: u32,
    /// The ticket, once it is known to exist.
    pub ticket_id: Option<i64>,
    /// Whether the evidence is known to be on the site.
    pub attached: bool,
    /// Whether the site was looked at after it was told last: before that it may not show the ticket yet.
    pub is_settled: bool,
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
    /// The delivery whose turn it is: what the site does not know at all before what it knows in part, then the most
    /// severe, then the oldest. None while the site is left alone.
    pub fn delivery_due(&self, now_ms: i64) -> Result<Option<Delivery>> {
        self.read(|connection| {
            if outage::held_up(connection, now_ms)?.is_some() {
                return Ok(None);
            }
            // Only a clock that was set back is worth a look at those behind the first one in turn.
            let or_set_later = if was_set_back(connection, now_ms)? {
                format!("OR d.set_ms - {CLOCK_SLACK_MS} > ?1")
            } else {
                String::new()
            };
            let which = format!(
                "SELECT id FROM (SELECT i.id, i.level, d.delivered_count FROM deliveries d \
                 JOIN incidents i ON i.id = d.incident_id \
                 JOIN evidence e ON e.incident_id = i.id AND e.archive IS NOT NULL \
                 WHERE d.delivered_count < i.count AND (d.next_try_ms <= ?1 {or_set_later}) \
                 ORDER BY d.next_try_ms, d.incident_id LIMIT {IN_ORDER}) \
                 ORDER BY delivered_count > 0, level <> 'CRITICAL', id LIMIT 1"
            );
            Ok(deliveries(connection, &which, now_ms)?.pop())
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
            if let Some(outage) = outage::held_up(connection, now_ms)? {
                return Ok(next("")?.map(|next| next.max(outage.until_ms)));
            }
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
}

/// The deliveries of these incidents; `?1` in the query is the time.
pub(super) fn deliveries(
    connection: &Connection,
    which: &str,
    now_ms: i64,
) -> rusqlite::Result<Vec<Delivery>> {
    let sql = format!(
        "SELECT i.id, i.user_login, i.project_id, d.attempts, d.ticket_id, d.attached, e.environment, \
         d.twins_ms IS NULL, {}, {}, coalesce((SELECT min(id) FROM reporter), '') \
         FROM deliveries d \
         JOIN incidents i ON i.id = d.incident_id \
         JOIN evidence e ON e.incident_id = i.id AND e.archive IS NOT NULL \
         JOIN occurrences o ON o.id = (SELECT min(id) FROM occurrences WHERE incident_id = i.id) \
         WHERE d.incident_id IN ({which})",
        rows::INCIDENT,
        rows::OCCURRENCE
    );
    let of_row = |row: &Row<'_>| {
        Ok(Delivery {
            id: row.get(0)?,
            user_login: rows::text(row, 1)?,
            project_id: rows::number_or_null(row, 2)?,
            attempts: steps::attempts(row, 3)?,
            ticket_id: row.get(4)?,
            attached: row.get(5)?,
            former_signatures: Vec::new(),
            environment: rows::text(row, 6)?,
            is_settled: row.get(7)?,
            incident: rows::incident(row, 8)?,
            occurrence: rows::occurrence(row, 20)?,
            reporter_id: rows::text(row, 36)?,
        })
    };
    let mut found: Vec<Delivery> =
        connection.prepare_cached(&sql)?.query_map([now_ms], of_row)?.collect::<rusqlite::Result<_>>()?;
    for delivery in &mut found {
        delivery.former_signatures = keys::former(connection, delivery.id, &delivery.occurrence.record)?;
    }
    Ok(found)
}

/// Whether a wait was set when the clock showed a later time than now.
fn was_set_back(connection: &Connection, now_ms: i64) -> rusqlite::Result<bool> {
    let sql = "SELECT coalesce(max(set_ms), 0) FROM deliveries";
    let last = connection.prepare_cached(sql)?.query_row([], |row| rows::number(row, 0))?;
    Ok(last.saturating_sub(CLOCK_SLACK_MS) > now_ms)
}
