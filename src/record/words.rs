//! Where the words of levels stand in bytes of the Toolkit dialect.

use memchr::memmem::Finder;

use super::Level;

/// Places that are looked at together for the end of a word.
const BLOCK: usize = 512;

/// Bytes that are searched at once where nothing is known of how a word ends.
const BIG_BLOCK: usize = 64 << 10;

/// No word is longer.
const LONGEST: usize = 16;

/// What stands in each header of some levels, and in few others.
#[derive(Debug, Default)]
pub(super) struct Words {
    words: Vec<Finder<'static>>,
    /// Whether each of them ends as [`may_end`] says.
    ends_are_known: bool,
}

impl Words {
    /// The words of these levels; none where they would be in most headers.
    pub fn of(wanted: &[Level]) -> Self {
        let word = |level: &Level| match level {
            Level::Error => Some(" ERROR "),
            // Of CRITICAL and of FATAL.
            Level::Critical => Some("AL "),
            // Of WARNING, too.
            Level::Warning => Some(" WARN"),
            Level::Info | Level::Debug | Level::Other => None,
        };
        let words: Option<_> = wanted.iter().map(|level| word(level).map(Finder::new)).collect();
        let ends_are_known = wanted.iter().all(|level| *level >= Level::Error);
        Self { words: words.unwrap_or_default(), ends_are_known }
    }

    /// Whether there is nothing to search for.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Where the first one begins, at or behind `from`.
    pub fn first(&self, bytes: &[u8], mut from: usize) -> Option<usize> {
        while from < bytes.len() {
            let block = if self.ends_are_known { first_block(bytes, from) } else { from };
            // A word that ends there may have begun before.
            let begin = block.saturating_sub(LONGEST).max(from);
            let end = bytes.len().min(block + if self.ends_are_known { BLOCK } else { BIG_BLOCK });
            let behind = bytes.len().min(end + LONGEST);
            let hits = self.words.iter().filter_map(|word| word.find(&bytes[begin..behind]));
            if let Some(hit) = hits.min().map(|at| begin + at).filter(|hit| *hit < end) {
                return Some(hit);
            }
            from = end;
        }
        None
    }
}

/// The first block in which a word can end, or what is left behind the last one.
///
/// To search for two words takes two passes, and this one, with the vectors of today's processors, half of their time.
fn first_block(bytes: &[u8], mut from: usize) -> usize {
    pulp::Arch::new().dispatch(
        #[inline(always)]
        || {
            while let Some(block) = bytes.get(from..).and_then(<[u8]>::first_chunk)
                && !may_end(block)
            {
                from += BLOCK;
            }
            from
        },
    )
}

/// Whether `ERROR`, `CRITICAL` or `FATAL` can end in a block: with a blank behind `R` or `L`, and some letters more. No other
/// level ends with one of these.
#[inline(always)]
#[expect(clippy::inline_always, reason = "else it is not compiled for the vectors of its caller")]
fn may_end(block: &[u8; BLOCK + 1]) -> bool {
    let is = |found: bool| u8::from(found);
    // One comparison for both: they differ in bits in which all these letters may differ.
    let is_letter = |byte: u8| byte & 0xe1 == b'R' & 0xe1;
    let places = block[..BLOCK].iter().zip(&block[1..]);
    places.fold(0, |any, (here, next)| any | (is(is_letter(*here)) & is(*next == b' '))) != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plainly(words: &[&str], bytes: &[u8], from: usize) -> Option<usize> {
        let all = words.iter().filter_map(|word| {
            bytes[from..].windows(word.len()).position(|here| here == word.as_bytes()).map(|at| from + at)
        });
        all.min()
    }

    #[test]
    fn a_word_is_found_wherever_it_stands() {
        let known = (Words::of(&[Level::Error, Level::Critical]), &[" ERROR ", "AL "][..]);
        let unknown = (Words::of(&[Level::Warning, Level::Error]), &[" WARN", " ERROR "][..]);
        for (words, texts) in [known, unknown] {
            for length in [0, 6, 7, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK, BIG_BLOCK + 20] {
                let ends = if length > BIG_BLOCK { &[BIG_BLOCK][..] } else { &[10, BLOCK] };
                let places = ends.iter().flat_map(|end| end - 10..end + 10);
                for at in places.filter(|at| *at < length) {
                    for word in [" ERROR ", " CRITICAL ", " FATAL ", " WARNING ", " DEBUG ", " INFO "] {
                        let mut bytes = vec![b'x'; length];
                        let end = length.min(at + word.len());
                        bytes[at..end].copy_from_slice(&word.as_bytes()[..end - at]);
                        for from in [0, at.saturating_sub(1), at, (at + 1).min(length)] {
                            let want = plainly(texts, &bytes, from);
                            assert_eq!(
                                words.first(&bytes, from),
                                want,
                                "{word:?} at {at} of {length} from {from}"
                            );
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn the_first_of_several_is_found() {
        let words = Words::of(&[Level::Error, Level::Critical]);
        let mut bytes = vec![b' '; 4 * BLOCK];
        for (at, word) in
            [(BLOCK - 3, " ERROR "), (BLOCK + 1, "AL "), (3 * BLOCK - 2, "AL "), (3 * BLOCK, "AL ")]
        {
            bytes[at..at + word.len()].copy_from_slice(word.as_bytes());
        }
        let mut from = 0;
        let mut found = Vec::new();
        while let Some(hit) = words.first(&bytes, from) {
            found.push(hit);
            from = hit + 1;
        }
        let want: Vec<_> =
            (0..bytes.len()).filter(|at| plainly(&[" ERROR ", "AL "], &bytes, *at) == Some(*at)).collect();
        assert_eq!(found, want);
    }
}
