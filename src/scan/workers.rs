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
use crate::error::{Error, ErrorKind, Result};

/// Files that are read before it is their turn.
const FILES_AHEAD: usize = 64;

/// Pieces of one of them that wait.
const PIECES_AHEAD: usize = 4;

/// The threads of one scan. They end with their work, or soon after this is dropped.
#[derive(Debug)]
pub struct Workers {
    /// What is found in each file, in the order of the files.
    files: Receiver<Receiver<Piece>>,
    current: Option<Receiver<Piece>>,
    threads: Vec<JoinHandle<()>>,
}

/// The files that nobody has begun with, and where those are told of that somebody has.
struct Waiting {
    files: VecDeque<PathBuf>,
    begun: Sender<Receiver<Piece>>,
}

impl Workers {
    /// Starts so many threads.
    pub fn start(job: &Arc<Job>, files: VecDeque<PathBuf>, count: usize) -> Result<Self> {
        let (begun, in_order) = bounded(FILES_AHEAD);
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
        Ok(Self { files: in_order, current: None, threads })
    }

    /// The next piece; None at the end.
    pub fn next_piece(&mut self) -> Option<Piece> {
        loop {
            if let Some(piece) = self.current.as_ref().and_then(|file| file.recv().ok()) {
                return Some(piece);
            }
            let Ok(next) = self.files.recv() else {
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

/// Reads the next file; false if there is none, or nobody wants it any more.
fn work(job: &Job, waiting: &Mutex<Waiting>, window: &mut Vec<u8>) -> bool {
    let (path, sender) = {
        let mut waiting = waiting.lock();
        let Some(path) = waiting.files.pop_front() else { return false };
        let (sender, receiver) = bounded(PIECES_AHEAD);
        // Within the lock: the order of the files is that in which they are begun.
        if waiting.begun.send(receiver).is_err() {
            return false;
        }
        (path, sender)
    };
    let mut reading = match job.begin(&path, window) {
        Ok(reading) => reading,
        Err(error) => return sender.send(Piece::unread(path, error)).is_ok(),
    };
    loop {
        let piece = reading.next_piece(&job.pipeline);
        let is_last = piece.is_last;
        if sender.send(piece).is_err() {
            return false;
        }
        if is_last {
            *window = reading.into_window();
            return true;
        }
    }
}
