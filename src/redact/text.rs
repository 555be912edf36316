//! Where words begin and end in what a log shows.

use super::mark;

/// Whether a word can begin here: the one before has ended, or what looks like its last letter is that of an escape.
pub(super) fn begins_word(bytes: &[u8], at: usize) -> bool {
    let Some(before) = at.checked_sub(1).map(|before| bytes[before]) else { return true };
    !is_word(before) && !mark::ends(bytes, at) || is_escaped(bytes, at)
}

/// Whether a word can end here. A mark is part of the word that it stands in.
pub(super) fn ends_word(bytes: &[u8], at: usize) -> bool {
    bytes.get(at).is_none_or(|next| !is_word(*next)) && mark::end(bytes, at).is_none()
}

/// Whether an escape ends here: `\n` in a string, `%3D` in a URL.
pub(super) fn is_escaped(bytes: &[u8], at: usize) -> bool {
    let is_percent =
        |code: &[u8]| code[0] == b'%' && code[1].is_ascii_hexdigit() && code[2].is_ascii_hexdigit();
    at >= 2 && bytes[at - 2] == b'\\' && matches!(bytes[at - 1], b'n' | b'r' | b't' | b'b' | b'f')
        || at >= 3 && is_percent(&bytes[at - 3..at])
}

/// Whether a byte can be part of a name.
pub(super) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Behind the blanks here and the end of the line, if one comes.
pub(super) fn behind_blanks(bytes: &[u8], at: usize) -> usize {
    let blanks = |from: usize| {
        let rest = bytes.get(from..).unwrap_or_default();
        from + rest.iter().take(MOST_BLANKS).take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r')).count()
    };
    let end = blanks(at);
    if bytes.get(end) == Some(&b'\n') { blanks(end + 1) } else { end }
}

/// Blanks between a name and its value.
const MOST_BLANKS: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_escape_is_no_letter() {
        for (text, is) in [
            ("x", true),
            (" x", true),
            ("ax", false),
            ("_x", false),
            ("\\nx", true),
            ("nx", false),
            ("%3Dx", true),
            ("[redacted:a]x", false),
        ] {
            assert_eq!(begins_word(text.as_bytes(), text.len() - 1), is, "{text}");
        }
        assert!(ends_word(b"x y", 1) && ends_word(b"x", 1) && !ends_word(b"xy", 1));
        assert!(!ends_word(b"x[redacted:a]", 1) && ends_word(b"x[a]", 1));
    }
}
