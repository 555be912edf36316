//! The stages over files, once, from their first byte to their last; nothing is kept or sent.
//!
//! [`plan`] knows which files, [`file`] reads one of them, [`run`] one after the other, [`workers`] lets threads do that.

mod file;
mod plan;
mod run;
mod workers;

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
use crate::record::{Level, Skim};
use crate::stats::Stats;
use file::Reading;
use plan::{Plan, unreadable};
use run::Run;
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
    Here { job: Arc<Job>, run: Run, spare: Option<Skim> },
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
        let bytes_total = plan.bytes;
        let source = match threads.get().min(plan.files.len()) {
            0 | 1 => {
                let run = Run::of(plan.files.into_iter().map(|file| file.path).collect());
                Source::Here { job, run, spare: None }
            }
            several => Source::There(Workers::start(job, plan, several)?),
        };
        let (incidents, stats) = (Arc::default(), Stats::default());
        Ok(Self { source, incidents, stats, notes, bytes_total })
    }

    /// What the next piece holds, perhaps nothing; None at the end.
    pub fn next_batch(&mut self) -> Option<Vec<Occurrence>> {
        let piece = match &mut self.source {
            Source::Here { job, run, spare } => run.next_piece(job, spare),
            Source::There(workers) => workers.next_piece(),
        }?;
        Arc::make_mut(&mut self.incidents).add(&piece.occurrences);
        self.stats += piece.stats;
        for (path, error) in &piece.trouble {
            unreadable(&self.notes, path, error);
        }
        Some(piece.occurrences)
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
}

impl Job {
    /// Begins with a file, with what read the one before.
    fn begin(&self, path: &Path, spare: &mut Option<Skim>) -> io::Result<Reading> {
        Reading::begin(path, &self.wanted, self.max_record_bytes, spare)
    }
}
