//! Where a file's life before this one ended, as long as a copy of it may come: see [`super::twins`].

use std::path::Path;

use super::{Checkpoint, FileIdentity};

/// A copy that was not found in so many looks is none, or holds nothing.
const MOST_LOOKS: u32 = 300;

/// The last life of a file that is over.
#[derive(Debug, Default)]
pub(super) struct Past {
    life: Option<Life>,
    /// What the spool has of it: life and offset.
    taken: Option<(u32, u64)>,
}

#[derive(Debug)]
struct Life {
    generation: u32,
    end: u64,
    anchor: String,
    /// How often the folder was looked at since.
    looks: u32,
}

impl Past {
    /// A life has ended here.
    pub(super) fn begin(&mut self, generation: u32, end: u64, anchor: String) {
        // By an empty anchor no copy is known.
        if !anchor.is_empty() {
            self.life = Some(Life { generation, end, anchor, looks: 0 });
        }
    }

    /// Whether there is one, or the spool has one.
    pub(super) fn is_kept(&self) -> bool {
        self.life.is_some() || self.taken.is_some()
    }

    /// The folder was looked at.
    pub(super) fn looked(&mut self) {
        if let Some(life) = &mut self.life {
            life.looks += 1;
        }
    }

    /// Its checkpoint, for a reporter that comes before the copies of that life are known; an empty one once they are:
    /// the folder was looked at since, and none `is_awaited`. None where the spool has it so.
    pub(super) fn checkpoint(
        &mut self,
        is_awaited: bool,
        identity: FileIdentity,
        path: &Path,
    ) -> Option<Checkpoint> {
        self.life.take_if(|life| life.looks > 0 && !is_awaited || life.looks > MOST_LOOKS);
        let now = self.life.as_ref().map(|life| (life.generation, life.end));
        if now == self.taken {
            return None;
        }
        self.taken = now;
        let (generation, offset) = now.unwrap_or_default();
        let anchor = self.life.as_ref().map_or_else(String::new, |life| life.anchor.clone());
        let (identity, path) = (identity.past(), path.to_path_buf());
        Some(Checkpoint { identity, generation, offset, anchor, path, followed: false })
    }
}
