//! No dialect: each line stands for itself, but for tracebacks and lines that say by a word that they are errors.

use compact_str::CompactString;

use super::{Dialect, Reading};
use crate::record::{Header, Level, Open, progress};

/// The words that a line may begin with, as `ERROR: text`, `Error: text`, `[ERROR] text` and `ERROR - text`.
const WORDS: [(&[u8], &[u8], Level); 5] = [
    (b"ERROR", b"Error", Level::Error),
    (b"CRITICAL", b"Critical", Level::Critical),
    (b"FATAL", b"Fatal", Level::Critical),
    (b"WARNING", b"Warning", Level::Warning),
    (b"INFO", b"Info", Level::Info),
];

/// Reads a line that says by itself of what level it is: the title of a traceback, or a word.
#[must_use]
pub fn parse(line: &[u8]) -> Option<Header> {
    if progress::is_title(line) {
        return Some(header(Level::Error, 0));
    }
    let inside = line.strip_prefix(b"[");
    let text = inside.unwrap_or(line);
    let (length, level) = WORDS.iter().find_map(|(upper, title, level)| {
        (text.starts_with(upper) || text.starts_with(title)).then_some((upper.len(), *level))
    })?;
    let ends: &[&[u8]] = if inside.is_some() { &[b"]: ", b"] - ", b"] "] } else { &[b": ", b" - "] };
    let behind = &text[length..];
    let end = ends.iter().find(|end| behind.starts_with(end))?;
    Some(header(level, line.len() - behind.len() + end.len()))
}

/// What a line is to the record before it.
pub(super) fn read(line: &[u8], before: Option<&Open>) -> Reading {
    match before {
        Some(open) if open.record.header.dialect == Dialect::Plain && goes_on(line, open) => {
            Reading::GoesOn(0)
        }
        // A record that goes on with an empty line is none the worse for it, and books are kept by the record.
        Some(_) if line.is_empty() => Reading::GoesOn(0),
        None if line.is_empty() => Reading::Orphan,
        _ => begin(line),
    }
}

/// The record that begins with a line which goes on with none.
pub(super) fn begin(line: &[u8]) -> Reading {
    Reading::Begins(parse(line).unwrap_or_else(|| header(Level::Other, 0)))
}

fn goes_on(line: &[u8], open: &Open) -> bool {
    let level = open.record.header.level;
    // Indented or not, a line is no continuation of one that says nothing. A record of a low level ends in no
    // traceback.
    level > Level::Info && open.progress.next(line).is_some()
}

fn header(level: Level, message: usize) -> Header {
    Header {
        dialect: Dialect::Plain,
        time: CompactString::default(),
        pid: None,
        level,
        logger: 0..0,
        message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Records;

    #[test]
    fn a_word_tells_the_level_where_its_shape_is_plain() {
        for (line, want) in [
            ("ERROR: no", Some((Level::Error, "no"))),
            ("Error: no", Some((Level::Error, "no"))),
            ("[ERROR] no", Some((Level::Error, "no"))),
            ("[ERROR]: no", Some((Level::Error, "no"))),
            ("CRITICAL - no", Some((Level::Critical, "no"))),
            ("FATAL: no", Some((Level::Critical, "no"))),
            ("Warning: odd", Some((Level::Warning, "odd"))),
            ("ERROR reading the file", None),
            ("Errors: 0", None),
            ("ERROR:", None),
            ("an ERROR: no", None),
            ("Error - ", Some((Level::Error, ""))),
            ("ERRORS: none", None),
        ] {
            let found = parse(line.as_bytes());
            assert_eq!(found.map(|header| (header.level, &line[header.message..])), want, "{line}");
        }
    }

    fn texts(text: &str) -> Vec<(Level, String)> {
        let (mut records, mut out) = (Records::new(Dialect::Plain, 0, 1024), Vec::new());
        records.push(text.as_bytes(), |record| out.push(record));
        records.finish(|record| out.push(record));
        out.iter().map(|record| (record.header.level, record.text().into_owned())).collect()
    }

    #[test]
    fn tracebacks_stand_between_lines() {
        let traceback = "Traceback (most recent call last):\n  File \"a.py\", line 1, in f\nKeyError: 'x'";
        let text = format!(
            "start\n{traceback}\ngoes on\n  here\n\n{traceback}\n{traceback}\nERROR: no\n  detail\nend"
        );
        let want = [
            (Level::Other, "start"),
            (Level::Error, traceback),
            (Level::Other, "goes on"),
            (Level::Other, "  here"),
            (Level::Error, traceback),
            (Level::Error, traceback),
            (Level::Error, "ERROR: no\n  detail"),
            (Level::Other, "end"),
        ];
        assert_eq!(texts(&text), want.map(|(level, text)| (level, text.to_owned())));
    }

    #[test]
    fn a_traceback_below_a_remark_is_its_own_record() {
        let traceback = "Traceback (most recent call last):\n  File \"a.py\", line 1, in f\nKeyError: 'x'";
        let found = texts(&format!("INFO: saved\n{traceback}\nERROR: failed\n{traceback}\n"));
        assert_eq!(found[1], (Level::Error, traceback.to_owned()));
        assert_eq!(found[2], (Level::Error, format!("ERROR: failed\n{traceback}")));
    }
}
