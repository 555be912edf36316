//! The Toolkit dialect: `%(asctime)s [%(process)d %(levelname)s %(name)s] %(message)s`, as tk-core's
//! `log.py` writes it.

use compact_str::CompactString;

use super::Dialect;
use crate::record::{Header, Level};

const TIME: &[u8; 23] = b"0000-00-00 00:00:00,000";

/// Whether a line begins as a header does.
#[must_use]
pub fn begins(line: &[u8]) -> bool {
    begins_with_time(line) && line[TIME.len()..].starts_with(b" [")
}

/// Reads the first line of a record; None if it is no header.
///
/// A logger's name may hold spaces, colons, slashes and brackets, so it ends at the bracket that
/// closes the header's own, not at the first one.
#[must_use]
pub fn parse(line: &[u8]) -> Option<Header> {
    if !begins_with_time(line) {
        return None;
    }
    let (time, _) = line.split_at(TIME.len());
    let inside = line[TIME.len()..].strip_prefix(b" [")?;
    let digits = inside.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let pid = std::str::from_utf8(&inside[..digits]).ok()?.parse::<u32>().ok()?;
    let inside = inside[digits..].strip_prefix(b" ")?;
    let word = inside.iter().take_while(|byte| !byte.is_ascii_whitespace() && **byte != b']').count();
    let level = Level::from_name(&inside[..word]);
    let name = inside[word..].strip_prefix(b" ")?;
    let length = name_length(name)?;

    let logger = line.len() - name.len();
    let after = &name[length + 1..];
    let message = line.len() - after.strip_prefix(b" ").unwrap_or(after).len();
    Some(Header {
        dialect: Dialect::Toolkit,
        time: iso(time),
        pid: Some(pid),
        level,
        logger: logger..logger + length,
        message,
    })
}

/// Whether a line begins with a time. All of it is compared, once the first byte may be one: that takes less than asking
/// after each byte whether to go on.
fn begins_with_time(line: &[u8]) -> bool {
    let Some(head) = line.first_chunk::<{ TIME.len() }>().filter(|head| head[0].is_ascii_digit()) else {
        return false;
    };
    head.iter().zip(TIME).fold(true, |fits, (have, want)| {
        fits & ((*have == *want) | ((*want == b'0') & have.is_ascii_digit()))
    })
}

/// Length of the logger's name: up to the bracket that balances, else up to the first that closes.
fn name_length(name: &[u8]) -> Option<usize> {
    let ends = |at: usize| matches!(name.get(at + 1), None | Some(b' '));
    // Most names hold no bracket.
    if let Some(at) = memchr::memchr2(b'[', b']', name)
        && name[at] == b']'
        && ends(at)
    {
        return Some(at);
    }
    let mut depth = 0;
    for (at, byte) in name.iter().enumerate() {
        match byte {
            b'[' => depth += 1,
            b']' if depth == 0 && ends(at) => return Some(at),
            b']' if depth > 0 => depth -= 1,
            _ => {}
        }
    }
    (0..name.len()).find(|&at| name[at] == b']' && ends(at))
}

fn iso(time: &[u8]) -> CompactString {
    let mut iso = *TIME;
    for (at, byte) in iso.iter_mut().zip(time) {
        *at = *byte;
    }
    iso[10] = b'T';
    iso[19] = b'.';
    CompactString::from_utf8_lossy(&iso)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(line: &str) -> Option<(u32, Level, &str, &str)> {
        let header = parse(line.as_bytes())?;
        Some((header.pid?, header.level, &line[header.logger.clone()], &line[header.message..]))
    }

    #[test]
    fn reads_a_header() {
        let line = "2026-11-22 00:21:30,207 [14106 ERROR sgtk.env.project.tk-desktop] it [broke]";
        assert_eq!(parts(line), Some((14106, Level::Error, "sgtk.env.project.tk-desktop", "it [broke]")));
        assert_eq!(parse(line.as_bytes()).unwrap().time, "2026-11-22T00:21:30.207");
    }

    #[test]
    fn a_logger_may_be_named_after_a_path() {
        let at = "2026-11-22 00:21:30,207 ";
        let line = format!("{at}[1 ERROR sgtk.ext./opt/a b/[v1] x:y/engine.py] m] n");
        assert_eq!(parts(&line).unwrap().2, "sgtk.ext./opt/a b/[v1] x:y/engine.py");
        let unbalanced = format!("{at}[1 ERROR sgtk.[odd] message");
        assert_eq!(parts(&unbalanced).unwrap().2, "sgtk.[odd");
        let empty = format!("{at}[1 INFO sgtk.x]");
        assert_eq!(parts(&empty), Some((1, Level::Info, "sgtk.x", "")));
    }

    #[test]
    fn what_is_no_header() {
        for line in [
            "",
            "Traceback (most recent call last):",
            "2026-11-22 00:21:30,207 ERROR sgtk.x message",
            "2026-11-22 00:21:30,207 [x ERROR sgtk.x] message",
            "2026-11-22 00:21:30.207 [1 ERROR sgtk.x] message",
            "2026-11-22 00:21:30,207 [1 ERROR sgtk.x message",
            "2026-11-22 00:21:30,207 [99999999999999999999 ERROR sgtk.x] message",
            " 2026-11-22 00:21:30,207 [1 ERROR sgtk.x] message",
        ] {
            assert_eq!(parts(line), None, "{line}");
        }
    }

    #[test]
    fn junk_before_a_header_is_passed_over() {
        let line = "2026-11-22 00:21:30,207 [1 Level 25 sgtk.x] m";
        assert_eq!(super::super::trim(format!("\0\0\u{feff}{line}").as_bytes()), line.as_bytes());
        assert_eq!(parts(line), Some((1, Level::Other, "25 sgtk.x", "m")));
    }
}
