//! The files that are followed at one moment, for whoever looks into them while the tail reads on.

use std::cmp::Reverse;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use super::handle::Handle;
use super::{FileIdentity, Harvester};

/// The open files, and the name that each of them has or had last.
#[derive(Debug)]
pub struct Files(Vec<Followed>);

#[derive(Debug)]
struct Followed {
    identity: FileIdentity,
    generation: u32,
    path: Arc<Path>,
    handle: Handle,
    modified: Option<SystemTime>,
    has_name: bool,
    since: Instant,
}

impl Files {
    pub(super) fn of<'a>(harvesters: impl Iterator<Item = &'a Harvester>) -> Self {
        let followed = |harvester: &Harvester| Followed {
            identity: harvester.identity,
            generation: harvester.generation,
            path: Arc::clone(&harvester.path),
            handle: harvester.handle.clone(),
            modified: harvester.modified,
            has_name: harvester.nameless_since.is_none(),
            since: harvester.followed_since,
        };
        Self(harvesters.map(followed).collect())
    }

    /// Those that were written last, at most so many.
    #[must_use]
    pub fn written_last(&self, most: usize) -> Vec<(&Path, Arc<File>)> {
        let mut all: Vec<_> = self.0.iter().collect();
        all.sort_by_key(|followed| Reverse(followed.modified));
        let last = all.into_iter().take(most);
        last.filter_map(|followed| Some((&*followed.path, followed.handle.file().ok()?))).collect()
    }

    /// The one with this identity, if it still has this life.
    #[must_use]
    pub fn file(&self, identity: FileIdentity, generation: u32) -> Option<Arc<File>> {
        let followed = self.find(identity)?;
        (followed.generation == generation).then(|| followed.handle.file().ok())?
    }

    /// The one that held what was written before this log was begun; `path` is the name that the log had then.
    ///
    /// Toolkit rolls a log by renaming it to `<name>.1`, in place of the file that had this name. That one is followed
    /// on for a while, so it may be found although it has no name any more.
    #[must_use]
    pub fn predecessor(&self, identity: FileIdentity, path: &Path) -> Option<Arc<File>> {
        let own = self.find(identity).map_or(path, |followed| &followed.path);
        let named = |name: &Path| {
            let backup = backup_of(name);
            let others = self.0.iter().filter(|followed| followed.identity != identity);
            others
                .filter(|followed| *followed.path == *backup)
                .max_by_key(|followed| (followed.has_name, followed.since))
        };
        // If it was rolled meanwhile, its predecessor has lost the name to it, or has the next one.
        named(own).or_else(|| named(path)).and_then(|followed| followed.handle.file().ok())
    }

    fn find(&self, identity: FileIdentity) -> Option<&Followed> {
        self.0.iter().find(|followed| followed.identity == identity)
    }
}

/// The name that a log has once it is rolled: `tk-maya.log.1` for `tk-maya.log`, and then `tk-maya.log.2`.
fn backup_of(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let number = name.rsplit_once('.').and_then(|(stem, number)| Some((stem, number.parse::<u32>().ok()?)));
    path.with_file_name(match number {
        Some((stem, number)) => format!("{stem}.{}", number.saturating_add(1)),
        None => format!("{name}.1"),
    })
}
