//! One open file, and how far it has been read.

use std::fs::{File, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use super::checkpoint::{ANCHOR_BYTES, Beginning, Checkpoint, Loss, Proof, anchor, bytes_at};
use super::handle::Handle;
use super::past::Past;
use super::proofs::Proofs;
use super::twins::may_be_copy;
use super::{FileIdentity, open, platform};
use crate::record::{Dialect, Record, Records};
use crate::stats::Stats;

/// While a file ends in half a line its writer is not done: a record then waits this long.
const PARTIAL_LINE_WAIT: Duration = Duration::from_secs(2);

/// A file that nobody has open is let go after this long without a name and without a byte.
const QUIET_WITHOUT_WRITER: Duration = Duration::from_secs(1);

/// The same where nobody can say who has it open.
const QUIET_WITHOUT_SEARCH: Duration = Duration::from_secs(60);

/// A file that changed so short a time ago can change again without a new time: the file system's clock ticks
/// at some hundred hertz.
const TICK: Duration = Duration::from_millis(50);

/// Bytes of a file that are compared at once.
const CONTENT_BLOCK: usize = 64 << 10;

/// A file that has not grown for so long needs no handle.
const QUIET: Duration = Duration::from_secs(30);

/// A file that has grown within this time is being written to.
const BUSY: Duration = Duration::from_secs(2);

/// Follows one file, whatever its name becomes.
#[derive(Debug)]
pub struct Harvester {
    pub(super) identity: FileIdentity,
    pub(super) generation: u32,
    pub(super) path: Arc<Path>,
    pub(super) handle: Handle,
    /// Whether it has lost every name, and a copy of it grows with it.
    pub(super) is_copied: bool,
    /// Since when no look at the folder has found it.
    pub(super) nameless_since: Option<Instant>,
    records: Records,
    /// Up to where the bytes of this life are in the books.
    counted: u64,
    max_record_bytes: usize,
    /// When a process was last seen to have it open for writing.
    pub(super) written_at: Option<Instant>,
    /// When it was last written to, as the file system says.
    pub(super) modified: Option<SystemTime>,
    /// Whether a later change could have the same time.
    may_hide_a_change: bool,
    /// How far it reached when it was last looked at.
    size: u64,
    /// Whether it was read to that end, so that whoever has written to it since has made it longer.
    was_at_end: bool,
    /// What was read of this life; None where that is not all of it. It is larger than all the rest.
    content: Option<Box<blake3::Hasher>>,
    /// What its last life took with it.
    loss: Option<Loss>,
    /// How its last life began, how far it was read, and the anchor there.
    ended: Option<(Vec<u8>, u64, String)>,
    /// When it was first seen by this reporter.
    pub(super) followed_since: Instant,
    /// When the last byte came.
    grown_at: Instant,
    /// What was last given to the spool of this life: offset and name.
    taken: Option<(u64, Arc<Path>)>,
    proofs: Proofs,
    /// The last checkpoint: offset and anchor.
    committed: (u64, String),
    pub(super) past: Past,
    /// The first bytes of this life that were read; no more than tell it from another.
    head: Vec<u8>,
}

impl Harvester {
    /// Goes on at a checkpoint if the file still is what it was then; else begins a new life of it.
    #[expect(clippy::too_many_arguments, reason = "each is a different thing")]
    pub(super) fn new(
        identity: FileIdentity,
        path: PathBuf,
        file: File,
        known: Option<&Checkpoint>,
        unknown: Beginning,
        max_record_bytes: usize,
        now: Instant,
        stats: &mut Stats,
    ) -> io::Result<Self> {
        let (mut offset, mut generation) = (0, 0);
        let mut loss = None;
        match known {
            Some(point) if anchor(&file, point.offset)? == point.anchor => {
                (offset, generation) = (point.offset, point.generation);
            }
            Some(point) => {
                generation = point.generation.saturating_add(1);
                stats.generations += 1;
                // One that was let go had been read to its end, and nobody wrote to it any more.
                loss = point.followed.then(|| Loss {
                    path: path.clone(),
                    generation: point.generation,
                    from: point.offset,
                    seen_to: point.offset,
                });
            }
            None if unknown == Beginning::End => {
                offset = file.metadata()?.len();
                stats.bytes_skipped += offset;
            }
            None => {}
        }
        let proof = Proof::of(&file, offset)?;
        let committed = (offset, proof.anchor());
        let head = bytes_at(
            &file,
            0,
            usize::try_from(offset).map_or(ANCHOR_BYTES, |offset| offset.min(ANCHOR_BYTES)),
        )?;
        Ok(Self {
            identity,
            generation,
            path: path.into(),
            handle: Handle::Open(Arc::new(file)),
            is_copied: false,
            nameless_since: None,
            // Only Toolkit's own logs are followed.
            records: Records::new(Dialect::Toolkit, offset, max_record_bytes),
            counted: offset,
            max_record_bytes,
            written_at: None,
            modified: None,
            may_hide_a_change: false,
            size: offset,
            was_at_end: false,
            content: (offset == 0).then(Box::default),
            loss,
            ended: None,
            followed_since: now,
            grown_at: now,
            taken: None,
            proofs: Proofs::at(offset, proof),
            committed,
            past: Past::default(),
            head,
        })
    }

    /// Reads up to about `most` bytes. True if the file holds more.
    pub(super) fn read(
        &mut self,
        now: Instant,
        most: usize,
        buffer: &mut [u8],
        stats: &mut Stats,
        give: &mut impl FnMut(u32, Record, &mut Stats),
    ) -> bool {
        // A file that cannot be asked now is asked again at the next turn.
        let Ok(metadata) = self.metadata() else { return false };
        let size = metadata.len();
        let modified = metadata.modified().ok();
        if size == self.records.position() && modified == self.modified && !self.may_hide_a_change {
            return false;
        }
        let Ok(file) = self.handle.open() else { return false };
        let was_rewritten = self.was_at_end && size == self.size && modified != self.modified;
        self.modified = modified;
        self.may_hide_a_change = modified.is_some_and(|at| SystemTime::now() < at + TICK);
        let generation = self.generation;
        if size < self.records.position() || was_rewritten && !self.has_same_content(&file) {
            self.begin_new_life(stats, give);
        }
        let mut read = 0;
        while read < most {
            // What was written over a copy may be the next one, which is not read as a log.
            if self.generation != generation && may_be_copy(&self.path) {
                return true;
            }
            // With what was read last, so that what comes behind it is known to belong to it.
            let known = self.proofs.last.len();
            match platform::read_at(&file, buffer, self.records.position() - known as u64) {
                Ok(count) if !self.proofs.last.begins(&buffer[..count]) => self.begin_new_life(stats, give),
                Ok(count) if count > known => {
                    // Emptied and filled again while it was read, it has given some bytes of either life.
                    if self.proofs.last.is_replaced(&file, self.records.position()) {
                        self.begin_new_life(stats, give);
                        continue;
                    }
                    if known == 0 && Proof::at_start(&buffer[..count]).is_gone(&file) {
                        // Nothing of it is taken, and that is said.
                        self.size = self.size.max(count as u64);
                        self.begin_new_life(stats, give);
                        return true;
                    }
                    let new = &buffer[known..count];
                    read += new.len();
                    self.grown_at = now;
                    if let Some(content) = &mut self.content {
                        content.update(new);
                    }
                    if self.records.position() == self.head.len() as u64 {
                        let more = new.len().min(ANCHOR_BYTES - self.head.len());
                        self.head.extend_from_slice(&new[..more]);
                    }
                    self.records.push(new, |record| give(self.generation, record, stats));
                    self.proofs.read(&buffer[..count], new, &self.records, &file);
                }
                // The end; or it was interrupted, or the network drive is away for a moment.
                _ => break,
            }
        }
        self.was_at_end = size == self.records.position();
        self.size = size.max(self.records.position());
        self.count(stats);
        read >= most
    }

    /// What the file system says of it. Where somebody has cleaned up the second name that it was parked behind, it is
    /// looked for by its own.
    fn metadata(&mut self) -> io::Result<Metadata> {
        let found = self.handle.metadata();
        if found.is_ok() || self.handle.is_open() {
            return found;
        }
        let file = open(&self.path)?;
        if platform::identity_of(&file, &self.path)? != self.identity {
            return found;
        }
        self.handle = Handle::Open(Arc::new(file));
        self.handle.metadata()
    }

    /// Whether nothing is lost when its handle is given up for a second name: it was read to its end, nothing of it is
    /// open, and it has a name yet.
    pub(super) fn may_be_parked(&self) -> bool {
        self.handle.is_open()
            && self.was_at_end
            && self.nameless_since.is_none()
            && !self.is_copied
            && !self.may_hide_a_change
            && !self.records.has_open_record()
            && !self.records.has_partial_line()
    }

    /// Whether it is likely that nobody writes to it.
    pub(super) fn is_quiet(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.grown_at) >= QUIET
    }

    /// Whether nothing is to be done with it until it changes: it takes no handle, and the spool has all of it.
    pub(super) fn may_sleep(&self, now: Instant) -> bool {
        !self.handle.is_open()
            && self.was_at_end
            && !self.needs_writers_known(now)
            && !self.past.is_kept()
            && !self.has_moved()
    }

    /// Whether it is to be read again, as far as the file system tells.
    pub(super) fn may_have_changed(&mut self) -> bool {
        let Ok(found) = self.metadata() else { return true };
        // One that had to be opened for this is to get another second name.
        self.handle.is_open()
            || found.len() != self.records.position()
            || found.modified().ok() != self.modified
    }

    /// Gives up its handle: from now on it is asked for by this second name.
    pub(super) fn park(&mut self, second: &Path) {
        self.handle = Handle::Parked(second.into());
    }

    /// Gives out the open record if no further line has come for long enough.
    pub(super) fn flush_if_quiet(
        &mut self,
        now: Instant,
        idle_flush: Duration,
        stats: &mut Stats,
        give: &mut impl FnMut(u32, Record, &mut Stats),
    ) {
        if self.flush_at(idle_flush).is_some_and(|at| at <= now) {
            let generation = self.generation;
            self.records.flush(|record| give(generation, record, stats));
            self.count(stats);
        }
    }

    /// When the open record, if there is one, will have been quiet for long enough.
    pub(super) fn flush_at(&self, idle_flush: Duration) -> Option<Instant> {
        let wait =
            if self.records.has_partial_line() { idle_flush.max(PARTIAL_LINE_WAIT) } else { idle_flush };
        self.records.has_open_record().then(|| self.grown_at + wait)
    }

    /// Nothing more will come: gives out what there is.
    pub(super) fn finish(&mut self, stats: &mut Stats, give: &mut impl FnMut(u32, Record, &mut Stats)) {
        let generation = self.generation;
        self.records.finish(|record| give(generation, record, stats));
        self.count(stats);
    }

    /// Takes what its last life took with it, if one has just ended.
    pub(super) fn take_loss(&mut self) -> Option<Loss> {
        self.loss.take()
    }

    /// Takes how its last life began, how far it was read, and the anchor there, if one has just ended.
    pub(super) fn take_ended(&mut self) -> Option<(Vec<u8>, u64, String)> {
        self.ended.take()
    }

    /// How this life began, how far it was read, and the anchor there.
    pub(super) fn so_far(&self) -> (Vec<u8>, u64, String) {
        (self.head.clone(), self.records.line_start(), self.proofs.line_anchor())
    }

    /// Whether nobody will write to it any more: it has no name, no byte has come for a while, and a search for
    /// writers since then, where there is one, has seen none.
    pub(super) fn is_done(&self, now: Instant, searched_at: Option<Instant>) -> bool {
        let Some(nameless_since) = self.nameless_since else { return false };
        let quiet_since = self.grown_at.max(nameless_since);
        if cfg!(target_os = "linux") {
            let settled = quiet_since + QUIET_WITHOUT_WRITER;
            searched_at.is_some_and(|at| at > settled && self.written_at.is_none_or(|written| written < at))
        } else {
            now.saturating_duration_since(quiet_since) > QUIET_WITHOUT_SEARCH
        }
    }

    /// Whether it matters now who has it open: it grows, or is about to be let go.
    pub(super) fn needs_writers_known(&self, now: Instant) -> bool {
        self.nameless_since.is_some() || now.saturating_duration_since(self.grown_at) < BUSY
    }

    /// Whether the checkpoint is another than the one last taken.
    pub(super) fn has_moved(&self) -> bool {
        let taken = self.taken.as_ref();
        taken.is_none_or(|(offset, path)| *offset != self.records.checkpoint() || *path != self.path)
    }

    /// Offset of the last checkpoint that was taken.
    pub(super) fn committed(&self) -> u64 {
        self.committed.0
    }

    /// Offset of the next byte to read.
    pub(super) fn position(&self) -> u64 {
        self.records.position()
    }

    /// How long the file is now.
    pub(super) fn length(&self) -> io::Result<u64> {
        self.handle.metadata().map(|metadata| metadata.len())
    }

    /// The first bytes of this life, as far as they were read.
    pub(super) fn head(&self) -> &[u8] {
        &self.head
    }

    /// Whether the file still shows what was read of it.
    pub(super) fn is_same_life(&self) -> bool {
        self.handle.file().is_ok_and(|file| self.proofs.last.holds(&file, self.records.position()))
    }

    /// Passes over what lies before an offset: another file has it, too.
    pub(super) fn skip_to(&mut self, offset: u64, stats: &mut Stats) -> io::Result<()> {
        let file = self.handle.open()?;
        self.proofs = Proofs::at(offset, Proof::of(&file, offset)?);
        self.head = bytes_at(&file, 0, ANCHOR_BYTES)?;
        self.content = None;
        stats.bytes_skipped += offset.saturating_sub(self.counted);
        self.records = Records::new(Dialect::Toolkit, offset, self.max_record_bytes);
        self.counted = offset;
        Ok(())
    }

    /// The checkpoint behind the last whole record.
    pub(super) fn checkpoint(&mut self) -> Checkpoint {
        if let Some(anchor) = self.proofs.anchor(&self.records) {
            self.committed = (self.records.checkpoint(), anchor);
        }
        let (offset, anchor) = self.committed.clone();
        self.taken = Some((offset, Arc::clone(&self.path)));
        let (identity, generation, path) = (self.identity, self.generation, self.path.to_path_buf());
        Checkpoint { identity, generation, offset, anchor, path, followed: true }
    }

    /// Counts what lies before the checkpoint, and nothing of an open record: after a kill that is read again.
    fn count(&mut self, stats: &mut Stats) {
        let up_to = self.records.checkpoint();
        stats.bytes_read += up_to - self.counted;
        self.counted = up_to;
        stats.orphan_lines += self.records.take_orphan_lines();
        stats.orphan_bytes += self.records.take_orphan_bytes();
    }

    /// Whether the file still shows all that was read of it. Somebody has written to it, and it is as long as before:
    /// it was emptied and filled again, or it was only touched.
    fn has_same_content(&self, file: &File) -> bool {
        let Some(content) = &self.content else { return true };
        let mut now = blake3::Hasher::new();
        let (mut at, end) = (0, self.records.position());
        while at < end {
            let most = usize::try_from(end - at).map_or(CONTENT_BLOCK, |left| left.min(CONTENT_BLOCK));
            match bytes_at(file, at, most) {
                Ok(bytes) if !bytes.is_empty() => {
                    now.update(&bytes);
                    at += bytes.len() as u64;
                }
                // The next look will tell.
                _ => return true,
            }
        }
        now.finalize() == content.finalize()
    }

    fn begin_new_life(&mut self, stats: &mut Stats, give: &mut impl FnMut(u32, Record, &mut Stats)) {
        // Half a line is none: the rest of it is gone, or stands in a copy.
        let (path, generation, from) = (self.path.to_path_buf(), self.generation, self.records.line_start());
        let anchor = self.proofs.line_anchor();
        self.ended = Some((std::mem::take(&mut self.head), from, anchor.clone()));
        self.past.begin(generation, from, anchor);
        self.loss = Some(Loss { path, generation, from, seen_to: self.size.max(from) });
        stats.bytes_lost += self.size.saturating_sub(from);
        (self.size, self.was_at_end) = (0, false);
        self.records.flush(|record| give(generation, record, stats));
        self.count(stats);
        // No file has so many lives, but a damaged checkpoint can say so.
        self.generation = self.generation.saturating_add(1);
        self.records = Records::new(Dialect::Toolkit, 0, self.max_record_bytes);
        self.counted = 0;
        self.proofs = Proofs::default();
        self.content = Some(Box::default());
        self.committed = (0, String::new());
        self.taken = None;
        stats.generations += 1;
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn what_is_parked_is_found_by_either_name() {
        let folder = tempfile::tempdir().unwrap();
        let (path, second) = (folder.path().join("tk-maya.log"), folder.path().join("second"));
        fs::write(&path, "a line\n").unwrap();
        fs::hard_link(&path, &second).unwrap();
        let file = open(&path).unwrap();
        let identity = platform::identity_of(&file, &path).unwrap();
        let (now, mut stats) = (Instant::now(), Stats::default());
        let begin = Beginning::Start;
        let mut log =
            Harvester::new(identity, path.clone(), file, None, begin, 1 << 20, now, &mut stats).unwrap();
        log.read(now, 512, &mut [0; 512], &mut stats, &mut |_, _, _| {});
        log.park(&second);
        assert!(!log.may_have_changed() && !log.handle.is_open());
        // Somebody has cleaned up: its own name is as good, as long as no other file has that.
        fs::remove_file(&second).unwrap();
        assert!(log.may_have_changed() && log.handle.is_open());
        // While a writer has it open, no other file can have its identity.
        let _writer = open(&path).unwrap();
        fs::remove_file(&path).unwrap();
        log.park(&second);
        fs::write(&path, "another").unwrap();
        assert!(log.may_have_changed() && log.metadata().is_err());
    }
}
