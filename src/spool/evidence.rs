//! Evidence: due some time after its record, taken once, kept until it is delivered.

use rusqlite::{OptionalExtension, params};

use super::{Spool, rows};
use crate::capture::Evidence;
use crate::error::Result;
use crate::incident::{Incident, Occurrence};
use crate::tail::FileIdentity;

/// Fewer of them where their records are as long as this together.
const AT_ONCE_BYTES: usize = 8 << 20;

/// So many incidents have their evidence taken before the tail has its turn again.
const AT_ONCE: u32 = 32;

/// Damage can cost an incident its rows until the log is read again: there is nothing to take evidence of.
const HAS_RECORD: &str = "EXISTS (SELECT 1 FROM occurrences o WHERE o.incident_id = e.incident_id)";

/// No evidence waits longer for the lines behind its record: one that seems to was found before the clock was set back.
pub const LONGEST_WAIT_MS: i64 = 10_000;

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
    /// What the host knew about itself when it was found: a JSON object.
    pub facts: String,
}

impl Spool {
    /// When the next evidence is due, in Unix milliseconds, by a clock that shows `now_ms`.
    pub fn next_evidence_ms(&self, now_ms: i64) -> Result<Option<i64>> {
        self.read(|connection| {
            let due = |order: &str| -> rusqlite::Result<Option<i64>> {
                let sql = format!(
                    "SELECT e.due_ms FROM evidence e WHERE e.archive IS NULL AND {HAS_RECORD} \
                     ORDER BY e.due_ms {order} LIMIT 1"
                );
                connection.prepare_cached(&sql)?.query_row([], |row| rows::number(row, 0)).optional()
            };
            let is_overdue = due("DESC")?.is_some_and(|due| due > now_ms.saturating_add(LONGEST_WAIT_MS));
            if is_overdue { Ok(Some(now_ms)) } else { due("ASC") }
        })
    }

    /// Incidents whose evidence is due, those of one file together; not all of them if they are many.
    pub fn evidence_due(&self, now_ms: i64) -> Result<Vec<Due>> {
        self.read(|connection| {
            let sql = format!(
                "SELECT i.id, o.identity, o.generation, e.environment, {}, {} FROM evidence e \
                 JOIN incidents i ON i.id = e.incident_id \
                 JOIN deliveries d ON d.incident_id = i.id \
                 JOIN occurrences o ON o.id = (SELECT min(id) FROM occurrences WHERE incident_id = i.id) \
                 WHERE e.incident_id IN (SELECT e.incident_id FROM evidence e \
                 WHERE e.archive IS NULL AND (e.due_ms <= ?1 OR e.due_ms > ?2) AND {HAS_RECORD} \
                 ORDER BY e.due_ms, e.incident_id LIMIT {}) \
                 ORDER BY o.identity, o.generation, o.id",
                rows::INCIDENT,
                rows::OCCURRENCE,
                AT_ONCE
            );
            let (mut due, mut bytes) = (Vec::new(), 0);
            let mut statement = connection.prepare_cached(&sql)?;
            let mut rows = statement.query([now_ms, now_ms.saturating_add(LONGEST_WAIT_MS)])?;
            while bytes < AT_ONCE_BYTES
                && let Some(row) = rows.next()?
            {
                let identity: String = row.get(1)?;
                let occurrence = rows::occurrence(row, 16)?;
                bytes += occurrence.record.len();
                due.push(Due {
                    incident_id: row.get(0)?,
                    facts: rows::text(row, 3)?,
                    incident: rows::incident(row, 4)?,
                    occurrence,
                    identity: identity.parse().unwrap_or(FileIdentity { volume: 0, index: 0 }),
                    generation: row.get(2)?,
                });
            }
            Ok(due)
        })
    }

    /// Keeps the evidence of these incidents: from now on they can be delivered.
    pub fn keep_evidence(&self, taken: &[(i64, Evidence)]) -> Result<()> {
        self.write(|transaction| {
            for (incident_id, evidence) in taken {
                transaction
                    .prepare_cached(
                        "UPDATE evidence SET environment = ?2, archive = ?3 WHERE incident_id = ?1",
                    )?
                    .execute(params![incident_id, evidence.environment, evidence.archive])?;
            }
            Ok(())
        })
    }
}
