//! Which files a scan reads.

use std::collections::VecDeque;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::folders::is_log_name;
use crate::notes::Notes;

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
    /// Looks at paths; what cannot be read is noted.
    pub fn of(paths: &[PathBuf], notes: &Notes) -> Self {
        let mut plan = Self::default();
        for path in paths {
            if let Err(error) = plan.add(path, notes) {
                unreadable(notes, path, &error);
            }
        }
        plan
    }

    fn add(&mut self, path: &Path, notes: &Notes) -> io::Result<()> {
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
        for name in logs {
            let log = path.join(name);
            match fs::metadata(&log) {
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
