//! The lines around a record, read back from its address.

use std::fs::File;

use memchr::{memchr_iter, memrchr_iter};

use super::cut;
use super::read_range;
use crate::record::{Assembler, Dialect, Framer, Record};
use crate::redact::Redactor;

/// Lines before the record.
const LINES_BEFORE: usize = 200;

/// Lines behind the record.
const LINES_AFTER: usize = 50;

/// Bytes on either side in which those lines are looked for: further ones only where others write much more.
const BYTES: [u64; 2] = [64 << 10, 512 << 10];

/// Bytes of the record itself: a longer one stands whole in `record.txt`, as far as it is kept.
const MOST_RECORD_BYTES: u64 = 256 << 10;

/// A record between the lines around it, redacted.
#[derive(Debug, Default)]
pub struct Window {
    before: String,
    record: String,
    after: String,
}

impl Window {
    /// The surroundings of the record at this address: the lines of the process that wrote it, or, where that is not
    /// said, all lines.
    pub fn around(file: &File, offset: u64, length: u64, pid: Option<u32>, redactor: &Redactor) -> Self {
        match pid {
            Some(pid) => Self::of_process(file, offset, length, pid, redactor),
            None => Self::of_all(file, offset, length, redactor),
        }
    }

    /// What stands for them where there are none.
    pub fn saying(text: String) -> Self {
        Self { record: text, ..Self::default() }
    }

    /// All of it.
    pub fn text(&self) -> String {
        [&*self.before, &self.record, &self.after].concat()
    }

    /// At most so many bytes of it: first the lines before the record go, the oldest first, then those behind it.
    pub fn cut(&self, most: usize) -> String {
        let record = cut::middle(&self.record, most);
        let after = cut::end(&self.after, most - record.len());
        let before = cut::beginning(&self.before, most - record.len() - after.len(), 0);
        [before, record, after].concat()
    }

    fn of_process(file: &File, offset: u64, length: u64, pid: u32, redactor: &Redactor) -> Self {
        let (mut before, mut record, mut after) = (Vec::new(), Vec::new(), Vec::new());
        for bytes in BYTES {
            let begin = offset.saturating_sub(bytes);
            let end = offset + length;
            let shown = end.min(offset + MOST_RECORD_BYTES);
            let head = read_range(file, begin, shown);
            // One stretch, so that a traceback which others have broken off is put together again.
            let tail = read_range(file, end, end + bytes);
            let mut own = if shown == end {
                records_of(pid, begin, &[&*head, &tail].concat())
            } else {
                records_of(pid, begin, &head)
            };
            if shown < end {
                own.extend(records_of(pid, end, &tail));
            }
            let is_whole = begin == 0 && (tail.len() as u64) < bytes;
            after = own.split_off(own.partition_point(|each| each.start < end));
            record = own.split_off(own.partition_point(|each| each.start < offset));
            before = own;
            if is_whole || lines(&before) >= LINES_BEFORE && lines(&after) >= LINES_AFTER {
                break;
            }
        }
        // Whole records are redacted, and then lines are counted: what gives a secret away may stand above it.
        let enough = before.iter().rev().scan(0, |have, each| {
            let had = *have;
            *have += line_count(each);
            (had < LINES_BEFORE).then_some(())
        });
        let from = before.len() - enough.count();
        let mut record = redactor.redact(&text_of(&record)).into_owned();
        if length > MOST_RECORD_BYTES {
            record.push_str("[cut: see record.txt]\n");
        }
        Self {
            before: last(&redactor.redact(&text_of(&before[from..]))).to_owned(),
            record,
            after: first(&redactor.redact(&text_of(&after))).to_owned(),
        }
    }

    fn of_all(file: &File, offset: u64, length: u64, redactor: &Redactor) -> Self {
        let end = offset + length;
        let most = BYTES[BYTES.len() - 1];
        let redacted = |bytes: &[u8]| redactor.redact(&String::from_utf8_lossy(bytes)).into_owned();
        let before = redacted(&read_range(file, offset.saturating_sub(most), offset));
        let mut record = redacted(&read_range(file, offset, end.min(offset + MOST_RECORD_BYTES)));
        if length > MOST_RECORD_BYTES {
            record.push_str("\n[cut: see record.txt]\n");
        }
        let after = redacted(&read_range(file, end, end + most));
        Self { before: last(&before).to_owned(), record, after: first(&after).to_owned() }
    }
}

/// The records of a process in these bytes, which begin at an offset.
fn records_of(pid: u32, offset: u64, bytes: &[u8]) -> Vec<Record> {
    let mut own = Vec::new();
    for_each_record(offset, bytes, |record| {
        if record.header.pid == Some(pid) {
            own.push(record);
        }
    });
    own
}

/// The records in these bytes, which begin at an offset; what stands before the first header belongs to none.
pub fn for_each_record(offset: u64, bytes: &[u8], mut give: impl FnMut(Record)) {
    let most = usize::try_from(MOST_RECORD_BYTES).unwrap_or(usize::MAX);
    let (mut framer, mut assembler) = (Framer::new(offset, most), Assembler::new(Dialect::Toolkit, most));
    framer.push(bytes, |line| {
        assembler.push(line, &mut give);
    });
    framer.finish(|line| {
        assembler.push(line, &mut give);
    });
    assembler.flush(give);
}

fn text_of(records: &[Record]) -> String {
    records.iter().map(|record| record.text() + "\n").collect()
}

fn lines(records: &[Record]) -> usize {
    records.iter().map(line_count).sum()
}

fn line_count(record: &Record) -> usize {
    1 + memchr_iter(b'\n', record.bytes.trim_ascii_end()).count()
}

fn last(text: &str) -> &str {
    // The newline that ends the last line is the first one from the end.
    let begin = memrchr_iter(b'\n', text.as_bytes()).nth(LINES_BEFORE).map_or(0, |at| at + 1);
    &text[begin..]
}

fn first(text: &str) -> &str {
    let end = memchr_iter(b'\n', text.as_bytes()).nth(LINES_AFTER - 1).map_or(text.len(), |at| at + 1);
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn around(text: &str, what: &str, pid: Option<u32>) -> Window {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        let offset = text.find(what).unwrap();
        Window::around(&file, offset as u64, what.len() as u64, pid, &Redactor::default())
    }

    fn line(pid: u32, text: &str) -> String {
        format!("2026-11-22 00:21:30,207 [{pid} INFO sgtk.x] {text}\n")
    }

    #[test]
    fn two_hundred_lines_before_and_fifty_behind() {
        let lines: Vec<_> = (0..400).map(|n| format!("line {n}\n")).collect();
        let text = around(&lines.concat(), &lines[250], None).text();
        let got: Vec<_> = text.lines().collect();
        assert_eq!(got.len(), 200 + 1 + 50);
        assert_eq!((got[0], got[200], got[250]), ("line 50", "line 250", "line 300"));
    }

    #[test]
    fn at_the_beginning_and_the_end_there_is_less() {
        assert_eq!(around("one\ntwo\nthree", "two\n", None).text(), "one\ntwo\nthree");
    }

    #[test]
    fn the_lines_of_one_process_however_much_another_writes() {
        // Each line of ours is followed by many of another: more than the smaller stretch holds.
        let text: String = (0..400)
            .map(|at| {
                line(7, &format!("own {at:03}"))
                    + "  goes on\n"
                    + &line(8, "another\nof two lines").repeat(12)
            })
            .collect();
        let what = line(7, "own 300") + "  goes on\n";
        let found = around(&text, &what, Some(7)).text();
        assert!(!found.contains("another") && !found.contains("two lines"), "{found}");
        let got: Vec<_> = found.lines().collect();
        assert_eq!(got.len(), 200 + 2 + 50);
        assert!(
            got[0].ends_with("own 200") && got[1] == "  goes on" && got[200].ends_with("own 300"),
            "{found}"
        );
        assert!(got[250].ends_with("own 325"), "{found}");
    }

    #[test]
    fn a_traceback_that_another_has_broken_off_is_whole() {
        let record =
            line(7, "failed\nTraceback (most recent call last):\n  File \"a.py\", line 1, in f\n    g()")
                + &line(8, "between")
                + "  File \"b.py\", line 2, in g\n    h()\nValueError: no\n";
        let text = line(7, "before") + &line(9, "aside") + &record + &line(8, "aside") + &line(7, "after");
        let found = around(&text, &record, Some(7)).text();
        let want = line(7, "before") + &record.replace(&line(8, "between"), "") + &line(7, "after");
        assert_eq!(found, want);
    }

    #[test]
    fn what_is_cut_is_furthest_from_the_record() {
        let text: String = (0..300).map(|at| line(7, &format!("number {at:03}"))).collect();
        let window = around(&text, &line(7, "number 200"), Some(7));
        assert_eq!(window.cut(1 << 20), window.text());
        for most in [0, 40, 80, 500, 4_000, 8_000] {
            assert!(window.cut(most).len() <= most);
        }
        let less = window.cut(6_000);
        assert!(less.starts_with("[cut: ") && less.contains("bytes before this]\n"), "{less}");
        assert!(less.contains("number 199\n") && less.contains("number 250\n"), "{less}");
        let least = window.cut(500);
        assert!(least.contains("number 200\n") && least.contains("number 201\n"), "{least}");
        assert!(!least.contains("number 250"), "{least}");
    }

    #[test]
    fn a_secret_whose_announcement_is_further_up_is_found() {
        let key = "-----BEGIN RSA PRIVATE KEY-----\n".to_owned()
            + &"MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIB\n".repeat(30)
            + "-----END RSA PRIVATE KEY-----\n";
        let text = line(7, &key) + &"some line\n".repeat(190) + &line(7, "failed");
        let found = around(&text, &line(7, "failed"), Some(7)).text();
        assert!(!found.contains("MIIE") && found.contains("some line"), "{found}");
    }

    #[test]
    fn a_long_record_is_shown_in_part() {
        let record = line(7, &"a long line of it\n".repeat(20_000));
        let text = line(7, "before") + &record + &line(7, "after");
        let found = around(&text, &record, Some(7)).text();
        assert!(found.len() < 300 << 10 && found.starts_with(&line(7, "before")), "{}", found.len());
        assert!(found.contains("[cut: see record.txt]\n") && found.ends_with(&line(7, "after")));
    }
}
