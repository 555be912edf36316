//! The bytes before the places of a file that a checkpoint can be at, as they were read: the file may show others by the
//! time that they are asked for.

use std::fs::File;

use super::checkpoint::{ANCHOR_BYTES, Proof};
use crate::record::Records;

/// The bytes before three places.
#[derive(Debug, Default)]
pub(super) struct Proofs {
    /// What was read last: the file must still show it, or it has begun a new life.
    pub last: Proof,
    /// Before the end of the last whole line.
    line: Proof,
    /// Before the checkpoint, and where that was.
    point: (u64, Proof),
}

impl Proofs {
    /// All of them at one place.
    pub(super) fn at(offset: u64, proof: Proof) -> Self {
        Self { line: proof.clone(), point: (offset, proof.clone()), last: proof }
    }

    /// Takes in what was read: the last bytes before, and behind them `new` ones, which `records` has taken.
    pub(super) fn read(&mut self, bytes: &[u8], new: &[u8], records: &Records, file: &File) {
        self.last.push(new);
        let begin = records.position() - bytes.len() as u64;
        let within = |offset: u64| {
            let end = usize::try_from(offset.checked_sub(begin)?).ok()?;
            let from = end.saturating_sub(ANCHOR_BYTES);
            (from + ANCHOR_BYTES == end || begin == 0).then(|| Proof::from(&bytes[from..end]))
        };
        if let Some(proof) = within(records.line_start()) {
            self.line = proof;
        }
        let offset = records.checkpoint();
        if offset == self.point.0 {
            return;
        }
        // It lies further back where many records wait for each other.
        let proof = within(offset).or_else(|| {
            let proof = Proof::of(file, offset).ok()?;
            self.last.holds(file, records.position()).then_some(proof)
        });
        if let Some(proof) = proof {
            self.point = (offset, proof);
        }
    }

    /// The anchor of the last whole line.
    pub(super) fn line_anchor(&self) -> String {
        self.line.anchor()
    }

    /// The anchor of the checkpoint; none where its bytes are not known.
    pub(super) fn anchor(&self, records: &Records) -> Option<String> {
        let offset = records.checkpoint();
        if offset == records.position() {
            Some(self.last.anchor())
        } else if offset == records.line_start() {
            Some(self.line.anchor())
        } else {
            (offset == self.point.0).then(|| self.point.1.anchor())
        }
    }
}
