//! The log of the Unreal Editor: `[2026.11.22-10.00.00:123][  0]LogPython: Error: text`, in some places without the
//! stamp, whose time is UTC. Each line of a traceback is an entry of its own.

use compact_str::CompactString;

use super::{Dialect, Reading, go_on_below, has_shape, plain};
use crate::record::{Header, Level, Open};

const STAMP: &[u8; 25] = b"[0000.00.00-00.00.00:000]";

const VERBOSITIES: [(&[u8], Level); 7] = [
    (b"Fatal", Level::Critical),
    (b"Error", Level::Error),
    (b"Warning", Level::Warning),
    (b"Display", Level::Info),
    (b"Log", Level::Info),
    (b"Verbose", Level::Debug),
    (b"VeryVerbose", Level::Debug),
];

/// What the first line of the editor's own stack dump says.
const CRASH: &[u8] = b"=== Critical error: ===";

/// Reads one entry; None if a line is none.
///
/// The stamp may be missing, and so may the verbosity, but not both: prose can begin with a word and a colon.
#[must_use]
pub fn parse(line: &[u8]) -> Option<Header> {
    // Most lines of other logs end here.
    if !matches!(line, [b'[', ..] | [b'L', b'o', b'g', ..]) {
        return None;
    }
    let (time, entry) = if has_shape(line, STAMP) {
        (iso(line), frame(&line[STAMP.len()..])?)
    } else {
        (CompactString::default(), line)
    };
    let begin = line.len() - entry.len();
    let is_word = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'_';
    let length = entry.iter().take_while(is_word).count();
    let (category, behind) = entry.split_at(length);
    let text = after_colon(behind)?;
    let verbosity = VERBOSITIES.iter().find_map(|(word, level)| {
        let text = text.strip_prefix(*word)?;
        Some((*level, after_colon(text)?))
    });
    let is_known = category.starts_with(b"Log") && category.get(3).is_some_and(u8::is_ascii_uppercase);
    if category.is_empty()
        || time.is_empty() && !is_known
        || time.is_empty() && verbosity.is_none() && category != b"LogPython"
    {
        return None;
    }
    let (level, text) = verbosity.unwrap_or((Level::Info, text));
    let message = line.len() - text.len();
    Some(Header { dialect: Dialect::Unreal, time, pid: None, level, logger: begin..begin + length, message })
}

/// What a line is to the record before it.
pub(super) fn read(line: &[u8], before: Option<&Open>) -> Reading {
    let before_here = before.filter(|open| open.record.header.dialect == Dialect::Unreal);
    match (parse(line), before_here) {
        (Some(found), Some(open)) if goes_on(open, line, &found) => Reading::GoesOn(found.message),
        (Some(found), _) => Reading::Begins(found),
        // One entry can have several lines.
        (None, Some(open)) => go_on_below(line, open),
        (None, None) => plain::read(line, before),
    }
}

/// Whether an entry goes on with what the one before it began: it has the same category and verbosity, stands in the
/// same frame of the editor, and its text can come next.
fn goes_on(open: &Open, line: &[u8], found: &Header) -> bool {
    // A millisecond can end between two lines of a traceback, but nobody else writes between them.
    if source(open.prefix()) != source(&line[..found.message]) {
        return false;
    }
    let begun = &open.record.bytes[open.record.header.message..];
    let is_in_traceback = open.progress != crate::record::Progress::Message;
    is_in_traceback && open.progress.next(&line[found.message..]).is_some() || begun.starts_with(CRASH)
}

/// A prefix without its time: frame, category and verbosity.
fn source(prefix: &[u8]) -> &[u8] {
    if has_shape(prefix, STAMP) { &prefix[STAMP.len()..] } else { prefix }
}

/// What is behind the number of a frame: `[  0]`.
fn frame(text: &[u8]) -> Option<&[u8]> {
    let inside = text.strip_prefix(b"[")?;
    let length = inside.iter().take_while(|byte| byte.is_ascii_digit() || **byte == b' ').count();
    inside[length..].strip_prefix(b"]")
}

/// What is behind a colon and one space; the space can be missing at the end of a line.
fn after_colon(text: &[u8]) -> Option<&[u8]> {
    let behind = text.strip_prefix(b":")?;
    if behind.is_empty() { Some(behind) } else { behind.strip_prefix(b" ") }
}

fn iso(line: &[u8]) -> CompactString {
    let mut time = String::from_utf8_lossy(&line[1..24]).into_owned();
    for (at, to) in [(4, "-"), (7, "-"), (10, "T"), (13, ":"), (16, ":"), (19, ".")] {
        time.replace_range(at..=at, to);
    }
    time.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Records;

    const AT: &str = "[2026.11.22-10.00.00:123][  7]";

    #[test]
    fn reads_an_entry() {
        for (line, want) in [
            ("LogPython: Error: no", Some((Level::Error, "LogPython", "no"))),
            ("LogPython: hello", Some((Level::Info, "LogPython", "hello"))),
            ("LogOutputDevice: Error:   indented", Some((Level::Error, "LogOutputDevice", "  indented"))),
            ("LogWindows: Fatal:", Some((Level::Critical, "LogWindows", ""))),
            ("LogPython: Errors: none", Some((Level::Info, "LogPython", "Errors: none"))),
            ("LogInit: Build: x", None),
            ("Login: Error: no", None),
            ("Log: Error: no", None),
            ("MapCheck: Error: no", None),
        ] {
            let parts = |header: Header| (header.level, &line[header.logger], &line[header.message..]);
            assert_eq!(parse(line.as_bytes()).map(parts), want, "{line}");
        }
        let line = format!("{AT}MapCheck: Warning: odd");
        let header = parse(line.as_bytes()).unwrap();
        assert_eq!((header.time.as_str(), header.level), ("2026-11-22T10:00:00.123", Level::Warning));
        assert_eq!((&line[header.logger], &line[header.message..]), ("MapCheck", "odd"));
    }

    fn lengths(text: &str) -> Vec<(Level, usize)> {
        let (mut records, mut out) = (Records::new(Dialect::Unreal, 0, 4096), Vec::new());
        records.push(text.as_bytes(), |record| out.push(record));
        records.finish(|record| out.push(record));
        out.iter().map(|record| (record.header.level, record.text().lines().count())).collect()
    }

    #[test]
    fn the_lines_of_a_traceback_are_one_record() {
        let at = |frame: u32, text: &str| {
            text.lines().fold(String::new(), |all, line| {
                all + &format!("[2026.11.22-10.00.00:123][{frame:3}]LogPython: Error: {line}\n")
            })
        };
        let one =
            "Traceback (most recent call last):\n  File \"a.py\", line 1, in f\n    g()\nKeyError: 'x'\n";
        let chain =
            format!("{one}\nDuring handling of the above exception, another exception occurred:\n\n{one}")
                .replace("'x'", "'y'");
        let text = at(1, one) + &at(1, one) + &at(2, &chain) + &at(2, "another\nand one");
        assert_eq!(
            lengths(&text),
            [(Level::Error, 4), (Level::Error, 4), (Level::Error, 11), (Level::Error, 1), (Level::Error, 1)]
        );
        let torn = at(1, &one[..one.len() - 14]) + &at(2, "KeyError: 'x'");
        assert_eq!(lengths(&torn).len(), 2, "of another frame");
    }

    #[test]
    fn a_crash_is_one_record() {
        let at = |text: &str| format!("{AT}LogWindows: Error: {text}\n");
        let text = at("=== Critical error: ===")
            + &at("")
            + &at("Fatal error!")
            + &at("[Callstack] 0x00007ff8 UnrealEditor-Core.dll!UnknownFunction []")
            + &format!("{AT}LogExit: Executing StaticShutdownAfterError\n");
        assert_eq!(lengths(&text), [(Level::Error, 4), (Level::Info, 1)]);
    }

    #[test]
    fn an_entry_may_have_lines_without_a_stamp() {
        let text = format!("Log file open\n{AT}LogPython: Error: one\nof two\n{AT}LogInit: x\n");
        assert_eq!(lengths(&text), [(Level::Other, 1), (Level::Error, 2), (Level::Info, 1)]);
    }
}
