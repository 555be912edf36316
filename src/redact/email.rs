//! E-mail addresses.

use std::ops::Range;

use super::text;

/// Bytes of the part before the `@`, and of a domain.
const LONGEST: usize = 254;

/// Nobody's own: what a repository is fetched as.
const NOBODY: [&[u8]; 3] = [b"git", b"hg", b"svn"];

/// The address whose `@` stands here.
pub(super) fn address(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let is_local =
        |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'%' | b'+' | b'-');
    let length = bytes[..at].iter().rev().take(LONGEST).take_while(is_local).count();
    if length == LONGEST {
        return None;
    }
    let mut begin = at - length;
    // What looks like the first letter may be that of an escape: `\nanna@studio.example`.
    if begin > 0 && bytes[begin - 1] == b'\\' && matches!(bytes.get(begin), Some(b'n' | b'r' | b't')) {
        begin += 1;
    }
    while begin < at && !bytes[begin].is_ascii_alphanumeric() {
        begin += 1;
    }
    let local = &bytes[begin..at];
    if local.last().is_none_or(|last| !text::is_word(*last) && !matches!(last, b'+' | b'-'))
        || NOBODY.contains(&local)
    {
        return None;
    }
    // A user in a URL, or a piece of a password there.
    if begin > 0
        && (bytes[begin - 1] == b'@'
            || bytes[..begin].ends_with(b"//")
            || bytes[begin - 1] == b':' && is_in_url(&bytes[..begin]))
    {
        return None;
    }
    let is_domain = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    let length = bytes[at + 1..].iter().take(LONGEST).take_while(is_domain).count();
    let mut domain = &bytes[at + 1..at + 1 + length];
    while let [rest @ .., b'.' | b'-'] = domain {
        domain = rest;
    }
    let dot = domain.iter().rposition(|byte| *byte == b'.')?;
    let (name, ending) = (&domain[..dot], &domain[dot + 1..]);
    // `icon@2x.png` is a picture.
    let is_scale = matches!(name, [digit, b'x'] if digit.is_ascii_digit());
    let is_whole = text::ends_word(bytes, at + 1 + domain.len())
        && !matches!(bytes.get(at + 1 + domain.len()), Some(b'@'));
    let is_address = (2..=24).contains(&ending.len())
        && ending.iter().all(u8::is_ascii_alphabetic)
        && name.first().is_some_and(u8::is_ascii_alphanumeric)
        && !memchr::memmem::find(domain, b"..").is_some_and(|_| true)
        && !is_scale
        && is_whole;
    is_address.then_some(begin..at + 1 + domain.len())
}

/// Whether this ends in what stands before the `@` of a URL: `https://anna:`.
fn is_in_url(bytes: &[u8]) -> bool {
    let is_of_user =
        |byte: &&u8| byte.is_ascii_graphic() && !matches!(byte, b'/' | b'"' | b'\'' | b'`' | b'<' | b'>');
    let user = bytes.iter().rev().take(LONGEST).take_while(is_of_user).count();
    bytes[..bytes.len() - user].ends_with(b"//")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<&str> {
        address(text.as_bytes(), text.find('@').unwrap()).map(|range| &text[range])
    }

    #[test]
    fn an_address_has_a_name_and_a_domain() {
        for (text, want) in [
            ("mail anna@studio.example now", "anna@studio.example"),
            ("<anna.b+c@x-y.studio.co.uk>.", "anna.b+c@x-y.studio.co.uk"),
            ("\\nanna@studio.example\\n", "anna@studio.example"),
            ("mailto:anna@studio.example?x", "anna@studio.example"),
        ] {
            assert_eq!(of(text), Some(want), "{text}");
        }
        for text in [
            "root@host",
            "git@github.com:a/b",
            "icon@2x.png",
            "pkg@4.17.21",
            "@app.route",
            "a @ b.com",
            "https://anna@host.example/x",
            "user@10.1.2.3",
            "x@y..com",
        ] {
            assert_eq!(of(text), None, "{text}");
        }
    }
}
