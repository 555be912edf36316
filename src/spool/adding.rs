//! The occurrences of a batch, on their way into the spool.
//!
//! What holds for all of a batch is asked once, and an incident that it sees a thousand times is read and written once:
//! in a storm the statements for each occurrence are what the spool's speed depends on.

use std::collections::{BTreeMap, HashMap};
use std::collections::{btree_map, hash_map};

use compact_str::CompactString;
use rusqlite::{Transaction, params};

use super::commit::signed;
use super::{Batch, Found, keys, rows};
use crate::incident::{Incident, IncidentState, Occurrence};
use crate::tail::FileIdentity;

/// Adds the occurrences of one batch, in one transaction.
pub(super) struct Adding<'a> {
    transaction: &'a Transaction<'a>,
    batch: &'a Batch,
    /// Row of the next occurrence.
    next_id: i64,
    /// Whether a damaged file has left something that the site was told, and whether rows were folded.
    has_told: bool,
    has_folded: bool,
    /// Of each file life, the offset of the last occurrence in it.
    last: HashMap<(FileIdentity, u32), Option<i64>>,
    /// The incidents that were counted in, by their keys and as they are by now: their rows are written at the end.
    owners: HashMap<&'a str, i64>,
    incidents: BTreeMap<i64, Incident>,
}

impl<'a> Adding<'a> {
    /// Looks at what is there.
    pub fn new(transaction: &'a Transaction<'a>, batch: &'a Batch) -> rusqlite::Result<Self> {
        let sql = "SELECT 1 + max(coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'occurrences'), 0), \
                   coalesce((SELECT max(id) FROM occurrences), 0)), \
                   EXISTS (SELECT 1 FROM told), EXISTS (SELECT 1 FROM folded)";
        let (next_id, has_told, has_folded) = transaction
            .prepare_cached(sql)?
            .query_row([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        Ok(Self {
            transaction,
            batch,
            next_id,
            has_told,
            has_folded,
            last: HashMap::new(),
            owners: HashMap::new(),
            incidents: BTreeMap::new(),
        })
    }

    /// Adds all of them; how many were known already.
    pub fn add_all(mut self) -> rusqlite::Result<u64> {
        let mut known = 0;
        for found in &self.batch.found {
            known += u64::from(!self.add(found)?);
        }
        for (id, incident) in &self.incidents {
            self.update(*id, incident)?;
        }
        Ok(known)
    }

    /// Takes an occurrence in; false if its address is known.
    fn add(&mut self, found: &'a Found) -> rusqlite::Result<bool> {
        let Found { identity, generation, occurrence } = found;
        if self.is_known(found)? {
            return Ok(false);
        }
        let transaction = self.transaction;
        let ticket_user = &*self.batch.ticket_user;
        let owner = match self.owners.get(&*occurrence.signature) {
            Some(id) => Some(*id),
            None => keys::owner(transaction, &occurrence.signature, ticket_user)?,
        };
        let former = match owner {
            Some(_) => None,
            None => keys::former_owner(transaction, &occurrence.record, ticket_user)?,
        };
        if let Some(incident_id) = owner.or(former)
            && self.is_told(incident_id, found)?
        {
            keys::add(transaction, &occurrence.signature, ticket_user, incident_id)?;
            return Ok(false);
        }
        let unknown = match former {
            Some(id) if keys::is_unknown(transaction, id)? => Some(id),
            _ => None,
        };
        let is_folded = self.is_folded(found)?;
        // Its own row may be gone, but not its incident: that one has counted it.
        if is_folded && self.is_counted(occurrence, unknown)? {
            return Ok(false);
        }
        if let Some(id) = unknown {
            let former: String = transaction
                .prepare_cached("SELECT signature FROM incidents WHERE id = ?1")?
                .query_row([id], |row| row.get(0))?;
            keys::replace(transaction, (&former, &occurrence.signature), ticket_user, id)?;
        }
        let incident_id = self.count(occurrence, owner.or(unknown))?;
        self.owners.insert(&occurrence.signature, incident_id);
        if is_folded {
            transaction
                .prepare_cached("INSERT OR IGNORE INTO recounted VALUES (?1)")?
                .execute([incident_id])?;
        }
        self.insert_occurrence(incident_id, found)?;
        // Not just this one: where a spool was recovered, earlier ones are read behind it.
        let last = self.last.entry((*identity, *generation)).or_default();
        *last = (*last).max(Some(signed(occurrence.offset)));
        Ok(true)
    }

    /// Whether there is an occurrence at this address. One behind all others of its file is new.
    fn is_known(&mut self, found: &Found) -> rusqlite::Result<bool> {
        let Found { identity, generation, occurrence } = found;
        let offset = signed(occurrence.offset);
        let last = match self.last.entry((*identity, *generation)) {
            hash_map::Entry::Occupied(last) => *last.get(),
            hash_map::Entry::Vacant(place) => *place.insert(
                self.transaction
                    .prepare_cached(
                        "SELECT max(offset) FROM occurrences WHERE identity = ?1 AND generation = ?2",
                    )?
                    .query_row(params![identity.to_string(), generation], |row| row.get(0))?,
            ),
        };
        if last.is_none_or(|last| last < offset) {
            return Ok(false);
        }
        self.transaction
            .prepare_cached(
                "SELECT 1 FROM occurrences WHERE identity = ?1 AND generation = ?2 AND offset = ?3",
            )?
            .exists(params![identity.to_string(), generation, offset])
    }

    /// Whether the site was told of it, though its row was lost with a damaged file.
    fn is_told(&self, incident_id: i64, found: &Found) -> rusqlite::Result<bool> {
        let Found { identity, generation, occurrence } = found;
        let sql = "SELECT 1 FROM told WHERE incident_id = ?1 AND identity = ?2 AND generation = ?3 AND offset >= ?4";
        let address = params![incident_id, identity.to_string(), generation, signed(occurrence.offset)];
        Ok(self.has_told && self.transaction.prepare_cached(sql)?.exists(address)?)
    }

    /// Whether it lies where rows were folded into counts.
    fn is_folded(&self, found: &Found) -> rusqlite::Result<bool> {
        let Found { identity, generation, occurrence } = found;
        let sql = "SELECT 1 FROM folded WHERE identity = ?1 AND generation = ?2 AND up_to >= ?3";
        let address = params![identity.to_string(), generation, signed(occurrence.offset)];
        Ok(self.has_folded && self.transaction.prepare_cached(sql)?.exists(address)?)
    }

    /// Whether an incident of this problem has kept its count.
    fn is_counted(&self, occurrence: &Occurrence, unknown: Option<i64>) -> rusqlite::Result<bool> {
        self.transaction
            .prepare_cached(
                "SELECT 1 FROM (SELECT id FROM incidents WHERE signature = ?1 \
                 UNION ALL SELECT incident_id FROM keys WHERE signature = ?1 UNION ALL SELECT ?2) i \
                 WHERE i.id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM recounted r WHERE r.incident_id = i.id)",
            )?
            .exists(params![occurrence.signature, unknown])
    }

    /// Counts an occurrence in its incident, or in a new one; gives the incident's row.
    fn count(&mut self, occurrence: &Occurrence, owner: Option<i64>) -> rusqlite::Result<i64> {
        let (transaction, user) = (self.transaction, &*self.batch.user_login);
        let Some(id) = owner else {
            let mut incident = Incident::new(occurrence, IncidentState::Waiting);
            incident.add(occurrence, Some(user));
            let id = self.insert(&incident)?;
            self.incidents.insert(id, incident);
            return Ok(id);
        };
        let incident = match self.incidents.entry(id) {
            btree_map::Entry::Occupied(known) => known.into_mut(),
            btree_map::Entry::Vacant(place) => {
                let sql = format!(
                    "SELECT {} FROM incidents i JOIN deliveries d ON d.incident_id = i.id WHERE i.id = ?1",
                    rows::INCIDENT
                );
                let row = transaction.prepare_cached(&sql)?.query_row([id], |row| rows::incident(row, 0))?;
                place.insert(row)
            }
        };
        incident.add(occurrence, Some(user));
        Ok(id)
    }

    fn insert(&self, incident: &Incident) -> rusqlite::Result<i64> {
        let (transaction, batch) = (self.transaction, self.batch);
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
                incident.first_seen.as_str(),
                incident.last_seen.as_str(),
                incident.exception.as_deref(),
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

    fn update(&self, id: i64, incident: &Incident) -> rusqlite::Result<()> {
        self.transaction
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
                incident.first_seen.as_str(),
                incident.last_seen.as_str(),
            ])
            .map(drop)
    }

    fn insert_occurrence(&mut self, incident_id: i64, found: &Found) -> rusqlite::Result<()> {
        let Found { identity, generation, occurrence } = found;
        // With its sum, which the trigger would write the row a second time for.
        self.transaction
            .prepare_cached(
                "INSERT INTO occurrences (id, incident_id, identity, generation, offset, signature, ticket_user, sum, \
                 length, path, time, pid, level, engine, logger, message, exception, context_id, request_id, record) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, row_sum(?1, ?2, ?3, ?4, ?5, ?6, ?7), \
                 ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)",
            )?
            .execute(params![
                self.next_id,
                incident_id,
                identity.to_string(),
                generation,
                signed(occurrence.offset),
                occurrence.signature,
                self.batch.ticket_user,
                signed(occurrence.length),
                occurrence.path.to_string_lossy(),
                occurrence.time.as_str(),
                occurrence.pid,
                occurrence.level.name(),
                occurrence.engine.as_str(),
                occurrence.logger.as_str(),
                occurrence.message,
                occurrence.exception.as_deref(),
                occurrence.context_id,
                occurrence.request_id,
                occurrence.record,
            ])?;
        self.next_id += 1;
        Ok(())
    }
}

fn json(list: &[CompactString]) -> String {
    serde_json::to_string(list).expect("a list of strings is JSON")
}
