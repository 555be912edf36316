//! The files that their writers have open (Linux): with or without a name, seen before or not.
//!
//! Several processes roll the same log, each by its own size, and so write to files that another one has
//! renamed or replaced (TOOLKIT.md measured 18 to 41 % of the records lost to a reader that goes by names).

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::os::fd::AsRawFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::{FileIdentity, platform};
use crate::folders::is_log_name;

/// All processes are looked at this often while something is written or a file has lost its name, for
/// writers that have not yet written a record with their pid.
const SEARCH_EVERY: Duration = Duration::from_millis(500);

/// On a machine with many open files a search takes a while: all searches together take no more than
/// this part of the time.
const SEARCH_SHARE: u32 = 20;

/// And this often, and this part, when all is quiet: then it makes up for what no event has told, and whoever writes
/// makes it busy. Three hundred processes with a hundred files each, as a workstation has them, take 80 ms.
const QUIET_SEARCH_EVERY: Duration = Duration::from_secs(10);
const QUIET_SEARCH_SHARE: u32 = 4_000;

/// However long the last one took: it may be that the host was stopped meanwhile, in a debugger.
const SEARCH_AT_LEAST_EVERY: Duration = Duration::from_secs(600);

/// A log that a process has open for writing.
#[derive(Debug)]
pub struct OpenLog {
    /// The file.
    pub identity: FileIdentity,
    /// Its name, or the last one it had.
    pub path: PathBuf,
    /// The way to it that needs no name.
    through: PathBuf,
}

impl OpenLog {
    /// Opens it: what it is, and what it is called by now.
    ///
    /// None if the descriptor has become another file's since it was looked at, whatever that is: our own descriptor
    /// says what was opened. A pipe in its place must not make us wait for its other end.
    #[must_use]
    pub fn open(&self) -> Option<(FileIdentity, PathBuf, File)> {
        let flags = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or_default();
        let file = OpenOptions::new().read(true).custom_flags(flags).open(&self.through).ok()?;
        file.metadata().ok().filter(fs::Metadata::is_file)?;
        let target = fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd())).ok()?;
        let path = log_path(self.path.parent()?, target)?;
        let identity = platform::identity_of(&file, &path).ok()?;
        Some((identity, path, file))
    }
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
        let (every, share) = match (is_busy, was_missed) {
            (_, true) => (Duration::ZERO, SEARCH_SHARE),
            (true, false) => (SEARCH_EVERY, SEARCH_SHARE),
            (false, false) => (QUIET_SEARCH_EVERY, QUIET_SEARCH_SHARE),
        };
        let every = every.max(self.search_took * share).min(SEARCH_AT_LEAST_EVERY);
        if self.searched_at.is_none_or(|at| now.saturating_duration_since(at) >= every) {
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
        let path = log_path(&self.folder, fs::read_link(&through).ok()?)?;
        if !is_for_writing(pid, &descriptor.file_name().to_string_lossy()) {
            return None;
        }
        let metadata = fs::metadata(&through).ok().filter(fs::Metadata::is_file)?;
        let identity = platform::identity_at(&path, &metadata).ok()?;
        Some(OpenLog { identity, path, through })
    }
}

/// The name of a log of this folder, or the last one it had, by the link of a descriptor; None if it is none.
fn log_path(folder: &Path, target: PathBuf) -> Option<PathBuf> {
    let target = target.into_os_string().into_vec();
    if !target.starts_with(folder.as_os_str().as_bytes()) {
        return None;
    }
    let name = target.strip_suffix(b" (deleted)").unwrap_or(&target).to_vec();
    let path = PathBuf::from(std::ffi::OsString::from_vec(name));
    let is_log = path.parent() == Some(folder) && is_log_name(&path.file_name()?.to_string_lossy());
    is_log.then_some(path)
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

    #[test]
    fn a_descriptor_that_has_become_another_files_is_none_of_ours() {
        let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let open = |path: &Path| OpenOptions::new().create(true).append(true).open(path).unwrap();
        let path = folder.path().join("tk-maya.log");
        let writer = open(&path);
        let found = Writers::new(folder.path()).look(Instant::now(), true, false).remove(0);
        assert_eq!(found.open().unwrap().1.file_name(), path.file_name());
        fs::rename(&path, folder.path().join("tk-maya.log.1")).unwrap();
        assert!(found.open().unwrap().1.ends_with("tk-maya.log.1"), "what it is called by now");

        // The next file that the writer opens may get the same number.
        let elsewhere = open(&other.path().join("tk-maya.log"));
        let secret = open(&folder.path().join("notes.txt"));
        for file in [&elsewhere, &secret] {
            let through = format!("/proc/self/fd/{}", file.as_raw_fd()).into();
            let reused = OpenLog { identity: found.identity, path: found.path.clone(), through };
            assert!(reused.open().is_none());
        }
        let pipe = folder.path().join("tk-pipe.log");
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RUSR).unwrap();
        let waiting = OpenLog { identity: found.identity, path: found.path.clone(), through: pipe };
        assert!(waiting.open().is_none(), "nor is anybody waited for");
        drop(writer);
    }

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

    #[test]
    fn a_search_that_takes_long_is_rare_while_all_is_quiet() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tk-maya.log");
        let _writer = OpenOptions::new().create(true).append(true).open(&path).unwrap();
        let began = Instant::now();
        let found_after = |seconds: u64, is_busy: bool, was_missed: bool, took: Duration| {
            let mut writers = Writers::new(folder.path());
            writers.searched_at = Some(began);
            writers.search_took = took;
            writers.look(began + Duration::from_secs(seconds), is_busy, was_missed).len()
        };
        let (short, long) = (Duration::from_millis(1), Duration::from_millis(80));
        assert_eq!([9, 11].map(|seconds| found_after(seconds, false, false, short)), [0, 1]);
        assert_eq!([11, 319, 321].map(|seconds| found_after(seconds, false, false, long)), [0, 0, 1]);
        let stopped = Duration::from_secs(3_600);
        assert_eq!([599, 601].map(|seconds| found_after(seconds, false, false, stopped)), [0, 1]);
        assert_eq!([599, 601].map(|seconds| found_after(seconds, true, false, stopped)), [0, 1]);
        assert_eq!([1, 2].map(|seconds| found_after(seconds, true, false, long)), [0, 1], "it is written to");
        assert_eq!([1, 2].map(|seconds| found_after(seconds, false, true, long)), [0, 1], "one was missed");
    }
}
