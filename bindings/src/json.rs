//! What the core gives out, as JSON: one line of ASCII, which no locale and no terminal can spoil.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

/// A value as JSON. What cannot be serialised is an empty text; nothing that the core gives out is.
pub(crate) fn line(value: &impl Serialize) -> String {
    let mut out = Vec::with_capacity(1024);
    match value.serialize(&mut Serializer::with_formatter(&mut out, Ascii)) {
        Ok(()) => String::from_utf8(out).unwrap_or_default(),
        Err(_) => String::new(),
    }
}

struct Ascii;

impl Formatter for Ascii {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, text: &str) -> io::Result<()> {
        let mut rest = text;
        while let Some(at) = rest.bytes().position(|byte| !byte.is_ascii()) {
            let (plain, other) = rest.split_at(at);
            out.write_all(plain.as_bytes())?;
            let end = other.bytes().position(|byte| byte.is_ascii()).unwrap_or(other.len());
            let (foreign, behind) = other.split_at(end);
            for unit in foreign.encode_utf16() {
                write!(out, "\\u{unit:04x}")?;
            }
            rest = behind;
        }
        out.write_all(rest.as_bytes())
    }
}
