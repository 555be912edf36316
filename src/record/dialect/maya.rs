//! The Script Editor of Maya, as its history is saved: `# Error: text` where Python speaks, `// Error: text //`
//! where MEL does. Each line of a traceback has the mark before it; what scripts print has none, and is read as
//! plain lines.

use compact_str::CompactString;

use super::{Dialect, Reading, plain};
use crate::record::{Header, Level, Open, progress};

/// What Python's and MEL's lines begin with. Older versions close a message with it, too.
const MARKS: [&str; 2] = ["#", "//"];

const WORDS: [(&[u8], Level); 3] =
    [(b"Error:", Level::Error), (b"Warning:", Level::Warning), (b"Result:", Level::Info)];

/// Reads the first line of a record; None if it is no header.
#[must_use]
pub fn parse(line: &[u8]) -> Option<Header> {
    let begin = mark(line)?.len() + 1;
    let text = line.get(begin..)?;
    if progress::is_title(text) {
        return Some(header(Level::Error, begin));
    }
    let (word, level) = WORDS.iter().find(|(word, _)| text.starts_with(word))?;
    match text.get(word.len()) {
        None => Some(header(*level, line.len())),
        Some(b' ') => Some(header(*level, begin + word.len() + 1)),
        Some(_) => None,
    }
}

/// The mark that a line begins with.
#[must_use]
pub fn mark(line: &[u8]) -> Option<&'static str> {
    let begins = |mark: &&str| {
        line.strip_prefix(mark.as_bytes()).is_some_and(|text| matches!(text.first(), None | Some(b' ')))
    };
    MARKS.into_iter().find(begins)
}

/// What a line is to the record before it.
pub(super) fn read(line: &[u8], before: Option<&Open>) -> Reading {
    let Some(mark) = mark(line) else { return plain::read(line, before) };
    let begin = line.len().min(mark.len() + 1);
    let before = before.filter(|open| goes_on(open, mark));
    match (parse(line), before) {
        // Of the tracebacks of a chain only the first begins a record.
        (Some(found), Some(open)) if progress::is_title(&line[found.message..]) && is_in_chain(open) => {
            Reading::GoesOn(begin)
        }
        (Some(found), _) => Reading::Begins(found),
        (None, Some(_)) => Reading::GoesOn(begin),
        (None, None) => Reading::Begins(header(Level::Info, begin)),
    }
}

fn is_in_chain(open: &Open) -> bool {
    open.progress == progress::Progress::Relation
}

/// Whether a record goes on with the next line of the same mark: a remark does not, nor what was closed.
fn goes_on(open: &Open, mark: &str) -> bool {
    let record = &open.record;
    let text = record.bytes.trim_ascii_end();
    let is_closed = !open.progress.is_before_exception()
        && text.strip_suffix(mark.as_bytes()).is_some_and(|text| text.ends_with(b" "));
    record.header.dialect == Dialect::Maya
        && record.header.level > Level::Info
        && record.bytes.starts_with(mark.as_bytes())
        && !is_closed
}

fn header(level: Level, message: usize) -> Header {
    Header { dialect: Dialect::Maya, time: CompactString::default(), pid: None, level, logger: 0..0, message }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Records;

    #[test]
    fn reads_a_header() {
        for (line, want) in [
            ("# Error: no object # ", Some((Level::Error, "no object # "))),
            ("// Error: line 1: no procedure //", Some((Level::Error, "line 1: no procedure //"))),
            ("# Warning: odd", Some((Level::Warning, "odd"))),
            ("// Result: pCube1 //", Some((Level::Info, "pCube1 //"))),
            ("# Error:", Some((Level::Error, ""))),
            ("#", None),
            ("# a remark", None),
            ("#Error: no", None),
            ("# Errors: no", None),
            ("Error: no", None),
            ("# Error:no", None),
        ] {
            let found = parse(line.as_bytes());
            assert_eq!(found.map(|header| (header.level, &line[header.message..])), want, "{line}");
        }
    }

    #[test]
    fn what_a_script_prints_is_no_part_of_an_error() {
        let traceback =
            "# Traceback (most recent call last):\n#   File \"a.py\", line 1, in f\n# KeyError: 'x'";
        let text = format!(
            "select -r a;\n# Error: one\n# of two lines # \n# a remark\nError: printed\n{traceback}\n# \n# During \
             handling of the above exception, another exception occurred:\n# \n{traceback} # \nprinted\n{traceback}\n\
             {traceback}\n// Error: MEL //\n// Result: 1 //\n"
        );
        let (mut records, mut out) = (Records::new(Dialect::Maya, 0, 1024), Vec::new());
        records.push(text.as_bytes(), |record| out.push(record));
        records.finish(|record| out.push(record));
        let found: Vec<_> =
            out.iter().map(|record| (record.header.level, record.text().lines().count())).collect();
        let (error, info, other) = (Level::Error, Level::Info, Level::Other);
        assert_eq!(
            found,
            [
                (other, 1),
                (error, 2),
                (info, 1),
                (error, 1),
                (error, 9),
                (other, 1),
                (error, 3),
                (error, 3),
                (error, 1),
                (info, 1)
            ]
        );
    }
}
