//! Users and passwords in URLs: `scheme://user:password@host`.

use std::ops::Range;

use super::mark;

/// Bytes of a user and a password.
const LONGEST: usize = 4096;

/// How the signs of a URL are written.
struct Writing {
    colon: &'static [u8],
    at: &'static [u8],
    slash: &'static [u8],
}

const PLAIN: Writing = Writing { colon: b":", at: b"@", slash: b"/" };
/// As a value in another URL.
const ENCODED: Writing = Writing { colon: b"%3a", at: b"%40", slash: b"%2f" };

/// The user and the password of the URL whose `://` stands at `sign`.
pub(super) fn user(bytes: &[u8], sign: Range<usize>) -> Option<Range<usize>> {
    let has_scheme = sign.start > 0 && bytes[sign.start - 1].is_ascii_alphanumeric();
    let writing = if bytes[sign.start] == b'%' { ENCODED } else { PLAIN };
    has_scheme.then(|| in_authority(bytes, sign.end, &writing)).flatten()
}

/// The same of `user:password@host`, as the settings of a proxy have it, without a scheme.
pub(super) fn proxy_user(bytes: &[u8], begin: usize) -> Option<Range<usize>> {
    let scheme = memchr::memmem::find(&bytes[begin..bytes.len().min(begin + 16)], b"://");
    if scheme.is_some() { None } else { in_authority(bytes, begin, &PLAIN) }
}

fn in_authority(bytes: &[u8], begin: usize, writing: &Writing) -> Option<Range<usize>> {
    let limit = bytes.len().min(begin + LONGEST);
    // Most URLs have no user, and most texts no `@`.
    memchr::memchr(writing.at[0], &bytes[begin..limit])?;
    let is = |at: usize, sign: &[u8]| {
        bytes[at..limit].get(..sign.len()).is_some_and(|text| text.eq_ignore_ascii_case(sign))
    };
    let (mut at, mut password, mut last_at) = (begin, None, None);
    // The password is all from the first colon to the last `@` before the path. Where a path seems to begin before any
    // `@`, what stands behind the colon is a port, or a password with a slash in it.
    while at < limit {
        let byte = bytes[at];
        if let Some(end) = mark::end(bytes, at) {
            at = end;
            continue;
        }
        if is_end(bytes, at) {
            break;
        }
        if password.is_none() && is(at, writing.colon) {
            password = Some(at + writing.colon.len());
            at += writing.colon.len();
            continue;
        }
        if is(at, writing.at) {
            last_at = Some(at);
            at += writing.at.len();
            continue;
        }
        let is_path = is(at, writing.slash) || matches!(byte, b'?' | b'#');
        let is_host = |begin: usize| {
            let colon = memchr::memrchr(b':', &bytes[begin..at]);
            colon.is_none_or(|colon| is_port(&bytes[begin + colon + 1..at]))
        };
        if is_path
            && last_at.or(password).is_none_or(|begin| {
                if last_at.is_some() { is_host(begin) } else { is_port(&bytes[begin..at]) }
            })
        {
            break;
        }
        at += 1;
    }
    let (password, end) = (password?, last_at?);
    (password < end && mark::end(bytes, password) != Some(end)).then_some(begin..end)
}

fn is_port(text: &[u8]) -> bool {
    text.len() <= 5 && text.iter().all(u8::is_ascii_digit)
}

/// What no URL holds.
fn is_end(bytes: &[u8], at: usize) -> bool {
    match bytes[at] {
        0..=b' ' | b'"' | b'\'' | b'`' | b'<' | b'>' | b'|' | 0x7f => true,
        b'\\' => matches!(bytes.get(at + 1), Some(b'n' | b'r' | b't' | b'"' | b'\'')),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<&str> {
        let sign = ["://", ":\\/\\/", "%3A%2F%2F"]
            .into_iter()
            .find_map(|sign| Some(text.find(sign)?..text.find(sign)? + sign.len()));
        user(text.as_bytes(), sign.unwrap()).map(|range| &text[range])
    }

    #[test]
    fn a_user_with_a_password_stands_before_the_last_at() {
        for (text, want) in [
            ("GET https://bob:hunter22@host/x failed", "bob:hunter22"),
            ("postgres://u:p@ss:w/rd@db.example:5432/x", "u:p@ss:w/rd"),
            ("redis://:hunter22@host", ":hunter22"),
            ("mongodb+srv://u:p%40ss@h/?x=a@b", "u:p%40ss"),
            ("https:\\/\\/u:hunter22@h\\/x", "u:hunter22"),
            ("next=https%3A%2F%2Fu%3Ahunter22%40h%2Fx", "u%3Ahunter22"),
            ("'http://u:a?b#c@h/x'", "u:a?b#c"),
        ] {
            assert_eq!(of(text), Some(want), "{text}");
        }
        for text in [
            "https://host:8080/path?x=1",
            "https://host:8080/a@b",
            "https://anna@host/x:y@z",
            "https://u:[redacted:url-password]@host",
            "http://password=[redacted:secret];@host",
            "https://u:@h",
            "https://host/x?mail=a:b@c",
            "see :// there:x@y",
        ] {
            assert_eq!(of(text), None, "{text}");
        }
    }

    #[test]
    fn a_proxy_has_no_scheme() {
        let text = "u:hunter22@10.1.2.3:3128";
        assert_eq!(proxy_user(text.as_bytes(), 0), Some(0..10));
        assert_eq!(proxy_user(b"10.1.2.3:3128", 0), None);
    }
}
