//! The part of a text that counts, where it may be of any length.

/// The beginning of a text, of at most so many bytes.
pub fn beginning(text: &str, most: usize) -> &str {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// The end of a text, of at most so many bytes.
pub fn end(text: &str, most: usize) -> &str {
    let mut start = text.len().saturating_sub(most);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    &text[start..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_character_is_cut() {
        assert_eq!((beginning("aéb", 2), end("aéb", 2)), ("a", "b"));
        assert_eq!((beginning("aéb", 9), end("aéb", 9)), ("aéb", "aéb"));
    }
}
