//! Lines → records: a header, and the lines up to the next one.
//!
//! Processes that share a file each write a record at once, so that as a rule they do not interleave. Where they do,
//! on a network drive or with a record in several writes, a traceback that was broken off by another
//! process's record goes on behind it.

use super::dialect::{Dialect, Reading, trim};
use super::{Header, Line, Open, Progress, Record, traceback};

/// More records than this do not wait for the end of a traceback: it may have been lost.
const MOST_OPEN: usize = 8;

/// Puts the records of one file together.
#[derive(Debug)]
pub struct Assembler {
    dialect: Dialect,
    /// One, or those that came between a traceback and its end. They are given out together: no checkpoint
    /// can lie between them.
    open: Vec<Open>,
    most: usize,
    orphan_lines: u64,
    orphan_bytes: u64,
}

impl Assembler {
    /// An assembler for this dialect that keeps at most `most` bytes of a record.
    #[must_use]
    pub fn new(dialect: Dialect, most: usize) -> Self {
        Self { dialect, open: Vec::new(), most, orphan_lines: 0, orphan_bytes: 0 }
    }

    /// Begins anew, with lines in this dialect, in the memory that it has.
    pub fn begin_anew(&mut self, dialect: Dialect) {
        self.open.clear();
        *self = Self { open: std::mem::take(&mut self.open), ..Self::new(dialect, self.most) };
    }

    /// Takes the next line; gives out the records that it ends. True if it begins one.
    pub fn push(&mut self, line: Line<'_>, give: impl FnMut(Record)) -> bool {
        let line = Line { text: trim(line.text), ..line };
        match self.dialect.read(line.text, self.open.last()) {
            Reading::Begins(header) => {
                self.begin(header, line, give);
                return true;
            }
            Reading::GoesOn(text) => {
                let most = self.most;
                if let Some(open) = self.owner(&line.text[text..]) {
                    open.append(line, text, most);
                }
            }
            Reading::Orphan => {
                self.orphan_lines += 1;
                self.orphan_bytes += line.end - line.start;
            }
        }
        false
    }

    /// No further line belongs to the open records: gives them out, in the order in which they began.
    pub fn flush(&mut self, give: impl FnMut(Record)) {
        self.open.drain(..).map(|open| open.record).for_each(give);
    }

    /// Offset of the first byte of the records that are not yet whole.
    #[must_use]
    pub fn open_start(&self) -> Option<u64> {
        self.open.first().map(|open| open.record.start)
    }

    /// The records that are not yet whole, in the order in which they began.
    #[must_use]
    pub fn open(&self) -> &[Open] {
        &self.open
    }

    /// Bytes of memory that are held.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.open.iter().map(|open| open.record.bytes.capacity()).sum()
    }

    /// Takes the number of lines that belonged to no record.
    pub fn take_orphan_lines(&mut self) -> u64 {
        std::mem::take(&mut self.orphan_lines)
    }

    /// Takes the number of their bytes, line ends included.
    pub fn take_orphan_bytes(&mut self) -> u64 {
        std::mem::take(&mut self.orphan_bytes)
    }

    fn begin(&mut self, header: Header, line: Line<'_>, give: impl FnMut(Record)) {
        // A process that begins a record has ended the one before.
        let pid = header.pid;
        let goes_on = |open: &Open| open.progress.is_before_exception() && open.record.header.pid != pid;
        if self.open.len() >= MOST_OPEN || !self.open.iter().any(goes_on) {
            self.flush(give);
        }
        for open in &mut self.open {
            if open.record.header.pid == pid {
                open.progress = Progress::Message;
            }
        }
        self.open.push(Open::new(header, line));
    }

    /// The record that a line without a header belongs to: the last one, unless it goes on with a traceback
    /// that another record has broken off.
    fn owner(&mut self, text: &[u8]) -> Option<&mut Open> {
        let last = self.open.len().checked_sub(1)?;
        let is_broken_off = |open: &Open| open.progress.is_before_exception();
        let at = match self.open.iter().rposition(is_broken_off) {
            Some(at) if traceback::may_go_on_with(text) => at,
            _ => last,
        };
        self.open.get_mut(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Framer;

    const HEADER: &str = "2026-11-22 00:21:30,207 [1 ERROR sgtk.x] ";

    fn records(text: &str, most: usize) -> (Vec<Record>, Assembler) {
        let (mut framer, mut assembler) = (Framer::new(0, most), Assembler::new(Dialect::Toolkit, most));
        let mut out = Vec::new();
        framer.push(text.as_bytes(), |line| {
            assembler.push(line, |record| out.push(record));
        });
        (out, assembler)
    }

    fn last(assembler: &mut Assembler) -> Record {
        let mut out = Vec::new();
        assembler.flush(|record| out.push(record));
        assert_eq!(out.len(), 1);
        out.remove(0)
    }

    #[test]
    fn a_record_is_whole_when_the_next_header_comes() {
        let text = format!("lost\n{HEADER}one\n  more\n\n{HEADER}two\n");
        let (out, mut assembler) = records(&text, 1024);
        assert_eq!(out.len(), 1);
        assert_eq!(out[0].text(), format!("{HEADER}one\n  more"));
        let whole = format!("{HEADER}one\n  more\n\n");
        assert_eq!((out[0].start, out[0].end), (5, 5 + whole.len() as u64));
        assert_eq!(assembler.open_start(), Some(out[0].end));
        assert_eq!((assembler.take_orphan_lines(), assembler.take_orphan_bytes()), (1, 5));
        assert_eq!(last(&mut assembler).text(), format!("{HEADER}two"));
    }

    #[test]
    fn a_long_record_is_cut_and_says_so() {
        let text = format!("{HEADER}one\n{}\nlast\n{HEADER}two\n", "x".repeat(60));
        let (out, mut assembler) = records(&text, 80);
        assert_eq!(out[0].bytes.len(), 80);
        assert_eq!(out[0].cut_bytes, (HEADER.len() + 3 + 1 + 60 - 80 + 4) as u64);
        assert!(out[0].text().ends_with(&format!("[cut: {} more bytes]", out[0].cut_bytes)));
        assert_eq!(last(&mut assembler).cut_bytes, 0);
    }

    fn header(pid: u32) -> String {
        format!("2026-11-22 00:21:30,207 [{pid} ERROR sgtk.x] of {pid}")
    }

    #[test]
    fn a_traceback_that_was_broken_off_goes_on_behind_the_record_of_another_process() {
        let frames = "\n  File \"a.py\", line 1, in f\n    g()";
        let title = "\nTraceback (most recent call last):";
        let begun = format!("{}{title}{frames}", header(1));
        let between = format!("{}\nsecond line", header(2));
        let text = format!(
            "{begun}\n{between}\n{}\nValueError: no\nlate\n{}\n",
            frames.trim_start_matches('\n'),
            header(3)
        );
        let (out, mut assembler) = records(&text, 1024);
        let texts: Vec<_> = out.iter().map(Record::text).collect();
        assert_eq!(texts, [format!("{begun}{frames}\nValueError: no"), format!("{between}\nlate")]);
        assert!(out[0].start < out[1].start);
        // What comes next lies behind both, so that a checkpoint before it replays neither.
        assert_eq!(last(&mut assembler).start, out[0].end.max(out[1].end));
    }

    #[test]
    fn no_record_waits_long_for_the_end_of_a_traceback() {
        let broken = format!("{}\nTraceback (most recent call last):\n  File \"a.py\"\n", header(1));
        let same = format!("{broken}{}\n{}\n", header(1), header(2));
        assert_eq!(records(&same, 1024).0.len(), 2, "the same process writes again");
        let others: String =
            (2..=MOST_OPEN + 1).map(|pid| header(u32::try_from(pid).unwrap()) + "\n").collect();
        assert_eq!(records(&(broken + &others), 1024).0.len(), MOST_OPEN, "too many others");
    }
}
