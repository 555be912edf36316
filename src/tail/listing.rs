//! Whether the names in a folder are to be read again. Only that finds what no event has told; and where there are
//! thousands of logs, it is most of what a reporter costs at rest.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use crate::drive;

/// Whatever the folder's own time says, its names are read this often.
const AT_LEAST_EVERY: Duration = Duration::from_secs(60);

/// A folder can change again without a new time for as long as a tick of its file system's clock, which is two seconds
/// where that is coarse.
const TICK: Duration = Duration::from_secs(3);

/// When the names in a folder were read last.
#[derive(Debug, Default)]
pub(super) struct Listing {
    last: Option<Last>,
    /// Whether this system tells all that happens in the folder; asked once.
    is_told: Option<bool>,
}

#[derive(Debug)]
struct Last {
    /// The folder's own time before that.
    modified: SystemTime,
    /// Since when it is known to have that time.
    since: Instant,
    read_at: Instant,
    /// Whether no change of that time can have come behind it, and each file could be looked at.
    is_settled: bool,
}

impl Listing {
    /// Whether this system tells of each change in the folder at once: by the folder's time, and by events. A network
    /// drive tells old news of what another machine does, and Windows writes times when there is time.
    pub fn is_told(&mut self, folder: &Path) -> bool {
        *self.is_told.get_or_insert_with(|| cfg!(unix) && !drive::is_network(folder))
    }

    /// Whether they are to be read now: [`Listing::was_read`] tells what came of it.
    pub fn is_due(&mut self, folder: &Path) -> bool {
        self.is_due_at(folder, Instant::now())
    }

    /// By the clock of the file system, which no test moves.
    fn is_due_at(&mut self, folder: &Path, now: Instant) -> bool {
        let modified = fs::metadata(folder).and_then(|metadata| metadata.modified()).ok();
        let Some(modified) = modified.filter(|_| self.is_told(folder)) else {
            self.last = None;
            return true;
        };
        let (since, is_settled) = match &self.last {
            Some(last) if last.modified == modified => {
                if last.is_settled && now.duration_since(last.read_at) < AT_LEAST_EVERY {
                    return false;
                }
                (last.since, now.duration_since(last.since) >= TICK)
            }
            _ => (now, false),
        };
        self.last = Some(Last { modified, since, read_at: now, is_settled });
        true
    }

    /// They were read; `is_whole` where each file could be looked at, or was gone.
    pub fn was_read(&mut self, is_whole: bool) {
        if let Some(last) = &mut self.last {
            last.is_settled &= is_whole;
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_until_the_folders_time_has_settled_and_then_only_once_it_changes() {
        let folder = tempfile::tempdir().unwrap();
        let (mut listing, began) = (Listing::default(), Instant::now());
        let mut read = |after_s: u64, is_whole: bool| {
            let is_due = listing.is_due_at(folder.path(), began + Duration::from_secs(after_s));
            if is_due {
                listing.was_read(is_whole);
            }
            is_due
        };
        assert!(read(0, true) && read(1, true), "a change in the same tick has the same time");
        assert!(read(3, false) && read(4, true), "one could not be looked at");
        assert!(!read(5, true) && !read(63, true));
        assert!(read(64, true), "whatever the time says");
        assert!(!read(65, true));
        fs::write(folder.path().join("tk-maya.log"), "").unwrap();
        assert!(read(66, true) && read(67, true));
    }
}
