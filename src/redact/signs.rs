//! Finds the signs of all rules in one pass.
//!
//! In an automaton of so many signs each byte waits for the one before, and for a cache. Here three bytes of each sign, the
//! rarest ones, are looked up in a table, and lookups do not wait for each other.

use std::ops::Range;

/// Bytes that are looked up at a time: no sign is shorter.
pub(super) const LEAST: usize = 3;

/// Slots of the table: one in fifty is taken.
const SLOTS: usize = 1 << 16;

/// Bytes that are read at a time, and how many threes begin in them that are whole.
const BLOCK: usize = 8;
const THREES: usize = BLOCK - LEAST + 1;

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
    three: u64,
    sign: u16,
    /// Where in the sign they stand.
    offset: usize,
}

impl Signs {
    pub(super) fn new(signs: Vec<Sign>) -> Self {
        let mut entries: Vec<Entry> =
            signs.iter().enumerate().flat_map(|(at, sign)| entries(at, sign)).collect();
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
        while let Some(block) = bytes.get(at..).and_then(<[u8]>::first_chunk::<BLOCK>) {
            self.in_block(bytes, at, u64::from_le_bytes(*block), &mut found);
            at += THREES;
        }
        // What is left is shorter than a block: no sign holds a NUL.
        let mut rest = [0; BLOCK];
        let left = bytes.get(at..).unwrap_or_default();
        rest[..left.len()].copy_from_slice(left);
        self.in_block(bytes, at, u64::from_le_bytes(rest), &mut found);
    }

    /// The signs whose three bytes begin in the first bytes of a block.
    #[inline]
    fn in_block(&self, bytes: &[u8], at: usize, block: u64, found: &mut impl FnMut(&Sign, Range<usize>)) {
        let is_taken = |next: usize| self.table[usize::from(slot(block >> (8 * next)))];
        // Mostly there is none, and one branch says so of all.
        if (0..THREES).fold(0, |any, next| any | is_taken(next)) == 0 {
            return;
        }
        for next in (0..THREES).filter(|next| is_taken(*next) != 0) {
            self.at(bytes, at + next, block >> (8 * next), found);
        }
    }

    #[inline(never)]
    fn at(&self, bytes: &[u8], at: usize, block: u64, found: &mut impl FnMut(&Sign, Range<usize>)) {
        let slot = slot(block);
        let three = block & 0xff_ffff;
        let entries = &self.entries[usize::from(self.begins[usize::from(slot)])..];
        for entry in
            entries.iter().take_while(|entry| entry.slot == slot).filter(|entry| entry.three == three)
        {
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

/// The rarest three bytes of a sign, in each way to write them.
fn entries(at: usize, sign: &Sign) -> Vec<Entry> {
    let threes = sign.text.as_bytes().windows(LEAST).enumerate();
    let Some((offset, rarest)) =
        threes.min_by_key(|(_, three)| three.iter().map(|byte| weight(*byte)).sum::<u32>())
    else {
        return Vec::new();
    };
    let ways = |byte: u8| {
        if sign.is_exact { [byte, byte] } else { [byte.to_ascii_lowercase(), byte.to_ascii_uppercase()] }
    };
    let mut all = Vec::new();
    for first in ways(rarest[0]) {
        for second in ways(rarest[1]) {
            for third in ways(rarest[2]) {
                let three = u64::from_le_bytes([first, second, third, 0, 0, 0, 0, 0]);
                all.push(Entry {
                    slot: slot(three),
                    three,
                    sign: u16::try_from(at).unwrap_or(u16::MAX),
                    offset,
                });
            }
        }
    }
    all.sort_unstable();
    all.dedup();
    all
}

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

/// Where the first three bytes of a block have their slot.
fn slot(block: u64) -> u16 {
    // The upper bits of a product depend on all of the three; what comes behind them is shifted out.
    let [first, second, ..] = (block << 40).wrapping_mul(0x9e_37b1).to_be_bytes();
    u16::from_be_bytes([first, second])
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
