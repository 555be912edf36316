//! Home folders, which tell who somebody is: `/home/anna`, `C:\Users\anna`, `\\server\users$\anna`.
//!
//! Nearly each line of a traceback has one, so this is written by hand.

use std::ops::Range;

use super::{mark, text};

/// Bytes of a user's name.
const LONGEST_NAME: usize = 64;

/// Bytes of a path before its home folders that are looked at.
const LONGEST_ROOT: usize = 64;

/// Folders of these names are nobody's.
const NOBODY: [&str; 9] = [
    "shared",
    "public",
    "default",
    "default user",
    "all users",
    "defaultapppool",
    "linuxbrew",
    "lost+found",
    "users",
];

/// Where home folders lie beside the root: `/export/home`, `/mnt/c/Users`.
const MOUNTS: [&str; 16] = [
    "export", "usr", "var", "mnt", "net", "nfs", "data", "srv", "storage", "vol", "volumes", "media",
    "system", "cygdrive", "private", "host",
];

/// The user's name behind the name of a folder that holds homes, which stands at `hit`.
pub(super) fn user(bytes: &[u8], hit: Range<usize>) -> Option<Range<usize>> {
    let behind = hit.end + usize::from(bytes.get(hit.end) == Some(&b'$'));
    let separators = slashes(bytes, behind);
    if separators == 0 {
        return None;
    }
    let begin = behind + separators;
    if mark::end(bytes, begin).is_some() {
        return None;
    }
    // What is longer is nobody's name.
    let length = name_length(bytes, begin);
    if bytes.get(begin + length).is_some_and(|next| is_of_name(*next)) {
        return None;
    }
    let root = root(bytes, hit)?;
    let end = begin + length + further_words(bytes, begin + length, bytes[behind], root);
    let name = trimmed(&bytes[begin..end]);
    let is_name = name.first().is_some_and(|first| text::is_word(*first) || *first >= 0x80);
    let is_nobody = NOBODY.iter().any(|nobody| name.eq_ignore_ascii_case(nobody.as_bytes()));
    (is_name && !is_nobody).then(|| begin..begin + name.len())
}

fn slashes(bytes: &[u8], at: usize) -> usize {
    let Some(first @ (b'/' | b'\\')) = bytes.get(at) else { return 0 };
    bytes[at..].iter().take(16).take_while(|byte| *byte == first).count()
}

fn name_length(bytes: &[u8], begin: usize) -> usize {
    bytes[begin..].iter().take(LONGEST_NAME).take_while(|byte| is_of_name(**byte)).count()
}

fn is_of_name(byte: u8) -> bool {
    !matches!(
        byte,
        0..=b' '
            | b'/'
            | b'\\'
            | b'"'
            | b'\''
            | b'`'
            | b':'
            | b';'
            | b','
            | b'<'
            | b'>'
            | b'|'
            | b'('
            | b')'
            | b'['
            | b']'
            | b'{'
            | b'}'
            | b'='
            | b'*'
            | b'?'
            | b'&'
            | b'#'
            | b'%'
            | 0x7f
    )
}

/// A name without the full stop of a sentence.
fn trimmed(name: &[u8]) -> &[u8] {
    let end = name.iter().rposition(|byte| !matches!(byte, b'.' | b'!')).map_or(0, |last| last + 1);
    &name[..end]
}

/// `Anna Smith`: how much of the text behind a name belongs to it, too. In quotes all up to the next folder does.
fn further_words(bytes: &[u8], end: usize, slash: u8, root: Root) -> usize {
    if bytes.get(end) != Some(&b' ') || !matches!(root, Root::Windows { .. }) {
        return 0;
    }
    let Root::Windows { quote } = root else { return 0 };
    let rest = &bytes[end..];
    let length =
        rest.iter().take(LONGEST_NAME).take_while(|byte| **byte == b' ' || is_of_name(**byte)).count();
    let closes = rest.get(length).is_some_and(|next| *next == slash || quote == Some(*next));
    let words = || rest[..length].split(|byte| *byte == b' ').skip(1);
    let are_names = quote.is_some() || words().all(|word| word.first().is_some_and(u8::is_ascii_uppercase));
    let is_name = closes
        && rest[length - 1] != b' '
        && words().count() <= 3
        && words().all(|word| !word.is_empty())
        && are_names;
    if is_name { length } else { 0 }
}

/// What home folders lie below.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Root {
    Posix,
    /// A drive or a share; and the quote before it.
    Windows {
        quote: Option<u8>,
    },
}

/// What the folder at `hit` lies below; none if it is no folder of homes: `https://site/home/page`, `app/home/views.py`.
fn root(bytes: &[u8], hit: Range<usize>) -> Option<Root> {
    let name = &bytes[hit.clone()];
    let prefix_begin = hit.start.saturating_sub(LONGEST_ROOT);
    let before = &bytes[prefix_begin..hit.start];
    let length = before.iter().rev().take_while(|byte| is_of_root(**byte)).count();
    let (outer, path) = before.split_at(before.len() - length);
    // What was redacted is a part of the path, too.
    if mark::ends(bytes, hit.start - length) {
        return None;
    }
    // `nethome`: the folder's own name goes on to the left.
    let own = path.iter().rev().take_while(|byte| !matches!(byte, b'/' | b'\\')).count();
    if own > 0
        && !(own <= 4 && name[0] == b'h' && path[path.len() - own..].iter().all(u8::is_ascii_lowercase))
    {
        return None;
    }
    let path = &path[..path.len() - own];
    let first = path.iter().take_while(|byte| matches!(byte, b'/' | b'\\')).count();
    if path.is_empty() {
        return None;
    }
    let scheme = outer.strip_suffix(b":");
    let letters = |text: &[u8]| text.iter().rev().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let is_capital = name.starts_with(b"Users") || name.starts_with(b"Documents");
    if let Some(scheme) = scheme {
        let drive = letters(scheme);
        if drive == 1 || drive > 1 && text::is_escaped(scheme, scheme.len() - 1) {
            let quote =
                scheme.len().checked_sub(2).map(|at| scheme[at]).filter(|byte| matches!(byte, b'"' | b'\''));
            return (first > 0).then_some(Root::Windows { quote });
        }
        let is_url = drive > 1 && !scheme.ends_with(b"file") || mark::ends(bytes, hit.start - length - 1);
        if is_url && path.starts_with(b"//") {
            return None;
        }
    }
    let quote = outer.last().copied().filter(|byte| matches!(byte, b'"' | b'\''));
    let mut parts = path.split(|byte| matches!(byte, b'/' | b'\\')).filter(|part| !part.is_empty());
    let outermost = parts.next();
    let is_share = first >= 2 && scheme.is_none() && outermost.is_some();
    if is_share && parts.next().is_none_or(|part| part.ends_with(b"$")) {
        return Some(Root::Windows { quote });
    }
    let is_root = match outermost {
        None => first > 0,
        Some(part) => is_capital || first > 0 && is_mount(part),
    };
    is_root.then_some(Root::Posix)
}

/// `/mnt/…`, and `/c/…` as a Unix shell on Windows has it.
fn is_mount(part: &[u8]) -> bool {
    part.len() == 1 && part[0].is_ascii_alphabetic()
        || MOUNTS.iter().any(|mount| part.eq_ignore_ascii_case(mount.as_bytes()))
}

fn is_of_root(byte: u8) -> bool {
    text::is_word(byte) || matches!(byte, b'/' | b'\\' | b'.' | b'-' | b'$' | b'~' | b'@') || byte >= 0x80
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<&str> {
        let folders = ["nethome", "home", "Users", "users", "Documents and Settings"];
        let hit = folders.iter().find_map(|name| Some((text.find(name)?, name.len())));
        let (at, length) = hit.unwrap();
        // The sign is the end of the name.
        let at = if text[at..].starts_with("nethome") { at + 3 } else { at };
        let length = if length == 7 { 4 } else { length };
        user(text.as_bytes(), at..at + length).map(|range| &text[range])
    }

    #[test]
    fn a_home_is_found_wherever_it_lies() {
        for (text, want) in [
            ("/home/anna/x", "anna"),
            ("read /home/anna.", "anna"),
            ("/Users/anna smith/x", "anna"),
            ("File \"C:\\Users\\anna\\x.py\"", "anna"),
            ("'C:\\\\Users\\\\anna\\\\x'", "anna"),
            ("d:/users/anna/x", "anna"),
            ("\\\\server\\users$\\anna\\x", "anna"),
            ("\\\\server\\c$\\Users\\anna", "anna"),
            ("//server/home/anna", "anna"),
            ("/nethome/anna/x", "anna"),
            ("/export/home/anna", "anna"),
            ("/mnt/c/Users/anna/x", "anna"),
            ("/c/users/anna", "anna"),
            ("PATH=/bin:/home/anna/bin", "anna"),
            ("file:///home/anna/x", "anna"),
            ("file:///C:/Users/anna/x", "anna"),
            ("C:\\Documents and Settings\\anna\\x", "anna"),
            ("C:\\Users\\Anna Smith\\x", "Anna Smith"),
            ("\"C:\\Users\\anna smith\\x\"", "anna smith"),
            ("C:\\Users\\anna or x\\y", "anna"),
            ("/home/åsa/x", "åsa"),
            ("/home/anna@studio.local/x", "anna@studio.local"),
        ] {
            assert_eq!(of(text), Some(want), "{text}");
        }
    }

    #[test]
    fn what_is_nobodys_home() {
        for text in [
            "https://site/home/page",
            "app/home/views.py",
            "/Users/Shared/x",
            "C:\\Users\\Public\\x",
            "C:\\Users\\Default\\x",
            "/api/users/42",
            "/home/",
            "/home/[redacted:user]/x",
            "/home/$USER/x",
            "/home/<user>/x",
            "the home/away team",
            "go home",
        ] {
            assert_eq!(of(text), None, "{text}");
        }
    }
}
