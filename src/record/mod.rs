//! Bytes → lines → records.
//!
//! [`framer`] finds whole lines, [`toolkit`] knows what a record's first line looks like,
//! [`assembler`] puts a header and its continuation lines together, [`records`] joins the two, and [`traceback`] reads
//! the calls and exceptions in what was put together.

pub mod assembler;
pub mod framer;
pub mod records;
pub mod toolkit;
pub mod traceback;

use std::fmt;
use std::ops::Range;

use serde::{Deserialize, Serialize};

pub use assembler::Assembler;
pub use framer::{Framer, Line};
pub use records::Records;
pub use traceback::{Exception, Traceback};

/// Level of a record, as its header names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Level {
    /// A level that Python's `logging` does not know.
    Other,
    /// Written under `TK_DEBUG` only.
    Debug,
    /// The normal level.
    Info,
    /// Something to look at.
    Warning,
    /// Something failed.
    Error,
    /// Nothing works.
    Critical,
}

impl Level {
    /// The level of this name; every other word is [`Level::Other`].
    #[must_use]
    pub fn from_name(name: &[u8]) -> Self {
        match name {
            b"DEBUG" => Self::Debug,
            b"INFO" => Self::Info,
            b"WARNING" => Self::Warning,
            b"ERROR" => Self::Error,
            b"CRITICAL" => Self::Critical,
            _ => Self::Other,
        }
    }

    /// Its name in a log and in the settings.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Other => "OTHER",
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warning => "WARNING",
            Self::Error => "ERROR",
            Self::Critical => "CRITICAL",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a record's first line says about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Local time of the writer, ISO 8601 with milliseconds and without an offset.
    pub time: String,
    /// Process that wrote it.
    pub pid: u32,
    /// Its level.
    pub level: Level,
    /// Where the logger's name stands in the line.
    pub logger: Range<usize>,
    /// Where the message begins in the line.
    pub message: usize,
}

/// A header with its continuation lines, at an address of one file life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Offset of its first byte.
    pub start: u64,
    /// Offset behind its last byte, the newline included.
    pub end: u64,
    /// Bytes of its lines: less than from its start to its end where another record lies between them.
    pub length: u64,
    /// What its first line says.
    pub header: Header,
    /// Its lines, joined by `\n`.
    pub bytes: Vec<u8>,
    /// Bytes that were too many and are not kept.
    pub cut_bytes: u64,
}

impl Record {
    /// Name of the logger.
    #[must_use]
    pub fn logger(&self) -> String {
        String::from_utf8_lossy(&self.bytes[self.header.logger.clone()]).into_owned()
    }

    /// The record as text: what is not UTF-8 is replaced, what was cut is said.
    #[must_use]
    pub fn text(&self) -> String {
        let kept = String::from_utf8_lossy(self.bytes.trim_ascii_end());
        match self.cut_bytes {
            0 => kept.into_owned(),
            cut => format!("{kept}\n[cut: {cut} more bytes]"),
        }
    }
}

/// The parts of a text that say what happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts<'a> {
    /// The message before the traceback, with all its lines, without header and `[PROXY]`. It can be empty where there
    /// is an exception; of a traceback that shows none and stands alone it is the whole text.
    pub message: &'a str,
    /// The first traceback.
    pub traceback: Option<Traceback<'a>>,
}

impl<'a> Parts<'a> {
    /// Takes apart a log record, a traceback or a bare message.
    #[must_use]
    pub fn of(text: &'a str) -> Self {
        let first = text.lines().next().unwrap_or_default();
        let begin = toolkit::parse(first.as_bytes()).map_or(0, |header| header.message);
        let body = text.get(begin..).unwrap_or_default();
        // What tk-desktop's site process puts before a record of its project process.
        let body = body.strip_prefix("[PROXY] ").unwrap_or(body);
        let traceback = traceback::find(body);
        let message = match &traceback {
            Some(found) => body[..found.range.start].trim(),
            None => body.trim(),
        };
        // Calls alone have no name: they are all that is said.
        let says_nothing =
            message.is_empty() && traceback.as_ref().is_none_or(|found| found.explaining().is_none());
        Self { message: if says_nothing { body.trim() } else { message }, traceback }
    }

    /// The exception that explains it.
    #[must_use]
    pub fn exception(&self) -> Option<&Exception<'a>> {
        self.traceback.as_ref()?.explaining()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_apart_a_record_a_traceback_and_a_message() {
        let record = "2026-11-22 00:21:30,207 [7 ERROR sgtk.x] [PROXY] it\nfailed\n\
                      Traceback (most recent call last):\n  File \"a.py\", line 1, in f\n    g()\nOSError: no";
        let parts = Parts::of(record);
        assert_eq!(parts.message, "it\nfailed");
        assert_eq!(parts.exception().unwrap().name, "OSError");
        assert_eq!(Parts::of("just this"), Parts { message: "just this", traceback: None });
    }
}
