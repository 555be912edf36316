//! Bytes → where the first of a few words stands.
//!
//! One pass for all words, whatever they are: of each word two bytes that are rare in a log are looked for, hundreds
//! of places at a time, by comparisons that a compiler makes vectors of. Two passes of `memmem`, or one of the packed searcher
//! of `aho_corasick`, take longer.

use std::ops::Range;

/// A word.
#[derive(Debug, Clone, Copy)]
pub(super) struct Word {
    text: &'static [u8],
    /// Where its two rare bytes stand.
    rare: usize,
}

/// Places that are looked at together; where one of them may be it, so many fewer at a time.
const BLOCK: usize = 512;
const PART: usize = 64;

impl Word {
    /// A word; `rare` says where in it two bytes begin that other words seldom have.
    pub const fn new(text: &'static [u8], rare: usize) -> Self {
        assert!(rare + 1 < text.len(), "two bytes of the word");
        Self { text, rare }
    }

    fn pair(&self) -> [u8; 2] {
        [self.text[self.rare], self.text[self.rare + 1]]
    }

    /// Whether its rare bytes can stand here; where the word begins then, if it does.
    fn around(&self, bytes: &[u8], at: usize) -> Option<usize> {
        let begin = at.checked_sub(self.rare)?;
        bytes[begin..].starts_with(self.text).then_some(begin)
    }
}

/// The first place, at or behind `from`, where one of these words begins. No two of them may overlap in a text.
pub(super) fn first(words: &[Word], bytes: &[u8], from: usize) -> Option<usize> {
    let around = |places: Range<usize>| {
        let begin =
            |at: usize| words.iter().find_map(|word| word.around(bytes, at).filter(|begin| *begin >= from));
        places.into_iter().find_map(begin)
    };
    let mut at = from;
    while let Some(block) = bytes.get(at..at + BLOCK + 1) {
        if may_hold(words, block) {
            let parts =
                (at..at + BLOCK).step_by(PART).filter(|part| may_hold(words, &bytes[*part..=part + PART]));
            let found = parts.into_iter().find_map(|part| around(part..part + PART));
            if found.is_some() {
                return found;
            }
        }
        at += BLOCK;
    }
    around(at.min(bytes.len())..bytes.len())
}

/// Whether the rare bytes of a word begin in these bytes, but for the last.
fn may_hold(words: &[Word], bytes: &[u8]) -> bool {
    words.chunks(2).any(|few| {
        // Two at a time, or one twice: a loop over as many as there are is not made a vector of.
        let ([a, b], [c, d]) = (few[0].pair(), few[few.len() - 1].pair());
        let is = |found: bool| u8::from(found);
        let pairs = bytes.iter().zip(&bytes[1..]);
        pairs.fold(0, |any, (x, y)| any | is(*x == a) & is(*y == b) | is(*x == c) & is(*y == d)) != 0
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: [Word; 3] = [Word::new(b" ERROR ", 3), Word::new(b"AL ", 0), Word::new(b" WARN", 1)];

    #[test]
    fn each_word_is_found_wherever_it_stands() {
        for length in [1, 70, 200] {
            for word in ["", " ERROR ", "AL ", " WARN"] {
                for at in 0..length {
                    let mut text = "x".repeat(at) + word;
                    text.push_str(&"RR AL WA".repeat(length).chars().rev().collect::<String>());
                    let want = (!word.is_empty()).then_some(at);
                    assert_eq!(first(&WORDS, text.as_bytes(), 0), want, "{text}");
                    assert_eq!(first(&WORDS, text.as_bytes(), at), want, "{text}");
                    assert_eq!(first(&WORDS, text.as_bytes(), at + 1), None, "{text}");
                }
            }
        }
    }

    #[test]
    fn they_are_found_in_their_order() {
        let text = b"FATAL  ERROR  WARN ERROR";
        let mut from = 0;
        let mut found = Vec::new();
        while let Some(at) = first(&WORDS, text, from) {
            found.push(at);
            from = at + 1;
        }
        assert_eq!(found, [3, 6, 13]);
        assert_eq!(first(&[], text, 0), None);
    }
}
