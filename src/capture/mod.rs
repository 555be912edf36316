//! The evidence of an incident: what explains it, as one archive.

mod archive;
mod environment;
mod list;
mod window;

use std::fs::File;
use std::path::Path;

use serde_json::{Map, Value, json};

use crate::error::Result;
use crate::incident::{Incident, Occurrence};
use crate::redact::Redactor;
use crate::tail::read_at;

pub use environment::environment;
pub use list::list_archive;

/// Bytes of the engine's log that are kept, from its end: what Toolkit itself keeps in one file.
const LOG_BYTES: u64 = 5 << 20;

/// Members of an archive but the engine's log.
const MEMBERS: [&str; 4] = ["incident.json", "environment.json", "record.txt", "context.log"];

/// Member that says what an archive has lost.
const REMOVED: &str = "removed.txt";

/// What explains an incident, ready to be attached.
#[derive(Debug, Clone)]
pub struct Evidence {
    /// `environment.json`.
    pub environment: String,
    /// A zip archive.
    pub archive: Vec<u8>,
}

/// The engine's log as it is now, redacted and packed: one serves all incidents that are due in it.
#[derive(Debug)]
pub struct LogSnapshot(Vec<u8>);

impl LogSnapshot {
    /// Takes a snapshot of the end of a log; `file` is None if it is gone by now, which the snapshot says.
    pub fn take(path: &Path, file: Option<&File>, redactor: &Redactor) -> Result<Self> {
        let text = file.map_or_else(|| gone(path), log_tail);
        Ok(Self(archive::pack(&[(log_name(path), redactor.redact(&text).into_owned())], None)?))
    }
}

/// Takes the evidence of an incident, whose first occurrence stands in this file.
pub fn capture(
    incident: &Incident,
    occurrence: &Occurrence,
    file: Option<&File>,
    log: &LogSnapshot,
    environment: &Map<String, Value>,
    redactor: &Redactor,
) -> Result<Evidence> {
    // Facts come from hosts and hooks: what they say is redacted like any other text.
    let told = |value: &Value| {
        let text = serde_json::to_string_pretty(value).unwrap_or_default();
        format!("{}\n", redactor.redact(&text))
    };
    let environment = told(&Value::Object(environment.clone()));
    let around = |file| window::around(file, occurrence.offset, occurrence.length);
    let context = file.map_or_else(|| gone(&occurrence.path), around);
    let members = [
        (MEMBERS[0].to_owned(), told(&json!({"incident": incident, "occurrence": occurrence}))),
        (MEMBERS[1].to_owned(), environment.clone()),
        (MEMBERS[2].to_owned(), format!("{}\n", occurrence.record)),
        (MEMBERS[3].to_owned(), redactor.redact(&context).into_owned()),
    ];
    Ok(Evidence { environment, archive: archive::pack(&members, Some(&log.0))? })
}

/// An archive without the engine's log: what is around the record stays.
pub fn without_log(archive: &[u8]) -> Result<Vec<u8>> {
    let members = [(REMOVED.to_owned(), "the engine's log was removed: the spool was full\n".to_owned())];
    archive::pack_again(&members, archive, &MEMBERS)
}

/// What stands for an archive that had to go.
pub fn remains(record: &str) -> Result<Vec<u8>> {
    let why = "all but the record was removed: the spool was full, or the site had it already\n";
    let members = [(REMOVED.to_owned(), why.to_owned()), ("record.txt".to_owned(), format!("{record}\n"))];
    archive::pack(&members, None)
}

fn gone(path: &Path) -> String {
    format!("[the log is gone: {}]\n", path.display())
}

/// Name of the engine's log in the archive.
fn log_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    // A name that is fine here can be none on the system where the archive is opened.
    name.chars().map(|c| if c.is_alphanumeric() || "._-".contains(c) { c } else { '_' }).collect()
}

fn log_tail(file: &File) -> String {
    let size = file.metadata().map_or(0, |metadata| metadata.len());
    let begin = size.saturating_sub(LOG_BYTES);
    let bytes = read_range(file, begin, size);
    let text = String::from_utf8_lossy(&bytes);
    if begin == 0 { text.into_owned() } else { format!("[cut: {begin} bytes before this]\n{text}") }
}

/// The bytes of a range, as many of them as the file still has.
fn read_range(file: &File, begin: u64, end: u64) -> Vec<u8> {
    let mut bytes = vec![0; usize::try_from(end.saturating_sub(begin)).unwrap_or(0)];
    let mut have = 0;
    while have < bytes.len() {
        match read_at(file, &mut bytes[have..], begin + have as u64) {
            Ok(count) if count > 0 => have += count,
            _ => break,
        }
    }
    bytes.truncate(have);
    bytes
}
