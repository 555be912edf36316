//! Bytes → lines → records.
//!
//! [`framer`] finds whole lines, [`dialect`] knows what a record's first line looks like and what goes on with it,
//! [`assembler`] puts them together, [`joiner`] makes one of two that tell of one failure; [`records`] has all of
//! them in a row. [`skim`] reads only those that matter, around the words that [`words`] finds. [`parts`] takes the text of a record apart, in which [`traceback`] reads the calls and
//! exceptions.

pub mod assembler;
pub mod dialect;
pub mod framer;
pub mod joiner;
pub mod open;
pub mod parts;
pub mod progress;
pub mod records;
pub mod skim;
pub mod traceback;
mod words;

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

pub use assembler::Assembler;
pub use dialect::Dialect;
pub use framer::{Framer, Line};
pub use joiner::Joiner;
pub use open::Open;
pub use parts::Parts;
pub use progress::Progress;
pub use records::Records;
pub use skim::Skim;
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
    /// All of them, the lowest first.
    pub const ALL: [Self; 6] =
        [Self::Other, Self::Debug, Self::Info, Self::Warning, Self::Error, Self::Critical];

    /// The level of this name; every other word is [`Level::Other`].
    #[must_use]
    pub fn from_name(name: &[u8]) -> Self {
        match name {
            b"DEBUG" => Self::Debug,
            b"INFO" => Self::Info,
            b"WARNING" | b"WARN" => Self::Warning,
            b"ERROR" => Self::Error,
            b"CRITICAL" | b"FATAL" => Self::Critical,
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
    /// The dialect that it is written in.
    pub dialect: Dialect,
    /// Local time of the writer, ISO 8601 with milliseconds and without an offset; empty where it is not said.
    pub time: CompactString,
    /// Process that wrote it, where that is said.
    pub pid: Option<u32>,
    /// Its level.
    pub level: Level,
    /// Where the logger's name stands in the line; empty where there is none.
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
    /// Further records that tell of the same failure, and are part of this one.
    pub joined: u64,
}

impl Record {
    /// Adds a line, or lines; at most `most` bytes of all are kept.
    fn add(&mut self, text: &[u8], most: usize) {
        // Once something was cut, nothing more is kept: a text with a hole in it would mislead.
        let room = if self.cut_bytes > 0 { 0 } else { most.saturating_sub(self.bytes.len() + 1) };
        let kept = text.len().min(room);
        if room > 0 {
            self.bytes.push(b'\n');
            self.bytes.extend_from_slice(&text[..kept]);
        }
        self.cut_bytes += (text.len() - kept) as u64;
    }

    /// Name of the logger.
    #[must_use]
    pub fn logger(&self) -> String {
        String::from_utf8_lossy(&self.bytes[self.header.logger.clone()]).into_owned()
    }

    /// The record as text: what is not UTF-8 is replaced, what was cut is said.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        let kept = text_of(self.bytes.trim_ascii_end());
        match self.cut_bytes {
            0 => kept,
            cut => Cow::Owned(format!("{kept}\n[cut: {cut} more bytes]")),
        }
    }
}

/// Bytes as text: what is not UTF-8 is replaced. Nearly all is, and whether it is can be told faster than where it is not.
fn text_of(bytes: &[u8]) -> Cow<'_, str> {
    std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}
