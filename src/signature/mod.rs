//! The signature: what makes two occurrences one problem. It needs no state, so every machine finds the same one.
//!
//! [`normal`] takes the values out of a message, [`module`] the place out of a frame, [`family`] the place out of a logger,
//! [`class`] gives an exception one name, [`form`] puts these together, and [`studio`] holds what the settings say. `docs/grouping.md`
//! says why.

mod chunk;
mod class;
mod clip;
mod delimited;
pub mod explain;
mod family;
mod form;
pub mod former;
mod lately;
mod lists;
mod module;
pub mod normal;
mod path;
mod shape;
pub mod studio;
mod walk;
mod words;

pub use studio::Studio;

use crate::record::Parts;

/// Names the rules that make a key. Changing them takes a new version, and a table of old keys: see [`former`].
pub const VERSION: &str = "v1";

/// Characters of a title.
pub const TITLE_CHARACTERS: usize = 80;

/// Hexadecimal digits of a key: 96 bits, so that among a billion problems no two share one by chance.
pub(crate) const KEY_DIGITS: usize = 24;

/// What a signature was made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureKind {
    /// An exception, and the calls that led to it.
    Exception,
    /// A message.
    Message,
    /// A rule of the settings.
    Override,
}

impl SignatureKind {
    /// Its name outside.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Exception => "exception",
            Self::Message => "message",
            Self::Override => "override",
        }
    }
}

/// The grouping key of a problem, and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// The version of the rules and 24 hexadecimal digits.
    pub key: String,
    /// What it was made from.
    pub kind: SignatureKind,
    /// The exception's class and message, else the message; white space folded, at most [`TITLE_CHARACTERS`] long.
    pub title: String,
    /// The text that was hashed.
    pub normal_form: String,
    /// One sentence: why this text has this key.
    pub why: &'static str,
}

/// Signs a log record, a traceback or a bare message, by the rules alone.
#[must_use]
pub fn signature(text: &str) -> Signature {
    sign(&Parts::of(text), &Studio::default())
}

/// The key alone, for when many are wanted.
#[must_use]
pub fn signature_key(text: &str) -> String {
    key(&form::form(&Parts::of(text), &Studio::default(), |_| ()).text)
}

/// Signs a text that was taken apart.
#[must_use]
pub fn sign(parts: &Parts<'_>, studio: &Studio) -> Signature {
    let form::Form { text: normal_form, kind, why } = form::form(parts, studio, |_| ());
    Signature { key: key(&normal_form), kind, title: title(parts), normal_form, why }
}

/// The key of a normal form.
#[must_use]
pub fn key(normal_form: &str) -> String {
    let hash = blake3::hash(normal_form.as_bytes());
    let mut digits = [0; KEY_DIGITS];
    for (pair, byte) in digits.chunks_exact_mut(2).zip(hash.as_bytes()) {
        pair.copy_from_slice(&[byte >> 4, byte & 0xf].map(|digit| b"0123456789abcdef"[usize::from(digit)]));
    }
    let mut key = String::with_capacity(VERSION.len() + 1 + KEY_DIGITS);
    key.push_str(VERSION);
    key.push('-');
    key.push_str(std::str::from_utf8(&digits).unwrap_or_default());
    key
}

/// Whether a key was made by these rules, and not by those of another version.
#[must_use]
pub fn is_current(key: &str) -> bool {
    key.strip_prefix(VERSION).is_some_and(|rest| rest.starts_with('-'))
}

/// What a ticket is called.
#[must_use]
pub fn title(parts: &Parts<'_>) -> String {
    let Some(exception) = parts.exception() else { return short(&parts.said()) };
    if exception.message.is_empty() {
        return exception.short_name().to_owned();
    }
    let mut title = String::with_capacity(TITLE_CHARACTERS);
    title.push_str(exception.short_name());
    title.push_str(": ");
    fold(exception.message, &mut title);
    cut(title)
}

/// Folds white space and keeps the beginning.
fn short(message: &str) -> String {
    let mut title = String::with_capacity(TITLE_CHARACTERS);
    fold(message, &mut title);
    if title.is_empty() { "(no message)".to_owned() } else { cut(title) }
}

fn fold(text: &str, out: &mut String) {
    if text.len() < TITLE_CHARACTERS && is_folded(text.as_bytes()) {
        out.push_str(text.trim_ascii());
        return;
    }
    // A message can be a megabyte long, and only its beginning is kept: no more of it is looked at.
    for word in text.split_whitespace().take(TITLE_CHARACTERS) {
        if !out.is_empty() && !out.ends_with(' ') {
            out.push(' ');
        }
        out.extend(word.chars().take(TITLE_CHARACTERS));
        if out.len() >= TITLE_CHARACTERS * 4 {
            break;
        }
    }
}

/// Whether all white space in a text is single blanks, as nearly always.
fn is_folded(text: &[u8]) -> bool {
    let mut before = b'x';
    text.iter().all(|byte| {
        let fits = (b' '..0x7f).contains(byte) && (*byte != b' ' || before != b' ');
        before = *byte;
        fits
    })
}

fn cut(mut title: String) -> String {
    if title.len() > TITLE_CHARACTERS
        && let Some((end, _)) = title.char_indices().nth(TITLE_CHARACTERS)
    {
        title.truncate(end);
    }
    title.truncate(title.trim_end().len());
    title
}
