//! How a text falls into chunks, and what kinds of bytes stand in each.

use std::ops::Range;

use crate::redact::mark;

/// How a byte counts where a text falls into chunks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    Letter,
    Digit,
    Blank,
    /// Ends a chunk.
    Delimiter,
    /// Punctuation that may stand within a chunk: `a.b`, `C:\x`, `10:21`.
    Inner,
}

const CLASSES: [Class; 256] = {
    let mut classes = [Class::Inner; 256];
    let mut byte = 0_u8;
    loop {
        classes[byte as usize] = match byte {
            // All that is not ASCII is taken for letters: it carries no number.
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | 0x80.. => Class::Letter,
            b'0'..=b'9' => Class::Digit,
            0..=b' ' => Class::Blank,
            b',' | b';' | b'(' | b')' | b'[' | b']' | b'{' | b'}' | b'<' | b'>' | b'|' | b'"' | b'\''
            | b'`' | b'=' => Class::Delimiter,
            _ => Class::Inner,
        };
        if byte == u8::MAX {
            break;
        }
        byte += 1;
    }
    classes
};

/// The class of a byte.
#[inline]
pub fn class(byte: u8) -> Class {
    CLASSES[usize::from(byte)]
}

/// Whether a byte can be part of a name.
#[inline]
pub fn is_word(byte: u8) -> bool {
    matches!(class(byte), Class::Letter | Class::Digit)
}

/// Which kinds of bytes stand in a chunk, one bit for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Seen(u16);

impl Seen {
    pub const LETTER: Self = Self(1);
    pub const DIGIT: Self = Self(1 << 1);
    pub const SLASH: Self = Self(1 << 2);
    pub const COLON: Self = Self(1 << 3);
    pub const AT: Self = Self(1 << 4);
    pub const DOT: Self = Self(1 << 5);
    /// What joins words.
    pub const JOINT: Self = Self(1 << 6);
    /// What no number holds.
    pub const NO_NUMBER: Self = Self(1 << 7);
    /// What ends a chunk.
    const END: Self = Self(1 << 8);
    /// What was redacted.
    pub const MARK: Self = Self(1 << 10);
    /// Punctuation of any kind.
    const INNER: Self = Self(1 << 9);

    /// Whether one of these kinds is among them.
    #[inline]
    pub fn has(self, any: Self) -> bool {
        self.0 & any.0 != 0
    }

    /// These and those.
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    const fn of(byte: u8) -> Self {
        let kind = match CLASSES[byte as usize] {
            Class::Letter => Self::LETTER,
            Class::Digit => Self::DIGIT,
            Class::Blank | Class::Delimiter => Self::END,
            Class::Inner => Self::INNER.and(match byte {
                b'/' | b'\\' => Self::SLASH.and(Self::JOINT),
                b':' => Self::COLON.and(Self::JOINT),
                b'@' => Self::AT.and(Self::JOINT),
                b'.' => Self::DOT,
                b'#' | b'*' | b'!' | b'?' | b'&' | b'+' => Self::JOINT,
                _ => Self::INNER,
            }),
        };
        if is_numeric(byte) { kind } else { kind.and(Self::NO_NUMBER) }
    }
}

const KINDS: [Seen; 256] = {
    let mut kinds = [Seen(0); 256];
    let mut byte = 0_u8;
    loop {
        kinds[byte as usize] = Seen::of(byte);
        if byte == u8::MAX {
            break;
        }
        byte += 1;
    }
    kinds
};

/// Whether a number may hold this byte, be it hexadecimal, a date, a version or an address.
pub const fn is_numeric(byte: u8) -> bool {
    byte.is_ascii_hexdigit()
        || matches!(
            byte,
            b':' | b'.' | b'-' | b'+' | b'/' | b'T' | b'Z' | b'%' | b'_' | b'#' | b'@' | b'~' | b'*' | b'&'
        )
}

/// A run of bytes up to a blank or a delimiter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// It, without the punctuation behind it.
    pub range: Range<usize>,
    /// Where it ends with that.
    pub end: usize,
    /// What stands in it, with that.
    pub seen: Seen,
}

/// The chunk that begins here.
#[inline]
pub fn chunk(bytes: &[u8], start: usize, limit: usize) -> Chunk {
    let (mut seen, mut end) = (Seen::default(), start);
    while end < limit {
        let kind = KINDS[usize::from(bytes[end])];
        if !kind.has(Seen::END) {
            seen = seen.and(kind);
            end += 1;
            continue;
        }
        // What was redacted is a part of the chunk that it stood in.
        let Some(behind) = mark::end(bytes, end).filter(|behind| *behind <= limit) else { break };
        seen = seen.and(Seen::LETTER).and(Seen::NO_NUMBER).and(Seen::MARK);
        end = behind;
    }
    let mut last = end;
    while last > start && class(bytes[last - 1]) == Class::Inner && !matches!(bytes[last - 1], b'/' | b'\\') {
        last -= 1;
    }
    Chunk { range: start..last, end, seen }
}

impl Chunk {
    /// Whether it is one word of letters, as most chunks are: then no rule about its shape applies.
    #[inline]
    pub fn is_word(&self, bytes: &[u8]) -> bool {
        let Self { range, end, seen } = self;
        let is_letter = |byte: &u8| class(*byte) == Class::Letter;
        !seen.has(Seen::DIGIT.and(Seen::INNER).and(Seen::MARK))
            || range.end < *end
                && !range.is_empty()
                && !seen.has(Seen::DIGIT.and(Seen::SLASH))
                && bytes[range.clone()].iter().all(is_letter)
    }
}
