//! The stages over files, once, from their first byte to their last; nothing is kept or sent.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};

use crate::config::Config;
use crate::error::Result;
use crate::folders::is_log_name;
use crate::incident::{Incident, Incidents, Occurrence};
use crate::notes::{Note, Notes};
use crate::pipeline::Pipeline;
use crate::record::Records;
use crate::record::dialect::{Dialect, HEAD_BYTES};
use crate::stats::Stats;
use crate::tail;

/// Bytes that are read for one batch: often enough for a progress display.
const BATCH_BYTES: usize = 8 << 20;

/// Reads files from start to end.
#[derive(Debug)]
pub struct Scan {
    pipeline: Pipeline,
    max_record_bytes: usize,
    waiting: VecDeque<PathBuf>,
    current: Option<Current>,
    incidents: Incidents,
    stats: Stats,
    notes: Notes,
    bytes_total: u64,
    buffer: Vec<u8>,
}

#[derive(Debug)]
struct Current {
    path: PathBuf,
    file: File,
    records: Records,
}

impl Scan {
    /// A scan of files, and of the Toolkit logs in folders. What cannot be read is noted.
    pub fn new(paths: &[PathBuf], config: &Config) -> Result<Self> {
        let mut scan = Self {
            pipeline: Pipeline::new(config)?,
            max_record_bytes: config.max_record_bytes,
            waiting: VecDeque::new(),
            current: None,
            incidents: Incidents::default(),
            stats: Stats::default(),
            notes: Notes::default(),
            bytes_total: 0,
            buffer: vec![0; 256 << 10],
        };
        for path in paths {
            if let Err(error) = scan.plan(path) {
                scan.unreadable(path, &error);
            }
        }
        Ok(scan)
    }

    /// What the next piece holds, perhaps nothing; None at the end.
    pub fn next_batch(&mut self) -> Option<Vec<Occurrence>> {
        let mut out = Vec::new();
        let mut read = 0;
        while read < BATCH_BYTES {
            let Some(current) = self.current.take().or_else(|| self.open_next()) else {
                return (read > 0 || !out.is_empty()).then_some(out);
            };
            read += self.read(current, &mut out);
        }
        Some(out)
    }

    /// What has been found so far.
    #[must_use]
    pub fn incidents(&self) -> &[Incident] {
        self.incidents.all()
    }

    /// What has been read so far.
    #[must_use]
    pub fn stats(&self) -> &Stats {
        &self.stats
    }

    /// Bytes of all files, when the scan began.
    #[must_use]
    pub fn bytes_total(&self) -> u64 {
        self.bytes_total
    }

    /// Takes what is to be said.
    pub fn take_notes(&mut self) -> Vec<Note> {
        self.notes.take()
    }

    fn plan(&mut self, path: &Path) -> io::Result<()> {
        let metadata = fs::metadata(path)?;
        if metadata.is_file() {
            self.bytes_total += metadata.len();
            self.waiting.push_back(path.to_path_buf());
            return Ok(());
        }
        if !metadata.is_dir() {
            return Err(io::Error::other("it is neither a file nor a folder"));
        }
        let mut logs: Vec<_> =
            fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
        logs.retain(|log| log.file_name().is_some_and(|name| is_log_name(&name.to_string_lossy())));
        logs.sort();
        if logs.is_empty() {
            self.notes.say("no_logs", &path.to_string_lossy(), || {
                format!(
                    "{}: no tk-*.log* in this folder; name a file to scan it whatever its name",
                    path.display()
                )
            });
        }
        for log in logs {
            match fs::metadata(&log) {
                Ok(metadata) if metadata.is_file() => {
                    self.bytes_total += metadata.len();
                    self.waiting.push_back(log);
                }
                Ok(_) => self.unreadable(&log, &io::Error::other("it is not a file")),
                Err(error) => self.unreadable(&log, &error),
            }
        }
        Ok(())
    }

    fn open_next(&mut self) -> Option<Current> {
        while let Some(path) = self.waiting.pop_front() {
            match tail::open(&path).and_then(|file| Ok((dialect_of(&path, &file)?, file))) {
                Ok((dialect, file)) => {
                    let records = Records::new(dialect, 0, self.max_record_bytes);
                    return Some(Current { path, file, records });
                }
                Err(error) => self.unreadable(&path, &error),
            }
        }
        None
    }

    /// Reads a piece of a file, and puts the file back unless this was its last one.
    fn read(&mut self, mut current: Current, out: &mut Vec<Occurrence>) -> usize {
        let count = match current.file.read(&mut self.buffer) {
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                self.current = Some(current);
                return 0;
            }
            Err(error) => {
                self.unreadable(&current.path, &error);
                0
            }
        };
        let (stats, incidents, path) = (&mut self.stats, &mut self.incidents, &current.path);
        let give = |record| {
            if let Some(occurrence) = self.pipeline.process(&record, path, stats) {
                incidents.add(&occurrence);
                out.push(occurrence);
            }
        };
        if count == 0 {
            current.records.finish(give);
        } else {
            current.records.push(&self.buffer[..count], give);
        }
        self.stats.bytes_read += count as u64;
        self.stats.orphan_lines += current.records.take_orphan_lines();
        self.stats.orphan_bytes += current.records.take_orphan_bytes();
        if count > 0 {
            self.current = Some(current);
        }
        count
    }

    fn unreadable(&self, path: &Path, error: &io::Error) {
        let remedy = match error.kind() {
            io::ErrorKind::NotFound => "check the spelling",
            io::ErrorKind::PermissionDenied => "check its permissions",
            _ => "name a log file or a folder with logs",
        };
        self.notes.say("unreadable", &path.to_string_lossy(), || {
            format!("{}: cannot be read: {error}; {remedy}", path.display())
        });
    }
}

/// The dialect of a file, which is then at its first byte again.
fn dialect_of(path: &Path, mut file: &File) -> io::Result<Dialect> {
    let mut head = Vec::new();
    file.take(HEAD_BYTES as u64).read_to_end(&mut head)?;
    file.rewind()?;
    Ok(Dialect::of_file(path, &head))
}
