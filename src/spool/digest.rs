//! Digests: many new problems at once make one ticket that lists them, and single ones as they recur.
//!
//! A digest is delivered by the same steps as an incident; its id is the negative of its row's. What it lists, and how
//! often each was seen by then, is committed before the site is asked for anything.

use compact_str::CompactString;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::deliveries::{Delivery, deliveries};
use super::{Spool, reporter, rows, steps};
use crate::capture::list_archive;
use crate::error::Result;
use crate::incident::{Incident, IncidentState};
use crate::record::Level;

/// One digest lists no more.
const MOST: u64 = 1_000;

/// Problems that were found within this time belong together.
const WINDOW_MS: i64 = 60_000;

/// A storm is over when nothing new was found for so long.
const QUIET_MS: i64 = 5_000;

/// Characters of a digest's key behind its prefix: as many as a signature has.
const KEY: usize = 24;

/// What the site has never been asked for. One whose time is not known, because its row was lost, is in no storm.
const UNTOLD: &str = "FROM deliveries d JOIN incidents i ON i.id = d.incident_id \
     JOIN evidence e ON e.incident_id = i.id \
     WHERE d.delivered_count = 0 AND d.ticket_id IS NULL AND d.asked_ms IS NULL AND e.due_ms > 0 \
     AND NOT EXISTS (SELECT 1 FROM digest_members m WHERE m.incident_id = i.id)";

/// New problems of one user and project that were found together.
#[derive(Debug)]
pub(super) struct Storm {
    /// Rows and counts.
    members: Vec<(i64, i64)>,
    /// From when on it can be listed, in Unix milliseconds.
    pub ripe_ms: i64,
}

impl Storm {
    pub(super) fn has(&self, incident_id: i64) -> bool {
        self.members.iter().any(|(id, _)| *id == incident_id)
    }
}

/// The oldest storm of at least so many problems.
pub(super) fn storm(connection: &Connection, from: u64) -> rusqlite::Result<Option<Storm>> {
    let oldest: Option<(i64, String, Option<i64>)> = connection
        .prepare_cached(&format!(
            "SELECT e.due_ms, i.ticket_user, i.project_id {UNTOLD} ORDER BY e.due_ms, i.id LIMIT 1"
        ))?
        .query_row([], |row| Ok((rows::number(row, 0)?, rows::text(row, 1)?, rows::number_or_null(row, 2)?)))
        .optional()?;
    let Some((first, user, project)) = oldest else { return Ok(None) };
    let sql = format!(
        "SELECT i.id, i.count, e.due_ms, e.archive IS NULL {UNTOLD} AND e.due_ms BETWEEN ?1 AND ?2 \
         AND i.ticket_user = ?3 AND i.project_id IS ?4 ORDER BY i.id LIMIT {MOST}"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut found = statement.query(params![first, first.saturating_add(WINDOW_MS), user, project])?;
    let (mut members, mut last, mut is_open) = (Vec::new(), first, false);
    while let Some(row) = found.next()? {
        members.push((row.get(0)?, rows::number(row, 1)?));
        last = last.max(rows::number(row, 2)?);
        is_open |= row.get::<_, bool>(3)?;
    }
    if (members.len() as u64) < from {
        return Ok(None);
    }
    let window = first.saturating_add(WINDOW_MS);
    // Evidence that cannot be taken does not hold it up for ever.
    let ripe_ms = if is_open {
        window.saturating_add(WINDOW_MS)
    } else if members.len() as u64 == MOST {
        first
    } else {
        last.saturating_add(QUIET_MS).min(window)
    };
    Ok(Some(Storm { members, ripe_ms }))
}

impl Spool {
    /// Commits what a digest lists: from now on it is delivered as one.
    pub(super) fn list(&self, storm: &Storm) -> Result<()> {
        self.write(|transaction| {
            let mut hasher = blake3::Hasher::new();
            hasher.update(reporter::known(transaction)?.unwrap_or_default().as_bytes());
            for (id, _) in &storm.members {
                hasher.update(&id.to_le_bytes());
            }
            let key = format!("digest-{}", &hasher.finalize().to_hex()[..KEY]);
            transaction.prepare_cached("INSERT INTO digests (key) VALUES (?1)")?.execute([key])?;
            let digest_id = transaction.last_insert_rowid();
            let mut insert = transaction.prepare_cached(
                "INSERT INTO digest_members (incident_id, digest_id, count) VALUES (?1, ?2, ?3)",
            )?;
            for (id, count) in &storm.members {
                insert.execute(params![id, digest_id, count])?;
            }
            Ok(())
        })
    }
}

/// Digests as deliveries; `which` selects their rows, `?1` in it is the time.
pub(super) fn digests(connection: &Connection, which: &str, now_ms: i64) -> rusqlite::Result<Vec<Delivery>> {
    let sql = format!(
        "SELECT id, key, ticket_id, attached, attempts, twins_ms IS NULL, is_done FROM digests WHERE id IN ({which})"
    );
    let of_row = |row: &Row<'_>| {
        Ok(Known {
            id: row.get(0)?,
            key: row.get(1)?,
            ticket_id: row.get(2)?,
            attached: row.get(3)?,
            attempts: steps::attempts(row, 4)?,
            is_settled: row.get(5)?,
            is_done: row.get(6)?,
        })
    };
    let found: Vec<Known> =
        connection.prepare_cached(&sql)?.query_map([now_ms], of_row)?.collect::<rusqlite::Result<_>>()?;
    let mut out = Vec::new();
    for known in found {
        out.extend(known.delivery(connection)?);
    }
    Ok(out)
}

/// The row of a digest.
struct Known {
    id: i64,
    key: String,
    ticket_id: Option<i64>,
    attached: bool,
    attempts: u32,
    is_settled: bool,
    is_done: bool,
}

impl Known {
    /// None where its members were lost with a damaged file.
    fn delivery(self, connection: &Connection) -> rusqlite::Result<Option<Delivery>> {
        let members = members(connection, self.id)?;
        let Some((first, _)) = members.first() else { return Ok(None) };
        let Some(head) = deliveries(connection, &format!("SELECT {first} WHERE ?1 IS NOT NULL"), 0)?.pop()
        else {
            return Ok(None);
        };
        let members: Vec<Incident> = members.into_iter().map(|(_, incident)| incident).collect();
        let mut incident = summary(&self.key, &members);
        incident.ticket = self.ticket_id;
        Ok(Some(Delivery {
            id: -self.id,
            told_count: if self.is_done { incident.count } else { 0 },
            incident,
            attempts: self.attempts,
            ticket_id: self.ticket_id,
            attached: self.attached,
            is_settled: self.is_settled,
            former_signatures: Vec::new(),
            members,
            ..head
        }))
    }
}

/// What a digest lists, the most severe first, each as often as it had been seen by then.
fn members(connection: &Connection, digest_id: i64) -> rusqlite::Result<Vec<(i64, Incident)>> {
    let sql = format!(
        "SELECT i.id, m.count, {} FROM digest_members m JOIN incidents i ON i.id = m.incident_id \
         JOIN deliveries d ON d.incident_id = i.id WHERE m.digest_id = ?1 \
         ORDER BY i.level <> 'CRITICAL', i.id",
        rows::INCIDENT
    );
    let of_row = |row: &Row<'_>| {
        let count = rows::unsigned(row, 1)?;
        Ok((row.get(0)?, Incident { count, ..rows::incident(row, 2)? }))
    };
    connection.prepare_cached(&sql)?.query_map([digest_id], of_row)?.collect()
}

/// All of them as if they were one problem.
fn summary(key: &str, members: &[Incident]) -> Incident {
    let title = format!("{} new problems at once", members.len());
    let names = |of: fn(&Incident) -> &[CompactString]| {
        let mut all: Vec<CompactString> = Vec::new();
        for name in members.iter().flat_map(of) {
            if !all.contains(name) {
                all.push(name.clone());
            }
        }
        all
    };
    let times =
        |of: fn(&Incident) -> &CompactString| members.iter().map(of).filter(|time| !time.is_empty()).cloned();
    Incident {
        signature: key.to_owned(),
        level: members.iter().map(|each| each.level).max().unwrap_or(Level::Error),
        engines: names(|each| &each.engines),
        count: members.iter().map(|each| each.count).sum(),
        first_seen: times(|each| &each.first_seen).min().unwrap_or_default(),
        last_seen: times(|each| &each.last_seen).max().unwrap_or_default(),
        exception: None,
        message: title.clone(),
        title,
        users: names(|each| &each.users),
        state: IncidentState::Waiting,
        ticket: None,
    }
}

/// The archive of a digest: the list, and the archives of its members as far as there is room.
pub(super) fn evidence(connection: &Connection, digest_id: i64) -> rusqlite::Result<Option<Result<Vec<u8>>>> {
    let members = members(connection, digest_id)?;
    if members.is_empty() {
        return Ok(None);
    }
    let mut statement = connection.prepare_cached("SELECT archive FROM evidence WHERE incident_id = ?1")?;
    let archive = |id: i64| {
        let found = statement.query_row([id], |row| rows::bytes(row, 0)).optional();
        found.map(Option::unwrap_or_default)
    };
    list_archive(&members, archive).map(Some)
}

/// The site knows of what a digest lists: its members are told, and wait as if they had been so alone.
pub(super) fn done(
    transaction: &Transaction<'_>,
    digest_id: i64,
    change: &str,
    next_ms: i64,
    now_ms: i64,
) -> rusqlite::Result<Vec<i64>> {
    let sql = format!(
        "UPDATE deliveries SET {change}, next_try_ms = ?2, set_ms = ?3, attempts = 0, last_error = NULL FROM digest_members m \
         WHERE m.digest_id = ?1 AND m.incident_id = deliveries.incident_id"
    );
    transaction.prepare_cached(&sql)?.execute(params![digest_id, next_ms, now_ms])?;
    transaction
        .prepare_cached("SELECT incident_id FROM digest_members WHERE digest_id = ?1 ORDER BY incident_id")?
        .query_map([digest_id], |row| row.get(0))?
        .collect()
}
