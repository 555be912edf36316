//! What happened, as a text says it.

use std::borrow::Cow;

use super::dialect::{Dialect, maya, unreal};
use super::{Exception, Header, Level, Record, Traceback, traceback};

/// The parts of a text that say what happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts<'a> {
    /// What its first line says about it, if that is a header in any dialect.
    pub header: Option<Header>,
    /// The logger's name, where the header says one.
    pub logger: Option<&'a str>,
    /// Whether tk-desktop's site process wrote it for its project process: with a pid and a logger of its own.
    pub is_proxied: bool,
    /// The message before the traceback, with all its lines, without header, `[PROXY]` and what Maya and Unreal put before each
    /// line. Where nothing stands before the traceback it is empty.
    pub message: Cow<'a, str>,
    /// The first traceback.
    pub traceback: Option<Traceback<'a>>,
}

impl<'a> Parts<'a> {
    /// Takes apart a log record, a traceback or a bare message, whatever file it is from.
    #[must_use]
    pub fn of(text: &'a str) -> Self {
        let first = first_line(text);
        Self::with(Dialect::find_header(first.as_bytes()), first, text)
    }

    /// The same of a record's own text, which begins with its header.
    #[must_use]
    pub fn of_record(record: &Record, text: &'a str) -> Self {
        // In the other dialects what begins a record may by itself be another's header.
        if record.header.dialect != Dialect::Toolkit {
            return Self::of(text);
        }
        Self::with(Some(record.header.clone()), first_line(text), text)
    }

    fn with(header: Option<Header>, first: &'a str, text: &'a str) -> Self {
        let mut begin = header.as_ref().map_or(0, |header| header.message);
        let is_proxied = text.get(begin..).is_some_and(|rest| rest.starts_with(PROXY));
        if is_proxied {
            begin += PROXY.len();
        }
        // The traceback grammar knows what Maya and Unreal put before a line, and more of what Maya says in one.
        let dialect = header.as_ref().map(|header| header.dialect);
        let from = if matches!(dialect, None | Some(Dialect::Toolkit | Dialect::Python)) { begin } else { 0 };
        let traceback = traceback::find(text.get(from..).unwrap_or_default());
        let mark = if dialect == Some(Dialect::Maya) { maya::mark(first.as_bytes()) } else { None };
        let end = traceback.as_ref().map_or(text.len(), |found| from + found.range.start);
        let message = own_text(text.get(begin..end.max(begin)).unwrap_or_default(), mark);
        let logger = header.as_ref().and_then(|header| first.get(header.logger.clone()));
        Self { logger: logger.filter(|name| !name.is_empty()), header, is_proxied, message, traceback }
    }

    /// The exception that explains it.
    #[must_use]
    pub fn exception(&self) -> Option<&Exception<'a>> {
        self.traceback.as_ref()?.explaining()
    }

    /// What it says to a reader: the message, and where there is neither message nor exception, the innermost call.
    #[must_use]
    pub fn said(&self) -> Cow<'a, str> {
        let calls =
            self.traceback.as_ref().filter(|found| self.message.is_empty() && found.explaining().is_none());
        let Some(innermost) = calls.and_then(|found| found.links[0].frames.last()) else {
            return self.message.clone();
        };
        match innermost.function {
            Some(function) => Cow::Owned(format!("in {function}, {}", innermost.place)),
            None => Cow::Owned(format!("in {}", innermost.place)),
        }
    }

    /// Its level, where a header says one.
    #[must_use]
    pub fn level(&self) -> Option<Level> {
        self.header.as_ref().map(|header| header.level)
    }

    /// The dialect of its first line; plain where that is no header.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        self.header.as_ref().map_or(Dialect::Plain, |header| header.dialect)
    }
}

/// The first line, without what ends it.
fn first_line(text: &str) -> &str {
    match memchr::memchr(b'\n', text.as_bytes()) {
        Some(end) => text[..end].strip_suffix('\r').unwrap_or(&text[..end]),
        None => text,
    }
}

/// What tk-desktop's site process puts before a record of its project process.
const PROXY: &str = "[PROXY] ";

/// A text without what Maya and Unreal put before its lines: also where they were logged as a message by another.
/// `mark` is Maya's, where the text begins behind it.
fn own_text<'a>(text: &'a str, mut mark: Option<&'static str>) -> Cow<'a, str> {
    let text = text.trim();
    // Most messages are one line that nobody has marked.
    if mark.is_none()
        && !text.starts_with(['#', '/', '[', 'L'])
        && memchr::memchr(b'\n', text.as_bytes()).is_none()
    {
        return Cow::Borrowed(text);
    }
    let mut out: Option<String> = None;
    let mut seen = 0;
    // The first line of Maya's own record has lost its mark with the header.
    let mut is_marked = mark.is_some();
    for line in text.split_inclusive('\n') {
        let kept = own_line(line, &mut mark, is_marked);
        is_marked = false;
        if kept.len() < line.trim_end_matches(['\r', '\n']).len() && out.is_none() {
            out = Some(text[..seen].to_owned());
        }
        if let Some(out) = &mut out {
            out.push_str(kept);
            out.push_str(if line.ends_with('\n') { "\n" } else { "" });
        }
        seen += line.len();
    }
    out.map_or(Cow::Borrowed(text), |out| Cow::Owned(out.trim().to_owned()))
}

/// What a line says by itself. Only below a line that is plainly Maya's is a `#` or `//` no part of a text.
fn own_line<'a>(line: &'a str, mark: &mut Option<&'static str>, is_marked: bool) -> &'a str {
    let line = line.trim_end_matches(['\r', '\n']);
    let bytes = line.as_bytes();
    let begin = match bytes.first() {
        _ if is_marked => 0,
        Some(b'#' | b'/') => {
            let found = maya::mark(bytes);
            match maya::parse(bytes) {
                Some(header) => {
                    *mark = found;
                    header.message
                }
                None if found.is_some() && found == *mark => line.len().min(found.map_or(0, str::len) + 1),
                None => return line,
            }
        }
        Some(b'[' | b'L') => return unreal::parse(bytes).map_or(line, |header| &line[header.message..]),
        _ => return line,
    };
    let text = &line[begin..];
    let closed = mark.and_then(|mark| text.trim_end().strip_suffix(mark)?.strip_suffix(' '));
    // The source of a frame can end in a comment's sign.
    closed.filter(|_| !text.starts_with(' ')).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_apart_a_record_a_traceback_and_a_message() {
        let record = "2026-11-22 00:21:30,207 [7 ERROR sgtk.x] [PROXY] it\nfailed\n\
                      Traceback (most recent call last):\n  File \"a.py\", line 1, in f\n    g()\nOSError: no";
        let parts = Parts::of(record);
        assert_eq!(parts.message, "it\nfailed");
        assert_eq!(parts.exception().unwrap().name, "OSError");
        let bare = Parts::of("just this");
        assert!(matches!(bare.message, Cow::Borrowed("just this")));
        assert_eq!(bare.traceback, None);
    }

    #[test]
    fn one_text_has_the_same_parts_in_each_dialect() {
        let text = "it failed\nfor a reason\nTraceback (most recent call last):\n  File \"a.py\", line 1, in f\n    g() # x\n\
                    KeyError: 'x'";
        let each = |prefix: &str| text.replace('\n', &format!("\n{prefix}"));
        let at = "[2026.11.22-10.00.00:123][  0]LogPython: Error: ";
        let toolkit = "2026-11-22 00:21:30,207 [7 ERROR sgtk.x] ";
        for record in [
            text.to_owned(),
            format!("{toolkit}{text}"),
            format!("{toolkit}[PROXY] {text}"),
            format!("ERROR:root:{text}"),
            format!("ERROR: {text}"),
            format!("{at}{}", each(at)),
            format!("LogPython: Error: {}", each("LogPython: Error: ")),
            format!("{toolkit}{at}{}", each(at)),
            format!("# Error: {}", each("# ")),
            format!("# Error: {} # ", each("# ")),
            format!("// Error: {} //", each("// ")),
            format!("{toolkit}# Error: {} #", each("# ")),
        ] {
            let parts = Parts::of(&record);
            assert_eq!(parts.message, "it failed\nfor a reason", "{record}");
            let exception = parts.exception().unwrap();
            assert_eq!((exception.name, exception.message), ("KeyError", "'x'"), "{record}");
            assert_eq!(parts.traceback.unwrap().links[0].frames.len(), 1, "{record}");
        }
    }

    #[test]
    fn a_remark_in_a_message_stays() {
        for text in ["see below\n# a heading\n// a comment", "# a heading\ntext", "// a\n# b"] {
            assert_eq!(Parts::of(&format!("ERROR:root:{text}")).message, text);
        }
    }
}
