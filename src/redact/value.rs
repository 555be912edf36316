//! The value behind a name: where it ends, and whether it can be a secret.
//!
//! What stands in a log is no language. A value is read as whoever wrote it would have: to the quote that closes it,
//! however deep the text was quoted, or to the blank or the delimiter behind which the next thing begins.

use std::ops::Range;

use super::mark;

/// Bytes of a bare value that are looked at to tell a secret from what is none; only a secret is followed to its end.
const LOOKED_AT: usize = 256;

/// A value, without its quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Value {
    pub range: Range<usize>,
    pub is_quoted: bool,
    /// It was redacted before, or a piece of it was.
    pub is_marked: bool,
}

/// Backslashes before a quote, and the quote: how deep it lies in strings within strings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Quote {
    pub byte: u8,
    pub backslashes: usize,
}

impl Quote {
    /// The quote that stands here, and where it ends.
    pub(super) fn at(bytes: &[u8], at: usize) -> Option<(Self, usize)> {
        let backslashes = bytes.get(at..)?.iter().take(32).take_while(|byte| **byte == b'\\').count();
        let byte = *bytes.get(at + backslashes)?;
        matches!(byte, b'"' | b'\'' | b'`').then_some((Self { byte, backslashes }, at + backslashes + 1))
    }

    /// Where the text ends that begins behind it: at the quote that closes it, at the end of the line if none does.
    fn close(self, bytes: &[u8], begin: usize) -> usize {
        let mut backslashes = 0;
        for (at, byte) in bytes.iter().enumerate().skip(begin) {
            match byte {
                b'\\' => backslashes += 1,
                b'\n' => return at,
                _ if *byte == self.byte && self.is_closed_behind(backslashes) => {
                    return at - self.backslashes.min(backslashes);
                }
                _ => backslashes = 0,
            }
        }
        bytes.len()
    }

    /// Each string around a text doubles its backslashes and adds one before its quotes. Fewer than at the beginning: an
    /// outer string ends, and this one was cut.
    fn is_closed_behind(self, backslashes: usize) -> bool {
        backslashes <= self.backslashes
            || (backslashes - self.backslashes).is_multiple_of(2 * (self.backslashes + 1))
    }
}

/// The value that begins here, without its quotes if it has some. Of a bare one no more than is looked at.
pub(super) fn value(bytes: &[u8], at: usize) -> Value {
    if let Some((quote, begin)) = opening(bytes, at) {
        let range = begin..quote.close(bytes, begin);
        return Value { is_marked: mark::is_in(&bytes[range.clone()]), range, is_quoted: true };
    }
    let end = bare_end(bytes, at, LOOKED_AT);
    Value { range: at..end, is_quoted: false, is_marked: mark::is_in(&bytes[at..end]) }
}

/// The value to its end.
pub(super) fn whole(bytes: &[u8], value: Value) -> Range<usize> {
    if value.is_quoted || value.range.len() < LOOKED_AT {
        value.range
    } else {
        value.range.start..bare_end(bytes, value.range.start, usize::MAX)
    }
}

/// The quote that opens here, also behind a letter that says of which type the string is, and where that ends.
pub(super) fn opening(bytes: &[u8], at: usize) -> Option<(Quote, usize)> {
    let is_prefix = |byte: &&u8| matches!(**byte | 0x20, b'u' | b'b' | b'r' | b'f');
    let prefix = bytes.get(at..)?.iter().take(2).take_while(is_prefix).count();
    Quote::at(bytes, at).or_else(|| Quote::at(bytes, at + prefix))
}

/// The end of a value without quotes. A delimiter ends it only where the next thing begins behind it: keys are random, and
/// hold what they like.
fn bare_end(bytes: &[u8], begin: usize, most: usize) -> usize {
    let mut end = begin;
    while let Some(byte) = bytes.get(end).filter(|_| end - begin < most) {
        let next = bytes.get(end + 1).copied().unwrap_or(b'\n');
        let is_end = match byte {
            0..=b' ' | b'"' | b'\'' | b'`' | 0x7f => true,
            b'\\' => matches!(next, b'n' | b'r' | b't' | b'"' | b'\'' | b'\\'),
            b'&' => is_pair(&bytes[end + 1..]),
            b'%' => bytes[end + 1..].starts_with(b"26"),
            b',' | b';' => is_edge(next) || is_pair(&bytes[end + 1..]),
            b')' | b']' | b'}' | b'>' => is_edge(next),
            b'<' => next == b'/' || next.is_ascii_alphabetic(),
            b'[' if mark::end(bytes, end).is_some() => {
                end = mark::end(bytes, end).unwrap_or(end + 1);
                continue;
            }
            _ => false,
        };
        if is_end {
            break;
        }
        end += 1;
    }
    while end > begin && matches!(bytes[end - 1], b'.' | b',' | b';' | b':' | b'!' | b'?') {
        end -= 1;
    }
    end
}

/// Whether behind a delimiter this is no part of the value before it.
fn is_edge(byte: u8) -> bool {
    matches!(
        byte,
        0..=b' '
            | b'"'
            | b'\''
            | b'`'
            | b','
            | b';'
            | b')'
            | b']'
            | b'}'
            | b'>'
            | b'<'
            | b'.'
            | b':'
            | b'\\'
            | b'|'
    )
}

/// Whether a name and its value begin here: `user=x`, `amp;user=x`.
fn is_pair(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"amp;").unwrap_or(bytes);
    let is_name =
        |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'%' | b'[' | b']');
    let name = bytes.iter().take(40).take_while(is_name).count();
    name > 0 && matches!(bytes.get(name), Some(b'=' | b':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> &str {
        &text[value(text.as_bytes(), 0).range]
    }

    #[test]
    fn a_quoted_value_ends_at_its_own_quote() {
        for (text, want) in [
            (r#""a b" c"#, "a b"),
            (r#"u'it\'s', "x""#, r"it\'s"),
            (r"'a\\' b", r"a\\"),
            (r#"\"a\", \"b\""#, "a"),
            (r#"\"a\\\"b\", \"c\""#, r#"a\\\"b"#),
            (r#"\"ends in one\\\\\", x"#, r"ends in one\\\\"),
            (r#"\\\"deep\\\", \\\"er\\\""#, "deep"),
            (r#"\"cut" more"#, "cut"),
            ("\"no end\nnext", "no end"),
            ("''", ""),
        ] {
            assert_eq!(of(text), want, "{text}");
        }
    }

    #[test]
    fn a_bare_value_ends_where_the_next_thing_begins() {
        for (text, want) in [
            ("abc def", "abc"),
            ("a&b,c;d)e", "a&b,c;d)e"),
            ("abc&user=x", "abc"),
            ("abc&amp;user=x", "abc"),
            ("abc, d", "abc"),
            ("abc,user=x", "abc"),
            ("abc)", "abc"),
            ("abc>: no", "abc"),
            ("abc</key>", "abc"),
            (r"abc\nPATH=x", "abc"),
            ("abc%26user%3Dx", "abc"),
            ("abc.", "abc"),
            ("[redacted:x] y", "[redacted:x]"),
            ("", ""),
        ] {
            assert_eq!(of(text), want, "{text}");
        }
        assert!(value(b"a[redacted:x]", 0).is_marked);
        assert!(!value(b"a[redacted]", 0).is_marked);
    }
}
