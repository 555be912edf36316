//! Bytes → the records that can matter, and as little as can be of all others.
//!
//! A log has a thousand records for one that is reported, and its level is a word in capitals: the bytes are searched
//! for that word, and records are read only around a hit. A Toolkit log has such words in its headers; in other
//! dialects a record matters by more than one word, and all of them are read.
//!
//! What is read around a hit begins a few records before it where one of those has a traceback, so that lines that other
//! processes have broken off find their record, and ends once nothing that matters is open. What comes out is what [`Records`] would give, but for the
//! lines of a record without importance that more than [`RECORDS_BEFORE`] others have broken off: those go on with
//! whatever record is open.

use memchr::memmem::Finder;
use memchr::{memchr, memrchr, memrchr2};

use super::dialect::{Dialect, toolkit, trim};
use super::words::Words;
use super::{Level, Record, Records};

/// Bytes that are read at once: they stay in the processor's own memory until they were searched.
const READ_BYTES: usize = 256 << 10;

/// As far before a hit it is read closely, at most.
const BYTES_BEFORE: usize = 16 << 10;

/// More records do not wait for the end of a traceback: see the assembler.
const RECORDS_BEFORE: usize = 8;

/// A header has its level before this offset: a byte order mark, then `0000-00-00 00:00:00,000 [4294967295 CRITICAL `.
const LEVEL_WITHIN: usize = 48;

/// So many lines are read closely before it is asked whether that goes on, one at a time...
const SINGLE_LINES: usize = 16;

/// ...and then so much; each time twice as much as before.
const LONGEST_PIECE: usize = 64 << 10;

/// Reads the records of one file that can matter.
#[derive(Debug)]
pub struct Skim {
    dialect: Dialect,
    wanted: Vec<Level>,
    words: Words,
    title: Finder<'static>,
    /// What reads closely...
    records: Records,
    /// ...while it does.
    close: Option<Close>,
    window: Vec<u8>,
    /// Bytes of the window that are there.
    filled: usize,
    /// Offset of the window's first byte in the file.
    base: u64,
    /// Bytes of the window that were read or searched.
    at: usize,
    /// Bytes of the window whose records have been given out, or did not matter.
    floor: usize,
    orphan_lines: u64,
    orphan_bytes: u64,
}

/// How far it is read closely.
#[derive(Debug)]
struct Close {
    /// Offset of what it was begun for: it goes on at least as far.
    until: u64,
    lines: usize,
    piece: usize,
}

impl Skim {
    /// The records of a file in this dialect whose level is one of `wanted`; of each at most `most` bytes are kept.
    #[must_use]
    pub fn new(dialect: Dialect, wanted: &[Level], most: usize) -> Self {
        let mut skim = Self {
            dialect,
            wanted: wanted.to_vec(),
            words: Words::default(),
            title: Finder::new(b"Traceback (most recent call last):"),
            records: Records::new(dialect, 0, most),
            close: None,
            window: vec![0; BYTES_BEFORE + READ_BYTES],
            filled: 0,
            base: 0,
            at: 0,
            floor: 0,
            orphan_lines: 0,
            orphan_bytes: 0,
        };
        skim.begin_anew(dialect);
        skim
    }

    /// Begins with another file, in the memory that it has: to get it anew takes longer than to read a small one.
    pub fn begin_anew(&mut self, dialect: Dialect) {
        self.dialect = dialect;
        self.words = if dialect == Dialect::Toolkit { Words::of(&self.wanted) } else { Words::default() };
        self.records.begin_anew(dialect, 0);
        // Whatever stands before the first header is counted.
        self.close = Some(Close::new(0));
        (self.filled, self.base, self.at, self.floor) = (0, 0, 0, 0);
        (self.orphan_lines, self.orphan_bytes) = (0, 0);
    }

    /// Where the first bytes of another file can be written to before it is begun with: [`Skim::space`] lies there then.
    pub fn first_space(&mut self) -> &mut [u8] {
        &mut self.window
    }

    /// Where the next bytes are to be written to.
    pub fn space(&mut self) -> &mut [u8] {
        let keep = self.at.saturating_sub(BYTES_BEFORE);
        self.window.copy_within(keep..self.filled, 0);
        self.filled -= keep;
        self.at -= keep;
        self.floor = self.floor.saturating_sub(keep);
        self.base += keep as u64;
        &mut self.window[self.filled..]
    }

    /// Takes the next bytes, which were written to [`Skim::space`]; gives out each record that they complete.
    pub fn advance(&mut self, count: usize, mut give: impl FnMut(Record)) {
        self.filled += count;
        while self.at < self.filled {
            match self.close {
                Some(_) => self.read(&mut give),
                None => self.search(),
            }
        }
    }

    /// No byte will follow: gives out what there is, half a line included.
    pub fn finish(&mut self, give: impl FnMut(Record)) {
        if self.close.is_some() {
            self.records.finish(only(&self.wanted, give));
        }
        self.end();
    }

    /// Takes the number of lines that belonged to no record, and that of their bytes.
    pub fn take_orphans(&mut self) -> (u64, u64) {
        self.orphan_lines += self.records.take_orphan_lines();
        self.orphan_bytes += self.records.take_orphan_bytes();
        (std::mem::take(&mut self.orphan_lines), std::mem::take(&mut self.orphan_bytes))
    }

    /// Reads a piece closely, in whole lines; all there is where nothing can be searched for.
    fn read(&mut self, give: &mut impl FnMut(Record)) {
        let Some(close) = &mut self.close else { return };
        let bytes = &self.window[self.at..self.filled];
        let length = if self.words.is_empty() { bytes.len() } else { close.next_piece(bytes) };
        self.records.push(&bytes[..length], only(&self.wanted, give));
        self.at += length;
        let is_before = self.base + self.at as u64 <= close.until;
        if self.words.is_empty() || is_before || self.records.may_give(&self.wanted) {
            return;
        }
        // The record that is open does not matter by itself; lines that it has broken off might.
        let open = self.records.checkpoint().saturating_sub(self.base);
        self.floor = usize::try_from(open).unwrap_or(self.at).min(self.at);
        self.end();
    }

    /// Reads closely no more.
    fn end(&mut self) {
        self.close = None;
        self.orphan_lines += self.records.take_orphan_lines();
        self.orphan_bytes += self.records.take_orphan_bytes();
    }

    /// Goes on to the next record that matters, and begins to read a few before it; else to the end.
    fn search(&mut self) {
        let window = &self.window[..self.filled];
        // A header may have begun in the bytes before.
        let mut from = self.at.saturating_sub(LEVEL_WITHIN).max(self.floor);
        while let Some(hit) = self.words.first(window, from) {
            if let Some(line) = self.header_around(hit) {
                let begin = self.begin_before(line);
                self.records.begin_anew(self.dialect, self.base + begin as u64);
                self.close = Some(Close::new(self.base + line as u64));
                self.at = begin;
                return;
            }
            from = hit + 1;
        }
        self.at = self.filled;
    }

    /// Where the line begins that a word is in, if that is the header of a record that matters.
    fn header_around(&self, hit: usize) -> Option<usize> {
        let window = &self.window[..self.filled];
        let low = hit.saturating_sub(LEVEL_WITHIN);
        // NUL bytes can stand before a header, in any number.
        let mut begin = match memrchr2(b'\n', 0, &window[low..hit]) {
            Some(end) => low + end + 1,
            None if low == 0 && self.base == 0 => 0,
            None => return None,
        };
        while begin > self.floor && window[begin - 1] == 0 {
            begin -= 1;
        }
        let Some(end) = memchr(b'\n', &window[hit..]) else { return Some(begin) };
        let header = toolkit::parse(trim(&window[begin..hit + end]))?;
        self.wanted.contains(&header.level).then_some(begin)
    }

    /// Where to begin, so that the line at `line` is read as what it is.
    fn begin_before(&self, line: usize) -> usize {
        let floor = self.floor.max(line.saturating_sub(BYTES_BEFORE));
        let (mut begin, mut at, mut records) = (line, line, 0);
        let (mut is_traceback, mut is_any) = (false, false);
        while at > floor && records < RECORDS_BEFORE {
            let end = at;
            at = match memrchr(b'\n', &self.window[floor..at - 1]) {
                Some(end) => floor + end + 1,
                // What begins here is a record that was open, or the file; else half a line.
                None if floor == self.floor && (floor > 0 || self.base == 0) => floor,
                None => break,
            };
            is_traceback |= self.title.find(&self.window[at..end]).is_some();
            is_any |= is_traceback;
            if toolkit::begins(trim(&self.window[at..line])) {
                begin = at;
                // Whether a traceback waits for its end depends on those before it that do.
                records = if std::mem::take(&mut is_traceback) { 0 } else { records + 1 };
            }
        }
        // Only a traceback is broken off, and nearly always there is none.
        if is_any { begin } else { line }
    }
}

impl Close {
    fn new(until: u64) -> Self {
        Self { until, lines: 0, piece: 256 }
    }

    /// Bytes of the next piece.
    fn next_piece(&mut self, bytes: &[u8]) -> usize {
        let line_end = |from: usize| memchr(b'\n', &bytes[from..]).map_or(bytes.len(), |end| from + end + 1);
        if self.lines < SINGLE_LINES {
            self.lines += 1;
            return line_end(0);
        }
        let piece = self.piece.min(bytes.len());
        self.piece = (2 * self.piece).min(LONGEST_PIECE);
        if let Some(end) = memrchr(b'\n', &bytes[..piece]) {
            return end + 1;
        }
        line_end(piece)
    }
}

fn only(wanted: &[Level], mut give: impl FnMut(Record)) -> impl FnMut(Record) {
    move |record| {
        if wanted.contains(&record.header.level) {
            give(record);
        }
    }
}
