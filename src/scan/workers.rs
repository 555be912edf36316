//! Threads that read the files of a scan, the caller's among them; what they find comes in the order of the files.

use std::collections::VecDeque;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};

use crossbeam_channel::{Receiver, Sender, TryRecvError, bounded};
use parking_lot::Mutex;

use super::Job;
use super::file::Piece;
use super::plan::{Plan, Planned};
use super::run::Run;
use crate::error::{Error, ErrorKind, Result};
use crate::record::Skim;

/// So many bytes of small files are read in a run: to hand one over takes longer than to read a file. Fewer where no
/// thread would have [`RUNS_EACH`] of them, so that all end at about the same time.
const RUN_BYTES: (u64, u64) = (256 << 10, 4 << 20);

/// Runs of each thread, at least, where there are bytes enough.
const RUNS_EACH: u64 = 16;

/// Runs that are read before it is their turn.
const RUNS_AHEAD: usize = 64;

/// Pieces of one of them that wait.
const PIECES_AHEAD: usize = 4;

/// What is found, as it is handed over: a place for each piece itself would be more than an allocator hands out without
/// a lock, which another thread may hold.
type Found = Box<Piece>;

/// The threads of one scan. They end with their work, or soon after this is dropped.
#[derive(Debug)]
pub struct Workers {
    job: Arc<Job>,
    waiting: Arc<Mutex<Waiting>>,
    /// What is found in each run of files, in the order of the files.
    runs: Receiver<Receiver<Found>>,
    current: Option<Receiver<Found>>,
    /// What the caller reads itself, while it would wait for others.
    own: Option<(Run, Sender<Found>)>,
    spare: Option<Skim>,
    threads: Vec<JoinHandle<()>>,
}

/// The files that nobody has begun with, and where it is told that somebody has.
#[derive(Debug)]
struct Waiting {
    files: VecDeque<Planned>,
    run_bytes: u64,
    /// None as soon as there are no files: whoever listens hears of the end.
    begun: Option<Sender<Receiver<Found>>>,
}

impl Waiting {
    /// The next file, and small ones behind it; None if there is none, or nobody wants it any more.
    ///
    /// Waits while too many are ahead.
    fn begin(&mut self) -> Option<(Run, Sender<Found>)> {
        let (mut files, mut bytes) = (VecDeque::new(), 0);
        while bytes < self.run_bytes
            && let Some(file) = self.files.pop_front()
        {
            bytes += file.bytes;
            files.push_back(file.path);
        }
        if files.is_empty() {
            self.begun = None;
        }
        let (sender, receiver) = bounded(PIECES_AHEAD);
        self.begun.as_ref()?.send(receiver).ok()?;
        Some((Run::of(files), sender))
    }
}

impl Workers {
    /// Starts so many threads but one, which is the caller's.
    pub fn start(job: Arc<Job>, plan: Plan, count: usize) -> Result<Self> {
        let (begun, runs) = bounded(RUNS_AHEAD);
        let run_bytes = (plan.bytes / (RUNS_EACH * count as u64)).clamp(RUN_BYTES.0, RUN_BYTES.1);
        let waiting = Arc::new(Mutex::new(Waiting { files: plan.files, run_bytes, begun: Some(begun) }));
        let start = |number| {
            let (job, waiting) = (Arc::clone(&job), Arc::clone(&waiting));
            let work = move || work(&job, &waiting);
            Builder::new().name(format!("tk-incident-scan-{number}")).spawn(work).map_err(|error| {
                Error::new(ErrorKind::Internal("cannot start a thread".into())).because(error)
            })
        };
        let threads = (1..count).map(start).collect::<Result<_>>()?;
        Ok(Self { job, waiting, runs, current: None, own: None, spare: None, threads })
    }

    /// The next piece; None at the end.
    pub fn next_piece(&mut self) -> Option<Piece> {
        loop {
            if let Some(run) = self.current.clone()
                && let Some(piece) = self.next_of(&run)
            {
                return Some(*piece);
            }
            let runs = self.runs.clone();
            self.current = self.next_of(&runs);
            if self.current.is_none() {
                self.end();
                return None;
            }
        }
    }

    /// What comes next from there; this thread reads while it would wait. None at the end.
    fn next_of<T>(&mut self, from: &Receiver<T>) -> Option<T> {
        loop {
            match from.try_recv() {
                Ok(next) => return Some(next),
                Err(TryRecvError::Empty) if self.read() => {}
                Err(_) => return from.recv().ok(),
            }
        }
    }

    /// Reads a piece instead of waiting for one; false if there is nothing to read, or no place for it.
    fn read(&mut self) -> bool {
        // Whoever holds the lock may be waiting for a place for its run, and it is this thread that makes one.
        if self.own.is_none()
            && let Some(mut waiting) = self.waiting.try_lock()
            && !self.runs.is_full()
        {
            self.own = waiting.begin();
        }
        let Some((run, sender)) = &mut self.own else { return false };
        if sender.is_full() {
            return false;
        }
        match run.next_piece(&self.job, &mut self.spare) {
            // It cannot fail: whoever listens is this one.
            Some(piece) => drop(sender.send(Box::new(piece))),
            None => self.own = None,
        }
        true
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

/// Reads run after run.
fn work(job: &Job, waiting: &Mutex<Waiting>) {
    let mut spare = None;
    // The order of the runs is that in which they are begun: one at a time.
    let begin = || waiting.lock().begin();
    while let Some((mut run, sender)) = begin() {
        while let Some(piece) = run.next_piece(job, &mut spare) {
            if sender.send(Box::new(piece)).is_err() {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::notes::Notes;
    use crate::pipeline::Pipeline;
    use std::fs;
    use std::path::Path;

    const ERROR: &str = "2026-11-22 00:21:30,207 [1 ERROR sgtk.x] it broke\n";

    fn log(folder: &Path, number: usize, text: &str) {
        fs::write(folder.join(format!("tk-{number:03}.log")), text).unwrap();
    }

    /// Nobody reads but the caller.
    fn alone(folder: &Path) -> Workers {
        let pipeline = Pipeline::new(&Config::default()).unwrap();
        let job = Job { wanted: pipeline.levels(), pipeline, max_record_bytes: 4_096 };
        let plan = Plan::of(&[folder.to_path_buf()], 1, &Notes::default());
        let workers = Workers::start(Arc::new(job), plan, 1).unwrap();
        // Each file is a run of its own.
        workers.waiting.lock().run_bytes = 1;
        workers
    }

    fn rest(mut workers: Workers) -> Vec<usize> {
        std::iter::from_fn(|| workers.next_piece()).map(|piece| piece.occurrences.len()).collect()
    }

    #[test]
    fn the_caller_reads_on_to_where_a_run_may_not_hold_more() {
        let folder = tempfile::tempdir().unwrap();
        log(folder.path(), 0, ERROR);
        let long = ERROR.replace("broke", &"broke ".repeat(200));
        log(folder.path(), 1, &long.repeat(2_000));
        let mut workers = alone(folder.path());
        let (mut other, sender) = workers.waiting.lock().begin().unwrap();
        assert_eq!(std::iter::from_fn(|| workers.read().then_some(())).count(), PIECES_AHEAD);
        let piece = other.next_piece(&workers.job, &mut None).unwrap();
        sender.send(Box::new(piece)).unwrap();
        drop(sender);
        let found = rest(workers);
        assert_eq!(found[0], 1);
        assert_eq!(found[1..].iter().sum::<usize>(), 2_000);
        assert!(found.len() > 1 + PIECES_AHEAD);
    }

    #[test]
    fn the_caller_reads_on_to_where_too_many_runs_are_ahead() {
        let folder = tempfile::tempdir().unwrap();
        let count = RUNS_AHEAD + 3;
        for number in 1..=count {
            log(folder.path(), number, &ERROR.repeat(number));
        }
        let mut workers = alone(folder.path());
        let (mut other, sender) = workers.waiting.lock().begin().unwrap();
        while workers.read() {}
        assert!(workers.runs.is_full());
        let waiting = Arc::clone(&workers.waiting);
        let held = waiting.lock();
        assert!(!workers.read());
        drop(held);
        let piece = other.next_piece(&workers.job, &mut None).unwrap();
        sender.send(Box::new(piece)).unwrap();
        drop(sender);
        assert_eq!(rest(workers), (1..=count).collect::<Vec<_>>());
    }
}
