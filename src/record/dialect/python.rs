//! The dialect of Python's own `logging`: `%(levelname)s:%(name)s:%(message)s`, and the orders in which its
//! documentation, Flask, Django, gunicorn, Celery, pytest and loguru put time, process, logger and level before a
//! message.

use compact_str::CompactString;

use super::{Dialect, Reading, go_on_below, has_shape, plain};
use crate::record::{Header, Level, Open};

/// What stands before a level is shorter.
const MOST_BEFORE_LEVEL: usize = 160;

/// Reads the first line of a record; None if it is no header.
///
/// It begins with a time, and has a level in capitals behind at most a few fields, which are no sentence; or it
/// begins with a level and goes on in a way that nobody writes in prose.
#[must_use]
pub fn parse(line: &[u8]) -> Option<Header> {
    // Most lines of a log that begin no record end here.
    if !matches!(line.first()?, b'0'..=b'9' | b'[' | b'A'..=b'Z') {
        return None;
    }
    let (time, level, before, behind) = if let Some((time, rest)) = time(line) {
        let (before, level, behind) = level_within(rest)?;
        (time, level, Fields::of(before)?, behind)
    } else {
        without_time(line)?
    };
    let (fields, message) = before.or_behind(behind);
    let begin = fields.logger.map_or(0, |logger| offset(line, logger));
    Some(Header {
        dialect: Dialect::Python,
        time,
        pid: fields.pid,
        level,
        logger: begin..begin + fields.logger.map_or(0, <[u8]>::len),
        message: line.len() - message.len(),
    })
}

/// What a line is to the record before it.
pub(super) fn read(line: &[u8], before: Option<&Open>) -> Reading {
    match (parse(line), before) {
        (Some(header), _) => Reading::Begins(header),
        (None, Some(open)) if open.record.header.dialect == Dialect::Python => go_on_below(line, open),
        (None, _) => plain::read(line, before),
    }
}

/// What stands around a level.
#[derive(Debug, Default, Clone, Copy)]
struct Fields<'a> {
    logger: Option<&'a [u8]>,
    pid: Option<u32>,
}

impl<'a> Fields<'a> {
    /// Reads what stands between a time and a level; None if it is prose: words in a row, with nothing between them.
    fn of(mut text: &'a [u8]) -> Option<Self> {
        let (mut found, mut bracketed) = (Self::default(), None);
        let mut is_bracketed = false;
        while !text.is_empty() {
            let ends = |at: &usize| match text[*at] {
                b'|' | b':' | b',' | b'[' | b']' | b'(' | b')' | b'/' => true,
                b'-' => matches!(text.get(at.wrapping_sub(1)), None | Some(b' ')),
                _ => false,
            };
            let end = (0..text.len()).find(ends).unwrap_or(text.len());
            let mut names = 0;
            for word in text[..end].split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()) {
                if let Some(number) = number(word) {
                    found.pid = found.pid.or(Some(number));
                    continue;
                }
                names += 1;
                let slot = if is_bracketed { &mut bracketed } else { &mut found.logger };
                *slot =
                    slot.or(Some(word).filter(|word| name_length(word) == word.len() && !is_thread(word)));
            }
            if names > 1 && !is_bracketed {
                return None;
            }
            is_bracketed = matches!(text.get(end), Some(b'[' | b'('));
            // What is behind a colon is a line's number: `file.py:12`.
            let is_place = text.get(end) == Some(&b':');
            text = text.get(end + 1..).unwrap_or_default();
            if is_place {
                text = &text[text.iter().take_while(|byte| byte.is_ascii_digit()).count()..];
            }
        }
        found.logger = found.logger.or(bracketed);
        Some(found)
    }

    /// Takes what is still missing from the text behind the level; gives back what is left of that, which is the
    /// message.
    fn or_behind(mut self, behind: &'a [u8]) -> (Self, &'a [u8]) {
        let is_joined = matches!(behind, [b':', next, ..] if *next != b' ');
        let mut rest = after_separator(behind);
        if self.pid.is_none()
            && let Some((inside, after)) = bracketed(rest)
            && let Some(pid) = number(inside)
        {
            (self.pid, rest) = (Some(pid), after_separator(after));
        }
        if self.logger.is_some() {
            return (self, rest);
        }
        if let Some((inside, after)) = bracketed(rest)
            && name_length(inside) == inside.len()
        {
            self.logger = Some(inside);
            return (self, after_separator(after));
        }
        // Flask has `in module: `.
        let named = rest.strip_prefix(b"in ");
        let text = named.unwrap_or(rest);
        let (name, after) = text.split_at(name_length(text));
        let after = after_place(after);
        let ends = [&b": "[..], b" - ", b" | "].iter().any(|end| after.starts_with(end));
        if (ends || is_joined && after.starts_with(b":")) && (named.is_some() || is_logger(name)) {
            self.logger = Some(name);
            return (self, after_separator(after));
        }
        (self, rest)
    }
}

/// Reads a time, perhaps in brackets: ISO 8601, empty where there is no date, and what is behind it.
fn time(line: &[u8]) -> Option<(CompactString, &[u8])> {
    let inside = line.strip_prefix(b"[");
    let text = inside.unwrap_or(line);
    let dates = [&b"0000-00-00 00:00:00"[..], b"0000-00-00T00:00:00", b"0000/00/00 00:00:00"];
    let has_date = dates.iter().any(|shape| has_shape(text, shape));
    if !has_date && !has_shape(text, b"00:00:00") {
        return None;
    }
    let (clock, behind) = text.split_at(if has_date { 19 } else { 8 });
    let (fraction, behind) = match behind {
        [b',' | b'.', digits @ ..] => {
            digits.split_at(digits.iter().take_while(|byte| byte.is_ascii_digit()).count())
        }
        _ => (&[][..], behind),
    };
    let zones = [&b"Z"[..], b"+00:00", b"-00:00", b"+0000", b"-0000", b" +0000", b" -0000"];
    let zone = zones.iter().find(|zone| has_shape(behind, zone)).map_or(0, |zone| zone.len());
    let behind = &behind[zone..];
    let behind = match (inside, behind) {
        // Celery has more than the time in these brackets.
        (Some(_), [b']' | b':', behind @ ..]) => behind,
        (None, [b' ' | b'\t' | b'|' | b':' | b'[', ..]) => behind,
        _ => return None,
    };
    let milliseconds = [0, 1, 2].map(|at| char::from(fraction.get(at).copied().unwrap_or(b'0')));
    let iso = |clock: &[u8]| {
        let mut iso = String::from_utf8_lossy(clock).replace('/', "-").replace(' ', "T");
        iso.push('.');
        iso.extend(milliseconds);
        iso
    };
    Some((if has_date { iso(clock).into() } else { CompactString::default() }, behind))
}

/// Finds the first level of a text: what is before it, the level, and what is behind it.
fn level_within(text: &[u8]) -> Option<(&[u8], Level, &[u8])> {
    let most = text.len().min(MOST_BEFORE_LEVEL);
    let mut at = 0;
    while at < most {
        let starts = at == 0 || matches!(text[at - 1], b' ' | b'\t' | b'|' | b':' | b'[' | b'(' | b'/');
        if starts && let Some((level, behind)) = level(&text[at..]) {
            return Some((&text[..at], level, behind));
        }
        at += 1;
    }
    None
}

/// Reads a level, and the bracket that closes behind it.
fn level(text: &[u8]) -> Option<(Level, &[u8])> {
    let length = text.iter().take_while(|byte| byte.is_ascii_uppercase()).count();
    let level = match &text[..length] {
        b"TRACE" => Level::Debug,
        b"SUCCESS" => Level::Info,
        b"NOTSET" => Level::Other,
        word => Some(Level::from_name(word)).filter(|level| *level != Level::Other)?,
    };
    let behind = &text[length..];
    match behind {
        // Celery names the process behind the level.
        [b'/', process @ ..] => {
            let length = name_length(process);
            process[length..].strip_prefix(b"]").map(|behind| (level, behind))
        }
        [] | [b' ' | b'\t' | b':' | b'|' | b']' | b')' | b'[', ..] => {
            let closed = behind.trim_ascii_start();
            Some((level, closed.strip_prefix(b"]").or_else(|| closed.strip_prefix(b")")).unwrap_or(behind)))
        }
        _ => None,
    }
}

/// Reads `LEVEL:name:`, `LEVEL  name:file.py:12 ` and `LEVEL 2026-…`: time, level, fields, and what is behind them.
fn without_time(line: &[u8]) -> Option<(CompactString, Level, Fields<'_>, &[u8])> {
    let (level, behind) = level(line.strip_prefix(b"[").unwrap_or(line))?;
    if let Some(text) = behind.strip_prefix(b":") {
        let (name, behind) = text.split_at(name_length(text));
        let behind = behind.strip_prefix(b":").filter(|_| !name.is_empty())?;
        return Some((CompactString::default(), level, Fields { logger: Some(name), pid: None }, behind));
    }
    let text = after_separator(behind);
    if let Some((time, behind)) = time(text) {
        let (fields, behind) = django(behind).unwrap_or((Fields::default(), behind));
        return Some((time, level, fields, behind));
    }
    let (name, place) = text.split_at(name_length(text));
    let behind = after_place(place);
    let is_place = place[..place.len() - behind.len()].windows(4).any(|bytes| bytes == b".py:");
    (is_place && behind.starts_with(b" ")).then_some((
        CompactString::default(),
        level,
        Fields { logger: Some(name), pid: None },
        behind,
    ))
}

/// Reads what Django's verbose format has behind the time: module, process, thread.
fn django(behind: &[u8]) -> Option<(Fields<'_>, &[u8])> {
    let mut words = behind.strip_prefix(b" ")?.splitn(4, |byte| *byte == b' ');
    let (module, pid, thread) = (words.next()?, number(words.next()?)?, words.next()?);
    let is_thread = !thread.is_empty() && thread.iter().all(u8::is_ascii_digit);
    (is_thread && name_length(module) == module.len())
        .then_some((Fields { logger: Some(module), pid: Some(pid) }, words.next().unwrap_or_default()))
}

/// The text behind what can stand between two fields.
fn after_separator(text: &[u8]) -> &[u8] {
    let rest = text.trim_ascii_start();
    match rest {
        [b'-' | b'|', b' ', after @ ..] => after.trim_ascii_start(),
        [b':' | b'|', after @ ..] => after.strip_prefix(b" ").unwrap_or(after),
        _ => rest,
    }
}

/// The text behind `:function:12` or `:file.py:12`, if it begins so.
fn after_place(text: &[u8]) -> &[u8] {
    let mut rest = text;
    while let [b':', after @ ..] = rest {
        let length = after.iter().take_while(|byte| is_name_byte(**byte)).count();
        if length == 0 {
            break;
        }
        rest = &after[length..];
        if after[0].is_ascii_digit() {
            return rest;
        }
    }
    text
}

/// What stands in the brackets that a text begins with, and what is behind them.
fn bracketed(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let inside = text.strip_prefix(b"[")?;
    let most = inside.len().min(MOST_BEFORE_LEVEL);
    let end = inside[..most].iter().position(|byte| *byte == b']')?;
    Some((&inside[..end], &inside[end + 1..]))
}

fn number(word: &[u8]) -> Option<u32> {
    let is_number = !word.is_empty() && word.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(word).ok().filter(|_| is_number)?.parse().ok()
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'<' | b'>')
}

/// Length of the name that a text begins with: a logger's, a module's or a thread's.
fn name_length(text: &[u8]) -> usize {
    if text.first().is_some_and(|first| first.is_ascii_alphabetic() || *first == b'_') {
        text.iter().take_while(|byte| is_name_byte(**byte)).count()
    } else {
        0
    }
}

fn is_thread(name: &[u8]) -> bool {
    [&b"MainThread"[..], b"MainProcess", b"Thread-", b"Dummy-", b"ThreadPool", b"Process-"]
        .iter()
        .any(|thread| name.starts_with(thread))
}

/// Whether a word before a colon is a logger, and not the first of a message: `failed: why` looks like one, a class
/// or a word with a capital does not.
fn is_logger(word: &[u8]) -> bool {
    let last = word.rsplit(|byte| *byte == b'.').next().unwrap_or_default();
    let is_exception = [&b"Error"[..], b"Exception", b"Warning"].iter().any(|end| last.ends_with(end));
    !word.is_empty() && !is_exception && (word.contains(&b'.') || !word[0].is_ascii_uppercase())
}

fn offset(line: &[u8], part: &[u8]) -> usize {
    part.as_ptr() as usize - line.as_ptr() as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(line: &str) -> Option<(Level, Option<u32>, &str, &str)> {
        let header = parse(line.as_bytes())?;
        Some((header.level, header.pid, &line[header.logger.clone()], &line[header.message..]))
    }

    #[test]
    fn reads_the_usual_orders() {
        const AT: &str = "2026-11-22 10:00:00,123";
        for (line, want) in [
            ("ERROR:root:no: way", (Level::Error, None, "root", "no: way")),
            ("WARNING:py.warnings:odd", (Level::Warning, None, "py.warnings", "odd")),
            ("ERROR    root:test_x.py:5 no", (Level::Error, None, "root", "no")),
            ("{AT} - publish.maya - ERROR - no - way", (Level::Error, None, "publish.maya", "no - way")),
            ("{AT} ERROR publish: no", (Level::Error, None, "publish", "no")),
            ("{AT} ERROR no", (Level::Error, None, "", "no")),
            ("{AT} ERROR KeyError: 'x'", (Level::Error, None, "", "KeyError: 'x'")),
            ("{AT} ERROR Failed: no", (Level::Error, None, "", "Failed: no")),
            ("{AT} publish ERROR no", (Level::Error, None, "publish", "no")),
            ("{AT} [42] ERROR [publish.maya] no", (Level::Error, Some(42), "publish.maya", "no")),
            ("{AT} [42:MainThread] [publish] [ERROR] no", (Level::Error, Some(42), "publish", "no")),
            ("{AT} 42 MainThread ERROR publish: no", (Level::Error, Some(42), "publish", "no")),
            ("{AT} ERROR:root:no", (Level::Error, None, "root", "no")),
            ("{AT}:CRITICAL:no", (Level::Critical, None, "", "no")),
            ("{AT} | WARN | queue.py:12 | no", (Level::Warning, None, "queue.py", "no")),
            ("{AT} (MainThread) [FATAL] no", (Level::Critical, None, "", "no")),
            ("[{AT}] ERROR in app: no", (Level::Error, None, "app", "no")),
            ("[2026-11-22 10:00:00 +0000] [42] [ERROR] no", (Level::Error, Some(42), "", "no")),
            ("[{AT}: ERROR/MainProcess] Task x: no", (Level::Error, None, "", "Task x: no")),
            ("[{AT}][ERROR][publish] no", (Level::Error, None, "publish", "no")),
            ("ERROR 2026-11-22 10:00:00,123 views 42 139 no", (Level::Error, Some(42), "views", "no")),
            ("[ERROR] {AT} - no", (Level::Error, None, "", "no")),
            ("2026-11-22 10:00:00.123 | ERROR    | a.b:f:12 - no", (Level::Error, None, "a.b", "no")),
            ("2026-11-22T10:00:00Z DEBUG no", (Level::Debug, None, "", "no")),
            ("10:00:00 INFO     no", (Level::Info, None, "", "no")),
            ("{AT} NOTSET publish: no", (Level::Other, None, "publish", "no")),
            ("{AT} ERROR ", (Level::Error, None, "", "")),
        ] {
            let line = line.replace("{AT}", AT);
            assert_eq!(parts(&line), Some(want), "{line}");
        }
    }

    #[test]
    fn what_is_no_header() {
        for line in [
            "",
            "ERROR",
            "ERROR: no",
            "ERROR no",
            "[ERROR] no",
            "ERROR:a sentence: with colons",
            "Error:root:no",
            "2026-11-22 10:00:00,123 then an ERROR was seen",
            "2026-11-22 10:00:00,123 no level at all",
            "2026-11-22 10:00:00,123 TERROR no",
            "2026-11-22 10:00:00,123ERROR no",
            "2026-11-22 ERROR no",
            "10:00 ERROR no",
            "on 2026-11-22 10:00:00 ERROR no",
            "[2026-11-22 10:00:00 ERROR no",
            "2026-11-22 00:21:30,207 [14106 ERRORS sgtk.x] message",
        ] {
            assert_eq!(parts(line), None, "{line}");
        }
    }

    #[test]
    fn a_time_is_told_as_toolkit_tells_it() {
        let time = |line: &str| parse(line.as_bytes()).unwrap().time;
        assert_eq!(time("2026-11-22 10:00:00,1 ERROR x"), "2026-11-22T10:00:00.100");
        assert_eq!(time("[2026/11/22 10:00:00.123456] ERROR x"), "2026-11-22T10:00:00.123");
        assert_eq!(time("2026-11-22T10:00:00+02:00 ERROR x"), "2026-11-22T10:00:00.000");
        assert_eq!(time("10:00:00 ERROR x"), "");
        assert_eq!(time("ERROR:root:x"), "");
    }
}
