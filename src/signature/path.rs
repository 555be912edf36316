//! The parts of a file's path.

/// Of a longer path the last parts count.
const MOST_PARTS: usize = 24;

/// A folder that tells where a module's name begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// `site-packages`, `dist-packages`.
    Packages,
    /// `tk-multi-publish2`.
    Bundle,
    /// `python`.
    Python,
    /// Python's own library: `python3.9`, `python310.zip`.
    Library,
    /// `python-3.9`, `PythonForMaya`: a `lib` in it is Python's own.
    Home,
    /// `lib`.
    Lib,
}

impl Mark {
    /// Whether a `lib` in it is Python's own.
    pub fn is_pythons(self) -> bool {
        matches!(self, Self::Python | Self::Library | Self::Home)
    }

    /// Whether a part begins as one does. Hardly one is, so that hardly one is compared.
    #[inline]
    fn may_be(part: &[u8]) -> bool {
        let [first, second, ..] = part else { return false };
        let letters = u16::from_be_bytes([*first, *second]) | 0x2020;
        let is = |two: &[u8; 2]| letters == u16::from_be_bytes(*two);
        // Without a branch for each: they would be guessed wrongly too often.
        is(b"si") | is(b"di") | is(b"tk") | is(b"py") | is(b"li")
    }

    fn of(part: &[u8]) -> Option<Self> {
        let is = |name: &[u8]| part.eq_ignore_ascii_case(name);
        Some(match part {
            [b't' | b'T', b'k' | b'K', b'-', ..] => Self::Bundle,
            [b'p' | b'P', b'y' | b'Y', b't' | b'T', b'h' | b'H', b'o' | b'O', b'n' | b'N', rest @ ..] => {
                match rest {
                    [] => Self::Python,
                    [b'0'..=b'9', ..] => Self::Library,
                    _ => Self::Home,
                }
            }
            [b'l' | b'L', b'i' | b'I', b'b' | b'B'] => Self::Lib,
            _ if is(b"site-packages") || is(b"dist-packages") => Self::Packages,
            _ => return None,
        })
    }
}

/// The last parts of a path, counted from its file, which is number 0, outwards.
pub struct Parts<'a> {
    path: &'a str,
    bounds: [(usize, usize); MOST_PARTS],
    count: usize,
}

impl<'a> Parts<'a> {
    /// Those of a path that stand behind what says on which drive, in which share and in whose home it lies: none yet.
    #[inline]
    pub fn of(path: &'a str) -> Self {
        Self { path: &path[root(path)..], bounds: [(0, 0); MOST_PARTS], count: 0 }
    }

    /// Finds them. Each folder that is marked is told with its number, from the file outwards; where that is enough no
    /// further part is looked for. (In place: to hand so much over takes as long as to find it.)
    #[inline]
    pub fn find(&mut self, mut is_enough: impl FnMut(&Self, usize, Mark) -> bool) {
        let mut end = self.path.len();
        for (number, block) in self.path.as_bytes().chunks(BLOCK).enumerate().rev() {
            let mut left = separators(block);
            while let Some(bit) = left.checked_ilog2() {
                left ^= 1 << bit;
                let at = number * BLOCK + bit as usize;
                if self.put(at + 1, end, &mut is_enough) {
                    return;
                }
                end = at;
            }
        }
        self.put(0, end, &mut is_enough);
    }

    /// Takes the next one; whether that is enough.
    #[inline]
    fn put(
        &mut self,
        start: usize,
        end: usize,
        is_enough: &mut impl FnMut(&Self, usize, Mark) -> bool,
    ) -> bool {
        let part = &self.path.as_bytes()[start..end];
        if matches!(part, [] | [b'.']) {
            return false;
        }
        let number = self.count;
        self.bounds[number] = (start, end);
        self.count += 1;
        if number > 0
            && Mark::may_be(part)
            && Mark::of(part).is_some_and(|mark| is_enough(self, number, mark))
        {
            return true;
        }
        self.count == MOST_PARTS
    }

    /// How many were found.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The part of this number; empty where none was found.
    pub fn part(&self, number: usize) -> &'a str {
        self.bounds.get(number).map_or("", |&(start, end)| &self.path[start..end])
    }
}

/// Where what lies behind the drive, the share and the home begins.
fn root(path: &str) -> usize {
    let bytes = path.as_bytes();
    let behind_one = |from: usize| {
        let length = bytes[from..].iter().position(|byte| is_separator(*byte))?;
        Some(from + length + 1)
    };
    // A file that lies there itself stays.
    let behind_two = |from| behind_one(from).map_or(from, |first| behind_one(first).unwrap_or(first));
    if matches!(bytes, [b'/', b'/', ..] | [b'\\', b'\\', ..]) {
        return behind_two(2);
    }
    let has_drive = matches!(bytes, [_, b':', separator, ..] if is_separator(*separator));
    let drive = if has_drive { 2 } else { 0 };
    let first = drive + usize::from(bytes.get(drive).is_some_and(|byte| is_separator(*byte)));
    let is_in = |folder: &str| {
        let rest = bytes[first..].strip_prefix(folder.as_bytes());
        rest.and_then(<[u8]>::first).is_some_and(|byte| is_separator(*byte))
    };
    let is_home = ["home", "Users", "users"].into_iter().any(is_in);
    if is_home || !has_drive && ["mnt", "net", "Volumes", "media"].into_iter().any(is_in) {
        return behind_two(first);
    }
    first
}

fn is_separator(byte: u8) -> bool {
    matches!(byte, b'/' | b'\\')
}

const BLOCK: usize = 64;

/// Bytes that are looked at together.
const WORD: usize = 8;

/// The separators of a block: a bit for each byte. A search from one to the next, as by `memchr`, takes twice as long: the
/// parts are short, and where each ends is guessed wrongly.
fn separators(block: &[u8]) -> u64 {
    let Some(last) = block.last_chunk() else {
        return block.iter().rev().fold(0, |bits, byte| bits << 1 | u64::from(is_separator(*byte)));
    };
    let (words, _) = block.as_chunks();
    // One after the other: as vectors they would be multiplied in pieces.
    let bits = words.iter().rev().fold(0, |bits, word| bits << WORD | separators_of(*word));
    bits | separators_of(*last) << (block.len() - WORD)
}

/// The same for eight bytes.
fn separators_of(word: [u8; WORD]) -> u64 {
    const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    let word = u64::from_le_bytes(word);
    // The highest bit of each byte that is none of this one's.
    let differs = |byte: u8| {
        let other = word ^ u64::from_le_bytes([byte; WORD]);
        ((other & LOW) + LOW) | other
    };
    let highest = !(differs(b'/') & differs(b'\\')) & !LOW;
    // These eight, side by side.
    (highest >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_separator_is_found_wherever_it_stands() {
        let others = ['\0', 'a', '.', '0', '[', ']', ';', 'é', '\u{af}', '\u{dc}', '\u{7f}'];
        for length in 1..=BLOCK {
            for at in 0..length {
                for separator in ['/', '\\'] {
                    let all =
                        (0..length).map(|one| if one == at { separator } else { others[one % others.len()] });
                    let text: String = all.collect();
                    for block in text.as_bytes().chunks(BLOCK) {
                        let is_one = |(bit, byte): (usize, &u8)| u64::from(is_separator(*byte)) << bit;
                        let want = block.iter().enumerate().map(is_one).sum::<u64>();
                        assert_eq!(separators(block), want, "{text}");
                    }
                }
            }
        }
        assert_eq!(separators(&[b'/'; BLOCK]), u64::MAX);
    }

    #[test]
    fn the_last_parts_count() {
        let parts = |path| {
            let mut all = Parts::of(path);
            all.find(|_, _, _| false);
            (0..all.count()).map(|number| all.part(number).to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(parts("/a/./b//c.py"), ["c.py", "b", "a"]);
        assert_eq!(parts("c.py"), ["c.py"]);
        assert_eq!(parts(""), [""; 0]);
        let long: Vec<String> = (0..100).map(|number| format!("part{number}")).collect();
        assert!(parts(&long.join("/")).iter().eq(long.iter().rev().take(MOST_PARTS)));
    }

    #[test]
    fn marked_folders_are_told_until_it_is_enough() {
        let mut told = Vec::new();
        let path = "/x/Site-Packages/tk-a/python/lib/pythonx/Python39/lib.py";
        let mut all = Parts::of(path);
        all.find(|_, number, mark| {
            told.push((number, mark));
            mark == Mark::Bundle
        });
        let want =
            [(1, Mark::Library), (2, Mark::Home), (3, Mark::Lib), (4, Mark::Python), (5, Mark::Bundle)];
        assert_eq!((told, all.count()), (want.to_vec(), 6));
    }

    #[test]
    fn a_root_is_no_part() {
        for (path, want) in [
            ("/home/anna/x/a.py", "x/a.py"),
            ("/home/a.py", "a.py"),
            ("C:\\Users\\anna\\a.py", "a.py"),
            ("C:/a.py", "a.py"),
            ("c:a.py", "c:a.py"),
            ("\\\\server\\share\\x\\a.py", "x\\a.py"),
            ("//server/a.py", "a.py"),
            ("//a.py", "a.py"),
            ("/mnt/tools/x/a.py", "x/a.py"),
            ("D:/mnt/tools/a.py", "mnt/tools/a.py"),
            ("/homes/anna/a.py", "homes/anna/a.py"),
            ("home/anna/a.py", "a.py"),
        ] {
            assert_eq!(&path[root(path)..], want, "{path}");
        }
    }
}
