//! Checkpoints, the occurrences before them and what was counted: one transaction.

use std::path::PathBuf;

use rusqlite::{Transaction, params};

use super::{Spool, keys, rows};
use crate::error::Result;
use crate::incident::{Incident, IncidentState, Occurrence};
use crate::stats::{SpoolStats, Stats};
use crate::tail::{Checkpoint, FileIdentity};

/// An occurrence, and the file life that it stands in.
#[derive(Debug, Clone)]
pub struct Found {
    /// The file.
    pub identity: FileIdentity,
    /// Its life.
    pub generation: u32,
    /// What was found there.
    pub occurrence: Occurrence,
}

/// What one pass of the tail adds to the spool.
#[derive(Debug, Default)]
pub struct Batch {
    /// What was found.
    pub found: Vec<Found>,
    /// How far the files have been read.
    pub checkpoints: Vec<Checkpoint>,
    /// What was counted on the way.
    pub stats: Stats,
    /// A log folder that was looked at for the first time.
    pub first_look: Option<PathBuf>,
    /// Whose problems these are.
    pub user_login: String,
    /// Whose ticket it is: the user's login, or empty where all users share one.
    pub ticket_user: String,
    /// Where they happened.
    pub project_id: Option<i64>,
    /// What the host knows about itself: a JSON object.
    pub facts: String,
    /// When the evidence of what is new may be taken, in Unix milliseconds.
    pub evidence_due_ms: i64,
}

impl Batch {
    /// True if there is nothing to commit.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
            && self.checkpoints.is_empty()
            && self.stats.is_empty()
            && self.first_look.is_none()
    }
}

impl Spool {
    /// Commits a batch. An address that is known already is not counted again.
    pub fn commit(&self, batch: &Batch) -> Result<()> {
        self.write(|transaction| {
            let mut stats = SpoolStats::default();
            for found in &batch.found {
                stats.records_known += u64::from(!add(transaction, batch, found)?);
            }
            for point in &batch.checkpoints {
                keep_checkpoint(transaction, point)?;
            }
            count_up(transaction, &batch.stats.named())?;
            count_up(transaction, &stats.named())?;
            if let Some(folder) = &batch.first_look {
                transaction.execute(
                    "INSERT OR IGNORE INTO folders (path) VALUES (?1)",
                    [folder.to_string_lossy()],
                )?;
            }
            Ok(())
        })?;
        if let Some(folder) = &batch.first_look {
            self.keep_in_ledger(|ledger, _| ledger.folder(&folder.to_string_lossy()));
        }
        Ok(())
    }
}

/// Adds to the counters.
pub(super) fn count_up(transaction: &Transaction<'_>, counters: &[(&str, u64)]) -> rusqlite::Result<()> {
    let sql = "INSERT INTO counters (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = value + excluded.value";
    for (name, value) in counters.iter().filter(|(_, value)| *value > 0) {
        transaction.prepare_cached(sql)?.execute(params![name, signed(*value)])?;
    }
    Ok(())
}

/// The database's integers end at 2⁶³: no file and no count gets there.
fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// Takes an occurrence in; false if its address is known.
fn add(transaction: &Transaction<'_>, batch: &Batch, found: &Found) -> rusqlite::Result<bool> {
    let Found { identity, generation, occurrence } = found;
    let identity = identity.to_string();
    let address = params![identity, generation, signed(occurrence.offset)];
    let known = transaction
        .prepare_cached("SELECT 1 FROM occurrences WHERE identity = ?1 AND generation = ?2 AND offset = ?3")?
        .exists(address)?;
    if known {
        return Ok(false);
    }
    let owner = keys::owner(transaction, &occurrence.signature, &batch.ticket_user)?;
    let former = match owner {
        Some(_) => None,
        None => keys::former_owner(transaction, &occurrence.record, &batch.ticket_user)?,
    };
    if let Some(incident_id) = owner.or(former)
        && is_told(transaction, incident_id, found)?
    {
        keys::add(transaction, &occurrence.signature, &batch.ticket_user, incident_id)?;
        return Ok(false);
    }
    let unknown = match former {
        Some(id) if keys::is_unknown(transaction, id)? => Some(id),
        _ => None,
    };
    let is_folded = transaction
        .prepare_cached("SELECT 1 FROM folded WHERE identity = ?1 AND generation = ?2 AND up_to >= ?3")?
        .exists(address)?;
    if is_folded {
        // Its own row may be gone, but not its incident: that one has counted it.
        let is_counted = transaction
            .prepare_cached(
                "SELECT 1 FROM (SELECT id FROM incidents WHERE signature = ?1 \
                 UNION ALL SELECT incident_id FROM keys WHERE signature = ?1 UNION ALL SELECT ?2) i \
                 WHERE i.id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM recounted r WHERE r.incident_id = i.id)",
            )?
            .exists(params![occurrence.signature, unknown])?;
        if is_counted {
            return Ok(false);
        }
    }
    if let Some(id) = unknown {
        let former: String = transaction
            .prepare_cached("SELECT signature FROM incidents WHERE id = ?1")?
            .query_row([id], |row| row.get(0))?;
        keys::replace(transaction, (&former, &occurrence.signature), &batch.ticket_user, id)?;
    }
    let incident_id = count(transaction, batch, occurrence, owner.or(unknown))?;
    if is_folded {
        transaction.prepare_cached("INSERT OR IGNORE INTO recounted VALUES (?1)")?.execute([incident_id])?;
    }
    transaction
        .prepare_cached(
            "INSERT INTO occurrences (incident_id, identity, generation, offset, length, path, time, pid, level, \
             engine, logger, message, exception, context_id, request_id, record, signature, ticket_user) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)",
        )?
        .execute(params![
            incident_id,
            identity,
            generation,
            signed(occurrence.offset),
            signed(occurrence.length),
            occurrence.path.to_string_lossy(),
            occurrence.time,
            occurrence.pid,
            occurrence.level.name(),
            occurrence.engine,
            occurrence.logger,
            occurrence.message,
            occurrence.exception,
            occurrence.context_id,
            occurrence.request_id,
            occurrence.record,
            occurrence.signature,
            batch.ticket_user,
        ])?;
    Ok(true)
}

/// Whether the site was told of it, though its row was lost with a damaged file.
fn is_told(transaction: &Transaction<'_>, incident_id: i64, found: &Found) -> rusqlite::Result<bool> {
    let Found { identity, generation, occurrence } = found;
    transaction
        .prepare_cached(
            "SELECT 1 FROM told WHERE incident_id = ?1 AND identity = ?2 AND generation = ?3 AND offset >= ?4",
        )?
        .exists(params![incident_id, identity.to_string(), generation, signed(occurrence.offset)])
}

/// Counts an occurrence in its incident, or in a new one; gives the incident's row.
fn count(
    transaction: &Transaction<'_>,
    batch: &Batch,
    occurrence: &Occurrence,
    owner: Option<i64>,
) -> rusqlite::Result<i64> {
    let sql = format!(
        "SELECT {} FROM incidents i JOIN deliveries d ON d.incident_id = i.id \
         WHERE i.id = ?1",
        rows::INCIDENT
    );
    let mut incident = match owner {
        Some(id) => transaction.prepare_cached(&sql)?.query_row([id], |row| rows::incident(row, 0))?,
        None => Incident::new(occurrence, IncidentState::Waiting),
    };
    incident.add(occurrence, Some(&batch.user_login));
    match owner {
        Some(id) => update(transaction, id, &incident),
        None => insert(transaction, batch, &incident),
    }
}

fn insert(transaction: &Transaction<'_>, batch: &Batch, incident: &Incident) -> rusqlite::Result<i64> {
    transaction
        .prepare_cached(
            "INSERT INTO incidents (id, signature, ticket_user, title, level, engines, users, count, first_seen, \
             last_seen, exception, message, user_login, project_id) \
             VALUES ((SELECT 1 + max(coalesce((SELECT max(id) FROM incidents), 0), \
             coalesce((SELECT max(incident_id) FROM used_ids), 0))), ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
        )?
        .execute(params![
            incident.signature,
            batch.ticket_user,
            incident.title,
            incident.level.name(),
            json(&incident.engines),
            json(&incident.users),
            signed(incident.count),
            incident.first_seen,
            incident.last_seen,
            incident.exception,
            incident.message,
            batch.user_login,
            batch.project_id,
        ])?;
    let id = transaction.last_insert_rowid();
    transaction
        .prepare_cached("INSERT INTO evidence (incident_id, due_ms, environment) VALUES (?1, ?2, ?3)")?
        .execute(params![id, batch.evidence_due_ms, batch.facts])?;
    transaction.prepare_cached("INSERT INTO deliveries (incident_id) VALUES (?1)")?.execute([id])?;
    Ok(id)
}

fn update(transaction: &Transaction<'_>, id: i64, incident: &Incident) -> rusqlite::Result<i64> {
    transaction
        .prepare_cached(
            "UPDATE incidents SET level = ?2, engines = ?3, users = ?4, count = ?5, first_seen = ?6, \
             last_seen = ?7 WHERE id = ?1",
        )?
        .execute(params![
            id,
            incident.level.name(),
            json(&incident.engines),
            json(&incident.users),
            signed(incident.count),
            incident.first_seen,
            incident.last_seen,
        ])?;
    Ok(id)
}

fn keep_checkpoint(transaction: &Transaction<'_>, point: &Checkpoint) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT OR REPLACE INTO files (identity, generation, offset, anchor, path, followed) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            point.identity.to_string(),
            point.generation,
            signed(point.offset),
            point.anchor,
            point.path.to_string_lossy(),
            point.followed,
        ])
        .map(drop)
}

fn json(list: &[String]) -> String {
    serde_json::to_string(list).expect("a list of strings is JSON")
}
