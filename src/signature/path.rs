//! The parts of a file's path, and what each says about where the file is installed.

use std::ops::{ControlFlow, Range};

/// What a path's parts are kept in: of a longer one the last ones count.
const MOST_PARTS: usize = 24;

/// What a part of a path says about those beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `site-packages`, `dist-packages`.
    Packages,
    /// `tk-multi-publish2`.
    Bundle,
    /// `python`.
    Python,
    /// Python's own library: `python3.9`, `python310.zip`.
    Library,
    /// `lib`.
    Lib,
    /// The folder of a release, or of a commit.
    Version,
    Other,
}

impl Kind {
    #[inline]
    fn of(part: &str) -> Self {
        let bytes = part.as_bytes();
        let [first, second] = [0, 1].map(|at| bytes.get(at).map_or(0, u8::to_ascii_lowercase));
        let is = |name: &str| part.eq_ignore_ascii_case(name);
        // Hardly a part begins as one of these does, so that hardly one is compared.
        match (first, second) {
            (b's' | b'd', b'i') if is("site-packages") || is("dist-packages") => Self::Packages,
            (b't', b'k') if begins(part, "tk-") => Self::Bundle,
            (b'p', b'y') if is("python") => Self::Python,
            (b'p', b'y') if begins(part, "python") && bytes.get(6).is_some_and(u8::is_ascii_digit) => {
                Self::Library
            }
            (b'l', b'i') if is("lib") => Self::Lib,
            (b'0'..=b'9', _) | (b'v', b'0'..=b'9') if is_version(part) => Self::Version,
            _ if is_commit(part) => Self::Version,
            _ => Self::Other,
        }
    }
}

/// The last parts of a path.
pub struct Parts<'a> {
    pub kept: [&'a str; MOST_PARTS],
    pub kinds: [Kind; MOST_PARTS],
    /// Those that name the module's folders.
    pub dirs: Range<usize>,
}

impl<'a> Parts<'a> {
    /// Those of a path, the file among them.
    #[inline]
    pub fn of(path: &'a str) -> Self {
        let mut all =
            Self { kept: [""; MOST_PARTS], kinds: [Kind::Other; MOST_PARTS], dirs: MOST_PARTS..MOST_PARTS };
        let mut end = path.len();
        // From the end: a path that never ends has its last parts.
        let is_full = separators(path.as_bytes()).try_for_each(|at| {
            let part = &path[at + 1..end];
            end = at;
            all.put(part)
        });
        if is_full.is_continue() {
            all.put(&path[..end]).is_break();
        }
        let root = root(path, &all.kept[all.dirs.clone()]);
        all.dirs.start = (all.dirs.start + root).min(MOST_PARTS - 1);
        all
    }

    /// Takes one that stands before the others, until there are enough.
    #[inline]
    fn put(&mut self, part: &'a str) -> ControlFlow<()> {
        if !part.is_empty() && part != "." {
            self.dirs.start -= 1;
            self.kept[self.dirs.start] = part;
            self.kinds[self.dirs.start] = Kind::of(part);
        }
        if self.dirs.start == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// Takes the file away.
    pub fn pop(&mut self) -> &'a str {
        self.dirs.end -= 1;
        self.kept[self.dirs.end]
    }

    /// The folders that say something.
    pub fn all(&self) -> impl Iterator<Item = &'a str> {
        let says_something = |at: &usize| !matches!(self.kinds[*at], Kind::Version | Kind::Python);
        self.dirs.clone().filter(says_something).map(|at| self.kept[at])
    }

    /// The first of these.
    pub fn first(&self) -> Option<&'a str> {
        self.all().next()
    }
}

/// Where the parts of a path end, from the last one on. Parts are short, and a search for each end takes longer than to
/// look at eight bytes at once.
fn separators(path: &[u8]) -> impl Iterator<Item = usize> {
    const EACH: u64 = 0x0101_0101_0101_0101;
    const LOW_BITS: u64 = EACH * 0x7f;
    // The highest bit of each byte that is zero.
    let zeros = |word: u64| !(((word & LOW_BITS) + LOW_BITS) | word | LOW_BITS);
    let each_that_is = move |byte: u8, word: u64| zeros(word ^ (EACH * u64::from(byte)));
    let mut begin = path.len();
    path.rchunks(8).flat_map(move |chunk| {
        begin -= chunk.len();
        let word = chunk.try_into().unwrap_or_else(|_| {
            let mut padded = [0; 8];
            padded[..chunk.len()].copy_from_slice(chunk);
            padded
        });
        let word = u64::from_le_bytes(word);
        let mut found = each_that_is(b'/', word) | each_that_is(b'\\', word);
        let at = begin;
        std::iter::from_fn(move || {
            let bit = found.checked_ilog2()?;
            found ^= 1 << bit;
            Some(at + bit as usize / 8)
        })
    })
}

/// How many parts say on which drive, in which share and in whose home a path lies.
fn root(path: &str, parts: &[&str]) -> usize {
    let is = |at: usize, names: &[&str]| parts.get(at).is_some_and(|part| names.contains(part));
    let has_drive = parts.first().is_some_and(|first| first.len() == 2 && first.ends_with(':'));
    let drive = usize::from(has_drive);
    if path.starts_with("\\\\") || path.starts_with("//") {
        return 2;
    }
    if is(drive, &["home", "Users", "users"]) || !has_drive && is(0, &["mnt", "net", "Volumes", "media"]) {
        return drive + 2;
    }
    drive
}

/// Whether a part begins with this name, in any case.
#[inline]
pub fn begins(part: &str, name: &str) -> bool {
    part.as_bytes().get(..name.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(name.as_bytes()))
}

/// The folder of a release: `v1.2.3`, `1.2.3`.
fn is_version(part: &str) -> bool {
    let number = part.strip_prefix('v').unwrap_or(part);
    number.starts_with(|next: char| next.is_ascii_digit())
        && number.bytes().all(|byte| {
            byte.is_ascii_digit()
                || matches!(byte, b'.' | b'-' | b'_')
                || byte.is_ascii_lowercase() && part.contains('.')
        })
}

/// The folder of a commit: `9f4ef63`.
fn is_commit(part: &str) -> bool {
    matches!(part.len(), 7 | 40) && part.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_all_separators() {
        for path in [
            "",
            "/",
            "a",
            "/a\\b//c",
            "\\\\server\\share\\a-b.c/d",
            "/größe/0123456789/x\\",
            "........./......../",
        ] {
            let found: Vec<_> = separators(path.as_bytes()).collect();
            let each = path.bytes().enumerate().filter(|(_, byte)| matches!(byte, b'/' | b'\\'));
            let mut want: Vec<_> = each.map(|(at, _)| at).collect();
            want.reverse();
            assert_eq!(found, want, "{path}");
        }
    }
}
