//! Files that appear, opened at once: some have lost their name, or their last one, before the next look.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crossbeam_channel::{Receiver, Sender, bounded};
use notify::event::{ModifyKind, RenameMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use parking_lot::Mutex;

use super::changed::Changed;
use super::held::Held;
use super::holder::Holder;
use super::writers::Writers;
use super::{FileIdentity, open, platform};
use crate::folders::{for_libraries, is_log_name};

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

impl Arrival {
    /// Opens a file that has just appeared; None if it has gone already, or is none.
    #[must_use]
    pub fn open(path: PathBuf, is_new: bool) -> Option<Self> {
        // Opening a pipe would wait for its other end.
        let file = path.metadata().is_ok_and(|metadata| metadata.is_file()).then(|| open(&path).ok())??;
        let identity = platform::identity_of(&file, &path).ok()?;
        Some(Self { identity, path, file, is_new })
    }
}

/// Listens to a folder. Events are a hint: without them all is found at the next look, if it is still there.
/// They do fail to come: Windows empties a full buffer and says nothing, and a drive that goes takes its watch along.
#[derive(Debug, Default)]
pub struct Arrivals {
    waiting: Option<Receiver<Arrival>>,
    /// Whether a file has lost its name before it could be opened.
    was_missed: Arc<AtomicBool>,
    changed: Arc<Mutex<Changed>>,
    /// Whether a name has come, gone or become another.
    was_renamed: Arc<AtomicBool>,
    /// None where the system has no more watches to give.
    watcher: Option<RecommendedWatcher>,
}

impl Arrivals {
    /// Listens to a folder from now on, and passes a hint on whenever something changes in it.
    pub fn listen(&mut self, folder: &Path, held: Arc<Held>, writers: Arc<Mutex<Writers>>, hint: Sender<()>) {
        let (arrive, waiting) = bounded(MOST_WAITING);
        let holder = Holder::start(Arc::clone(&held));
        let (was_missed, changed) = (Arc::clone(&self.was_missed), Arc::clone(&self.changed));
        let listener = Listener {
            folder: folder.to_path_buf(),
            holder,
            held,
            writers,
            was_missed,
            changed,
            was_renamed: Arc::clone(&self.was_renamed),
            arrive,
            hint,
        };
        self.waiting = Some(waiting);
        self.watcher = notify::recommended_watcher(move |event| listener.hear(event)).ok();
        if let Some(watcher) = &mut self.watcher
            && watcher.watch(&for_libraries(folder), RecursiveMode::NonRecursive).is_err()
        {
            self.watcher = None;
        }
    }

    /// Whether since the last time a file has lost its name before it could be opened.
    #[must_use]
    pub fn take_missed(&self) -> bool {
        self.was_missed.swap(false, Ordering::AcqRel)
    }

    /// Takes which logs have changed.
    #[must_use]
    pub fn take_changed(&self) -> Changed {
        if self.watcher.is_some() { self.changed.lock().take() } else { Changed::Any }
    }

    /// Whether since the last time a name in the folder has come, gone or become another.
    #[must_use]
    pub fn take_renamed(&self) -> bool {
        self.was_renamed.swap(false, Ordering::AcqRel)
    }

    /// Takes the files that have appeared.
    #[must_use]
    pub fn take(&self) -> Vec<Arrival> {
        self.waiting.iter().flat_map(Receiver::try_iter).collect()
    }
}

/// What is done at once, on the events' own thread: the tail's may be waiting for a disk, and this one never does.
struct Listener {
    folder: PathBuf,
    holder: Holder,
    held: Arc<Held>,
    writers: Arc<Mutex<Writers>>,
    was_missed: Arc<AtomicBool>,
    changed: Arc<Mutex<Changed>>,
    was_renamed: Arc<AtomicBool>,
    arrive: Sender<Arrival>,
    hint: Sender<()>,
}

impl Listener {
    fn hear(&self, event: notify::Result<Event>) {
        match event {
            // Our own opening and listing is an access, too, and would wake us for ever.
            Ok(event) if matches!(event.kind, EventKind::Access(_)) => return,
            Ok(event) => {
                // A file without a name tells of its growth by the name that it had, as long as it is open.
                self.holder.copy_on();
                self.note_changed(&event);
                if event.need_rescan() {
                    self.look_for_missed();
                } else if let Some(is_new) = appears(event.kind) {
                    for path in &event.paths {
                        self.appeared(path, is_new);
                    }
                }
            }
            Err(_) => {
                self.was_renamed.store(true, Ordering::Release);
                *self.changed.lock() = Changed::Any;
                self.look_for_missed();
            }
        }
        // A hint that is waiting to be taken is as good as two.
        self.hint.try_send(()).unwrap_or_default();
    }

    fn note_changed(&self, event: &Event) {
        if !matches!(event.kind, EventKind::Modify(ModifyKind::Data(_) | ModifyKind::Metadata(_))) {
            self.was_renamed.store(true, Ordering::Release);
        }
        let mut changed = self.changed.lock();
        if event.need_rescan() {
            *changed = Changed::Any;
        }
        event.paths.iter().filter_map(|path| path.file_name()).for_each(|name| changed.add(name));
    }

    fn appeared(&self, named: &Path, is_new: bool) {
        let Some(name) = named.file_name().filter(|name| is_log_name(&name.to_string_lossy())) else {
            return;
        };
        // Its folder may have another name there than ours: a resolved or a longer one.
        match Arrival::open(self.folder.join(name), is_new) {
            Some(arrival) if self.held.see(arrival.identity) => self.arrived(arrival),
            // The name belongs to no file, or to one that had it before: the one that was made with it is gone.
            _ if is_new => self.look_for_missed(),
            _ => {}
        }
    }

    fn look_for_missed(&self) {
        self.was_missed.store(true, Ordering::Release);
        // If the tail is at it, it looks again as soon as it sees this. A search of all processes takes too long here.
        let Some(found) = self.writers.try_lock().map(|mut writers| writers.look_at_known()) else { return };
        for log in found {
            if !self.held.has_seen(log.identity)
                && let Some((identity, path, file)) = log.open()
                && self.held.see(identity)
            {
                self.arrived(Arrival { identity, path, file, is_new: false });
            }
        }
    }

    fn arrived(&self, arrival: Arrival) {
        // Now, and not when the tail gets to it: if we die in this moment, the next start finds it.
        self.holder.hold(&arrival);
        self.arrive.try_send(arrival).unwrap_or_default();
    }
}

/// Whether a name has come to be, and if so, whether the file came to be with it.
fn appears(kind: EventKind) -> Option<bool> {
    match kind {
        // FSEvents goes on for a while to call a file created that has long been there.
        EventKind::Create(_) => Some(cfg!(not(target_os = "macos"))),
        // Nor does it tell the old name from the new one; what has the name now is what counts.
        EventKind::Modify(ModifyKind::Name(RenameMode::To | RenameMode::Any)) => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::time::{Duration, Instant};

    fn listener(folder: &Path, state_folder: &Path) -> (Listener, Receiver<Arrival>, Receiver<()>) {
        let (arrive, arrived) = bounded(8);
        let (hint, hints) = bounded(1);
        let held = Arc::new(Held::new(state_folder));
        let listener = Listener {
            folder: folder.to_path_buf(),
            holder: Holder::start(Arc::clone(&held)),
            held,
            writers: Arc::new(Mutex::new(Writers::new(folder))),
            was_missed: Arc::default(),
            changed: Arc::default(),
            was_renamed: Arc::default(),
            arrive,
            hint,
        };
        (listener, arrived, hints)
    }

    /// What the system has lost count of is looked for where its writer still has it.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_queue_of_events_is_made_up_for() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("logs");
        fs::create_dir_all(&folder).unwrap();
        let (listener, arrived, hints) = listener(&folder, &root.path().join("state"));
        listener.writers.lock().note(std::process::id());
        let path = folder.join("tk-maya.log");
        let writer = fs::OpenOptions::new().create(true).append(true).open(&path).unwrap();
        fs::remove_file(&path).unwrap();
        listener.hear(Ok(Event::new(EventKind::Other).set_flag(notify::event::Flag::Rescan)));
        let found = arrived.try_recv().unwrap();
        assert_eq!(found.identity, platform::identity_of(&writer, &path).unwrap());
        assert!(
            listener.was_missed.load(Ordering::Acquire) && hints.try_recv().is_ok(),
            "and the tail looks at everything"
        );
    }

    #[test]
    fn what_has_changed_is_told_by_name_and_what_the_system_has_lost_count_of_is_anything() {
        let root = tempfile::tempdir().unwrap();
        let (listener, _arrived, hints) = listener(root.path(), &root.path().join("state"));
        let (maya, nuke) = (root.path().join("tk-maya.log"), root.path().join("tk-nuke.log"));
        let has = |name: &Path| match listener.changed.lock().take() {
            Changed::Any => true,
            Changed::Named(names) => names.contains(name.file_name().unwrap()),
        };
        assert!(has(&maya) && !has(&maya), "nothing is known at first, and it is taken");
        let was_renamed = || listener.was_renamed.swap(false, Ordering::AcqRel);
        let data = EventKind::Modify(ModifyKind::Data(notify::event::DataChange::Any));
        listener.hear(Ok(Event::new(data).add_path(maya.clone())));
        assert!(has(&maya) && hints.try_recv().is_ok() && !was_renamed());
        listener.hear(Ok(Event::new(data).add_path(maya)));
        assert!(!has(&nuke));
        listener
            .hear(Ok(Event::new(EventKind::Remove(notify::event::RemoveKind::File)).add_path(nuke.clone())));
        assert!(has(&nuke) && was_renamed());
        for lost in [
            Ok(Event::new(EventKind::Other).set_flag(notify::event::Flag::Rescan)),
            Err(notify::Error::generic("")),
        ] {
            listener.hear(lost);
            assert!(has(&nuke) && was_renamed());
        }
        for number in 0..1_000 {
            listener.hear(Ok(Event::new(data).add_path(root.path().join(format!("{number}.log")))));
        }
        assert!(has(&nuke), "more names than are kept");
    }

    #[test]
    fn a_file_arrives_under_our_own_name_of_a_long_folder() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("Журнал 日誌".repeat(10)).join("x".repeat(100)).join("y".repeat(100));
        fs::create_dir_all(&folder).unwrap();
        let (hint, hints) = bounded(1);
        let held = Arc::new(Held::new(&root.path().join("state")));
        let mut arrivals = Arrivals::default();
        arrivals.listen(&folder, held, Arc::new(Mutex::new(Writers::new(&folder))), hint);
        let path = folder.join("tk-maya.log");
        fs::write(&path, "").unwrap();
        let deadline = Instant::now() + Duration::from_secs(20);
        let mut arrived = Vec::new();
        while arrived.is_empty() {
            assert!(hints.recv_deadline(deadline).is_ok(), "no event came");
            arrived = arrivals.take();
        }
        assert_eq!(arrived[0].path, path);
    }
}
