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
    let mut bytes = [0; ANCHOR_BYTES];
    let wanted = usize::try_from(offset).map_or(ANCHOR_BYTES, |offset| offset.min(ANCHOR_BYTES));
    let begin = offset - wanted as u64;
    let mut have = 0;
    while have < wanted {
        match platform::read_at(file, &mut bytes[have..wanted], begin + have as u64)? {
            0 => return Ok(String::new()),
            count => have += count,
        }
    }
    Ok(if wanted == 0 { String::new() } else { blake3::hash(&bytes[..wanted]).to_hex()[..16].to_owned() })
}
