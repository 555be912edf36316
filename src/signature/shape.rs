//! What a chunk of text is by its own look: a path, an address, a number, words.

use memchr::memchr_iter;

use super::chunk::{Chunk, Seen, is_numeric, is_word};
use super::words;
use crate::redact::mark;

/// What a chunk is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// No letter and no digit.
    Nothing,
    Url,
    Email,
    Path,
    /// A host and its port.
    Address,
    /// A number, also a hexadecimal one, a date, a time, a network address, a version.
    Number,
    /// What was redacted.
    Redacted,
    /// Words, or words and numbers, between colons and the like.
    Words,
}

impl Chunk {
    /// What it is. Behind a path less is asked of another one: a blank may have come between two parts of it.
    pub fn shape(&self, text: &str, is_behind_a_path: bool) -> Shape {
        let Self { range, seen, .. } = self;
        let bytes = &text.as_bytes()[range.clone()];
        let has_letters = seen.has(Seen::LETTER);
        if bytes.is_empty() || !seen.has(Seen::LETTER.and(Seen::DIGIT)) {
            return Shape::Nothing;
        }
        if has_letters && seen.has(Seen::SLASH) {
            let chunk = &text[range.clone()];
            if chunk.find("://").is_some_and(|at| at > 0) {
                return Shape::Url;
            }
            if is_network_address(bytes) {
                return Shape::Number;
            }
            if is_path(bytes, *seen, is_behind_a_path) {
                return Shape::Path;
            }
        }
        if seen.has(Seen::MARK) && mark::end(bytes, 0) == Some(bytes.len()) {
            return Shape::Redacted;
        }
        if seen.has(Seen::MARK) && text[range.clone()].contains("[redacted:email]") {
            return Shape::Email;
        }
        if has_letters && seen.has(Seen::AT) && self.count(text, b'@') == 1 && is_email(bytes) {
            return Shape::Email;
        }
        if seen.has(Seen::DIGIT) && self.is_number(bytes) {
            return Shape::Number;
        }
        if seen.has(Seen::COLON)
            && seen.has(Seen::DOT)
            && self.count(text, b':') == 1
            && is_host_with_port(&text[range.clone()])
        {
            return Shape::Address;
        }
        Shape::Words
    }

    fn is_number(&self, bytes: &[u8]) -> bool {
        let hexadecimal =
            bytes.strip_prefix(b"0x").or(bytes.strip_prefix(b"0X")).or(bytes.strip_prefix(b"@0x"));
        if let Some(hexadecimal) = hexadecimal {
            return hexadecimal.iter().all(|byte| is_numeric(*byte) || matches!(byte, b'L' | b'x'));
        }
        // What stands behind it may be no part of a number.
        let seen = self.seen;
        let may_fit = !seen.has(Seen::NO_NUMBER) || self.range.end < self.end;
        // Letters alone do not make a hexadecimal number of `add1`.
        may_fit
            && (!seen.has(Seen::LETTER) || seen.has(Seen::COLON.and(Seen::DOT)) || bytes.len() >= 6)
            && bytes.iter().all(|byte| is_numeric(*byte))
    }

    fn count(&self, text: &str, wanted: u8) -> usize {
        memchr_iter(wanted, &text.as_bytes()[self.range.start..self.end]).count()
    }
}

/// The ending of a file's name that says what kind of file it is.
pub fn file_type(path: &str) -> Option<&str> {
    let name = path.rsplit(['/', '\\']).next().unwrap_or_default();
    // `plate.%04d.exr`, `plate.exr.tmp`: the last one counts.
    let (stem, ending) = name.rsplit_once('.')?;
    let known = ending.len() <= 8 && words::is_file_type(&ending.to_ascii_lowercase());
    (known && !stem.is_empty()).then_some(ending)
}

/// Whether a text begins as an absolute path does.
pub fn begins_as_path(bytes: &[u8]) -> bool {
    matches!(
        bytes,
        [b'/', _, ..]
            | [b'~', b'/', ..]
            | [b'.', b'/' | b'\\', ..]
            | [b'.', b'.', b'/' | b'\\', ..]
            | [b'\\', b'\\', ..]
    ) || matches!(bytes, [drive, b':', b'/' | b'\\', ..] if drive.is_ascii_alphabetic())
}

fn is_path(bytes: &[u8], seen: Seen, is_behind_a_path: bool) -> bool {
    let slashes = memchr_iter(b'/', bytes).count();
    begins_as_path(bytes)
        || slashes + memchr_iter(b'\\', bytes).count() >= 2
        || is_behind_a_path
        // One slash alone joins words, too, and one backslash may be an escape: `read/write`, `one\\ntwo`.
        || slashes == 1 && (seen.has(Seen::DIGIT) || bytes.ends_with(b"/"))
        || has_ending(bytes)
}

fn has_ending(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|path| file_type(path).is_some())
}

/// `/10.1.2.3:5070`, as Java prints it.
fn is_network_address(bytes: &[u8]) -> bool {
    let inside = bytes.strip_prefix(b"/").unwrap_or(bytes);
    inside.first().is_some_and(u8::is_ascii_digit)
        && inside.iter().all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b'.' | b':'))
}

fn is_email(bytes: &[u8]) -> bool {
    let Some(at) = bytes.iter().position(|byte| *byte == b'@') else { return false };
    at > 0 && is_word(bytes[at - 1]) && bytes[at + 1..].contains(&b'.')
}

fn is_host_with_port(chunk: &str) -> bool {
    chunk.rsplit_once(':').is_some_and(|(host, port)| {
        !port.is_empty()
            && port.len() <= 5
            && port.bytes().all(|byte| byte.is_ascii_digit())
            && words::is_host(host)
    })
}

#[cfg(test)]
mod tests {
    use super::super::chunk::chunk;
    use super::*;

    fn of(text: &str) -> Shape {
        chunk(text.as_bytes(), 0, text.len()).shape(text, false)
    }

    #[test]
    fn tells_paths_from_words_with_a_slash() {
        for path in [
            "/opt/x",
            "C:\\Users\\x",
            "d:/x",
            "\\\\server\\share\\x",
            "./x",
            "../x/y",
            "~/x",
            "a/b/c",
            "scenes\\shot.ma",
            "shots/sh010",
            "HKLM\\Software\\x",
            "maps/dirt.tx",
            "/tmp/",
        ] {
            assert_eq!(of(path), Shape::Path, "{path}");
        }
        for words in ["read/write", "n/a", "word", "it\\n", "a.b.c", "x:y"] {
            assert_eq!(of(words), Shape::Words, "{words}");
        }
    }

    #[test]
    fn tells_numbers_from_names() {
        for number in [
            "1",
            "-1.5e3",
            "0x7f",
            "0xDEADBEEFL",
            "12:00:01,5",
            "2026-11-22T10:00:00Z",
            "10.1.2.3:80",
            "/10.1.2.3:80",
            "00:11:43:e3:ba:c3",
            "deadbeef1",
            "550e8400-e29b-41d4-a716-446655440000",
            "1001-1100",
            "#5",
            "50%",
        ] {
            assert_eq!(of(number), Shape::Number, "{number}");
        }
        for words in ["add1", "v012", "sh010", "deadbeef", "E404", "face"] {
            assert_eq!(of(words), Shape::Words, "{words}");
        }
        assert_eq!(of("..."), Shape::Nothing);
    }

    #[test]
    fn tells_addresses() {
        assert_eq!(of("https://site.example/x?y#z"), Shape::Url);
        assert_eq!(of("anna@studio.example"), Shape::Email);
        assert_eq!(of("site.studio.com:443"), Shape::Address);
        assert_eq!(of("engine.run:12"), Shape::Words);
    }

    #[test]
    fn an_ending_that_says_nothing_is_none() {
        assert_eq!(file_type("/x/plate.1001.EXR"), Some("EXR"));
        assert_eq!(file_type("C:\\x\\a.b\\scene.ma"), Some("ma"));
        for none in ["/x/core.1234", "/x/.py", "/x.ma/y", "/x/a.r1"] {
            assert_eq!(file_type(none), None, "{none}");
        }
    }
}
