//! The stages over files, once, from their first byte to their last; nothing is kept or sent.
//!
//! [`plan`] knows which files, [`file`] reads one of them, [`workers`] lets threads do that.

mod file;
mod plan;
mod workers;

use std::collections::VecDeque;
use std::io;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config::Config;
use crate::error::Result;
use crate::incident::Occurrence;
use crate::incidents::Incidents;
use crate::notes::{Note, Notes};
use crate::pipeline::Pipeline;
use crate::record::Level;
use crate::stats::Stats;
use file::{PIECE_BYTES, Piece, Reading};
use plan::{Plan, Planned, unreadable};
use workers::Workers;

/// Reads files from start to end.
#[derive(Debug)]
pub struct Scan {
    source: Source,
    /// Shared with whoever has asked for them.
    incidents: Arc<Incidents>,
    stats: Stats,
    notes: Notes,
    bytes_total: u64,
}

/// Who reads.
#[derive(Debug)]
enum Source {
    Here { job: Arc<Job>, files: VecDeque<Planned>, current: Option<Box<Reading>>, window: Vec<u8> },
    There(Workers),
}

/// What is done with each file.
#[derive(Debug)]
struct Job {
    pipeline: Pipeline,
    wanted: Vec<Level>,
    max_record_bytes: usize,
}

impl Scan {
    /// A scan of files, and of the Toolkit logs in folders, by so many threads: one is that of the caller. What cannot
    /// be read is noted.
    ///
    /// What is found comes in the order of the files, however many threads there are.
    pub fn new(paths: &[PathBuf], config: &Config, threads: NonZero<usize>) -> Result<Self> {
        let pipeline = Pipeline::new(config)?;
        let wanted = pipeline.levels();
        let job = Arc::new(Job { pipeline, wanted, max_record_bytes: config.max_record_bytes });
        let notes = Notes::default();
        let plan = Plan::of(paths, threads.get(), &notes);
        let source = match threads.get().min(plan.files.len()) {
            0 | 1 => Source::Here { job, files: plan.files, current: None, window: Vec::new() },
            several => Source::There(Workers::start(&job, plan.files, several)?),
        };
        let (incidents, stats) = (Arc::default(), Stats::default());
        Ok(Self { source, incidents, stats, notes, bytes_total: plan.bytes })
    }

    /// What the next piece holds, perhaps nothing; None at the end.
    pub fn next_batch(&mut self) -> Option<Vec<Occurrence>> {
        let mut piece = self.next_piece()?;
        let (mut out, mut read) = (std::mem::take(&mut piece.occurrences), piece.stats.bytes_read);
        // Of small files several make a batch.
        while read < PIECE_BYTES
            && piece.is_last
            && let Some(next) = self.next_piece()
        {
            piece = next;
            out.append(&mut piece.occurrences);
            read += piece.stats.bytes_read;
        }
        Some(out)
    }

    /// What has been found so far.
    #[must_use]
    pub fn incidents(&self) -> &Arc<Incidents> {
        &self.incidents
    }

    /// What has been read so far. Of records only those are counted that can match by their level.
    #[must_use]
    pub fn stats(&self) -> &Stats {
        &self.stats
    }

    /// Bytes of all files, when the scan began.
    #[must_use]
    pub fn bytes_total(&self) -> u64 {
        self.bytes_total
    }

    /// Takes what is to be said.
    pub fn take_notes(&mut self) -> Vec<Note> {
        self.notes.take()
    }

    fn next_piece(&mut self) -> Option<Piece> {
        let piece = match &mut self.source {
            Source::There(workers) => workers.next_piece(),
            Source::Here { job, files, current, window } => loop {
                if let Some(reading) = current {
                    let piece = reading.next_piece(&job.pipeline);
                    if piece.is_last {
                        *window = current.take().map(|read| read.into_window()).unwrap_or_default();
                    }
                    break Some(piece);
                }
                let Some(Planned { path, .. }) = files.pop_front() else { break None };
                match job.begin(&path, window) {
                    Ok(reading) => *current = Some(Box::new(reading)),
                    Err(error) => break Some(Piece::unread(path, error)),
                }
            },
        }?;
        Arc::make_mut(&mut self.incidents).add(&piece.occurrences);
        self.stats += piece.stats;
        for (path, error) in &piece.trouble {
            unreadable(&self.notes, path, error);
        }
        Some(piece)
    }
}

impl Job {
    /// Begins with a file, in the memory of the one before.
    fn begin(&self, path: &Path, window: &mut Vec<u8>) -> io::Result<Reading> {
        Reading::begin(path, &self.wanted, self.max_record_bytes, window)
    }
}
