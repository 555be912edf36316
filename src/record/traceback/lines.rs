//! The lines of a body, without what a host puts before each.

use memchr::memchr;

/// What stands before each line of a traceback that a host has printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// Nothing.
    None,
    /// Maya's Script Editor, for Python: `# `, and ` #` behind the last.
    Hash,
    /// The same for MEL: `// `.
    Slashes,
    /// Unreal: `LogPython: Error: `, and `LogWindows: Error: ` in a crash, behind the time where there is one.
    Unreal,
}

/// Unreal's time and frame number before its category: `[2026.11.22-00.21.30:207][ 12]`.
const LONGEST_TIME: usize = 40;

impl Mark {
    /// What stands before this line.
    pub(super) fn of(text: &str) -> Self {
        match text.as_bytes() {
            [b'#', b' ', ..] => Self::Hash,
            [b'/', b'/', b' ', ..] => Self::Slashes,
            [b'L' | b'[', ..] if unreal(text).is_some() => Self::Unreal,
            _ => Self::None,
        }
    }

    /// The line without it; none where it does not stand there.
    pub(super) fn strip(self, text: &str) -> Option<&str> {
        match self {
            Self::None => Some(text),
            Self::Hash => marked(text, "#"),
            Self::Slashes => marked(text, "//"),
            Self::Unreal => unreal(text),
        }
    }
}

fn marked<'a>(text: &'a str, mark: &str) -> Option<&'a str> {
    let rest = text.strip_prefix(mark)?;
    if rest.is_empty() {
        return Some(rest);
    }
    let rest = rest.strip_prefix(' ')?;
    Some(rest.strip_suffix(mark).map_or(rest, str::trim_end))
}

fn unreal(text: &str) -> Option<&str> {
    let category = if text.starts_with('[') {
        let head = &text.as_bytes()[..text.len().min(LONGEST_TIME)];
        &text[memchr(b'L', head)?..]
    } else {
        text
    };
    let rest = category.strip_prefix("LogPython: ").or_else(|| category.strip_prefix("LogWindows: "))?;
    let level =
        ["Error:", "Warning:", "Display:"].iter().find_map(|level| rest.strip_prefix(level)).unwrap_or(rest);
    // Behind the level of an empty line the blank was trimmed.
    Some(level.strip_prefix(' ').unwrap_or(level))
}

/// A line of the body.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line<'a> {
    /// Offset of its first byte in the body.
    pub start: usize,
    /// Offset behind its last byte that is not blank.
    pub end: usize,
    /// It, without blanks at its end.
    pub text: &'a str,
}

impl Line<'_> {
    /// Whether nothing stands in it, but perhaps for a mark.
    pub(super) fn is_blank(&self) -> bool {
        matches!(self.text, "" | "#" | "//")
            || Mark::of(self.text).strip(self.text).is_some_and(str::is_empty)
    }
}

/// Reads lines; a clone reads ahead.
#[derive(Debug, Clone)]
pub(super) struct Lines<'a> {
    body: &'a str,
    next: usize,
}

impl<'a> Lines<'a> {
    pub(super) fn new(body: &'a str) -> Self {
        Self { body, next: 0 }
    }

    pub(super) fn body(&self) -> &'a str {
        self.body
    }

    /// Offset of the next line.
    pub(super) fn position(&self) -> usize {
        self.next
    }

    /// The next line, which stays to be read.
    pub(super) fn peek(&self) -> Option<Line<'a>> {
        self.clone().next()
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = Line<'a>;

    fn next(&mut self) -> Option<Line<'a>> {
        let rest = self.body.get(self.next..).filter(|rest| !rest.is_empty())?;
        let length = memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len());
        let text = rest[..length].trim_ascii_end();
        let start = self.next;
        self.next += length + 1;
        Some(Line { start, end: start + text.len(), text })
    }
}

/// How many blanks a line begins with, and the line behind them.
pub(super) fn indentation(text: &str) -> (usize, &str) {
    let blanks = text.bytes().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    (blanks, &text[blanks..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_lie_where_they_say() {
        let body = "a\r\n\n é \t\nlast";
        let lines: Vec<_> = Lines::new(body).map(|line| (line.start, line.text)).collect();
        assert_eq!(lines, [(0, "a"), (3, ""), (4, " é"), (10, "last")]);
        assert!(Lines::new(body).all(|line| &body[line.start..line.end] == line.text));
    }

    #[test]
    fn marks() {
        let stripped = |text| Mark::of(text).strip(text).unwrap();
        assert_eq!(stripped("#   File"), "  File");
        assert_eq!(stripped("# OSError: no #"), "OSError: no");
        assert_eq!(stripped("// x //"), "x");
        assert_eq!(stripped("LogPython: Error:   File"), "  File");
        assert_eq!(stripped("[2026.11.22-00.21.30:207][ 12]LogPython: Error: x"), "x");
        assert_eq!(stripped("LogPython: x"), "x");
        assert_eq!(stripped("LogPython: Error:"), "");
        for plain in ["#0  0x1 in f ()", "//host/share", "[Log] x", "#", ""] {
            assert_eq!(Mark::of(plain), Mark::None, "{plain}");
        }
        assert_eq!(
            (Mark::Hash.strip("#"), Mark::Hash.strip("x"), Mark::Slashes.strip("//x")),
            (Some(""), None, None)
        );
    }
}
