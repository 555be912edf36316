//! What a chunk of text is by its own look: a path, an address, a number, words.

use std::ops::Range;

use super::words;

/// How a byte counts where a text falls into chunks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    Letter,
    Digit,
    Blank,
    /// Ends a chunk.
    Delimiter,
    /// Punctuation that may stand within a chunk: `a.b`, `C:\x`, `10:21`.
    Inner,
}

const CLASSES: [Class; 256] = {
    let mut classes = [Class::Inner; 256];
    let mut byte = 0_u8;
    loop {
        classes[byte as usize] = match byte {
            // All that is not ASCII is taken for letters: it carries no number.
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | 0x80.. => Class::Letter,
            b'0'..=b'9' => Class::Digit,
            0..=b' ' => Class::Blank,
            b',' | b';' | b'(' | b')' | b'[' | b']' | b'{' | b'}' | b'<' | b'>' | b'|' | b'"' | b'\''
            | b'`' | b'=' => Class::Delimiter,
            _ => Class::Inner,
        };
        if byte == u8::MAX {
            break;
        }
        byte += 1;
    }
    classes
};

/// The class of a byte.
pub fn class(byte: u8) -> Class {
    CLASSES[usize::from(byte)]
}

/// Whether a byte can be part of a name.
pub fn is_word(byte: u8) -> bool {
    matches!(class(byte), Class::Letter | Class::Digit)
}

/// What was counted while the end of a chunk was looked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Counts {
    letters: usize,
    digits: usize,
    slashes: usize,
    backslashes: usize,
    colons: usize,
    ats: usize,
    dots: usize,
}

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
    /// Words, or words and numbers, between colons and the like.
    Words,
}

/// The chunk that begins here: where it ends, with and without the punctuation behind it, and what it holds.
pub fn chunk(bytes: &[u8], start: usize, limit: usize) -> (usize, Range<usize>, Counts) {
    let mut counts = Counts::default();
    let mut end = start;
    while end < limit {
        match class(bytes[end]) {
            Class::Letter => counts.letters += 1,
            Class::Digit => counts.digits += 1,
            Class::Blank | Class::Delimiter => break,
            Class::Inner => match bytes[end] {
                b'/' => counts.slashes += 1,
                b'\\' => counts.backslashes += 1,
                b':' => counts.colons += 1,
                b'@' => counts.ats += 1,
                b'.' => counts.dots += 1,
                _ => {}
            },
        }
        end += 1;
    }
    let mut last = end;
    while last > start && class(bytes[last - 1]) == Class::Inner && !matches!(bytes[last - 1], b'/' | b'\\') {
        last -= 1;
    }
    (end, start..last, counts)
}

/// What a chunk is. Behind a path less is asked of another one: a blank may have come between two parts of it.
pub fn shape(chunk: &str, counts: Counts, is_behind_a_path: bool) -> Shape {
    let bytes = chunk.as_bytes();
    let Counts { letters, digits, slashes, backslashes, colons, ats, dots } = counts;
    if letters + digits == 0 || bytes.is_empty() {
        return Shape::Nothing;
    }
    if slashes + backslashes > 0 && letters > 0 {
        if slashes >= 2 && chunk.find("://").is_some_and(|at| at > 0) {
            return Shape::Url;
        }
        if is_network_address(bytes) {
            return Shape::Number;
        }
        if is_path(bytes, counts, is_behind_a_path) {
            return Shape::Path;
        }
    }
    if ats == 1 && letters > 0 && is_email(bytes) {
        return Shape::Email;
    }
    if digits > 0 && is_number(bytes, counts) {
        return Shape::Number;
    }
    if colons == 1 && dots > 0 && is_host_with_port(chunk) {
        return Shape::Address;
    }
    Shape::Words
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

fn is_path(bytes: &[u8], counts: Counts, is_behind_a_path: bool) -> bool {
    let Counts { digits, slashes, backslashes, .. } = counts;
    begins_as_path(bytes)
        || slashes + backslashes >= 2
        || is_behind_a_path
        // One slash alone joins words, too, and one backslash may be an escape: `read/write`, `one\\ntwo`.
        || slashes == 1 && (digits > 0 || bytes.ends_with(b"/"))
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

fn is_number(bytes: &[u8], counts: Counts) -> bool {
    let fits = |byte: &u8| {
        byte.is_ascii_hexdigit()
            || matches!(
                byte,
                b':' | b'.'
                    | b'-'
                    | b'+'
                    | b'/'
                    | b'T'
                    | b'Z'
                    | b'%'
                    | b'_'
                    | b'#'
                    | b'@'
                    | b'~'
                    | b'*'
                    | b'&'
            )
    };
    let hexadecimal = bytes.strip_prefix(b"0x").or(bytes.strip_prefix(b"0X")).or(bytes.strip_prefix(b"@0x"));
    if let Some(hexadecimal) = hexadecimal {
        return hexadecimal.iter().all(|byte| fits(byte) || matches!(byte, b'L' | b'x'));
    }
    // Letters alone do not make a hexadecimal number of `add1`.
    bytes.iter().all(fits) && (counts.letters == 0 || counts.colons + counts.dots > 0 || bytes.len() >= 6)
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
    use super::*;

    fn of(text: &str) -> Shape {
        let (_, range, counts) = chunk(text.as_bytes(), 0, text.len());
        shape(&text[range], counts, false)
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
