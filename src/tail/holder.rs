//! The thread that holds files: a second name waits for the file system's journal, for tenths of a second at times,
//! and meanwhile a log can come and go.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender, bounded};

use super::FileIdentity;
use super::arrivals::Arrival;
use super::held::Held;

/// More than this is left to the tail, which holds what it adopts.
const MOST_WAITING: usize = 256;

/// Gives the thread what it has to do. The thread ends with it.
#[derive(Debug)]
pub struct Holder {
    held: Arc<Held>,
    todo: Sender<Task>,
}

#[derive(Debug)]
enum Task {
    Hold(FileIdentity, PathBuf, File),
    CopyOn,
}

impl Holder {
    /// Starts the thread.
    #[must_use]
    pub fn start(held: Arc<Held>) -> Self {
        let (todo, tasks) = bounded(MOST_WAITING);
        let for_thread = Arc::clone(&held);
        let work = move || work(&for_thread, &tasks);
        // Without it, what it would do is done by the tail.
        std::thread::Builder::new().name("tk-incident-hold".into()).spawn(work).map(drop).unwrap_or_default();
        Self { held, todo }
    }

    /// Holds a file that has just appeared: all of it.
    pub fn hold(&self, arrival: &Arrival) {
        if let Ok(file) = arrival.file.try_clone() {
            self.todo.try_send(Task::Hold(arrival.identity, arrival.path.clone(), file)).unwrap_or_default();
        }
    }

    /// Copies what has come to files without a name.
    pub fn copy_on(&self) {
        if self.held.has_copies() {
            self.todo.try_send(Task::CopyOn).unwrap_or_default();
        }
    }
}

fn work(held: &Held, tasks: &Receiver<Task>) {
    for task in tasks {
        match task {
            Task::Hold(identity, path, file) => drop(held.hold(identity, &path, &file, 0)),
            Task::CopyOn => held.copy_on(),
        }
    }
}
