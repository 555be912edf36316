//! What a name gives away: `password=…`, `"api_key": "…"`, `--script-key …`, in any of the ways in which a log shows it.

use std::ops::Range;

use serde::Deserialize;

use super::looks::{is_code, is_placeholder, is_surely_random, looks_random};
use super::text;
use super::value::{self, Quote, Value};

/// How surely what a name stands for is a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Certainty {
    /// `password`: all of its values are, but for words about it.
    Sure,
    /// `token`: a parser has some, too. So the value has to be long, or to look random.
    Likely,
    /// `key`: mostly it is none. The value has to be plainly random.
    Seldom,
}

/// Bytes of a name that are looked at.
const LONGEST_NAME: usize = 64;

/// Bytes that a value has at least where nothing encloses it.
const LEAST_BARE: usize = 4;

/// The same where its name alone says little.
const LEAST_LIKELY: usize = 8;

/// What stands between a name and its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Separator {
    /// `=`, also as `:=`, `=>` and in a URL.
    Equals,
    Colon,
    /// The name and the value are two of a list.
    Comma,
    /// The name is an option, or the sentence goes on.
    Blank,
    /// The name is an element.
    Element,
}

/// The secret that the name at `hit` gives away.
pub(super) fn secret(bytes: &[u8], hit: Range<usize>, certainty: Certainty) -> Option<Range<usize>> {
    let name = Name::around(bytes, hit, certainty)?;
    let (mut separator, mut begin) = separator_behind(bytes, &name)?;
    let mut value = value::value(bytes, begin);
    // `{"name": "api_key", "value": "…"}`, `password: str = "…"`.
    if let b"value" | b"str" | b"String" | b"bytes" | b"Optional[str]" = &bytes[value.range.clone()] {
        let behind = Quote::at(bytes, value.range.end).map_or(value.range.end, |(_, end)| end);
        (separator, begin) = sign(bytes, text::behind_blanks(bytes, behind))?;
        begin = text::behind_blanks(bytes, begin);
        value = value::value(bytes, begin);
    }
    let is_below = memchr::memchr(b'\n', &bytes[name.end..begin]).is_some();
    let is_secret = !value.is_marked && is_secret(bytes, &name, separator, &value, is_below, certainty);
    is_secret.then(|| value::whole(bytes, value))
}

/// Where the value of the name at `hit` begins, within its quotes.
pub(super) fn plain(bytes: &[u8], hit: Range<usize>) -> Option<usize> {
    let name = Name::around(bytes, hit, Certainty::Sure)?;
    let (separator, begin) = separator_behind(bytes, &name)?;
    (separator != Separator::Blank).then(|| value::opening(bytes, begin).map_or(begin, |(_, behind)| behind))
}

/// A name, and what stands around it.
#[derive(Debug)]
struct Name {
    /// Behind the quote that closes it.
    end: usize,
    is_quoted: bool,
    is_option: bool,
    is_element: bool,
}

impl Name {
    /// The name that ends in `hit`; none if it goes on.
    fn around(bytes: &[u8], hit: Range<usize>, certainty: Certainty) -> Option<Self> {
        let is_of_name = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        let length = bytes[..hit.start].iter().rev().take(LONGEST_NAME).take_while(is_of_name).count();
        let begin = hit.start - length;
        if certainty != Certainty::Sure && length > 0 {
            // `monkey` is no key, and `authToken` is a token.
            let before = bytes[hit.start - 1];
            let is_hump = bytes[hit.start].is_ascii_uppercase() && before.is_ascii_lowercase();
            if before.is_ascii_alphanumeric() && !is_hump && !text::is_escaped(bytes, hit.start) {
                return None;
            }
        }
        let digits = bytes[hit.end..].iter().take(2).take_while(|byte| byte.is_ascii_digit()).count();
        let mut end = hit.end + digits;
        let next = |at: usize| bytes.get(at).copied().unwrap_or(b'\n');
        match next(end) {
            b'_' | b'(' => return None,
            byte if byte.is_ascii_alphanumeric() || byte >= 0x80 => return None,
            b'-' | b'.' if next(end + 1).is_ascii_alphanumeric() => return None,
            _ => {}
        }
        let is_element = next(end) == b'>' && begin > 0 && bytes[begin - 1] == b'<';
        let mut is_quoted = false;
        if let Some((_, behind)) = Quote::at(bytes, end) {
            (end, is_quoted) = (behind, true);
            // `config["api_key"] = …`, `("password"): …`.
            end += usize::from(matches!(next(end), b']'));
        }
        Some(Self { end, is_quoted, is_option: next(begin) == b'-', is_element })
    }
}

/// What separates the name from its value, and where that begins.
fn separator_behind(bytes: &[u8], name: &Name) -> Option<(Separator, usize)> {
    if name.is_element {
        return Some((Separator::Element, name.end + 1));
    }
    let at = text::behind_blanks(bytes, name.end);
    if let Some((sign, end)) = sign(bytes, at) {
        return Some((sign, text::behind_blanks(bytes, end)));
    }
    let byte = bytes.get(at)?;
    if *byte == b',' && (name.is_quoted || name.is_option) {
        return Some((Separator::Comma, text::behind_blanks(bytes, at + 1)));
    }
    let is_further = at > name.end && !name.is_quoted && !bytes[name.end..at].contains(&b'\n');
    if !is_further {
        return None;
    }
    let said =
        [&b"is "[..], b"was "].into_iter().find(|word| bytes[at..].starts_with(word)).map_or(0, <[u8]>::len);
    Some((Separator::Blank, at + said))
}

/// The sign that assigns a value, and where it ends.
fn sign(bytes: &[u8], at: usize) -> Option<(Separator, usize)> {
    let rest = bytes.get(at..)?;
    let (separator, length) = match rest {
        [b':', b':', ..] => return None,
        [b':', b'=', ..] | [b'=', b'=' | b'>', ..] => (Separator::Equals, 2),
        [b'=', ..] => (Separator::Equals, 1),
        [b':', ..] => (Separator::Colon, 1),
        [b'%', b'3', b'D' | b'd', ..] => (Separator::Equals, 3),
        [b'%', b'3', b'A' | b'a', ..] => (Separator::Colon, 3),
        _ => return None,
    };
    Some((separator, at + length))
}

fn is_secret(
    bytes: &[u8],
    name: &Name,
    separator: Separator,
    value: &Value,
    is_below: bool,
    certainty: Certainty,
) -> bool {
    let Some(text) = bytes.get(value.range.clone()).and_then(|text| std::str::from_utf8(text).ok()) else {
        return false;
    };
    let behind = &bytes[value.range.end..];
    if is_placeholder(text) || !value.is_quoted && is_code(text, behind) {
        return false;
    }
    if certainty != Certainty::Sure && !value.is_quoted && is_object(text) {
        return false;
    }
    if certainty == Certainty::Seldom {
        return is_surely_random(text) && (separator != Separator::Comma || name.is_option);
    }
    let is_sure = certainty == Certainty::Sure;
    // What stands on the next line seldom belongs to the name.
    if is_below {
        return looks_random(text);
    }
    match separator {
        Separator::Element => is_sure || text.len() >= LEAST_LIKELY,
        Separator::Equals | Separator::Colon if value.is_quoted => {
            is_sure
                || text.len() >= LEAST_LIKELY
                    && !text.contains(' ')
                    && (separator == Separator::Equals || looks_random(text))
        }
        Separator::Equals if is_sure => text.len() >= LEAST_BARE,
        Separator::Equals => text.len() >= LEAST_LIKELY && (looks_random(text) || is_word(text)),
        Separator::Colon => looks_random(text) || is_sure && text.len() >= LEAST_BARE && !is_about_it(text),
        Separator::Comma | Separator::Blank if name.is_option => {
            // Behind an option stands its value, or the next option, or the rest of a sentence.
            !text.starts_with('-') && (value.is_quoted || looks_random(text) || is_sure && !is_about_it(text))
        }
        Separator::Comma => value.is_quoted && looks_random(text),
        Separator::Blank => looks_random(text) && !text.contains(['.', '/', '\\', '(']),
    }
}

/// `Token{a64f992 …}`, `android.os.BinderProxy@2bd79ce`: what a program prints of an object.
fn is_object(text: &str) -> bool {
    let class =
        text.bytes().take_while(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'.')).count();
    text.contains(['(', '{', '[', '<'])
        || text[..class].contains('.') && text.as_bytes().get(class) == Some(&b'@')
}

/// Whether it is no path and no number: `PWD=/mnt/show` and `session_id=0x34ed` tell no secret.
fn is_word(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'-'))
}

/// Whether it is a word that says something about a secret.
fn is_about_it(text: &str) -> bool {
    let words = [
        "accepted",
        "and",
        "are",
        "authentication",
        "auth",
        "cannot",
        "changed",
        "denied",
        "empty",
        "expired",
        "failed",
        "failure",
        "for",
        "from",
        "given",
        "has",
        "incorrect",
        "invalid",
        "is",
        "length",
        "mismatch",
        "missing",
        "must",
        "needed",
        "needs",
        "not",
        "option",
        "or",
        "prompt",
        "protected",
        "rejected",
        "required",
        "requires",
        "reset",
        "should",
        "to",
        "too",
        "unknown",
        "was",
        "with",
        "without",
        "wrong",
    ];
    words.iter().any(|word| text.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, name: &str, certainty: Certainty) -> Option<String> {
        let at = text.find(name).unwrap();
        secret(text.as_bytes(), at..at + name.len(), certainty).map(|range| text[range].to_owned())
    }

    #[test]
    fn a_name_may_be_written_in_any_way() {
        for text in [
            "password=hunter22 x",
            "PW password: hunter22",
            "{'password': 'hunter22', 'n': 1}",
            "{\"password\":\"hunter22\"}",
            r#""{\"password\": \"hunter22\"}""#,
            "--password hunter22 --x",
            "['--password', 'hunter22']",
            "--password=hunter22",
            "config[\"password\"] = \"hunter22\"",
            "('password', 'hunter22')",
            "<password>hunter22</password>",
            "db_password2 := hunter22",
            "?password=hunter22&x=1",
            "%26password%3Dhunter22%26x%3D1",
            "password is hunter22",
            "{\"name\": \"password\", \"value\": \"hunter22\"}",
            "password: str = 'hunter22'",
            "password:\n  hunter22",
            "password => 'hunter22'",
        ] {
            assert_eq!(of(text, "password", Certainty::Sure).as_deref(), Some("hunter22"), "{text}");
        }
    }

    #[test]
    fn what_is_said_of_a_secret_stays() {
        for text in [
            "password is wrong",
            "password: incorrect",
            "password=None",
            "password=self._password",
            "password = getpass.getpass()",
            "passwords: hunter22",
            "password_file=hunter22",
            "password-less login1",
            "password.txt=hunter22",
            "KeyError: 'password'",
            "password:\nTraceback (most recent call last):",
            "--password is required",
            "--password --verbose1",
            "password::hunter22",
            "password: [redacted:secret]",
            "('password', 'login', 'email')",
            "password=",
        ] {
            assert_eq!(of(text, "password", Certainty::Sure), None, "{text}");
        }
    }

    #[test]
    fn the_less_a_name_says_the_more_its_value_has_to() {
        for text in ["token=abcdefgh", "'token': 'abcdef0123'", "invalid token: abcdef0123"] {
            assert!(of(text, "token", Certainty::Likely).is_some(), "{text}");
        }
        for text in [
            "unexpected token: )",
            "token: identifier",
            "wtoken=abcdefgh",
            "token=Token{a64f992 x}",
            "'token': 'name'",
        ] {
            assert_eq!(of(text, "token", Certainty::Likely), None, "{text}");
        }
        assert!(of("key=d41d8cd98f00b204e9800998", "key", Certainty::Seldom).is_some());
        for text in [
            "key = lambda: 1",
            "Key 'x' not found",
            "monkey=d41d8cd98f00b204e980",
            "key=shot_010_comp_v012",
            "key=itemgetter(1)",
        ] {
            assert_eq!(of(&text.replace("Key", "key"), "key", Certainty::Seldom), None, "{text}");
        }
    }
}
