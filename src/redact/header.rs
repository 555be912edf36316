//! Headers of a request: who asks, and the cookies that prove it.

use std::ops::Range;

use super::looks::{is_code, is_placeholder, looks_random};
use super::value;
use super::{mark, text};

/// Bytes of a header's value: what is longer was never sent.
const LONGEST: usize = 16 << 10;

/// Bytes of a word that may be credentials.
const LONGEST_TOKEN: usize = 512;

/// How the credentials of an `Authorization` begin: the scheme stays.
const SCHEMES: [&str; 12] = [
    "bearer",
    "basic",
    "token",
    "digest",
    "bot",
    "apikey",
    "negotiate",
    "ntlm",
    "sharedkey",
    "sharedaccesssignature",
    "aws4-hmac-sha256",
    "oauth",
];

/// The credentials of an `Authorization` header, whose name stands at `hit`.
pub(super) fn authorization(bytes: &[u8], hit: Range<usize>) -> Option<Range<usize>> {
    let begin = begin(bytes, hit.end)?;
    let is_of_word = |byte: &&u8| !matches!(byte, 0..=b' ' | b'"' | b'\'' | b'\\');
    let word = bytes[begin..].iter().take(LONGEST_TOKEN).take_while(is_of_word).count();
    let scheme = &bytes[begin..begin + word];
    let has_scheme = SCHEMES.iter().any(|known| scheme.eq_ignore_ascii_case(known.as_bytes()));
    if !has_scheme {
        // It may be a sentence: `authorization: denied`.
        let is_secret = looks_random(std::str::from_utf8(scheme).ok()?)
            && !is_code(std::str::from_utf8(scheme).ok()?, b"");
        return is_secret.then_some(begin..begin + word);
    }
    let begin = text::behind_blanks(bytes, begin + word);
    let end = end(bytes, begin);
    let is_placeholder = std::str::from_utf8(&bytes[begin..end]).is_ok_and(is_placeholder);
    (!is_placeholder && mark::end(bytes, begin) != Some(end)).then_some(begin..end)
}

/// The cookies of a `Cookie` or `Set-Cookie` header, whose name stands at `hit`; `looked_to` is up to where such a header
/// was looked at, so that a line of many is not looked at anew for each.
pub(super) fn cookies(bytes: &[u8], hit: Range<usize>, looked_to: &mut usize) -> Option<Range<usize>> {
    if hit.start < *looked_to {
        return None;
    }
    let begin = begin(bytes, hit.end)?;
    let end = end(bytes, begin);
    *looked_to = end;
    let is_pair = memchr::memchr(b'=', &bytes[begin..end]).is_some_and(|at| at > 0);
    is_pair.then_some(begin..end)
}

/// Where the value of a header begins whose name ends here.
fn begin(bytes: &[u8], name_end: usize) -> Option<usize> {
    let quote = value::Quote::at(bytes, name_end);
    let behind = quote.map_or(name_end, |(_, end)| end);
    // `'Cookie', 'x=y'`: some clients keep their headers as pairs.
    let is_field = match bytes.get(behind) {
        Some(b':') => true,
        Some(b',') => quote.is_some(),
        _ => false,
    };
    if !is_field {
        return None;
    }
    let begin = text::behind_blanks(bytes, behind + 1);
    Some(value::opening(bytes, begin).map_or(begin, |(_, inside)| inside))
}

/// The end of a header's value that begins here, or goes on: a quote that nothing in it opens, or the end of the line.
fn end(bytes: &[u8], begin: usize) -> usize {
    let rest = &bytes[begin..bytes.len().min(begin + LONGEST)];
    let (mut end, mut opened) = (0, None);
    while end < rest.len() {
        match rest[end] {
            b'\n' | b'\r' => break,
            b'\\' if matches!(rest.get(end + 1), Some(b'n' | b'r')) => break,
            // `Digest username="anna"`
            quote @ (b'"' | b'\'') if opened == Some(quote) => opened = None,
            quote @ (b'"' | b'\'') if opened.is_none() && end > 0 && rest[end - 1] == b'=' => {
                opened = Some(quote);
            }
            b'"' | b'\'' if opened.is_none() => break,
            _ => {}
        }
        end += 1;
    }
    let value = rest[..end].trim_ascii_end();
    let escapes = value.iter().rev().take_while(|byte| **byte == b'\\').count();
    begin + value.len() - escapes
}

/// The credentials behind the word `Bearer` or `Basic` at `hit`, where no header is to be seen.
pub(super) fn credentials(bytes: &[u8], hit: Range<usize>) -> Option<Range<usize>> {
    if !text::begins_word(bytes, hit.start) || !matches!(bytes.get(hit.end), Some(b' ' | b'\t' | b'+' | b'%'))
    {
        return None;
    }
    let is_encoded = bytes[hit.end..].starts_with(b"%20");
    let begin = if is_encoded {
        hit.end + 3
    } else {
        text::behind_blanks(bytes, hit.end + usize::from(bytes[hit.end] == b'+'))
    };
    let is_of_token = |byte: &&u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'~' | b'+' | b'/' | b'=' | b'-')
    };
    let length = bytes[begin..].iter().take(LONGEST).take_while(is_of_token).count();
    let token = &bytes[begin..begin + length];
    let token = token.strip_suffix(b".").unwrap_or(token);
    let is_secret = if bytes[hit.start].eq_ignore_ascii_case(&b'b')
        && bytes[hit.clone()].eq_ignore_ascii_case(b"basic")
    {
        names_user(token)
    } else {
        token.len() >= 8 && looks_random(std::str::from_utf8(token).unwrap_or_default())
    };
    is_secret.then(|| begin..begin + token.len())
}

/// Whether this is `user:password` in base64 (RFC 7617).
fn names_user(token: &[u8]) -> bool {
    if token.len() < 8 || !token.len().is_multiple_of(4) {
        return false;
    }
    let digit = |byte: &u8| match byte {
        b'A'..=b'Z' => Some(u32::from(byte - b'A')),
        b'a'..=b'z' => Some(u32::from(byte - b'a') + 26),
        b'0'..=b'9' => Some(u32::from(byte - b'0') + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        b'=' => Some(0),
        _ => None,
    };
    token.chunks(4).any(|four| {
        let bits = four.iter().try_fold(0, |bits, byte| Some(bits << 6 | digit(byte)?));
        bits.is_some_and(|bits: u32| {
            [bits >> 16, bits >> 8, bits].iter().any(|byte| byte & 0xff == u32::from(b':'))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, name: &str, find: fn(&[u8], Range<usize>) -> Option<Range<usize>>) -> Option<String> {
        let at = text.find(name).unwrap();
        find(text.as_bytes(), at..at + name.len()).map(|range| text[range].to_owned())
    }

    #[test]
    fn credentials_go_and_the_scheme_stays() {
        for (text, want) in [
            ("Authorization: Bearer abcDEF123456.x-y", "abcDEF123456.x-y"),
            ("{'Authorization': 'Basic YTpi', 'n': 1}", "YTpi"),
            ("Authorization: Digest username=\"a\", response=\"b\"", "username=\"a\", response=\"b\""),
            ("\"{\\\"Authorization\\\": \\\"token abcdef0123\\\"}\"", "abcdef0123"),
            ("Authorization: a1b2c3d4e5", "a1b2c3d4e5"),
            ("('Authorization', 'Bearer ab')", "ab"),
        ] {
            assert_eq!(of(text, "Authorization", authorization).as_deref(), Some(want), "{text}");
        }
        for text in [
            "Authorization: denied",
            "Authorization failed",
            "Authorization: Bearer [redacted:authorization]",
            "Authorization: Bearer {token}",
        ] {
            assert_eq!(of(text, "Authorization", authorization), None, "{text}");
        }
    }

    #[test]
    fn cookies_go_as_a_whole() {
        for (text, want) in [
            ("Cookie: csrf=a; _session_id=b\nnext", "csrf=a; _session_id=b"),
            ("{'Cookie': 'a=b; c=d', 'x': 1}", "a=b; c=d"),
        ] {
            assert_eq!(
                of(text, "Cookie", |bytes, hit| cookies(bytes, hit, &mut 0)).as_deref(),
                Some(want),
                "{text}"
            );
        }
        for text in ["Cookie: none", "Cookie jar=x", "Cookie: [redacted:cookie]"] {
            assert_eq!(of(text, "Cookie", |bytes, hit| cookies(bytes, hit, &mut 0)), None, "{text}");
        }
    }

    #[test]
    fn a_word_is_no_credential() {
        assert_eq!(
            of("Bearer abcDEF123456.x-y.", "Bearer", credentials).as_deref(),
            Some("abcDEF123456.x-y")
        );
        assert_eq!(of("Basic Ym9iOmh1bnRlcjIy", "Basic", credentials).as_deref(), Some("Ym9iOmh1bnRlcjIy"));
        for text in ["Basic authentication", "Basic information12", "Basic"] {
            assert_eq!(of(text, "Basic", credentials), None, "{text}");
        }
        assert_eq!(of("Bearer authentication failed", "Bearer", credentials), None);
    }
}
