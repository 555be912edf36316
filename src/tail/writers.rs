//! The files that their writers have open (Linux): with or without a name, seen before or not.
//!
//! Several processes roll the same log, each by its own size, and so write to files that another one has
//! renamed or replaced (TOOLKIT.md measured 18 to 41 % of the records lost to a reader that goes by names).

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::{FileIdentity, platform};
use crate::folders::is_log_name;

/// All processes are looked at this often while something is written or a file has lost its name, for
/// writers that have not yet written a record with their pid.
const SEARCH_EVERY: Duration = Duration::from_millis(500);

/// And this often when all is quiet.
const QUIET_SEARCH_EVERY: Duration = Duration::from_secs(10);

/// On a machine with many open files a search takes a while: all searches together take no more than
/// this part of the time.
const SEARCH_SHARE: u32 = 20;

/// A log that a process has open for writing.
#[derive(Debug)]
pub struct OpenLog {
    /// The file.
    pub identity: FileIdentity,
    /// Its name, or the last one it had.
    pub path: PathBuf,
    /// The way to it that needs no name.
    pub through: PathBuf,
}

/// Knows who writes to the logs of a folder.
#[derive(Debug)]
pub struct Writers {
    /// As the kernel shows it in a descriptor's link: without symbolic links.
    folder: PathBuf,
    pids: BTreeSet<u32>,
    searched_at: Option<Instant>,
    /// How long the last search took.
    search_took: Duration,
}

impl Writers {
    /// Knows nobody yet.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        let folder = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_path_buf());
        Self { folder, pids: BTreeSet::new(), searched_at: None, search_took: Duration::ZERO }
    }

    /// A process has written a record.
    pub fn note(&mut self, pid: u32) {
        self.pids.insert(pid);
    }

    /// When all processes were last looked at: who was not seen then does not write.
    #[must_use]
    pub fn searched_at(&self) -> Option<Instant> {
        self.searched_at
    }

    /// The logs that are open for writing, as far as this look goes. `was_missed` says that one has lost its name
    /// unseen: its writer may be one that is not known.
    pub fn look(&mut self, now: Instant, is_busy: bool, was_missed: bool) -> Vec<OpenLog> {
        let every = if is_busy { SEARCH_EVERY } else { QUIET_SEARCH_EVERY };
        let is_due = was_missed || self.searched_at.is_none_or(|at| now.duration_since(at) >= every);
        if is_due && self.may_search(now) {
            self.search(now)
        } else if is_busy || was_missed {
            self.look_at_known()
        } else {
            Vec::new()
        }
    }

    /// The logs that the known writers have open.
    pub fn look_at_known(&mut self) -> Vec<OpenLog> {
        let mut found = Vec::new();
        let pids = std::mem::take(&mut self.pids);
        self.pids = pids.into_iter().filter(|pid| self.look_at(*pid, &mut found)).collect();
        found
    }

    fn may_search(&self, now: Instant) -> bool {
        self.searched_at.is_none_or(|at| now.saturating_duration_since(at) >= self.search_took * SEARCH_SHARE)
    }

    fn search(&mut self, now: Instant) -> Vec<OpenLog> {
        let began = Instant::now();
        let mut found = Vec::new();
        self.pids = processes().filter(|pid| self.look_at(*pid, &mut found)).collect();
        self.searched_at = Some(now);
        self.search_took = began.elapsed();
        found
    }

    /// Looks at one process; false if it has no log open.
    fn look_at(&self, pid: u32, found: &mut Vec<OpenLog>) -> bool {
        let before = found.len();
        // Another user's process, or one that has ended, shows nothing.
        if let Ok(descriptors) = fs::read_dir(format!("/proc/{pid}/fd")) {
            found.extend(descriptors.flatten().filter_map(|descriptor| self.log_of(pid, &descriptor)));
        }
        found.len() > before
    }

    fn log_of(&self, pid: u32, descriptor: &fs::DirEntry) -> Option<OpenLog> {
        let through = descriptor.path();
        let target = fs::read_link(&through).ok()?.into_os_string().into_vec();
        if !target.starts_with(self.folder.as_os_str().as_bytes()) {
            return None;
        }
        let name = target.strip_suffix(b" (deleted)").unwrap_or(&target).to_vec();
        let path = PathBuf::from(std::ffi::OsString::from_vec(name));
        let is_log = path.parent() == Some(&self.folder) && is_log_name(&path.file_name()?.to_string_lossy());
        if !is_log || !is_for_writing(pid, &descriptor.file_name().to_string_lossy()) {
            return None;
        }
        let metadata = fs::metadata(&through).ok().filter(fs::Metadata::is_file)?;
        let identity = platform::identity_at(&path, &metadata).ok()?;
        Some(OpenLog { identity, path, through })
    }
}

/// Whoever only reads a log, as we do ourselves, is no writer.
fn is_for_writing(pid: u32, descriptor: &str) -> bool {
    let Ok(info) = fs::read_to_string(format!("/proc/{pid}/fdinfo/{descriptor}")) else { return false };
    let flags = info.lines().find_map(|line| line.strip_prefix("flags:"));
    let access_mode =
        flags.and_then(|flags| u32::from_str_radix(flags.trim(), 8).ok()).map(|flags| flags & 3);
    access_mode.is_some_and(|mode| mode != 0)
}

/// The processes of our user: the others do not show their descriptors.
fn processes() -> impl Iterator<Item = u32> {
    let uid = |path: &Path| fs::metadata(path).map(|metadata| metadata.uid()).ok();
    let ours = uid(Path::new("/proc/self"));
    fs::read_dir("/proc").into_iter().flatten().flatten().filter_map(move |entry| {
        let pid = entry.file_name().to_string_lossy().parse().ok()?;
        (ours.is_some() && uid(&entry.path()) == ours).then_some(pid)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{File, OpenOptions};

    #[test]
    fn an_open_log_is_found_without_its_name_and_a_reader_is_no_writer() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tk-maya.log");
        let writer = OpenOptions::new().create(true).append(true).open(&path).unwrap();
        let read_only = folder.path().join("tk-nuke.log");
        File::create(&read_only).unwrap();
        let _reader = File::open(&read_only).unwrap();
        fs::remove_file(&path).unwrap();

        let mut writers = Writers::new(folder.path());
        let found = writers.look(Instant::now(), true, false);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].identity, platform::identity_of(&writer, &path).unwrap());
        assert!(found[0].path.ends_with("tk-maya.log"));
        assert_eq!(writers.look(Instant::now(), true, false).len(), 1, "its process is known now");
        drop(writer);
        assert!(writers.look(Instant::now(), true, false).is_empty());
    }
}
