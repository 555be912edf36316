//! Private keys, which span lines.

use std::ops::Range;

use memchr::memmem;

/// Bytes of the longest key: RSA with 16,384 bits takes 13 KiB.
const LONGEST: usize = 32 << 10;

/// Bytes of a line of a key, and of what a log may put before it.
const LONGEST_LINE: usize = 1024;

/// The key whose first line begins here; `end_seen` is where the next last line of a key was found when one was looked
/// for, so that a text of many first lines is not searched anew for each.
pub(super) fn private_key(bytes: &[u8], begin: usize, end_seen: &mut Option<usize>) -> Option<Range<usize>> {
    let title = first_line(bytes, begin)?;
    let window = &bytes[..bytes.len().min(begin + LONGEST)];
    if end_seen.is_none_or(|end| end < title) {
        let found = memmem::find(&bytes[title..], b"-----END ").map_or(usize::MAX, |at| title + at);
        *end_seen = Some(found);
    }
    let end = end_seen.filter(|end| *end < window.len());
    let end = end.and_then(|end| Some(end + 9 + dashes(&bytes[end + 9..])?));
    // A key that was cut has no last line: then what looks like its lines goes.
    Some(begin..end.unwrap_or_else(|| lines(window, title)))
}

/// The key of `PuTTY` whose first line begins here.
pub(super) fn putty_key(bytes: &[u8], begin: usize) -> Range<usize> {
    let window = &bytes[begin..bytes.len().min(begin + LONGEST)];
    let end = memmem::find(window, b"Private-MAC: ").map(|at| {
        let hash = &window[at + 13..];
        at + 13 + hash.iter().take_while(|byte| byte.is_ascii_hexdigit()).count()
    });
    let line = memchr::memchr(b'\n', window).unwrap_or(window.len());
    begin..begin + end.unwrap_or(line)
}

/// Where the title of a private key ends: `-----BEGIN RSA PRIVATE KEY-----`.
fn first_line(bytes: &[u8], begin: usize) -> Option<usize> {
    let dash = bytes[begin..].iter().take_while(|byte| **byte == b'-').count();
    let title = begin + dash + bytes[begin + dash..].iter().take(8).take_while(|byte| **byte != b'N').count();
    let rest = &bytes[title.min(bytes.len())..];
    let length = dashes(rest)?;
    let is_private = memmem::find(&rest[..length], b"PRIVATE KEY").is_some();
    is_private.then_some(title + length)
}

/// Up to behind the dashes that close a title.
fn dashes(rest: &[u8]) -> Option<usize> {
    let title = rest
        .iter()
        .take(64)
        .take_while(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || **byte == b' ')
        .count();
    let dashes = rest[title..].iter().take(5).take_while(|byte| **byte == b'-').count();
    (dashes >= 4).then_some(title + dashes)
}

/// The end of the lines of a key that begin here: base64, and the fields of an older form. In a string they are
/// separated by escapes.
fn lines(bytes: &[u8], begin: usize) -> usize {
    let mut end = begin;
    loop {
        let rest = &bytes[end..];
        let blanks = blanks(rest);
        let line = &rest[blanks..];
        let length = line.iter().take(LONGEST_LINE).take_while(|byte| is_base64(**byte)).count();
        let is_field = [&b"Proc-Type: "[..], b"DEK-Info: ", b"Version: ", b"Comment: "]
            .iter()
            .any(|field| line.starts_with(field));
        if is_field {
            end += blanks + memchr::memchr2(b'\n', b'\\', line).unwrap_or(line.len());
        } else if length >= 16 || length > 0 && line.get(length - 1) == Some(&b'=') {
            end += blanks + length;
        } else {
            return end;
        }
    }
}

/// Line ends, blanks and the quotes of a program's text, also as escapes.
fn blanks(rest: &[u8]) -> usize {
    let mut length = 0;
    while length < LONGEST_LINE {
        match &rest[length..] {
            [b'\\', b'n' | b'r' | b't' | b'\\', ..] => length += 2,
            [b' ' | b'\t' | b'\r' | b'\n' | b'"' | b'\'' | b',' | b'#' | b'>', ..] => length += 1,
            _ => break,
        }
    }
    length
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<&str> {
        let begin = text.find("--").unwrap();
        private_key(text.as_bytes(), begin, &mut None).map(|range| &text[range])
    }

    #[test]
    fn a_key_goes_with_all_its_lines() {
        for text in [
            "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----",
            "-----BEGIN PRIVATE KEY-----\\nMIIE\\n-----END PRIVATE KEY-----",
            "-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: 1\n\nabc\n-----END PGP PRIVATE KEY BLOCK-----",
            "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nabc\n-----END SSH2 ENCRYPTED PRIVATE KEY-----",
        ] {
            assert_eq!(of(&format!("a {text} b\nc")), Some(text));
        }
        assert_eq!(of("-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----"), None);
        assert_eq!(of("-----BEGIN "), None);
    }

    #[test]
    fn a_key_that_was_cut_takes_nothing_else_along() {
        let lines = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEF\nAASCBKcwggSjAgEAAoIBAQC7";
        assert_eq!(of(&format!("{lines}\nTraceback (most recent call last):")), Some(lines));
        let title = "-----BEGIN PRIVATE KEY-----";
        assert_eq!(of(&format!("expected {title}, got x")), Some(title));
    }

    #[test]
    fn putty_has_titles_of_its_own() {
        let key =
            "PuTTY-User-Key-File-2: ssh-rsa\nEncryption: none\nPrivate-Lines: 1\nAAAA\nPrivate-MAC: 0a1b";
        assert_eq!(putty_key(format!("{key}\nx").as_bytes(), 0), 0..key.len());
        assert_eq!(putty_key(b"PuTTY-User-Key-File-2: ssh-rsa\nx", 0), 0..30);
    }
}
