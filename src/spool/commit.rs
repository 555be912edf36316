//! Checkpoints, the occurrences before them and what was counted: one transaction.

use std::path::PathBuf;

use rusqlite::{Transaction, params};

use super::Spool;
use super::adding::Adding;
use crate::error::Result;
use crate::incident::Occurrence;
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
            let records_known = Adding::new(transaction, batch)?.add_all()?;
            let stats = SpoolStats { records_known, ..SpoolStats::default() };
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
pub(super) fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
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
