//! Occurrences, and the incidents they are sightings of.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use compact_str::CompactString;
use serde::{Serialize, Serializer};

use crate::folders::engine_of;
use crate::record::{Level, Parts, Record};
use crate::signature::{KEY_DIGITS, Signature, Studio, VERSION, sign};

/// One sighting of a problem: one record at one address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Occurrence {
    /// Row in the spool; 0 where there is none.
    #[serde(skip)]
    pub id: i64,
    /// Key of its signature.
    pub signature: String,
    /// Title of its signature.
    pub title: String,
    /// Level of the record.
    pub level: Level,
    /// Engine whose log it stands in.
    pub engine: CompactString,
    /// Logger that wrote it; empty where the record does not say it.
    pub logger: CompactString,
    /// Process that wrote it, where the record says so.
    pub pid: Option<u32>,
    /// Local time of the writer, ISO 8601 without an offset; empty where the record does not say it.
    pub time: CompactString,
    /// File it was read from, under the name that it had then.
    #[serde(serialize_with = "as_text")]
    pub path: Arc<Path>,
    /// Offset of the record in the file.
    pub offset: u64,
    /// Bytes of the record in the file.
    pub length: u64,
    /// The message, without header and traceback.
    pub message: String,
    /// Class of the exception that explains it.
    pub exception: Option<CompactString>,
    /// Context it was written in.
    pub context_id: Option<String>,
    /// Request it was written for.
    pub request_id: Option<String>,
    /// The whole record, redacted.
    pub record: String,
}

impl Occurrence {
    /// Makes the occurrence of a record whose text was redacted, and taken apart.
    #[must_use]
    pub fn new(record: &Record, parts: &Parts<'_>, text: &str, path: &Arc<Path>, studio: &Studio) -> Self {
        let Signature { key, title, .. } = sign(parts, studio);
        let (message, exception) =
            (parts.said().into_owned(), parts.exception().map(|found| found.name.into()));
        Self {
            id: 0,
            signature: key,
            title,
            level: record.header.level,
            engine: engine_of(path),
            logger: parts.logger.unwrap_or_default().into(),
            pid: record.header.pid,
            time: record.header.time.clone(),
            path: Arc::clone(path),
            offset: record.start,
            length: record.end - record.start,
            message,
            exception,
            context_id: None,
            request_id: None,
            record: text.to_owned(),
        }
    }
}

/// JSON is text, and a path need not be: what is not UTF-8 is replaced.
fn as_text<S: Serializer>(path: &Arc<Path>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&path.to_string_lossy())
}

/// How far an incident has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum IncidentState {
    /// Found by a scan: nobody is told.
    Found,
    /// Not all of it has reached the site.
    Waiting,
    /// The site knows it.
    Delivered,
    /// A hook of the studio wants no ticket for it.
    Discarded,
}

impl IncidentState {
    /// Its name outside.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Discarded => "discarded",
        }
    }
}

/// A problem: all occurrences with one signature (and of one user, where that is the scope).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Incident {
    /// Key of the signature.
    pub signature: String,
    /// Title of the signature.
    pub title: String,
    /// Highest level seen.
    pub level: Level,
    /// Engines it was seen in, in order of first sight.
    pub engines: Vec<CompactString>,
    /// Number of occurrences.
    pub count: u64,
    /// Time of the first one.
    pub first_seen: CompactString,
    /// Time of the last one.
    pub last_seen: CompactString,
    /// Class of the exception that explains it.
    pub exception: Option<CompactString>,
    /// Message of the first occurrence.
    pub message: String,
    /// Users who met it.
    pub users: Vec<CompactString>,
    /// How far it has come.
    pub state: IncidentState,
    /// Its ticket on the site.
    pub ticket: Option<i64>,
}

impl Incident {
    /// The incident of a first occurrence, which is not yet counted: see [`Incident::add`].
    #[must_use]
    pub fn new(first: &Occurrence, state: IncidentState) -> Self {
        Self {
            signature: first.signature.clone(),
            title: first.title.clone(),
            level: first.level,
            engines: Vec::new(),
            count: 0,
            first_seen: first.time.clone(),
            last_seen: first.time.clone(),
            exception: first.exception.clone(),
            message: first.message.clone(),
            users: Vec::new(),
            state,
            ticket: None,
        }
    }

    /// Counts an occurrence.
    pub fn add(&mut self, occurrence: &Occurrence, user: Option<&str>) {
        self.count += 1;
        self.level = self.level.max(occurrence.level);
        // Files are read one after the other, so times do not always rise.
        if self.first_seen.is_empty() || !occurrence.time.is_empty() && occurrence.time < self.first_seen {
            self.first_seen.clone_from(&occurrence.time);
        }
        if occurrence.time > self.last_seen {
            self.last_seen.clone_from(&occurrence.time);
        }
        if !self.engines.contains(&occurrence.engine) {
            self.engines.push(occurrence.engine.clone());
        }
        if let Some(user) = user
            && !self.users.iter().any(|known| known == user)
        {
            self.users.push(user.into());
        }
    }
}

/// Groups occurrences in memory, in order of first sight.
#[derive(Debug, Default)]
pub struct Incidents {
    /// Shared with whoever has asked for them: a scan can find a hundred thousand.
    all: Vec<Arc<Incident>>,
    by_key: HashMap<Key, usize>,
}

/// A signature's key, as it stands in the table. With a hundred thousand problems each look at a text elsewhere is one at
/// memory that nothing has fetched yet.
#[derive(Debug, PartialEq, Eq, Hash)]
enum Key {
    /// Of today's version: its digits.
    Made([u8; KEY_DIGITS]),
    /// Another one, as a rule of the settings can name it.
    Named(String),
}

impl Key {
    fn of(signature: &str) -> Self {
        let digits = signature.strip_prefix(VERSION).and_then(|rest| rest.strip_prefix('-'));
        match digits.map(|digits| digits.as_bytes().try_into()) {
            Some(Ok(digits)) => Self::Made(digits),
            _ => Self::Named(signature.to_owned()),
        }
    }
}

impl Incidents {
    /// Counts an occurrence.
    pub fn add(&mut self, occurrence: &Occurrence) {
        let next = self.all.len();
        let at = *self.by_key.entry(Key::of(&occurrence.signature)).or_insert(next);
        if at == next {
            self.all.push(Arc::new(Incident::new(occurrence, IncidentState::Found)));
        }
        Arc::make_mut(&mut self.all[at]).add(occurrence, None);
    }

    /// All incidents.
    #[must_use]
    pub fn all(&self) -> &[Arc<Incident>] {
        &self.all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Dialect, Records};

    fn occurrence(line: &str, path: &str) -> Occurrence {
        let (mut records, mut out) = (Records::new(Dialect::Toolkit, 0, 1024), Vec::new());
        records.push(line.as_bytes(), |_| {});
        records.finish(|record| out.push(record));
        let record = out.remove(0);
        let text = record.text();
        Occurrence::new(&record, &Parts::of(&text), &text, &Path::new(path).into(), &Studio::default())
    }

    #[test]
    fn one_problem_is_one_incident() {
        let mut incidents = Incidents::default();
        for (time, level, path) in [("10", "ERROR", "tk-maya.log"), ("09", "CRITICAL", "tk-nuke.log.1")] {
            let line = format!("2026-11-22 {time}:21:30,207 [7 {level} sgtk.x] same");
            incidents.add(&occurrence(&line, path));
        }
        incidents.add(&occurrence("2026-11-22 09:21:30,207 [7 ERROR sgtk.x] other", "tk-maya.log"));
        let [same, other] = incidents.all() else { panic!("{incidents:?}") };
        assert_eq!((same.count, same.level, other.count), (2, Level::Critical, 1));
        assert_eq!(same.engines, ["tk-maya", "tk-nuke"]);
        assert_eq!(
            (&*same.first_seen, &*same.last_seen),
            ("2026-11-22T09:21:30.207", "2026-11-22T10:21:30.207")
        );
    }
}
