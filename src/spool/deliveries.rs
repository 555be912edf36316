//! What the site is to be told, and how far that has come.

use rusqlite::{Connection, OptionalExtension, Row};

use super::digest::{self, Storm};
use super::{Spool, keys, outage, rows, steps};
use crate::capture::remains;
use crate::error::Result;
use crate::incident::{Incident, Occurrence};

/// A clock that shows so much less than when a wait began was set back: the wait is over then, for nobody knows how
/// much of it has passed.
pub(super) const CLOCK_SLACK_MS: i64 = 60_000;

/// The turn is found among so many that are due: more of them would hold up whoever else wants the spool.
const IN_ORDER: u32 = 10_000;

/// What a digest lists is not told alone before that is done.
pub(super) const ALONE: &str = "NOT EXISTS (SELECT 1 FROM digest_members m JOIN digests g ON g.id = m.digest_id \
     WHERE m.incident_id = d.incident_id AND NOT g.is_done)";

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
    /// Of how many occurrences the site knows.
    pub told_count: u64,
    /// How often it failed since it last succeeded.
    pub attempts: u32,
    /// The ticket, once it is known to exist.
    pub ticket_id: Option<i64>,
    /// Whether the evidence is known to be on the site.
    pub attached: bool,
    /// Whether the site was looked at after it was told last: before that it may not show the ticket yet.
    pub is_settled: bool,
    /// Of a digest: what it lists, the most severe first, each as often as it had been seen by then.
    pub members: Vec<Incident>,
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
    /// severe, then the oldest. Many that are new become a digest. None while the site is left alone.
    pub fn delivery_due(&self, now_ms: i64) -> Result<Option<Delivery>> {
        if self.is_held_up(now_ms)? {
            return Ok(None);
        }
        if let Some(digest) = self.digest_due(now_ms)? {
            return Ok(Some(digest));
        }
        let Some(delivery) = self.incident_due(now_ms)? else { return Ok(None) };
        match self.storm_of(&delivery)? {
            None => Ok(Some(delivery)),
            Some(storm) if storm.ripe_ms <= now_ms => {
                self.list(&storm)?;
                self.digest_due(now_ms)
            }
            // It is not over.
            Some(_) => Ok(None),
        }
    }

    fn digest_due(&self, now_ms: i64) -> Result<Option<Delivery>> {
        let latest = now_ms.saturating_add(CLOCK_SLACK_MS);
        let which = format!(
            "SELECT id FROM digests WHERE NOT is_done AND (next_try_ms <= ?1 OR set_ms > {latest}) \
             ORDER BY next_try_ms, id LIMIT 1"
        );
        self.read(|connection| Ok(digest::digests(connection, &which, now_ms)?.pop()))
    }

    /// The storm in which an incident was found that the site was never asked about.
    fn storm_of(&self, delivery: &Delivery) -> Result<Option<Storm>> {
        if delivery.ticket_id.is_some() {
            return Ok(None);
        }
        let storm = self.read(|connection| digest::storm(connection, self.digest_from))?;
        Ok(storm.filter(|storm| storm.has(delivery.id)))
    }

    fn incident_due(&self, now_ms: i64) -> Result<Option<Delivery>> {
        self.read(|connection| {
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
                 WHERE d.delivered_count < i.count AND (d.next_try_ms <= ?1 {or_set_later}) AND {ALONE} \
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
                     WHERE d.delivered_count < i.count AND {ALONE} {and} ORDER BY d.next_try_ms LIMIT 1"
                );
                let alone = connection.prepare_cached(&sql)?.query_row([], |row| rows::number(row, 0)).optional()?;
                let sql = format!(
                    "SELECT d.next_try_ms FROM digests d WHERE NOT d.is_done {and} ORDER BY d.next_try_ms LIMIT 1"
                );
                let digest = connection.prepare_cached(&sql)?.query_row([], |row| rows::number(row, 0)).optional()?;
                Ok::<_, rusqlite::Error>(alone.into_iter().chain(digest).min())
            };
            if let Some(outage) = outage::held_up(connection, now_ms)? {
                return Ok(next("")?.map(|next| next.max(outage.until_ms)));
            }
            if was_set_back(connection, now_ms)?
                && next(&format!("AND d.set_ms > {}", now_ms.saturating_add(CLOCK_SLACK_MS)))?.is_some()
            {
                return Ok(Some(now_ms));
            }
            let next = next("")?;
            // What is due by itself may wait for the end of its storm.
            match digest::storm(connection, self.digest_from)? {
                Some(storm) if next.is_some_and(|next| next <= now_ms) && storm.ripe_ms > now_ms => {
                    Ok(Some(storm.ripe_ms))
                }
                _ => Ok(next),
            }
        })
    }

    /// The evidence archive of a delivery: what is left of it, where there was no room for more.
    pub fn evidence(&self, id: i64) -> Result<Option<Vec<u8>>> {
        if id < 0 {
            return self.read(|connection| digest::evidence(connection, -id))?.transpose();
        }
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
            members: Vec::new(),
            environment: rows::text(row, 6)?,
            is_settled: row.get(7)?,
            incident: rows::incident(row, 8)?,
            told_count: rows::unsigned(row, 18)?,
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
