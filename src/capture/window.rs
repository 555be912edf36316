//! The lines around a record, read back from its address.

use std::fs::File;

use memchr::{memchr_iter, memrchr_iter};

use super::read_range;

/// Lines before the record.
const LINES_BEFORE: usize = 200;

/// Lines behind the record.
const LINES_AFTER: usize = 50;

/// Bytes on either side in which those lines are looked for.
const MOST_BYTES: u64 = 512 << 10;

/// Bytes of the record itself: a longer one stands whole in `record.txt`, as far as it is kept.
const MOST_RECORD_BYTES: u64 = 256 << 10;

/// The record at this address between the lines around it, as they stand in the file.
pub fn around(file: &File, offset: u64, length: u64) -> String {
    let end = offset + length;
    let before = read_range(file, offset.saturating_sub(MOST_BYTES), offset);
    let record = read_range(file, offset, end.min(offset + MOST_RECORD_BYTES));
    let after = read_range(file, end, end + MOST_BYTES);
    let mut out = String::from_utf8_lossy(last_lines(&before)).into_owned();
    out.push_str(&String::from_utf8_lossy(&record));
    if length > MOST_RECORD_BYTES {
        out.push_str("\n[cut: see record.txt]\n");
    }
    out.push_str(&String::from_utf8_lossy(first_lines(&after)));
    out
}

fn last_lines(bytes: &[u8]) -> &[u8] {
    // The newline that ends the last line is the first one from the end.
    let begin = memrchr_iter(b'\n', bytes).nth(LINES_BEFORE).map_or(0, |at| at + 1);
    &bytes[begin..]
}

fn first_lines(bytes: &[u8]) -> &[u8] {
    let end = memchr_iter(b'\n', bytes).nth(LINES_AFTER - 1).map_or(bytes.len(), |at| at + 1);
    &bytes[..end]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn two_hundred_lines_before_and_fifty_behind() {
        let mut file = tempfile::tempfile().unwrap();
        let lines: Vec<_> = (0..400).map(|n| format!("line {n}\n")).collect();
        file.write_all(lines.concat().as_bytes()).unwrap();
        let offset: usize = lines[..250].iter().map(String::len).sum();
        let text = around(&file, offset as u64, lines[250].len() as u64);
        let got: Vec<_> = text.lines().collect();
        assert_eq!(got.len(), 200 + 1 + 50);
        assert_eq!((got[0], got[200], got[250]), ("line 50", "line 250", "line 300"));
    }

    #[test]
    fn at_the_beginning_and_the_end_there_is_less() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"one\ntwo\nthree").unwrap();
        assert_eq!(around(&file, 4, 4), "one\ntwo\nthree");
    }
}
