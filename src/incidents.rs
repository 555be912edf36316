//! Groups occurrences in memory, in order of first sight.
//!
//! A scan of an archive can find a hundred thousand problems. What they say in words lies in one text, so that to take in
//! another, or to drop all, is no matter of three pieces of memory for each; an incident is made of it for who asks.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hash, Hasher};

use compact_str::CompactString;

use crate::incident::{Incident, IncidentState, Occurrence, widen};
use crate::record::Level;
use crate::signature::{KEY_DIGITS, VERSION};

/// Incidents, as a scan finds them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Incidents {
    sightings: Vec<Sightings>,
    said: Vec<Said>,
    words: String,
    /// Where those with a key of today's version are.
    by_digits: HashMap<Digits, usize, BuildHasherDefault<OwnHash>>,
    /// Where those with another one are, as a rule of the settings can name it.
    by_name: HashMap<String, usize>,
}

/// What each occurrence of an incident may change: among a hundred thousand it is far away each time, so that it is little
/// and lies together.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Sightings {
    count: u64,
    first_seen: CompactString,
    last_seen: CompactString,
    engine: CompactString,
    further_engines: Vec<CompactString>,
    level: Level,
}

/// What an incident says in words.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Said {
    exception: Option<CompactString>,
    /// Where its signature begins; behind it stand its title and its message.
    begin: usize,
    signature: usize,
    title: usize,
    message: usize,
}

impl Incidents {
    /// Counts occurrences.
    pub fn add(&mut self, found: &[Occurrence]) {
        // First all are looked up, then all are counted: neither waits for memory that the other needs.
        let places: Vec<_> = found.iter().map(|occurrence| self.place(occurrence)).collect();
        for (place, occurrence) in places.into_iter().zip(found) {
            self.sightings[place].add(occurrence);
        }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.said.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.said.is_empty()
    }

    /// One of them, from 0.
    #[must_use]
    pub fn get(&self, at: usize) -> Option<Incident> {
        let (seen, said) = (self.sightings.get(at)?, self.said.get(at)?);
        let title = said.begin + said.signature;
        let message = title + said.title;
        let word = |begin: usize, length: usize| self.words[begin..begin + length].to_owned();
        Some(Incident {
            signature: word(said.begin, said.signature),
            title: word(title, said.title),
            level: seen.level,
            engines: std::iter::once(&seen.engine).chain(&seen.further_engines).cloned().collect(),
            count: seen.count,
            first_seen: seen.first_seen.clone(),
            last_seen: seen.last_seen.clone(),
            exception: said.exception.clone(),
            message: word(message, said.message),
            users: Vec::new(),
            state: IncidentState::Found,
            ticket: None,
        })
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = Incident> {
        (0..self.len()).filter_map(|at| self.get(at))
    }

    /// Where the incident of an occurrence is, which is not counted yet.
    fn place(&mut self, occurrence: &Occurrence) -> usize {
        let next = self.len();
        let place = *match Digits::of(&occurrence.signature) {
            Some(digits) => self.by_digits.entry(digits).or_insert(next),
            None => self.by_name.entry(occurrence.signature.clone()).or_insert(next),
        };
        if place == next {
            self.begin(occurrence);
        }
        place
    }

    fn begin(&mut self, first: &Occurrence) {
        let Occurrence { signature, title, message, .. } = first;
        self.said.push(Said {
            exception: first.exception.clone(),
            begin: self.words.len(),
            signature: signature.len(),
            title: title.len(),
            message: message.len(),
        });
        for word in [signature, title, message] {
            self.words.push_str(word);
        }
        self.sightings.push(Sightings {
            count: 0,
            first_seen: first.time.clone(),
            last_seen: first.time.clone(),
            engine: first.engine.clone(),
            further_engines: Vec::new(),
            level: first.level,
        });
    }
}

impl Sightings {
    fn add(&mut self, occurrence: &Occurrence) {
        self.count += 1;
        self.level = self.level.max(occurrence.level);
        widen(&mut self.first_seen, &mut self.last_seen, &occurrence.time);
        if self.engine != occurrence.engine && !self.further_engines.contains(&occurrence.engine) {
            self.further_engines.push(occurrence.engine.clone());
        }
    }
}

/// The digits of a signature of today's version, which are a hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Digits([u8; KEY_DIGITS / 2]);

impl Digits {
    fn of(signature: &str) -> Option<Self> {
        let digits = signature.strip_prefix(VERSION)?.strip_prefix('-')?;
        let digits: &[u8; KEY_DIGITS] = digits.as_bytes().try_into().ok()?;
        let value = |digit: u8| match digit {
            b'0'..=b'9' => Some(digit - b'0'),
            b'a'..=b'f' => Some(digit - b'a' + 10),
            _ => None,
        };
        let mut out = [0; KEY_DIGITS / 2];
        for (byte, pair) in out.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = value(pair[0])? << 4 | value(pair[1])?;
        }
        Some(Self(out))
    }
}

impl Hash for Digits {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write(&self.0);
    }
}

/// Takes what is a hash as it is.
#[derive(Debug, Clone, Default)]
struct OwnHash(u64);

impl Hasher for OwnHash {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::record::{Dialect, Level, Parts, Records};
    use crate::signature::Studio;

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
            incidents.add(&[occurrence(&line, path)]);
        }
        incidents.add(&[occurrence("2026-11-22 09:21:30,207 [7 ERROR sgtk.x] other", "tk-maya.log")]);
        let all: Vec<_> = incidents.iter().collect();
        let [same, other] = &all[..] else { panic!("{incidents:?}") };
        assert_eq!((same.count, same.level, other.count), (2, Level::Critical, 1));
        assert_eq!(same.engines, ["tk-maya", "tk-nuke"]);
        assert_eq!(
            (&*same.first_seen, &*same.last_seen),
            ("2026-11-22T09:21:30.207", "2026-11-22T10:21:30.207")
        );
        assert_eq!(incidents.get(2), None);
    }

    #[test]
    fn an_incident_says_what_its_first_occurrence_says() {
        let mut incidents = Incidents::default();
        let first = occurrence("2026-11-22 09:21:30,207 [7 ERROR sgtk.x] no shot 12", "tk-maya.log");
        let named = Occurrence {
            signature: "licences".into(),
            ..occurrence("2026-11-22 09:21:30,207 [7 ERROR sgtk.x] größe", "a")
        };
        let again = Occurrence { message: "no shot 13".into(), title: "13".into(), ..first.clone() };
        incidents.add(&[first.clone(), named.clone(), again, named.clone()]);
        assert_eq!(incidents.len(), 2);
        for (incident, occurrence) in incidents.iter().zip([first, named]) {
            assert_eq!(incident.count, 2);
            assert_eq!(
                (incident.signature, incident.title, incident.message),
                (occurrence.signature, occurrence.title, occurrence.message)
            );
        }
    }
}
