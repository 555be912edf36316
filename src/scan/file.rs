//! One file of a scan, read piece by piece.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::incident::Occurrence;
use crate::pipeline::Pipeline;
use crate::record::dialect::{Dialect, HEAD_BYTES};
use crate::record::{Level, Skim};
use crate::stats::Stats;
use crate::tail;

/// Bytes of a piece: often enough for a progress display.
pub const PIECE_BYTES: u64 = 8 << 20;

/// A piece with so many occurrences ends with what was read for the last of them: whoever counts them finds them in the
/// processor's own memory still.
const PIECE_OCCURRENCES: usize = 256;

/// A file that is being read.
#[derive(Debug)]
pub struct Reading {
    path: Arc<Path>,
    file: File,
    skim: Skim,
}

/// What was found in a part of a file.
#[derive(Debug, Default)]
pub struct Piece {
    /// In the order of their records.
    pub occurrences: Vec<Occurrence>,
    /// What was read.
    pub stats: Stats,
    /// Whether the file has no further one.
    pub is_last: bool,
    /// Why it ended before its end.
    pub trouble: Option<(PathBuf, io::Error)>,
}

impl Piece {
    /// What there is of a file that cannot be read.
    pub fn unread(path: PathBuf, error: io::Error) -> Self {
        Self { is_last: true, trouble: Some((path, error)), ..Self::default() }
    }
}

impl Reading {
    /// Begins with a file, whose records are of interest where they have one of these levels. `window` is the memory of
    /// the file before.
    pub fn begin(path: &Path, wanted: &[Level], most: usize, window: &mut Vec<u8>) -> io::Result<Self> {
        let file = tail::open(path)?;
        let skim = Skim::within(std::mem::take(window), dialect_of(path, &file)?, wanted, most);
        Ok(Self { path: path.into(), file, skim })
    }

    /// Its memory, for the next file.
    pub fn into_window(self) -> Vec<u8> {
        self.skim.into_window()
    }

    /// Reads the next piece.
    pub fn next_piece(&mut self, pipeline: &Pipeline) -> Piece {
        let Piece { mut occurrences, mut stats, mut is_last, mut trouble } = Piece::default();
        while stats.bytes_read < PIECE_BYTES && occurrences.len() < PIECE_OCCURRENCES && !is_last {
            let count = match self.file.read(self.skim.space()) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    trouble = Some((self.path.to_path_buf(), error));
                    0
                }
                Ok(count) => count,
            };
            stats.bytes_read += count as u64;
            is_last = count == 0;
            let give = |record| occurrences.extend(pipeline.process(&record, &self.path, &mut stats));
            if is_last {
                self.skim.finish(give);
            } else {
                self.skim.advance(count, give);
            }
            let (lines, bytes) = self.skim.take_orphans();
            stats.orphan_lines += lines;
            stats.orphan_bytes += bytes;
        }
        Piece { occurrences, stats, is_last, trouble }
    }
}

/// The dialect of a file, which is then at its first byte again.
fn dialect_of(path: &Path, mut file: &File) -> io::Result<Dialect> {
    let mut head = Vec::new();
    file.take(HEAD_BYTES as u64).read_to_end(&mut head)?;
    file.rewind()?;
    Ok(Dialect::of_file(path, &head))
}
