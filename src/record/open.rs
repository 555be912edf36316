//! A record that is not whole yet.

use super::{Header, Line, Progress, Record};

/// Room for a record with a traceback, so that few have to be moved while they grow.
const USUAL_BYTES: usize = 1 << 10;

/// A record, and how far a traceback in it has come.
#[derive(Debug)]
pub struct Open {
    /// What there is of it.
    pub record: Record,
    /// How far the traceback in it has come.
    pub progress: Progress,
}

impl Open {
    /// A record that begins with this line.
    #[must_use]
    pub fn new(header: Header, line: Line<'_>) -> Self {
        let progress = Progress::at_start(&line.text[header.message..]);
        let Line { start, end, text, cut_bytes } = line;
        let mut bytes = Vec::with_capacity(text.len().max(USUAL_BYTES));
        bytes.extend_from_slice(text);
        let record = Record { start, end, length: end - start, header, bytes, cut_bytes, joined: 0 };
        Self { record, progress }
    }

    /// What stands in its first line before the message.
    #[must_use]
    pub fn prefix(&self) -> &[u8] {
        &self.record.bytes[..self.record.header.message]
    }

    /// Adds a line whose own text begins at an offset; of the record at most `most` bytes are kept.
    pub fn append(&mut self, line: Line<'_>, text: usize, most: usize) {
        self.progress = self.progress.after(&line.text[text..]);
        let record = &mut self.record;
        record.add(line.text, most);
        record.cut_bytes += line.cut_bytes;
        record.end = line.end;
        record.length += line.end - line.start;
    }
}
