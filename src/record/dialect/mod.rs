//! What a record's first line looks like, and which lines go on with it: one file for each way to write a log.
//!
//! A dialect is chosen for a file, from its name or its first lines. What knows no file, or finds one dialect within
//! another, asks for it record by record.

pub mod maya;
pub mod plain;
pub mod python;
pub mod toolkit;
pub mod unreal;

use std::path::Path;

use serde::Serialize;

use super::{Header, Level, Open};
use crate::folders::is_log_name;

/// Bytes of a file that are looked at to choose its dialect.
pub const HEAD_BYTES: usize = 64 << 10;

/// A way to write a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Dialect {
    /// What tk-core's `log.py` writes.
    Toolkit,
    /// What Python's own `logging` writes.
    Python,
    /// What Maya's Script Editor shows.
    Maya,
    /// What the Unreal Editor writes.
    Unreal,
    /// Lines, and bare tracebacks between them.
    Plain,
}

/// What a line is to the record before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading {
    /// It begins a record.
    Begins(Header),
    /// It goes on with the record before it; its own text begins at this offset.
    GoesOn(usize),
    /// It belongs to no record.
    Orphan,
}

impl Dialect {
    /// Those that know a header by itself, in the order in which they are asked: the narrower grammar first.
    const WITH_HEADER: [Self; 4] = [Self::Toolkit, Self::Unreal, Self::Python, Self::Maya];

    /// Its name outside.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Toolkit => "toolkit",
            Self::Python => "python",
            Self::Maya => "maya",
            Self::Unreal => "unreal",
            Self::Plain => "plain",
        }
    }

    /// The dialect of a file that begins with `head`.
    ///
    /// A name decides before any text does: whoever reads a Toolkit log again from its middle must read it the same
    /// way.
    #[must_use]
    pub fn of_file(path: &Path, head: &[u8]) -> Self {
        if path.file_name().is_some_and(|name| is_log_name(&name.to_string_lossy())) {
            return Self::Toolkit;
        }
        let head = &head[..head.len().min(HEAD_BYTES)];
        let mut lines = head.split(|byte| *byte == b'\n').map(|line| trim(line).trim_ascii_end());
        lines.find_map(|line| Self::with_header(line).map(|(dialect, _)| dialect)).unwrap_or(Self::Plain)
    }

    /// The header that this line is by itself, in whatever dialect.
    #[must_use]
    pub fn find_header(line: &[u8]) -> Option<Header> {
        Self::with_header(line).map(|(_, header)| header).or_else(|| plain::parse(line))
    }

    /// What a line is to the record before it, if there is one that is not whole yet.
    #[must_use]
    pub fn read(self, line: &[u8], before: Option<&Open>) -> Reading {
        match self {
            Self::Toolkit => match (toolkit::parse(line), before) {
                (Some(header), _) => Reading::Begins(header),
                (None, Some(_)) => Reading::GoesOn(0),
                (None, None) => Reading::Orphan,
            },
            Self::Python => python::read(line, before),
            Self::Maya => maya::read(line, before),
            Self::Unreal => unreal::read(line, before),
            Self::Plain => plain::read(line, before),
        }
    }

    fn with_header(line: &[u8]) -> Option<(Self, Header)> {
        Self::WITH_HEADER.into_iter().find_map(|dialect| {
            let header = match dialect {
                Self::Toolkit => toolkit::parse(line),
                Self::Python => python::parse(line),
                Self::Maya => maya::parse(line),
                Self::Unreal => unreal::parse(line),
                Self::Plain => None,
            };
            Some((dialect, header?))
        })
    }
}

/// The line without what can stand before a header: NUL bytes (the file was truncated under its writer:
/// logrotate #286) and a byte order mark.
#[must_use]
pub fn trim(line: &[u8]) -> &[u8] {
    let nuls = line.iter().take_while(|byte| **byte == 0).count();
    let line = &line[nuls..];
    line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line)
}

/// Whether a line begins with this text: digits stand for `0` in it, all else for itself.
fn has_shape(line: &[u8], shape: &[u8]) -> bool {
    let fits = |(&have, &want): (&u8, &u8)| if want == b'0' { have.is_ascii_digit() } else { have == want };
    line.len() >= shape.len() && line.iter().zip(shape).all(fits)
}

/// What goes on with a record whose dialect marks its first line only: all, but for the traceback of an exception
/// that nobody caught. That stands below whatever was logged last, and no message of such a level ends in one.
fn go_on_below(line: &[u8], before: &Open) -> Reading {
    if before.record.header.level == Level::Info && super::progress::is_title(line) {
        plain::begin(line)
    } else {
        Reading::GoesOn(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_decides_then_the_first_line_that_one_knows() {
        let maya = "select -r pCube1;\n# Error: no # \nERROR:root:later\n";
        for (name, head, want) in [
            ("tk-maya.log", maya, Dialect::Toolkit),
            ("tk-maya.log.1", "", Dialect::Toolkit),
            ("history.txt", maya, Dialect::Maya),
            ("farm.log", "starting\nERROR:root:no\n# Error: no\n", Dialect::Python),
            ("Game.log", "Log file open\n[2026.11.22-10.00.00:123][  0]LogInit: x\n", Dialect::Unreal),
            ("copy.log", "\u{feff}2026-11-22 00:21:30,207 [1 ERROR sgtk.x] m\r\n", Dialect::Toolkit),
            ("render.log", "Traceback (most recent call last):\nERROR: no\n", Dialect::Plain),
        ] {
            assert_eq!(Dialect::of_file(Path::new(name), head.as_bytes()), want, "{name}");
        }
        let late = "x\n".repeat(HEAD_BYTES / 2) + "ERROR:root:no\n";
        assert_eq!(Dialect::of_file(Path::new("a.log"), late.as_bytes()), Dialect::Plain);
    }

    #[test]
    fn the_names_are_those_outside() {
        for dialect in Dialect::WITH_HEADER.into_iter().chain([Dialect::Plain]) {
            assert_eq!(serde_json::to_value(dialect).unwrap(), dialect.name());
        }
    }
}
