//! How a tailer goes on where the last one ended, whatever has become of the files meanwhile.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::sync::Arc;
use std::time::Instant;

use super::checkpoint::anchor;
use super::held::Kept;
use super::writers::OpenLog;
use super::{Beginning, Checkpoint, FileIdentity, Harvester, Read, TURN_BYTES, Tailer, platform};
use crate::record::Record;
use crate::stats::Stats;

impl Tailer {
    /// Goes on with the files that were followed when the last reporter ended, whatever their names are now.
    pub fn resume(&mut self, now: Instant, stats: &mut Stats, mut give: impl FnMut(Read<'_>, &mut Stats)) {
        let (copies, links): (Vec<_>, Vec<_>) =
            self.held.take_over().into_iter().partition(|kept| kept.is_copy);
        // The copies first: a file that came to the identity of one of them is another life, with another checkpoint.
        if !copies.is_empty() {
            self.resume_copies(copies, now, stats, &mut give);
        }
        for Kept { identity, name, file, .. } in links {
            let path = self.folder.join(name);
            // What cannot be read now is looked at again if it has a name in the folder, or at the next start.
            self.adopt(identity, path, file, self.unknown, now, stats).unwrap_or_default();
        }
    }

    fn resume_copies(
        &mut self,
        copies: Vec<Kept>,
        now: Instant,
        stats: &mut Stats,
        give: &mut impl FnMut(Read<'_>, &mut Stats),
    ) {
        let open_logs = self.writers.lock().look(now, true, true);
        // As the spool has them: several files can have had one identity, and only one of them this checkpoint.
        let known: HashMap<FileIdentity, Checkpoint> = copies
            .iter()
            .filter_map(|kept| self.checkpoints.get(&kept.identity))
            .map(|point| (point.identity, point.clone()))
            .collect();
        for kept in copies {
            let is_open = |log: &&OpenLog| log.identity == kept.identity;
            // One of its writers may just have closed it.
            let file = open_logs.iter().filter(is_open).find_map(OpenLog::open);
            let file = file.filter(|(identity, ..)| *identity == kept.identity).map(|(.., file)| file);
            let known = known.get(&kept.identity);
            // If the copy cannot be compared or read now, it stays for the next start.
            self.resume_copy(kept, known, file, now, stats, give).unwrap_or_default();
        }
    }

    /// Goes on with the file that this is a copy of; if nobody has that open any more, reads the copy to its end.
    fn resume_copy(
        &mut self,
        kept: Kept,
        known: Option<&Checkpoint>,
        file: Option<File>,
        now: Instant,
        stats: &mut Stats,
        give: &mut impl FnMut(Read<'_>, &mut Stats),
    ) -> io::Result<()> {
        let path = self.folder.join(&kept.name);
        let length = kept.file.metadata()?.len();
        if let Some(file) = file
            && anchor(&file, length)? == anchor(&kept.file, length)?
        {
            let known = known.filter(|point| is_of(point, &file).unwrap_or(false));
            self.held.copy_again(&kept, &file, known.map_or(0, |point| point.offset));
            return self.adopt(kept.identity, path, file, Beginning::Start, now, stats);
        }
        let own = platform::identity_of(&kept.file, &path)?;
        let before = self.checkpoints.get(&own);
        if let Some(point) = before
            && point.offset == length
            && length > 0
            && is_of(point, &kept.file)?
        {
            // It was read to its end, and that is in the spool; only its removal did not come to pass.
            self.drained.push(kept);
            return Ok(());
        }
        let is_known = known.map_or(Ok(true), |point| is_of(point, &kept.file))?;
        let (offset, anchor) = known
            .filter(|_| is_known)
            .map_or((0, String::new()), |point| (point.offset, point.anchor.clone()));
        let generation = before.map_or(0, |point| point.generation.saturating_add(1));
        let begin =
            Checkpoint { identity: own, generation, offset, anchor, path: path.clone(), followed: false };
        // With a checkpoint of its own: its file's identity may have a successor by now, which has its own place in the
        // spool. But a record keeps the address that it had in the file.
        let mut harvester = Harvester::new(
            own,
            path.clone(),
            kept.file.try_clone()?,
            Some(&begin),
            Beginning::Start,
            self.max_record_bytes,
            now,
            stats,
        )?;
        let address = is_known.then(|| (kept.identity, known.map_or(0, |point| point.generation)));
        let name = Arc::clone(&harvester.path);
        let mut give = |generation, record: Record, stats: &mut Stats| {
            let (identity, generation) = address.unwrap_or((own, generation));
            give(Read { identity, generation, path: &name, record }, stats);
        };
        while harvester.read(now, TURN_BYTES, &mut self.buffer, stats, &mut give) {}
        harvester.finish(stats, &mut give);
        if is_known {
            // Should its file still be open somewhere, it is not read once more; and what comes to its identity has
            // taken nothing with it.
            let generation = known.map_or(0, |point| point.generation);
            let end = harvester.checkpoint();
            self.release(Checkpoint { identity: kept.identity, generation, followed: false, ..end });
        }
        self.let_go(harvester);
        self.drained.push(kept);
        Ok(())
    }
}

/// Whether this checkpoint is one of this file: of all that have had its identity.
fn is_of(point: &Checkpoint, file: &File) -> io::Result<bool> {
    Ok(anchor(file, point.offset)? == point.anchor)
}
