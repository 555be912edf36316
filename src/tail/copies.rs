//! Copies of files that have lost every name: nothing else of them is left once their last writer has closed them.
//!
//! A copy has the bytes of its file at their own offsets, with a hole before them, so that checkpoints and
//! anchors fit both. It is written as soon as there is something to copy, and not synced: it is for our own
//! sudden end, not for the machine's.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;

use super::checkpoint::ANCHOR_BYTES;
use super::{FileIdentity, platform};

/// Bytes that are copied at once.
const BLOCK_BYTES: usize = 64 << 10;

/// All copies.
#[derive(Debug, Default)]
pub struct Copies {
    growing: Mutex<HashMap<FileIdentity, Copy>>,
    /// Known without a lock: whoever holds that may be waiting for a disk.
    count: AtomicUsize,
}

#[derive(Debug)]
struct Copy {
    source: File,
    target: File,
    path: PathBuf,
    /// Offset of the next byte to copy.
    next: u64,
}

impl Copies {
    /// Begins the copy of a file at this path, from a checkpoint of the file on.
    pub fn begin(
        &self,
        identity: FileIdentity,
        path: &Path,
        source: &File,
        checkpoint: u64,
    ) -> io::Result<()> {
        // What is there already may be of another file, and not yet read.
        let target = OpenOptions::new().create_new(true).write(true).open(path)?;
        self.grow(identity, path, source, target, checkpoint)
            // Half a copy would be read as a whole one.
            .inspect_err(|_| fs::remove_file(path).unwrap_or_default())
    }

    /// Goes on with a copy that an earlier session began.
    pub fn go_on_with(
        &self,
        identity: FileIdentity,
        path: &Path,
        source: &File,
        checkpoint: u64,
    ) -> io::Result<()> {
        // What it holds is the same, and costs little to write again.
        let target = OpenOptions::new().write(true).open(path)?;
        self.grow(identity, path, source, target, checkpoint)
    }

    fn grow(
        &self,
        identity: FileIdentity,
        path: &Path,
        source: &File,
        target: File,
        checkpoint: u64,
    ) -> io::Result<()> {
        let next = checkpoint.saturating_sub(ANCHOR_BYTES as u64);
        let mut copy = Copy { source: source.try_clone()?, target, path: path.to_path_buf(), next };
        copy.go_on()?;
        let mut growing = self.growing.lock();
        growing.insert(identity, copy);
        self.count.store(growing.len(), Ordering::Release);
        Ok(())
    }

    /// Whether there are any.
    pub fn are_any(&self) -> bool {
        self.count.load(Ordering::Acquire) > 0
    }

    /// Whether a file is copied.
    pub fn has(&self, identity: FileIdentity) -> bool {
        self.growing.lock().contains_key(&identity)
    }

    /// Copies what has come.
    pub fn go_on(&self) {
        for copy in self.growing.lock().values_mut() {
            // A disk that is full now may have room at the next call; the file itself is read all the same.
            copy.go_on().unwrap_or_default();
        }
    }

    /// A file has begun a new life: what was copied of the one before is over.
    pub fn start_over(&self, identity: FileIdentity) {
        if let Some(copy) = self.growing.lock().get_mut(&identity) {
            copy.start_over().and_then(|()| copy.go_on()).unwrap_or_default();
        }
    }

    /// What lies before this checkpoint is in the spool.
    pub fn trim(&self, identity: FileIdentity, checkpoint: u64) {
        if let Some(copy) = self.growing.lock().get(&identity) {
            platform::punch_hole(&copy.target, checkpoint.saturating_sub(ANCHOR_BYTES as u64));
        }
    }

    /// Ends a copy, and gives its path.
    pub fn end(&self, identity: FileIdentity) -> Option<PathBuf> {
        let mut growing = self.growing.lock();
        let ended = growing.remove(&identity);
        self.count.store(growing.len(), Ordering::Release);
        ended.map(|copy| copy.path)
    }
}

impl Copy {
    fn go_on(&mut self) -> io::Result<()> {
        let length = self.source.metadata()?.len();
        if length < self.next {
            self.start_over()?;
        }
        if length == self.next {
            return Ok(());
        }
        let mut block = vec![0; BLOCK_BYTES];
        loop {
            let count = platform::read_at(&self.source, &mut block, self.next)?;
            if count == 0 {
                return Ok(());
            }
            platform::write_all_at(&self.target, &block[..count], self.next)?;
            self.next += count as u64;
        }
    }

    fn start_over(&mut self) -> io::Result<()> {
        self.target.set_len(0)?;
        self.next = 0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;

    use super::*;

    const IDENTITY: FileIdentity = FileIdentity { volume: 1, index: 2 };

    #[test]
    fn a_copy_has_each_byte_at_its_offset_and_follows_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let (log, path) = (folder.path().join("tk-maya.log"), folder.path().join("copy"));
        fs::write(&log, "x".repeat(1_000)).unwrap();
        let copies = Copies::default();
        copies.begin(IDENTITY, &path, &File::open(&log).unwrap(), 900).unwrap();
        OpenOptions::new().append(true).open(&log).unwrap().write_all(b"more").unwrap();
        copies.go_on();
        let copy = fs::read(&path).unwrap();
        assert_eq!(copy.len(), 1_004);
        assert!(copy[..900 - ANCHOR_BYTES].iter().all(|byte| *byte == 0));
        assert_eq!(&copy[900 - ANCHOR_BYTES..], &fs::read(&log).unwrap()[900 - ANCHOR_BYTES..]);

        File::create(&log).unwrap().write_all(b"short").unwrap();
        copies.go_on();
        assert_eq!(fs::read(&path).unwrap(), b"short");
        copies.trim(IDENTITY, 5);
        assert_eq!(copies.end(IDENTITY), Some(path));
        assert!(!copies.has(IDENTITY));
    }
}
