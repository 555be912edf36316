//! Evidence: due some time after its record, taken once, kept until it is delivered.

use rusqlite::{OptionalExtension, params};

use super::{Spool, rows};
use crate::error::Result;
use crate::incident::{Incident, Occurrence};
use crate::tail::FileIdentity;

/// An incident whose evidence is to be taken.
#[derive(Debug, Clone)]
pub struct Due {
    /// Row of the incident.
    pub incident_id: i64,
    /// The incident.
    pub incident: Incident,
    /// Its first occurrence.
    pub occurrence: Occurrence,
    /// The file that it stands in.
    pub identity: FileIdentity,
    /// The life of that file.
    pub generation: u32,
}

impl Spool {
    /// When the next evidence is due, in Unix milliseconds.
    pub fn next_evidence_ms(&self) -> Result<Option<i64>> {
        self.read(|connection| {
            let sql = "SELECT min(due_ms) FROM evidence WHERE archive IS NULL";
            connection.prepare_cached(sql)?.query_row([], |row| row.get(0))
        })
    }

    /// One incident whose evidence is due.
    pub fn evidence_due(&self, now_ms: i64) -> Result<Option<Due>> {
        self.read(|connection| {
            let sql = format!(
                "SELECT i.id, o.identity, o.generation, {}, {} FROM evidence e \
                 JOIN incidents i ON i.id = e.incident_id \
                 JOIN deliveries d ON d.incident_id = i.id \
                 JOIN occurrences o ON o.incident_id = i.id \
                 WHERE e.archive IS NULL AND e.due_ms <= ?1 ORDER BY o.id LIMIT 1",
                rows::INCIDENT,
                rows::OCCURRENCE
            );
            connection
                .prepare_cached(&sql)?
                .query_row([now_ms], |row| {
                    let identity: String = row.get(1)?;
                    Ok(Due {
                        incident_id: row.get(0)?,
                        incident: rows::incident(row, 3)?,
                        occurrence: rows::occurrence(row, 15)?,
                        identity: identity.parse().unwrap_or(FileIdentity { volume: 0, index: 0 }),
                        generation: row.get(2)?,
                    })
                })
                .optional()
        })
    }

    /// Keeps the evidence of an incident: from now on it can be delivered.
    pub fn keep_evidence(&self, incident_id: i64, environment: &str, archive: &[u8]) -> Result<()> {
        self.write(|transaction| {
            transaction
                .prepare_cached("UPDATE evidence SET environment = ?2, archive = ?3 WHERE incident_id = ?1")?
                .execute(params![incident_id, environment, archive])
                .map(drop)
        })
    }
}
