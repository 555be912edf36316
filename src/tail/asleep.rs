//! Files to which nobody writes: they take no handle and no turn, so that ten thousand old logs cost next to nothing.

use std::collections::{BTreeMap, HashMap};
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::time::{Duration, Instant};

use super::changed::Changed;
use super::{FileIdentity, Harvester};

/// They are asked this often whether they have changed, whatever the events say.
const ASK_EVERY: Duration = Duration::from_secs(10);

/// Files that wake up once they have changed, or have another name or none.
#[derive(Debug, Default)]
pub(super) struct Asleep {
    /// Ordered, as those are that are awake.
    files: BTreeMap<FileIdentity, Harvester>,
    names: HashMap<OsString, FileIdentity>,
    asked_at: Option<Instant>,
}

impl Asleep {
    /// Takes in a file of which nothing is open, and all is in the spool.
    pub fn add(&mut self, harvester: Harvester) {
        self.names.insert(name(&harvester).to_owned(), harvester.identity);
        self.files.insert(harvester.identity, harvester);
    }

    pub fn has(&self, identity: FileIdentity) -> bool {
        self.files.contains_key(&identity)
    }

    pub fn all(&self) -> impl Iterator<Item = &Harvester> {
        self.files.values()
    }

    /// Wakes those up that may hold something new.
    pub fn wake_changed(&mut self, changed: &Changed, now: Instant) -> Vec<Harvester> {
        if self.files.is_empty() {
            return Vec::new();
        }
        let is_time = self.asked_at.is_none_or(|asked| now.saturating_duration_since(asked) >= ASK_EVERY);
        let woken: Vec<_> = match changed {
            Changed::Named(names) if !is_time => {
                names.iter().filter_map(|name| self.names.get(name).copied()).collect()
            }
            Changed::Named(_) | Changed::Any => {
                self.asked_at = Some(now);
                let is_changed = |(identity, harvester): (&FileIdentity, &mut Harvester)| {
                    harvester.may_have_changed().then_some(*identity)
                };
                self.files.iter_mut().filter_map(is_changed).collect()
            }
        };
        woken.into_iter().filter_map(|identity| self.wake(identity)).collect()
    }

    /// Wakes up one of them.
    pub fn wake(&mut self, identity: FileIdentity) -> Option<Harvester> {
        let harvester = self.files.remove(&identity)?;
        // Its name may be another's by now.
        if self.names.get(name(&harvester)) == Some(&identity) {
            self.names.remove(name(&harvester));
        }
        Some(harvester)
    }

    /// The folder is about to be looked at.
    pub fn begin_look(&mut self, now: Instant) {
        self.files.values_mut().for_each(|harvester| harvester.nameless_since = Some(now));
    }

    /// A file was found in the folder; true if it is one of these, and is called as it was.
    pub fn is_found(&mut self, identity: FileIdentity, path: &Path) -> bool {
        let found = self.files.get_mut(&identity).filter(|harvester| *harvester.path == *path);
        found.map(|harvester| harvester.nameless_since = None).is_some()
    }

    /// The folder was looked at: wakes those up that were not found there.
    pub fn end_look(&mut self) -> Vec<Harvester> {
        let missing = self.files.values().filter(|harvester| harvester.nameless_since.is_some());
        let missing: Vec<_> = missing.map(|harvester| harvester.identity).collect();
        missing.into_iter().filter_map(|identity| self.wake(identity)).collect()
    }
}

fn name(harvester: &Harvester) -> &OsStr {
    harvester.path.file_name().unwrap_or_default()
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::super::{Beginning, open, platform};
    use super::*;
    use crate::stats::Stats;
    use std::fs;
    use std::path::PathBuf;

    /// A log that was read, and waits behind a second name.
    fn parked(path: &Path, now: Instant) -> Harvester {
        let second = path.with_extension("second");
        fs::write(path, "a line\n").unwrap();
        fs::hard_link(path, &second).unwrap();
        let file = open(path).unwrap();
        let identity = platform::identity_of(&file, path).unwrap();
        let (path, begin, stats) = (path.to_path_buf(), Beginning::Start, &mut Stats::default());
        let mut log = Harvester::new(identity, path, file, None, begin, 1 << 20, now, stats).unwrap();
        log.read(now, 512, &mut [0; 512], stats, &mut |_, _, _| {});
        log.park(&second);
        log
    }

    fn names(woken: &[Harvester]) -> Vec<&OsStr> {
        woken.iter().map(name).collect()
    }

    #[test]
    fn it_wakes_up_by_its_name_and_at_times_if_it_has_changed() {
        let folder = tempfile::tempdir().unwrap();
        let [maya, nuke] = ["tk-maya.log", "tk-nuke.log"].map(|name| folder.path().join(name));
        let now = Instant::now();
        let mut asleep = Asleep::default();
        for path in [&maya, &nuke] {
            asleep.add(parked(path, now));
        }
        let told = |names: &[&str]| Changed::Named(names.iter().map(OsString::from).collect());
        assert!(asleep.wake_changed(&Changed::Any, now).is_empty(), "all are asked, and none has changed");
        assert!(asleep.wake_changed(&told(&["tk-houdini.log"]), now).is_empty());
        let woken = asleep.wake_changed(&told(&["tk-maya.log"]), now);
        assert_eq!(names(&woken), ["tk-maya.log"]);
        for log in woken {
            asleep.add(log);
        }

        fs::write(&nuke, "more than one line\n").unwrap();
        assert!(asleep.wake_changed(&told(&[]), now + ASK_EVERY / 2).is_empty(), "nobody has told it");
        assert_eq!(names(&asleep.wake_changed(&told(&[]), now + ASK_EVERY)), ["tk-nuke.log"]);
        fs::write(&maya, "more than one line\n").unwrap();
        assert_eq!(names(&asleep.wake_changed(&Changed::Any, now + ASK_EVERY)), ["tk-maya.log"]);
    }

    #[test]
    fn it_wakes_up_once_it_is_called_otherwise_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let paths: Vec<PathBuf> =
            ["tk-a.log", "tk-b.log", "tk-c.log"].iter().map(|name| folder.path().join(name)).collect();
        let now = Instant::now();
        let logs: Vec<_> = paths.iter().map(|path| parked(path, now)).collect();
        let of: Vec<_> = logs.iter().map(|log| log.identity).collect();
        let mut asleep = Asleep::default();
        for log in logs {
            asleep.add(log);
        }
        assert!(asleep.wake_changed(&Changed::Any, now).is_empty());
        asleep.begin_look(now);
        assert!(asleep.is_found(of[0], &paths[0]) && !asleep.is_found(of[1], &paths[2]));
        let renamed = asleep.wake(of[1]).unwrap();
        assert_eq!(names(&asleep.end_look()), ["tk-c.log"]);
        assert!(asleep.has(of[0]) && asleep.all().all(|log| log.nameless_since.is_none()));

        // A name that has gone over to another file wakes that one up.
        let mut other = renamed;
        other.path = paths[0].as_path().into();
        asleep.add(other);
        asleep.wake(of[0]);
        let told = Changed::Named(["tk-a.log".into()].into());
        let woken: Vec<_> = asleep.wake_changed(&told, now).iter().map(|log| log.identity).collect();
        assert_eq!(woken, [of[1]]);
    }
}
