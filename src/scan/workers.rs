//! Threads that read the files of a scan; what they find comes in the order of the files.

use std::collections::VecDeque;
use std::panic::resume_unwind;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};

use crossbeam_channel::{Receiver, Sender, bounded};
use parking_lot::Mutex;

use super::Job;
use super::file::Piece;
use super::plan::Planned;
use crate::error::{Error, ErrorKind, Result};

/// Small files are read so many bytes at a time: to hand one over takes longer than to read it.
const RUN_BYTES: u64 = 1 << 20;

/// Runs that are read before it is their turn.
const RUNS_AHEAD: usize = 64;

/// Pieces of one of them that wait.
const PIECES_AHEAD: usize = 4;

/// The threads of one scan. They end with their work, or soon after this is dropped.
#[derive(Debug)]
pub struct Workers {
    /// What is found in each run of files, in the order of the files.
    runs: Receiver<Receiver<Piece>>,
    current: Option<Receiver<Piece>>,
    threads: Vec<JoinHandle<()>>,
}

/// The files that nobody has begun with, and where the runs are told of that somebody has.
struct Waiting {
    files: VecDeque<Planned>,
    begun: Sender<Receiver<Piece>>,
}

impl Waiting {
    /// The next file, and small ones behind it.
    fn run(&mut self) -> Vec<PathBuf> {
        let (mut run, mut bytes) = (Vec::new(), 0);
        while bytes < RUN_BYTES
            && let Some(file) = self.files.pop_front()
        {
            bytes += file.bytes;
            run.push(file.path);
        }
        run
    }
}

impl Workers {
    /// Starts so many threads.
    pub fn start(job: &Arc<Job>, files: VecDeque<Planned>, count: usize) -> Result<Self> {
        let (begun, in_order) = bounded(RUNS_AHEAD);
        let waiting = Arc::new(Mutex::new(Waiting { files, begun }));
        let start = |number| {
            let (job, waiting) = (Arc::clone(job), Arc::clone(&waiting));
            let started = Builder::new().name(format!("tk-incident-scan-{number}")).spawn(move || {
                let mut window = Vec::new();
                while work(&job, &waiting, &mut window) {}
            });
            started.map_err(|error| {
                Error::new(ErrorKind::Internal("cannot start a thread".into())).because(error)
            })
        };
        let threads = (1..=count).map(start).collect::<Result<_>>()?;
        Ok(Self { runs: in_order, current: None, threads })
    }

    /// The next piece; None at the end.
    pub fn next_piece(&mut self) -> Option<Piece> {
        loop {
            if let Some(piece) = self.current.as_ref().and_then(|run| run.recv().ok()) {
                return Some(piece);
            }
            let Ok(next) = self.runs.recv() else {
                self.end();
                return None;
            };
            self.current = Some(next);
        }
    }

    /// A panic in one of the threads is one of the caller: something is missing.
    fn end(&mut self) {
        for thread in self.threads.drain(..) {
            if let Err(panic) = thread.join() {
                resume_unwind(panic);
            }
        }
    }
}

/// Reads the next run of files; false if there is none, or nobody wants it any more.
fn work(job: &Job, waiting: &Mutex<Waiting>, window: &mut Vec<u8>) -> bool {
    let (run, sender) = {
        let mut waiting = waiting.lock();
        let run = waiting.run();
        let (sender, receiver) = bounded(PIECES_AHEAD);
        // Within the lock: the order of the files is that in which they are begun.
        if run.is_empty() || waiting.begun.send(receiver).is_err() {
            return false;
        }
        (run, sender)
    };
    let mut found = Piece::default();
    for path in run {
        let mut reading = match job.begin(&path, window) {
            Ok(reading) => reading,
            Err(error) => {
                found.append(Piece::unread(path, error));
                continue;
            }
        };
        loop {
            found.append(reading.next_piece(&job.pipeline));
            let is_last = found.is_last;
            if found.is_full() && sender.send(std::mem::take(&mut found)).is_err() {
                return false;
            }
            if is_last {
                break;
            }
        }
        *window = reading.into_window();
    }
    found.is_last = true;
    sender.send(found).is_ok()
}
