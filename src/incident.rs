//! Occurrences, and the incidents they are sightings of.

use std::path::Path;
use std::sync::Arc;

use compact_str::CompactString;
use serde::{Serialize, Serializer};

use crate::folders::engine_of;
use crate::record::{Level, Parts, Record};
use crate::signature::{Signature, Studio, sign};

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
        widen(&mut self.first_seen, &mut self.last_seen, &occurrence.time);
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

/// Widens the time in which something was seen. Files are read one after the other, so times do not always rise.
pub(crate) fn widen(first: &mut CompactString, last: &mut CompactString, time: &CompactString) {
    if first.is_empty() || !time.is_empty() && time < first {
        first.clone_from(time);
    }
    if time > last {
        last.clone_from(time);
    }
}
