//! How far a file has been read, and how that is known to be the same file.

use std::fmt;
use std::fs::File;
use std::io;
use std::path::PathBuf;

use super::{FileIdentity, platform};

/// Bytes before a checkpoint that tell whether it is still the same file.
pub(super) const ANCHOR_BYTES: usize = 256;

/// How far a file life has been read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The file.
    pub identity: FileIdentity,
    /// Its life.
    pub generation: u32,
    /// Offset behind its last whole record.
    pub offset: u64,
    /// Hash of the bytes just before the offset: tells this file from another with its identity.
    pub anchor: String,
    /// Its name when the checkpoint was taken.
    pub path: PathBuf,
    /// Whether it is still followed.
    pub followed: bool,
}

/// Bytes of a file life that were gone before they could be read, if there were any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// The file.
    pub path: PathBuf,
    /// Its life that is over.
    pub generation: u32,
    /// Offset of the first of them.
    pub from: u64,
    /// How far the file is known to have reached; what came after that, nobody saw.
    pub seen_to: u64,
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        write!(f, "bytes {}–? of {path} (life {}) ", self.from, self.generation)?;
        f.write_str("were gone before they could be read, if there were any: it was emptied or replaced; ")?;
        f.write_str("logs that are rolled by a rename lose nothing")
    }
}

/// Where a file begins that the spool does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beginning {
    /// At its end: it lay there before we came.
    End,
    /// At its first byte: it appeared while we followed the folder.
    Start,
}

/// Hash of the bytes just before an offset; empty where there are none, or fewer than there were.
pub(super) fn anchor(file: &File, offset: u64) -> io::Result<String> {
    Ok(Proof::of(file, offset)?.anchor())
}

/// The bytes just before an offset, which a file must still show, or it has begun a new life.
#[derive(Debug, Clone, Default)]
pub(super) struct Proof {
    bytes: Vec<u8>,
}

impl Proof {
    /// The bytes that the file shows now; none where there are fewer than there were.
    pub(super) fn of(file: &File, offset: u64) -> io::Result<Self> {
        let wanted = usize::try_from(offset).map_or(ANCHOR_BYTES, |offset| offset.min(ANCHOR_BYTES));
        let bytes = bytes_at(file, offset - wanted as u64, wanted)?;
        Ok(Self { bytes: if bytes.len() == wanted { bytes } else { Vec::new() } })
    }

    /// Goes on with the bytes that were read next.
    pub(super) fn push(&mut self, read: &[u8]) {
        self.bytes.extend_from_slice(&read[read.len().saturating_sub(ANCHOR_BYTES)..]);
        self.bytes.drain(..self.bytes.len().saturating_sub(ANCHOR_BYTES));
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether what was read from their offset on begins with them.
    pub(super) fn begins(&self, read: &[u8]) -> bool {
        read.starts_with(&self.bytes)
    }

    /// Whether the file still shows them before the offset.
    pub(super) fn holds(&self, file: &File, offset: u64) -> bool {
        // A failing read says nothing about the file's life.
        Self::of(file, offset).map_or(true, |now| now.bytes == self.bytes)
    }

    /// Whether the file shows other bytes in their place, and not just none any more.
    pub(super) fn is_replaced(&self, file: &File, offset: u64) -> bool {
        Self::of(file, offset).is_ok_and(|now| !now.bytes.is_empty() && now.bytes != self.bytes)
    }

    /// The first of a file's bytes, as they were read.
    pub(super) fn at_start(read: &[u8]) -> Self {
        Self::from(&read[..read.len().min(ANCHOR_BYTES)])
    }

    /// Whether a file begins with other bytes than these, and not just with none any more.
    pub(super) fn is_gone(&self, file: &File) -> bool {
        self.is_replaced(file, self.bytes.len() as u64)
    }

    /// Their hash, as a checkpoint keeps it; empty where there are none.
    pub(super) fn anchor(&self) -> String {
        if self.bytes.is_empty() {
            String::new()
        } else {
            blake3::hash(&self.bytes).to_hex()[..16].to_owned()
        }
    }
}

impl From<&[u8]> for Proof {
    fn from(bytes: &[u8]) -> Self {
        Self { bytes: bytes.to_vec() }
    }
}

/// So many bytes of a file, or as many as it has.
pub(super) fn bytes_at(file: &File, offset: u64, count: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; count];
    let mut have = 0;
    while have < count {
        match platform::read_at(file, &mut bytes[have..], offset + have as u64)? {
            0 => break,
            read => have += read,
        }
    }
    bytes.truncate(have);
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::OpenOptions;
    use std::io::Write;

    #[test]
    fn what_was_emptied_is_not_yet_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tk-maya.log");
        let mut log = OpenOptions::new().read(true).append(true).create(true).open(&path).unwrap();
        let mut fill = |text: &str| log.write_all(text.as_bytes()).unwrap();
        fill("one\ntwo\n");
        let reader = File::open(&path).unwrap();
        let proof = Proof::of(&reader, 8).unwrap();
        fill("three\n");
        assert!(!proof.is_replaced(&reader, 8), "only more has come");
        OpenOptions::new().write(true).open(&path).unwrap().set_len(0).unwrap();
        assert!(!proof.is_replaced(&reader, 8), "what was read before is good");
        fill("another log\n");
        assert!(proof.is_replaced(&reader, 8));
    }
}
