//! Bytes → records of one file: the framer and the assembler, one behind the other.

use super::{Assembler, Dialect, Framer, Record};

/// The records of one stream of bytes.
#[derive(Debug)]
pub struct Records {
    framer: Framer,
    assembler: Assembler,
}

impl Records {
    /// The records of bytes in this dialect from this offset on, that keeps at most `most` bytes of each.
    #[must_use]
    pub fn new(dialect: Dialect, offset: u64, most: usize) -> Self {
        Self { framer: Framer::new(offset, most), assembler: Assembler::new(dialect, most) }
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
        self.assembler.open_start().unwrap_or_else(|| self.framer.line_start())
    }

    /// Whether a record is open.
    #[must_use]
    pub fn has_open_record(&self) -> bool {
        self.assembler.open_start().is_some()
    }

    /// Whether the bytes end in half a line.
    #[must_use]
    pub fn has_partial_line(&self) -> bool {
        self.framer.has_partial_line()
    }

    /// Bytes of memory that are held, whatever the length of what is being read.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.framer.held_bytes() + self.assembler.held_bytes()
    }

    /// Takes the next bytes and gives out each record that they complete.
    pub fn push(&mut self, bytes: &[u8], mut give: impl FnMut(Record)) {
        self.framer.push(bytes, |line| self.assembler.push(line, &mut give));
    }

    /// No line will follow that belongs to the open records: gives them out.
    pub fn flush(&mut self, give: impl FnMut(Record)) {
        self.assembler.flush(give);
    }

    /// No byte will follow: gives out what there is, half a line included.
    pub fn finish(&mut self, mut give: impl FnMut(Record)) {
        self.framer.finish(|line| self.assembler.push(line, &mut give));
        self.assembler.flush(give);
    }

    /// Takes the number of lines that belonged to no record.
    pub fn take_orphan_lines(&mut self) -> u64 {
        self.assembler.take_orphan_lines()
    }

    /// Takes the number of their bytes, line ends included.
    pub fn take_orphan_bytes(&mut self) -> u64 {
        self.assembler.take_orphan_bytes()
    }
}
