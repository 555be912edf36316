//! Which files a scan reads.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::thread::Builder;

use crate::folders::is_log_name;
use crate::notes::Notes;

/// Files that a thread looks at, at least: to start one takes as long as to look at a hundred.
const LEAST_SHARE: usize = 250;

/// The files of a scan, in order.
#[derive(Debug, Default)]
pub struct Plan {
    /// Those that were named, and the Toolkit logs of the folders.
    pub files: VecDeque<Planned>,
    /// Their bytes by now.
    pub bytes: u64,
}

/// A file that is to be read.
#[derive(Debug)]
pub struct Planned {
    /// Its name.
    pub path: PathBuf,
    /// Its length by now.
    pub bytes: u64,
}

impl Plan {
    /// Looks at paths, with so many threads; what cannot be read is noted.
    pub fn of(paths: &[PathBuf], threads: usize, notes: &Notes) -> Self {
        let mut plan = Self::default();
        for path in paths {
            if let Err(error) = plan.add(path, threads, notes) {
                unreadable(notes, path, &error);
            }
        }
        plan
    }

    fn add(&mut self, path: &Path, threads: usize, notes: &Notes) -> io::Result<()> {
        let metadata = fs::metadata(path)?;
        if metadata.is_file() {
            self.take(path.to_path_buf(), metadata.len());
            return Ok(());
        }
        if !metadata.is_dir() {
            return Err(io::Error::other("it is neither a file nor a folder"));
        }
        let mut logs: Vec<_> =
            fs::read_dir(path)?.map(|entry| Ok(entry?.file_name())).collect::<io::Result<_>>()?;
        logs.retain(|name| is_log_name(&name.to_string_lossy()));
        // By their names alone: whole paths are compared part by part, which takes longer than to read small files.
        logs.sort_unstable();
        if logs.is_empty() {
            notes.say("no_logs", &path.to_string_lossy(), || {
                format!(
                    "{}: no tk-*.log* in this folder; name a file to scan it whatever its name",
                    path.display()
                )
            });
        }
        for (log, metadata) in looked_at(path, &logs, threads) {
            match metadata {
                Ok(metadata) if metadata.is_file() => self.take(log, metadata.len()),
                Ok(_) => unreadable(notes, &log, &io::Error::other("it is not a file")),
                Err(error) => unreadable(notes, &log, &error),
            }
        }
        Ok(())
    }

    fn take(&mut self, path: PathBuf, bytes: u64) {
        self.bytes += bytes;
        self.files.push_back(Planned { path, bytes });
    }
}

/// What the files of a folder are, in their order.
fn looked_at(folder: &Path, names: &[OsString], threads: usize) -> Vec<(PathBuf, io::Result<Metadata>)> {
    let look = |names: &[OsString]| -> Vec<_> {
        let paths = names.iter().map(|name| folder.join(name));
        paths.map(|path| (fs::metadata(&path), path)).map(|(metadata, path)| (path, metadata)).collect()
    };
    let share = names.len().div_ceil(threads.max(1)).max(LEAST_SHARE);
    let Some((own, others)) = names.split_at_checked(share) else { return look(names) };
    std::thread::scope(|scope| {
        let begin = |names| (names, Builder::new().spawn_scoped(scope, move || look(names)));
        let others: Vec<_> = others.chunks(share).map(begin).collect();
        let mut all = look(own);
        for (names, other) in others {
            all.extend(match other {
                Ok(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
                // A system that gives no further thread.
                Err(_) => look(names),
            });
        }
        all
    })
}

/// Says that a file cannot be read.
pub fn unreadable(notes: &Notes, path: &Path, error: &io::Error) {
    let remedy = match error.kind() {
        io::ErrorKind::NotFound => "check the spelling",
        io::ErrorKind::PermissionDenied => "check its permissions",
        _ => "name a log file or a folder with logs",
    };
    notes.say("unreadable", &path.to_string_lossy(), || {
        format!("{}: cannot be read: {error}; {remedy}", path.display())
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_threads_find_the_same_files_in_the_same_order() {
        let folder = tempfile::tempdir().unwrap();
        let count = 2 * LEAST_SHARE + LEAST_SHARE / 2;
        for number in 0..count {
            fs::write(folder.path().join(format!("tk-{number:05}.log")), vec![b'x'; number % 7]).unwrap();
        }
        fs::create_dir(folder.path().join("tk-00100.log.1")).unwrap();
        let of = |threads| {
            let notes = Notes::default();
            let Plan { files, bytes } = Plan::of(&[folder.path().to_path_buf()], threads, &notes);
            let files: Vec<_> = files.into_iter().map(|file| (file.path, file.bytes)).collect();
            (files, bytes, notes.take().into_iter().map(|note| note.text).collect::<Vec<_>>())
        };
        let (files, bytes, notes) = of(1);
        assert_eq!((files.len(), notes.len()), (count, 1));
        assert_eq!(bytes, files.iter().map(|(_, bytes)| bytes).sum::<u64>());
        assert!(files.is_sorted());
        for threads in [2, 3, 64] {
            assert_eq!(of(threads), (files.clone(), bytes, notes.clone()), "{threads}");
        }
    }
}
