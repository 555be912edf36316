//! What the logs of the other engines say at the time of an error.

use std::fmt::Write as _;
use std::fs::File;
use std::path::Path;

use compact_str::CompactString;
use jiff::{SignedDuration, civil::DateTime};

use super::cut;
use super::{read_range, window};
use crate::folders::engine_of;
use crate::incident::Occurrence;
use crate::redact::Redactor;

/// So long before and after an error a record belongs to its surroundings.
const AROUND: SignedDuration = SignedDuration::from_secs(60);

/// Files that are looked at: those that were written last.
const MOST_FILES: usize = 16;

/// Bytes that are read from a file's end: further ones only where the first do not reach back to the error.
const BYTES: [u64; 3] = [64 << 10, 256 << 10, 1 << 20];

/// Bytes of records for one error: those that are nearest to it.
const MOST_BYTES: usize = 256 << 10;

/// A record of some log.
#[derive(Debug)]
struct Written {
    /// As it stands in its header: all logs of a folder tell local time.
    time: CompactString,
    /// Place of its file in [`Others::engines`].
    file: usize,
    text: String,
}

/// The last records of a folder's logs, in order of time: they serve all errors that are due.
#[derive(Debug, Default)]
pub struct Others {
    engines: Vec<CompactString>,
    records: Vec<Written>,
}

impl Others {
    /// Reads the ends of these logs, as far back as the first of these errors asks for.
    #[must_use]
    pub fn read<'a>(
        files: impl IntoIterator<Item = (&'a Path, &'a File)>,
        errors: impl IntoIterator<Item = &'a Occurrence>,
    ) -> Self {
        let mut others = Self::default();
        let errors: Vec<_> = errors.into_iter().collect();
        let Some(from) = errors.iter().filter_map(|error| Some(bounds(&error.time)?.0)).min() else {
            return others;
        };
        let is_other = |path: &Path| errors.iter().any(|error| error.engine != engine_of(path));
        let files = files.into_iter().filter(|(path, _)| is_other(path));
        let modified = |file: &File| file.metadata().and_then(|metadata| metadata.modified()).ok();
        let mut files: Vec<_> = files.map(|(path, file)| (modified(file), path, file)).collect();
        files.sort_by(|a, b| (&b.0, a.1).cmp(&(&a.0, b.1)));
        files.truncate(MOST_FILES);
        // What was written in the same millisecond has an order, too.
        files.sort_by_key(|(_, path, _)| *path);
        for (_, path, file) in files {
            let place = others.engines.len();
            others.engines.push(engine_of(path));
            others.records.extend(last_records(file, place, &from));
        }
        others.records.sort_by(|a, b| a.time.cmp(&b.time));
        others
    }

    /// The records of other engines around an error, redacted; empty where there are none.
    #[must_use]
    pub fn around<'a>(&'a self, error: &'a Occurrence, redactor: &Redactor) -> Around<'a> {
        let mut around = Around { others: self, error, texts: Vec::new() };
        let Some((from, to)) = bounds(&error.time) else { return around };
        let first = self.records.partition_point(|record| *record.time < *from);
        let near = self.records[first..]
            .iter()
            .take_while(|record| *record.time <= *to)
            .filter(|record| self.engines[record.file] != error.engine);
        around.texts = near.map(|record| (record, String::new())).collect();
        let (kept, _, _) = around.nearest(MOST_BYTES, |record, _| record.text.len());
        around.texts = around.texts.drain(kept).collect();
        for (record, text) in &mut around.texts {
            *text = redactor.redact(&record.text).into_owned();
        }
        around
    }
}

/// The records around one error, in order of time.
#[derive(Debug)]
pub struct Around<'a> {
    others: &'a Others,
    error: &'a Occurrence,
    texts: Vec<(&'a Written, String)>,
}

impl Around<'_> {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// At most so many bytes of them: those that are furthest from the error in time go first.
    pub fn text(&self, most: usize) -> String {
        let head = |record: &Written| self.others.engines[record.file].len() + 4;
        let room = most.saturating_sub(2 * cut::NOTE_BYTES);
        let (kept, before, after) = self.nearest(room, |record, text| text.len() + 1 + head(record));
        let mut out = cut::before_this(before);
        let mut engine = None;
        for (record, text) in &self.texts[kept] {
            if engine.replace(record.file) != Some(record.file) {
                // Writing to a string cannot fail.
                writeln!(out, "== {}", self.others.engines[record.file]).unwrap_or_default();
            }
            out.push_str(text);
            out.push('\n');
        }
        out.push_str(&cut::after_this(after));
        if out.len() <= most { out } else { String::new() }
    }

    /// The run of records nearest to the error that takes at most so many bytes, and the bytes before and behind it.
    fn nearest(
        &self,
        most: usize,
        bytes: impl Fn(&Written, &str) -> usize,
    ) -> (std::ops::Range<usize>, u64, u64) {
        let size = |at: usize| bytes(self.texts[at].0, &self.texts[at].1);
        let error = self.texts.partition_point(|(record, _)| record.time < self.error.time);
        let (mut first, mut last, mut left) = (error, error, most);
        loop {
            let before = first.checked_sub(1).map(|at| (self.distance(at), at));
            let after = (last < self.texts.len()).then(|| (self.distance(last), last));
            let Some((_, at)) = [before, after].into_iter().flatten().min() else { break };
            let Some(rest) = left.checked_sub(size(at)) else { break };
            left = rest;
            if at < first { first = at } else { last = at + 1 }
        }
        let sum = |range: std::ops::Range<usize>| range.map(|at| size(at) as u64).sum();
        (first..last, sum(0..first), sum(last..self.texts.len()))
    }

    /// How far from the error a record was written, in milliseconds.
    fn distance(&self, at: usize) -> u128 {
        let (Ok(error), Ok(other)) = (self.error.time.parse::<DateTime>(), self.texts[at].0.time.parse())
        else {
            return u128::MAX;
        };
        error.duration_since(other).unsigned_abs().as_millis()
    }
}

/// The first and the last moment that belong to the surroundings of a time; none where it is none.
fn bounds(time: &str) -> Option<(String, String)> {
    let time: DateTime = time.parse().ok()?;
    // As a header says it: then their order is that of the texts.
    let said = |time: DateTime| time.strftime("%Y-%m-%dT%H:%M:%S.%3f").to_string();
    Some((said(time.checked_sub(AROUND).ok()?), said(time.checked_add(AROUND).ok()?)))
}

/// The last records of a log that were written from a time on, and of what was read for them perhaps some more.
fn last_records(file: &File, place: usize, from: &str) -> Vec<Written> {
    let size = file.metadata().map_or(0, |metadata| metadata.len());
    let mut records: Vec<Written> = Vec::new();
    for bytes in BYTES {
        records.clear();
        let begin = size.saturating_sub(bytes);
        window::for_each_record(begin, &read_range(file, begin, size), |record| {
            records.push(Written { text: record.text().into_owned(), time: record.header.time, file: place });
        });
        if begin == 0 || records.first().is_some_and(|first| first.time.as_str() < from) {
            break;
        }
    }
    records
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Parts, Record};
    use crate::signature::Studio;
    use std::fs;

    fn line(time: &str, text: &str) -> String {
        format!("2026-11-22 {time} [7 INFO sgtk.x] {text}\n")
    }

    fn error(time: &str) -> Occurrence {
        let text = line(time, "failed");
        let mut found: Vec<Record> = Vec::new();
        window::for_each_record(0, text.as_bytes(), |record| found.push(record));
        Occurrence::new(
            &found[0],
            &Parts::of(&text),
            &text,
            &Path::new("tk-maya.log").into(),
            &Studio::default(),
        )
    }

    fn around(logs: &[(&str, String)], time: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let files: Vec<_> = logs
            .iter()
            .map(|(name, text)| {
                let path = folder.path().join(name);
                fs::write(&path, text).unwrap();
                (path.clone(), File::open(&path).unwrap())
            })
            .collect();
        let error = error(time);
        let others = Others::read(files.iter().map(|(path, file)| (&**path, file)), [&error]);
        others.around(&error, &Redactor::default()).text(1 << 20)
    }

    #[test]
    fn a_minute_of_the_other_engines_in_order_of_time() {
        let nuke = line("10:00:29,999", "too early")
            + &line("10:00:30,000", "just in time")
            + &line("10:01:29,500", "before, password=hunter22\nwith a second line")
            + &line("10:02:30,000", "at last");
        let houdini = line("10:01:29,499", "earlier")
            + &line("10:01:31,000", "later")
            + &line("10:02:30,001", "too late");
        let logs = [
            ("tk-nuke.log", nuke),
            ("tk-houdini.log", houdini),
            ("tk-maya.log", line("10:01:30,000", "failed")),
            ("tk-maya.log.1", line("10:01:29,000", "our own")),
        ];
        let want = "== tk-nuke\n".to_owned()
            + &line("10:00:30,000", "just in time")
            + "== tk-houdini\n"
            + &line("10:01:29,499", "earlier")
            + "== tk-nuke\n"
            + &line("10:01:29,500", "before, password=[redacted:secret]\nwith a second line")
            + "== tk-houdini\n"
            + &line("10:01:31,000", "later")
            + "== tk-nuke\n"
            + &line("10:02:30,000", "at last");
        assert_eq!(around(&logs, "10:01:30,000"), want);
        assert_eq!(around(&logs, "11:01:30,000"), "");
        assert_eq!(around(&logs, "99:99:99,999"), "", "what is no time has no surroundings");
    }

    #[test]
    fn a_long_log_is_read_back_as_far_as_it_takes_and_no_further() {
        let busy = |first: &str| {
            let rest: String = (0..9_000).map(|_| line("10:01:30,000", &"x".repeat(20))).collect();
            line("10:01:00,000", first) + &rest
        };
        let found = around(&[("tk-nuke.log", busy("half a minute before"))], "10:01:30,000");
        assert!(found.len() > 250 << 10 && found.len() < 300 << 10, "{}", found.len());
        assert!(!found.contains("half a minute before"), "the nearest are kept");
        // Of what was written long before the error nothing is kept, however much it is.
        assert_eq!(around(&[("tk-nuke.log", busy("x"))], "10:09:00,000"), "");
    }

    #[test]
    fn what_is_nearest_stays() {
        let log: String = (0..60).map(|at| line(&format!("10:01:{at:02},000"), "one")).collect();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tk-nuke.log");
        fs::write(&path, log).unwrap();
        let (error, file) = (error("10:01:20,400"), File::open(&path).unwrap());
        let others = Others::read([(&*path, &file)], [&error]);
        let around = others.around(&error, &Redactor::default());
        for most in 0..1_500 {
            assert!(around.text(most).len() <= most);
        }
        let text = around.text(600);
        let times: Vec<_> =
            text.lines().filter(|line| line.starts_with("2026")).map(|line| &line[17..19]).collect();
        assert_eq!(times, ["17", "18", "19", "20", "21", "22", "23", "24"], "{text}");
        assert!(text.starts_with("[cut: ") && text.ends_with(" bytes after this]\n"), "{text}");
    }

    #[test]
    fn only_the_files_written_last_are_read() {
        let logs: Vec<_> =
            (0..30).map(|at| (format!("tk-{at}.log"), line("10:01:30,000", "one of many"))).collect();
        let logs: Vec<_> = logs.iter().map(|(name, text)| (name.as_str(), text.clone())).collect();
        assert_eq!(around(&logs, "10:01:30,000").matches("one of many").count(), MOST_FILES);
    }
}
