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
        let is_full = memchr::memrchr2_iter(b'/', b'\\', path.as_bytes()).try_for_each(|at| {
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
