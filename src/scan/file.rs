//! One file of a scan, read piece by piece.

use std::fs::File;
use std::io::{self, Read};
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
    /// Bytes that were read already, for the dialect.
    read: usize,
}

/// What was found in a part of a file, or in several small ones.
#[derive(Debug, Default)]
pub struct Piece {
    /// In the order of their records.
    pub occurrences: Vec<Occurrence>,
    /// What was read.
    pub stats: Stats,
    /// Files that could not be read to their ends.
    pub trouble: Vec<(PathBuf, io::Error)>,
}

impl Piece {
    /// What there is of a file that cannot be read.
    pub fn unread(path: PathBuf, error: io::Error) -> Self {
        Self { trouble: vec![(path, error)], ..Self::default() }
    }

    /// Takes in the next one.
    pub fn append(&mut self, next: Self) {
        self.occurrences.extend(next.occurrences);
        self.stats += next.stats;
        self.trouble.extend(next.trouble);
    }

    /// Whether it is enough for one.
    pub fn is_full(&self) -> bool {
        self.stats.bytes_read >= PIECE_BYTES || self.occurrences.len() >= PIECE_OCCURRENCES
    }
}

impl Reading {
    /// Begins with a file, whose records are of interest where they have one of these levels. `spare` is what read the
    /// file before.
    pub fn begin(path: &Path, wanted: &[Level], most: usize, spare: &mut Option<Skim>) -> io::Result<Self> {
        let mut file = tail::open(path)?;
        let mut skim = spare.take().unwrap_or_else(|| Skim::new(Dialect::Toolkit, wanted, most));
        let head = &mut skim.first_space()[..HEAD_BYTES];
        let read = read_to_full(&mut file, head)?;
        let dialect = Dialect::of_file(path, &head[..read]);
        skim.begin_anew(dialect);
        Ok(Self { path: path.into(), file, skim, read })
    }

    /// What read it, for the next file.
    pub fn into_skim(self) -> Skim {
        self.skim
    }

    /// Reads the next piece; whether the file has no further one.
    pub fn next_piece(&mut self, pipeline: &Pipeline) -> (Piece, bool) {
        let Piece { mut occurrences, mut stats, mut trouble } = Piece::default();
        let mut is_last = false;
        while stats.bytes_read < PIECE_BYTES && occurrences.len() < PIECE_OCCURRENCES && !is_last {
            let space = self.skim.space();
            let count = match std::mem::take(&mut self.read) {
                0 => self.file.read(space),
                read => Ok(read),
            };
            let count = match count {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    trouble.push((self.path.to_path_buf(), error));
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
        (Piece { occurrences, stats, trouble }, is_last)
    }
}

/// Reads until there is no room, or no more; how much. (`read_to_end` would have the room emptied before, and filled with
/// zeros behind it: for each small file.)
fn read_to_full(file: &mut File, room: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < room.len() {
        match file.read(&mut room[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
