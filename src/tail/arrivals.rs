//! Files that appear, opened at once: some have lost their name, or their last one, before the next look.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender, bounded};
use notify::event::{ModifyKind, RenameMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use super::held::Held;
use super::{FileIdentity, open, platform};
use crate::folders::is_log_name;

/// More files than this that wait to be taken are left to the next look at the folder.
const MOST_WAITING: usize = 256;

/// A file that has appeared, and was opened under that name.
#[derive(Debug)]
pub struct Arrival {
    /// What it is.
    pub identity: FileIdentity,
    /// Its name at that moment.
    pub path: PathBuf,
    /// The file, whatever has become of the name since.
    pub file: File,
    /// Whether it was made, not renamed: nothing of it is old news.
    pub is_new: bool,
}

/// Listens to a folder. Events are a hint: without them all is found at the next look, if it is still there.
#[derive(Debug)]
pub struct Arrivals {
    waiting: Receiver<Arrival>,
    /// None where the system has no more watches to give.
    _watcher: Option<RecommendedWatcher>,
}

impl Arrivals {
    /// Listens to a folder from now on, and passes a hint on whenever something changes in it.
    #[must_use]
    pub fn listen(folder: &Path, held: Arc<Held>, hint: Sender<()>) -> Self {
        let (arrive, waiting) = bounded(MOST_WAITING);
        let on_event = move |event: notify::Result<Event>| {
            let Ok(event) = event else { return hint.try_send(()).unwrap_or_default() };
            // Our own opening and listing is an access, too, and would wake us for ever.
            if matches!(event.kind, EventKind::Access(_)) {
                return;
            }
            if let Some(is_new) = appears(event.kind) {
                for arrival in event.paths.into_iter().filter_map(|path| opened(path, is_new)) {
                    // Here and not later: if we die in this moment, the next start finds it by this name.
                    held.hold(arrival.identity, &arrival.path);
                    arrive.try_send(arrival).unwrap_or_default();
                }
            }
            // A hint that is waiting to be taken is as good as two.
            hint.try_send(()).unwrap_or_default();
        };
        let watcher = notify::recommended_watcher(on_event).ok().and_then(|mut watcher| {
            watcher.watch(folder, RecursiveMode::NonRecursive).ok()?;
            Some(watcher)
        });
        Self { waiting, _watcher: watcher }
    }

    /// Takes the files that have appeared.
    #[must_use]
    pub fn take(&self) -> Vec<Arrival> {
        self.waiting.try_iter().collect()
    }
}

/// Whether a name has come to be, and if so, whether the file came to be with it.
fn appears(kind: EventKind) -> Option<bool> {
    match kind {
        EventKind::Create(_) => Some(true),
        EventKind::Modify(ModifyKind::Name(RenameMode::To)) => Some(false),
        _ => None,
    }
}

fn opened(path: PathBuf, is_new: bool) -> Option<Arrival> {
    let is_log = path.file_name().is_some_and(|name| is_log_name(&name.to_string_lossy()));
    // Opening a pipe would wait for its other end.
    let file =
        (is_log && path.metadata().is_ok_and(|metadata| metadata.is_file())).then(|| open(&path).ok())??;
    let identity = platform::identity_of(&file, &path).ok()?;
    Some(Arrival { identity, path, file, is_new })
}
