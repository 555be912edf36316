//! The engine's log and its predecessor, as they are now.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use super::fit::fit;
use super::names::{self, Names};
use super::{archive, cut, gone, read_range};
use crate::error::Result;
use crate::redact::Redactor;

/// Bytes of a log that are looked at, from its end: what Toolkit itself keeps in one file.
const MOST_BYTES: u64 = 5 << 20;

/// Bytes before them that are read with them and not kept: what gives a secret away may stand there.
const MARGIN: usize = 32 << 10;

/// How well a log packs, until one has been: about as well as logs do.
const USUAL_RATIO: u64 = 10;

/// A log that is shorter says nothing about how well its predecessor packs.
const TELLING_BYTES: usize = 64 << 10;

/// Room that is not worth a look into another file.
const LEAST_ROOM: usize = 1 << 10;

/// The end of an engine's log, redacted, and what comes before it in the file that was rolled: one serves all incidents
/// that are due in the log.
#[derive(Debug)]
pub struct LogSnapshot<'a> {
    path: &'a Path,
    text: String,
    /// Bytes of the log before the text.
    before: u64,
    predecessor: Option<&'a File>,
    redactor: &'a Redactor,
    /// What was packed so far, by the room that there was for it.
    packed: BTreeMap<usize, Vec<u8>>,
}

impl<'a> LogSnapshot<'a> {
    /// Takes a snapshot of a log; `file` is None if it is gone by now, which the snapshot says. The predecessor is the
    /// file that the log was until it was rolled.
    #[must_use]
    pub fn take(
        path: &'a Path,
        file: Option<&File>,
        predecessor: Option<&'a File>,
        redactor: &'a Redactor,
    ) -> Self {
        let (text, before) = file.map_or_else(
            || (redactor.redact(&gone(path)).into_owned(), 0),
            |file| end_of(file, MOST_BYTES, redactor),
        );
        Self { path, text, before, predecessor, redactor, packed: BTreeMap::new() }
    }

    /// An archive of the log, and of as much of its predecessor as there is room for, in at most so many bytes. The
    /// same archive where the room is the same.
    pub fn within(&mut self, room: usize) -> Result<&[u8]> {
        if !self.packed.contains_key(&room) {
            let packed = self.pack(room)?;
            self.packed.insert(room, packed);
        }
        Ok(self.packed.get(&room).map_or(&[], Vec::as_slice))
    }

    fn pack(&self, room: usize) -> Result<Vec<u8>> {
        let mut names = Names::default();
        let name = names.take(&names::of_file(self.path));
        let whole = cut::before_this(self.before) + &self.text;
        let log = fit(&name, &whole, room, |most| cut::beginning(&self.text, most, self.before))?;
        let left = room.saturating_sub(log.len());
        let Some(file) = self.predecessor.filter(|_| left >= LEAST_ROOM) else { return Ok(log) };
        let ratio = if whole.len() < TELLING_BYTES { USUAL_RATIO } else { (whole.len() / log.len()) as u64 };
        let (text, before) = end_of(file, MOST_BYTES.min(left as u64 * ratio), self.redactor);
        if text.is_empty() {
            return Ok(log);
        }
        let name = names.take(&format!("{}.1", names::of_file(self.path)));
        let whole = cut::before_this(before) + &text;
        let predecessor = fit(&name, &whole, left, |most| cut::beginning(&text, most, before))?;
        archive::join(&[&log, &predecessor])
    }
}

/// The end of a file, redacted, and how many of its bytes stand before that.
fn end_of(file: &File, most: u64, redactor: &Redactor) -> (String, u64) {
    let size = file.metadata().map_or(0, |metadata| metadata.len());
    let kept_from = size.saturating_sub(most);
    let begin = kept_from.saturating_sub(MARGIN as u64);
    let bytes = read_range(file, begin, size);
    let text = redactor.redact(&String::from_utf8_lossy(&bytes)).into_owned();
    if kept_from == 0 {
        return (text, 0);
    }
    // A mark is seldom longer than what it stands for: what is left of the margin is no more than this.
    let margin = usize::try_from(kept_from - begin).unwrap_or(MARGIN);
    let kept = cut::last_lines(&text, text.len().saturating_sub(margin));
    (kept.to_owned(), begin + (text.len() - kept.len()) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Cursor, Read, Write};

    fn file(text: &str) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file
    }

    /// Lines that pack about as well as a log's, numbered.
    fn lines(count: usize) -> String {
        let mut state = 7u64;
        let mut word = move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            format!("{:07x}", state >> 36)
        };
        let line = |at: usize| {
            format!(
                "2026-11-22 00:21:30,207 [14106 INFO sgtk.env.project.tk-maya] number {at:06} {} {}\n",
                word(),
                word()
            )
        };
        (0..count).map(line).collect()
    }

    fn members(archive: &[u8]) -> Vec<(String, String)> {
        let mut zip = zip::ZipArchive::new(Cursor::new(archive)).unwrap();
        let count = zip.len();
        let member = |at| {
            let mut text = String::new();
            let mut member = zip.by_index(at).unwrap();
            member.read_to_string(&mut text).unwrap();
            (member.name().unwrap().into_owned(), text)
        };
        (0..count).map(member).collect()
    }

    fn pack(log: Option<&str>, predecessor: Option<&str>, room: usize) -> Vec<(String, String)> {
        let (log, predecessor) = (log.map(file), predecessor.map(file));
        let redactor = Redactor::default();
        let path = Path::new("logs/tk-maya.log");
        let mut snapshot = LogSnapshot::take(path, log.as_ref(), predecessor.as_ref(), &redactor);
        let packed = snapshot.within(room).unwrap().to_vec();
        assert!(packed.len() <= room, "{} in {room}", packed.len());
        let mut again = LogSnapshot::take(path, log.as_ref(), predecessor.as_ref(), &redactor);
        assert_eq!(again.within(room).unwrap(), packed, "the same bytes");
        members(&packed)
    }

    #[test]
    fn a_log_that_was_just_rolled_is_explained_by_its_predecessor() {
        let (log, predecessor) = (lines(3), lines(1_000));
        let found = pack(Some(&log), Some(&predecessor), 1 << 20);
        assert_eq!(found, [("tk-maya.log".to_owned(), log), ("tk-maya.log.1".to_owned(), predecessor)]);
    }

    #[test]
    fn the_oldest_lines_of_the_predecessor_go_first_and_then_those_of_the_log() {
        let text = lines(20_000);
        let whole = archive::pack(&[("tk-maya.log", &text)]).unwrap().len();
        let found = pack(Some(&text), Some(&text), whole * 3 / 2);
        let [(_, log), (_, predecessor)] = &found[..] else { panic!("{}", found.len()) };
        assert_eq!(log, &text, "the log is whole");
        assert!(predecessor.starts_with("[cut: ") && predecessor.ends_with(&text[text.len() - 100..]));
        assert!(predecessor.len() > text.len() / 3, "{} of {}", predecessor.len(), text.len());

        let found = pack(Some(&text), Some(&text), whole / 2);
        let [(_, log), rest @ ..] = &found[..] else { panic!("{}", found.len()) };
        let (note, kept) = log.split_once('\n').unwrap();
        assert_eq!(note, format!("[cut: {} bytes before this]", text.len() - kept.len()));
        assert!(text.ends_with(kept) && kept.len() > text.len() / 3, "{} of {}", kept.len(), text.len());
        // What a guess has left over.
        assert!(rest.iter().all(|(_, text)| text.len() < kept.len() / 3));
    }

    #[test]
    fn what_is_gone_is_said() {
        let found = pack(None, Some("what a copy holds\n"), 4_096);
        assert_eq!(found[0], ("tk-maya.log".to_owned(), "[the log is gone: logs/tk-maya.log]\n".to_owned()));
        assert_eq!(found[1], ("tk-maya.log.1".to_owned(), "what a copy holds\n".to_owned()));
    }

    #[test]
    fn a_secret_that_begins_before_what_is_kept_is_found() {
        let key = "-----BEGIN RSA PRIVATE KEY-----\n".to_owned()
            + &"MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIB\n".repeat(60)
            + "-----END RSA PRIVATE KEY-----\n";
        let text = "before\n".repeat(10_000) + &key + &"after\n".repeat(1_000);
        let (kept, before) = end_of(&file(&text), 7_000, &Redactor::default());
        assert!(!kept.contains("MIIE") && kept.contains("after") && kept.len() <= 7_000, "{kept}");
        assert!(before > 60_000);
        let whole = "short\n".repeat(10);
        assert_eq!(end_of(&file(&whole), 7_000, &Redactor::default()), (whole, 0));
    }
}
