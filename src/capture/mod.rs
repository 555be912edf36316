//! The evidence of an incident: what explains it, as one archive that takes no more than it may.
//!
//! What is furthest from the error in time goes first: the predecessor's oldest lines, then the log's ([`log`]), then
//! the other engines' ([`others`]), then those around the record ([`window`]). A cut says so.

mod archive;
mod cut;
mod environment;
mod fit;
mod incident_json;
mod list;
mod log;
mod names;
mod others;
mod window;

use std::fs::File;
use std::path::Path;

use serde_json::{Map, Value};

use crate::error::Result;
use crate::incident::{Incident, Occurrence};
use crate::redact::Redactor;
use crate::signature::Studio;
use crate::tail::read_at;

pub use cut::without_middle;
pub use environment::{Hardware, Surroundings, environment};
pub use list::list_archive;
pub use log::LogSnapshot;
pub use others::Others;

use fit::fit;
use window::Window;

/// Members of an archive but the logs.
const MEMBERS: [&str; 4] = ["incident.json", "environment.json", "record.txt", "context.log"];

/// Member that holds what other engines wrote.
const OTHERS: &str = "others.log";

/// Member that says what an archive has lost.
const REMOVED: &str = "removed.txt";

/// The room for the logs is one of so many steps: incidents that leave about the same room share one snapshot.
const LOG_STEPS: usize = 8;

/// What explains an incident, ready to be attached.
#[derive(Debug, Clone)]
pub struct Evidence {
    /// `environment.json`.
    pub environment: String,
    /// A zip archive.
    pub archive: Vec<u8>,
}

/// How evidence is taken, whatever it is of.
#[derive(Debug, Clone, Copy)]
pub struct Capture<'a> {
    /// Takes secrets out of all that is kept.
    pub redactor: &'a Redactor,
    /// What the settings say about signatures.
    pub studio: &'a Studio,
    /// Bytes of an archive; 64 KiB at least.
    pub most_bytes: usize,
}

impl Capture<'_> {
    /// Takes the evidence of an incident, whose first occurrence stands in this file. The same input gives the same
    /// bytes.
    pub fn take(
        &self,
        incident: &Incident,
        occurrence: &Occurrence,
        file: Option<&File>,
        log: &mut LogSnapshot<'_>,
        others: &Others,
        environment: &Map<String, Value>,
    ) -> Result<Evidence> {
        let most = self.most_bytes;
        // Facts come from hosts and hooks: what they say is redacted like any other text.
        // Marks may be longer than what they stand for, and what is cut after that is no JSON any more.
        let facts = environment::within(environment, most / 4 - most / 32);
        let environment = self.told(&Value::Object(facts));
        let told = self.told(&incident_json::of(incident, occurrence, self.studio, most / 32));
        let record = format!("{}\n", occurrence.record);
        let mut packed = Packed { archives: Vec::new(), left: most };
        packed.add(MEMBERS[0], &told, most / 4, |most| cut::middle(&told, most))?;
        packed.add(MEMBERS[1], &environment, most / 4, |most| cut::middle(&environment, most))?;
        packed.add(MEMBERS[2], &record, most * 3 / 8, |most| cut::middle(&record, most))?;
        let window = self.window(occurrence, file);
        packed.add(MEMBERS[3], &window.text(), most, |most| window.cut(most))?;
        let others = others.around(occurrence, self.redactor);
        if !others.is_empty() {
            packed.add(OTHERS, &others.text(usize::MAX), most, |most| others.text(most))?;
        }
        let step = most / LOG_STEPS;
        let room = packed.left / step * step;
        let archives: Vec<_> = packed.archives.iter().map(Vec::as_slice).chain([log.within(room)?]).collect();
        Ok(Evidence { environment, archive: archive::join(&archives)? })
    }

    fn told(&self, value: &Value) -> String {
        let text = serde_json::to_string_pretty(value).unwrap_or_default();
        format!("{}\n", self.redactor.redact(&text))
    }

    fn window(&self, occurrence: &Occurrence, file: Option<&File>) -> Window {
        let Some(file) = file else {
            return Window::saying(self.redactor.redact(&gone(&occurrence.path)).into_owned());
        };
        Window::around(file, occurrence.offset, occurrence.length, occurrence.pid, self.redactor)
    }
}

/// The members so far, each in an archive of its own, and the bytes that are left for others.
struct Packed {
    archives: Vec<Vec<u8>>,
    left: usize,
}

impl Packed {
    fn add(&mut self, name: &str, text: &str, most: usize, cut: impl Fn(usize) -> String) -> Result<()> {
        let packed = fit(name, text, most.min(self.left), cut)?;
        self.left -= packed.len();
        self.archives.push(packed);
        Ok(())
    }
}

/// An archive without the logs: what is around the record stays.
pub fn without_log(archive: &[u8]) -> Result<Vec<u8>> {
    let why = "the engine's log and those of others were removed: the spool was full\n";
    archive::pack_again(&[(REMOVED, why)], archive, &MEMBERS)
}

/// What stands for an archive that had to go.
pub fn remains(record: &str) -> Result<Vec<u8>> {
    let why = "all but the record was removed: the spool was full, or the site had it already\n";
    archive::pack(&[(REMOVED, why), (MEMBERS[2], &format!("{record}\n"))])
}

fn gone(path: &Path) -> String {
    format!("[the log is gone: {}]\n", path.display())
}

/// The bytes of a range, as many of them as the file still has.
fn read_range(file: &File, begin: u64, end: u64) -> Vec<u8> {
    let size = file.metadata().map_or(0, |metadata| metadata.len());
    let mut bytes = vec![0; usize::try_from(end.min(size).saturating_sub(begin)).unwrap_or(0)];
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
