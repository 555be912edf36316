//! Lines → records: a header, and the lines up to the next one.

use super::{Line, Record, toolkit};

/// Puts the records of one file together.
#[derive(Debug)]
pub struct Assembler {
    open: Option<Record>,
    most: usize,
    orphan_lines: u64,
}

impl Assembler {
    /// An assembler that keeps at most `most` bytes of a record.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self { open: None, most, orphan_lines: 0 }
    }

    /// Takes the next line; gives out the record that it ends.
    pub fn push(&mut self, line: Line<'_>) -> Option<Record> {
        let line = Line { text: toolkit::trim(line.text), ..line };
        let Some(header) = toolkit::parse(line.text) else {
            match &mut self.open {
                Some(record) => append(record, line, self.most),
                None => self.orphan_lines += 1,
            }
            return None;
        };
        let (bytes, start, end, cut_bytes) = (line.text.to_vec(), line.start, line.end, line.cut_bytes);
        self.open.replace(Record { start, end, header, bytes, cut_bytes })
    }

    /// No further line belongs to the open record: gives it out.
    pub fn flush(&mut self) -> Option<Record> {
        self.open.take()
    }

    /// Offset of the first byte of the record that is not yet whole.
    #[must_use]
    pub fn open_start(&self) -> Option<u64> {
        self.open.as_ref().map(|record| record.start)
    }

    /// Takes the number of lines that belonged to no record.
    pub fn take_orphan_lines(&mut self) -> u64 {
        std::mem::take(&mut self.orphan_lines)
    }
}

fn append(record: &mut Record, line: Line<'_>, most: usize) {
    // Once something was cut, nothing more is kept: a text with a hole in it would mislead.
    let room = if record.cut_bytes > 0 { 0 } else { most.saturating_sub(record.bytes.len() + 1) };
    let kept = line.text.len().min(room);
    if room > 0 {
        record.bytes.push(b'\n');
        record.bytes.extend_from_slice(&line.text[..kept]);
    }
    record.cut_bytes += line.cut_bytes + (line.text.len() - kept) as u64;
    record.end = line.end;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Framer;

    const HEADER: &str = "2026-11-22 00:21:30,207 [1 ERROR sgtk.x] ";

    fn records(text: &str, most: usize) -> (Vec<Record>, Assembler) {
        let (mut framer, mut assembler) = (Framer::new(0, most), Assembler::new(most));
        let mut out = Vec::new();
        framer.push(text.as_bytes(), |line| out.extend(assembler.push(line)));
        (out, assembler)
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
        assert_eq!(assembler.take_orphan_lines(), 1);
        assert_eq!(assembler.flush().unwrap().text(), format!("{HEADER}two"));
    }

    #[test]
    fn a_long_record_is_cut_and_says_so() {
        let text = format!("{HEADER}one\n{}\nlast\n{HEADER}two\n", "x".repeat(60));
        let (out, mut assembler) = records(&text, 80);
        assert_eq!(out[0].bytes.len(), 80);
        assert_eq!(out[0].cut_bytes, (HEADER.len() + 3 + 1 + 60 - 80 + 4) as u64);
        assert!(out[0].text().ends_with(&format!("[cut: {} more bytes]", out[0].cut_bytes)));
        assert_eq!(assembler.flush().unwrap().cut_bytes, 0);
    }
}
