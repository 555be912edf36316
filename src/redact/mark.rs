//! What stands where a secret was: `[redacted:kind]`.
//!
//! A mark is one piece to whoever reads a text behind us: the rules here, which leave it as it is, and the signature,
//! to which it is the value that it stands for.

/// How a mark begins.
const BEGIN: &str = "[redacted:";

/// Bytes of the longest kind.
const LONGEST_KIND: usize = 32;

/// Bytes of the longest mark.
pub(super) const LONGEST: usize = BEGIN.len() + LONGEST_KIND + 1;

/// Appends a mark.
pub(super) fn push(kind: &str, out: &mut String) {
    out.push_str(BEGIN);
    out.push_str(kind);
    out.push(']');
}

/// Where the mark ends that begins here; none if none does.
#[must_use]
pub fn end(bytes: &[u8], at: usize) -> Option<usize> {
    let kind = bytes.get(at..)?.strip_prefix(BEGIN.as_bytes())?;
    let length = kind.iter().take(LONGEST_KIND + 1).take_while(|byte| is_of_kind(**byte)).count();
    let is_whole = (1..=LONGEST_KIND).contains(&length) && kind.get(length) == Some(&b']');
    is_whole.then_some(at + BEGIN.len() + length + 1)
}

/// Whether a mark is in a text.
pub(super) fn is_in(text: &[u8]) -> bool {
    memchr::memchr_iter(b'[', text).any(|at| end(text, at).is_some())
}

/// Whether a mark ends here.
pub(super) fn ends(bytes: &[u8], at: usize) -> bool {
    if at == 0 || bytes.get(at - 1) != Some(&b']') {
        return false;
    }
    let kind =
        bytes[..at - 1].iter().rev().take(LONGEST_KIND + 1).take_while(|byte| is_of_kind(**byte)).count();
    let begin = (at - 1 - kind).checked_sub(BEGIN.len());
    begin.is_some_and(|begin| end(bytes, begin) == Some(at))
}

/// Whether a name can be that of a kind.
#[cfg(test)]
pub(super) fn is_kind(name: &str) -> bool {
    (1..=LONGEST_KIND).contains(&name.len()) && name.bytes().all(is_of_kind)
}

fn is_of_kind(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_known_from_both_ends() {
        let text = b"a [redacted:url-password] b";
        assert_eq!(end(text, 2), Some(25));
        assert!(ends(text, 25));
        for at in (0..text.len()).filter(|at| *at != 25) {
            assert!(!ends(text, at), "{at}");
        }
        for none in [
            "[redacted:]",
            "[redacted:a b]",
            "[redacted:x",
            "[Redacted:x]",
            &format!("[redacted:{}]", "x".repeat(33)),
        ] {
            assert_eq!(end(none.as_bytes(), 0), None, "{none}");
            assert!(!ends(none.as_bytes(), none.len()), "{none}");
        }
    }
}
