//! Finds the signs of all rules in one pass.
//!
//! In an automaton of so many signs each byte waits for the one before, and for a cache. Here three bytes of each sign, the
//! rarest ones, are looked up in a table, and lookups do not wait for each other. Where to look is computed for many places
//! at a time, by additions and products that a compiler makes vectors of.

use std::ops::Range;

/// Bytes that are looked up at a time: no sign is shorter.
pub(super) const LEAST: usize = 3;

/// Slots of the table: one in three hundred is taken.
const SLOTS: usize = 1 << 16;

/// Places that are looked at together, and the bytes that are read for them.
const BLOCK: usize = 64;
const READ: usize = BLOCK + LEAST - 1;

/// Places of a block of which one branch says that no sign is there.
const PART: usize = 16;

/// All signs.
#[derive(Debug)]
pub(super) struct Signs {
    all: Vec<Sign>,
    /// Not zero where an entry has the slot.
    table: Box<[u8; SLOTS]>,
    /// Where the entries of a slot begin; they are in the order of their slots.
    begins: Vec<u16>,
    entries: Vec<Entry>,
}

/// A sign, and the rule that it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sign {
    pub text: String,
    pub rule: usize,
    /// Whether capitals count.
    pub is_exact: bool,
}

/// Three bytes of a sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    slot: u16,
    /// Folded.
    three: [u8; LEAST],
    /// As they are written, where capitals count.
    exactly: Option<[u8; LEAST]>,
    sign: u16,
    /// Where in the sign they stand.
    offset: usize,
}

impl Signs {
    pub(super) fn new(signs: Vec<Sign>) -> Self {
        let mut entries: Vec<Entry> =
            signs.iter().enumerate().filter_map(|(at, sign)| entry(at, sign)).collect();
        entries.sort_unstable();
        let table: Result<Box<[u8; SLOTS]>, _> = vec![0; SLOTS].into_boxed_slice().try_into();
        let mut table = table.expect("it was made with so many slots");
        let mut begins = vec![0; SLOTS];
        for (at, entry) in entries.iter().enumerate().rev() {
            table[usize::from(entry.slot)] = 1;
            begins[usize::from(entry.slot)] = u16::try_from(at).unwrap_or(u16::MAX);
        }
        Self { all: signs, table, begins, entries }
    }

    /// Calls `found` for each sign in the text, in about their order.
    pub(super) fn each(&self, bytes: &[u8], mut found: impl FnMut(&Sign, Range<usize>)) {
        let mut at = 0;
        while let Some(block) = bytes.get(at..).and_then(<[u8]>::first_chunk::<READ>) {
            self.in_block(bytes, at, block, &mut found);
            at += BLOCK;
        }
        // What is left is shorter than a block. What is put behind it makes no sign: that would reach behind the text.
        let mut rest = [0; READ];
        let left = bytes.get(at..).unwrap_or_default();
        rest[..left.len()].copy_from_slice(left);
        self.in_block(bytes, at, &rest, &mut found);
    }

    /// The signs whose three bytes begin in the first bytes of a block.
    #[inline]
    fn in_block(
        &self,
        bytes: &[u8],
        at: usize,
        block: &[u8; READ],
        found: &mut impl FnMut(&Sign, Range<usize>),
    ) {
        let mut slots = [0; BLOCK];
        let threes = block.iter().zip(&block[1..]).zip(&block[2..]);
        for (slot, ((first, second), third)) in slots.iter_mut().zip(threes) {
            *slot = slot_of([folded(*first), folded(*second), folded(*third)]);
        }
        let is_taken = |slot: &u16| self.table[usize::from(*slot)];
        for (part, slots) in slots.chunks_exact(PART).enumerate() {
            // Mostly there is none, and one branch says so of all.
            if slots.iter().fold(0, |any, slot| any | is_taken(slot)) == 0 {
                continue;
            }
            for (next, slot) in slots.iter().enumerate().filter(|(_, slot)| is_taken(slot) != 0) {
                let next = part * PART + next;
                self.at(bytes, at + next, *slot, [block[next], block[next + 1], block[next + 2]], found);
            }
        }
    }

    #[inline(never)]
    fn at(
        &self,
        bytes: &[u8],
        at: usize,
        slot: u16,
        three: [u8; LEAST],
        found: &mut impl FnMut(&Sign, Range<usize>),
    ) {
        let entries = &self.entries[usize::from(self.begins[usize::from(slot)])..];
        let here = three.map(folded);
        let is_here =
            |entry: &&Entry| entry.three == here && entry.exactly.is_none_or(|exactly| exactly == three);
        for entry in entries.iter().take_while(|entry| entry.slot == slot).filter(is_here) {
            let sign = &self.all[usize::from(entry.sign)];
            let Some(begin) = at.checked_sub(entry.offset) else { continue };
            let range = begin..begin + sign.text.len();
            let Some(text) = bytes.get(range.clone()) else { continue };
            let is_here = if sign.is_exact {
                text == sign.text.as_bytes()
            } else {
                text.eq_ignore_ascii_case(sign.text.as_bytes())
            };
            if is_here {
                found(sign, range);
            }
        }
    }
}

/// The rarest three bytes of a sign.
fn entry(at: usize, sign: &Sign) -> Option<Entry> {
    let threes = sign.text.as_bytes().windows(LEAST).enumerate();
    let (offset, rarest) = threes.min_by_key(|(_, three)| {
        let is_frequent = FREQUENT.iter().any(|word| three.eq_ignore_ascii_case(word));
        (is_frequent, three.iter().map(|byte| weight(*byte)).sum::<u32>())
    })?;
    let written = [rarest[0], rarest[1], rarest[2]];
    let (three, exactly) = (written.map(folded), sign.is_exact.then_some(written));
    Some(Entry { slot: slot_of(three), three, exactly, sign: u16::try_from(at).unwrap_or(u16::MAX), offset })
}

/// Rare by their letters, but not where hooks and plates, playblasts and plug-ins are talked of, and each second error is a
/// `KeyError`.
const FREQUENT: [&[u8]; 5] = [b"hoo", b"ook", b"pla", b"plu", b"key"];

/// How much a byte is to be expected in a log.
fn weight(byte: u8) -> u32 {
    match byte.to_ascii_lowercase() {
        b'e' | b't' | b'a' | b'o' | b'i' | b'n' | b's' | b'r' => 6,
        b'_' => 5,
        b'l' | b'c' | b'd' | b'p' | b'm' | b'u' | b'/' | b' ' | b'.' | b'-' => 4,
        b'h' | b'f' | b'g' | b'b' | b'y' | b'0'..=b'9' | b':' => 3,
        b'v' | b'w' | b'x' => 2,
        _ => 1,
    }
}

/// A byte, of which a capital is a small letter, and some signs are others: what is found by it is compared as it is written.
fn folded(byte: u8) -> u8 {
    byte | 0x20
}

/// Where three bytes have their slot.
fn slot_of([first, second, third]: [u8; LEAST]) -> u16 {
    let part = |byte: u8, factor: u16| u16::from(byte).wrapping_mul(factor);
    part(first, 0x9e37).wrapping_add(part(second, 0x79b9)).wrapping_add(part(third, 0x1f35))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_are_found_in_each_way_that_counts() {
        let sign = |text: &str, rule, is_exact| Sign { text: text.to_owned(), rule, is_exact };
        let signs = Signs::new(vec![sign("key", 0, false), sign("api_key", 1, false), sign("eyJ", 2, true)]);
        let of = |text: &str| {
            let mut all = Vec::new();
            signs.each(text.as_bytes(), |sign, range| all.push((sign.rule, range)));
            all.sort_unstable_by_key(|(rule, range)| (*rule, range.start));
            all
        };
        assert_eq!(of("key"), [(0, 0..3)]);
        assert_eq!(of("x API_KEY eyJ EYJ"), [(0, 6..9), (1, 2..9), (2, 10..13)]);
        assert_eq!(of("keykey"), [(0, 0..3), (0, 3..6)]);
        for none in ["", "ke", "k\0y", "api_ke"] {
            assert_eq!(of(none), [], "{none}");
        }
    }
}
