//! How a tailer goes on where the last one ended, whatever has become of the files meanwhile.

use std::fs::File;
use std::io;
use std::time::Instant;

use super::checkpoint::anchor;
use super::held::Kept;
use super::writers::OpenLog;
use super::{Beginning, Harvester, Read, TURN_BYTES, Tailer};
use crate::record::Record;
use crate::stats::Stats;

impl Tailer {
    /// Goes on with the files that were followed when the last reporter ended, whatever their names are now.
    pub fn resume(&mut self, now: Instant, stats: &mut Stats, mut give: impl FnMut(Read<'_>, &mut Stats)) {
        let (copies, links): (Vec<_>, Vec<_>) =
            self.held.take_over().into_iter().partition(|kept| kept.is_copy);
        for Kept { identity, name, file, .. } in links {
            let path = self.folder.join(name);
            // What cannot be read now is looked at again if it has a name in the folder, or at the next start.
            self.adopt(identity, path, file, self.unknown, now, stats).unwrap_or_default();
        }
        if copies.is_empty() {
            return;
        }
        let open_logs = self.writers.lock().look(now, true, true);
        for kept in copies {
            let is_open = |log: &&OpenLog| log.identity == kept.identity;
            let file = open_logs.iter().find(is_open).and_then(OpenLog::open);
            let file = file.filter(|(identity, ..)| *identity == kept.identity).map(|(.., file)| file);
            // If the copy cannot be compared or read now, it stays for the next start.
            self.resume_copy(kept, file, now, stats, &mut give).unwrap_or_default();
        }
    }

    /// Goes on with the file that this is a copy of; if nobody has that open any more, reads the copy to its end.
    fn resume_copy(
        &mut self,
        kept: Kept,
        file: Option<File>,
        now: Instant,
        stats: &mut Stats,
        give: &mut impl FnMut(Read<'_>, &mut Stats),
    ) -> io::Result<()> {
        let path = self.folder.join(&kept.name);
        let length = kept.file.metadata()?.len();
        let checkpoint = self.checkpoints.get(&kept.identity).map_or(0, |point| point.offset);
        if let Some(file) = file
            && anchor(&file, length)? == anchor(&kept.file, length)?
        {
            self.held.copy_again(&kept, &file, checkpoint);
            return self.adopt(kept.identity, path, file, Beginning::Start, now, stats);
        }
        let known = self.checkpoints.get(&kept.identity);
        let (identity, copy) = (kept.identity, kept.file.try_clone()?);
        let mut harvester = Harvester::new(
            identity,
            path.clone(),
            copy,
            known,
            Beginning::Start,
            self.max_record_bytes,
            now,
            stats,
        )?;
        let mut give = |generation, record: Record, stats: &mut Stats| {
            give(Read { identity, generation, path: &path, record }, stats);
        };
        while harvester.read(now, TURN_BYTES, &mut self.buffer, stats, &mut give) {}
        harvester.finish(stats, &mut give);
        self.let_go(harvester);
        self.drained.push(kept);
        Ok(())
    }
}
