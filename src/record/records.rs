//! Bytes → records of one file: framer, assembler and joiner, one behind the other.

use super::{Assembler, Dialect, Framer, Joiner, Level, Line, Record};

/// The records of one stream of bytes.
#[derive(Debug)]
pub struct Records {
    framer: Framer,
    assembler: Assembler,
    joiner: Joiner,
}

impl Records {
    /// The records of bytes in this dialect from this offset on, that keeps at most `most` bytes of each.
    #[must_use]
    pub fn new(dialect: Dialect, offset: u64, most: usize) -> Self {
        Self {
            framer: Framer::new(offset, most),
            assembler: Assembler::new(dialect, most),
            joiner: Joiner::new(most),
        }
    }

    /// Begins anew, with bytes in this dialect from this offset on, in the memory that it has.
    pub fn begin_anew(&mut self, dialect: Dialect, offset: u64) {
        self.framer.begin_anew(offset);
        self.assembler.begin_anew(dialect);
        self.joiner.begin_anew();
    }

    /// Offset of the next byte to come.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.framer.position()
    }

    /// Offset behind the last whole line.
    #[must_use]
    pub fn line_start(&self) -> u64 {
        self.framer.line_start()
    }

    /// Offset behind the last record that was given out: never within an open one.
    #[must_use]
    pub fn checkpoint(&self) -> u64 {
        self.open_start().unwrap_or_else(|| self.framer.line_start())
    }

    /// Whether a record is open, or waits for the next one of its process.
    #[must_use]
    pub fn has_open_record(&self) -> bool {
        self.open_start().is_some()
    }

    /// Whether a record of one of these levels is open, waits, or may be about to be found.
    #[must_use]
    pub fn may_give(&self, wanted: &[Level]) -> bool {
        let open = self.assembler.open();
        self.joiner.start().is_some()
            || self.has_partial_line()
            || open.is_empty()
            || open.iter().any(|open| wanted.contains(&open.record.header.level))
    }

    /// Whether the bytes end in half a line.
    #[must_use]
    pub fn has_partial_line(&self) -> bool {
        self.framer.has_partial_line()
    }

    /// Bytes of memory that are held, whatever the length of what is being read.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.framer.held_bytes() + self.assembler.held_bytes() + self.joiner.held_bytes()
    }

    /// Takes the next bytes and gives out each record that they complete.
    pub fn push(&mut self, bytes: &[u8], mut give: impl FnMut(Record)) {
        let (assembler, joiner) = (&mut self.assembler, &mut self.joiner);
        self.framer.push(bytes, |line| take(assembler, joiner, line, &mut give));
    }

    /// No line will follow that belongs to the open records: gives them out.
    pub fn flush(&mut self, give: impl FnMut(Record)) {
        self.assembler.flush(|record| self.joiner.push(record));
        self.joiner.flush(give);
    }

    /// No byte will follow: gives out what there is, half a line included.
    pub fn finish(&mut self, mut give: impl FnMut(Record)) {
        let (assembler, joiner) = (&mut self.assembler, &mut self.joiner);
        self.framer.finish(|line| take(assembler, joiner, line, &mut give));
        self.flush(give);
    }

    /// Takes the number of lines that belonged to no record.
    pub fn take_orphan_lines(&mut self) -> u64 {
        self.assembler.take_orphan_lines()
    }

    /// Takes the number of their bytes, line ends included.
    pub fn take_orphan_bytes(&mut self) -> u64 {
        self.assembler.take_orphan_bytes()
    }

    fn open_start(&self) -> Option<u64> {
        self.joiner.start().or_else(|| self.assembler.open_start())
    }
}

fn take(assembler: &mut Assembler, joiner: &mut Joiner, line: Line<'_>, give: &mut impl FnMut(Record)) {
    if assembler.push(line, |record| joiner.push(record)) {
        joiner.look_ahead(assembler.open());
        joiner.settle(give);
    }
}
