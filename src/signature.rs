//! The signature: what makes two occurrences one problem. It needs no state, so every machine
//! finds the same one.

use crate::record::Parts;

/// Names the rules that make a key. Changing them takes a new version.
pub const VERSION: &str = "v0";

/// Characters of a title that come from the message.
pub const TITLE_CHARACTERS: usize = 80;

/// What a signature was made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureKind {
    /// The name of an exception.
    Exception,
    /// The message.
    Message,
}

impl SignatureKind {
    /// Its name outside.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Exception => "exception",
            Self::Message => "message",
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
    /// Exception name, else the message with white space folded, at most [`TITLE_CHARACTERS`] long.
    pub title: String,
    /// The text that was hashed.
    pub normal_form: String,
    /// One sentence: why this text has this key.
    pub why: String,
}

/// Signs a log record, a traceback or a bare message.
#[must_use]
pub fn signature(text: &str) -> Signature {
    sign(&Parts::of(text))
}

/// Signs a text that was taken apart.
#[must_use]
pub fn sign(parts: &Parts<'_>) -> Signature {
    let (kind, title, why) = match parts.exception() {
        Some(exception) => (
            SignatureKind::Exception,
            exception.short_name().to_owned(),
            format!("the text shows a traceback, and {} is its first exception", exception.name),
        ),
        None => (
            SignatureKind::Message,
            short(&parts.message),
            format!(
                "the text shows no exception: the first {TITLE_CHARACTERS} characters of the message count"
            ),
        ),
    };
    let normal_form = format!("{} {title}", kind.name());
    let hash = blake3::hash(normal_form.as_bytes()).to_hex();
    Signature { key: format!("{VERSION}-{}", &hash[..24]), kind, title, normal_form, why }
}

/// Folds white space and keeps the beginning.
fn short(message: &str) -> String {
    let mut out = String::new();
    // A message can be a megabyte long, and only its beginning is kept: no more of it is looked at.
    for word in message.split_whitespace().take(TITLE_CHARACTERS) {
        if !out.is_empty() {
            out.push(' ');
        }
        out.extend(word.chars().take(TITLE_CHARACTERS));
        if out.len() >= TITLE_CHARACTERS * 4 {
            break;
        }
    }
    if out.is_empty() {
        return "(no message)".to_owned();
    }
    let cut: String = out.chars().take(TITLE_CHARACTERS).collect();
    cut.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exception_gives_its_name() {
        let text = "2026-11-22 00:21:30,207 [7 ERROR sgtk.x] App /x/y failed\n\
                    Traceback (most recent call last):\n  File \"a.py\", line 1, in f\ntank.errors.TankError: no";
        let signature = signature(text);
        assert_eq!((signature.kind, signature.title.as_str()), (SignatureKind::Exception, "TankError"));
    }

    #[test]
    fn a_message_is_folded_and_cut() {
        let one = signature("2026-11-22 00:21:30,207 [7 ERROR sgtk.x] an   error\n  with a second\tline");
        assert_eq!(one.title, "an error with a second line");
        assert_eq!(signature("an error with a second line").key, one.key);
        assert_eq!(signature(&"é".repeat(200)).title, "é".repeat(80));
        assert_eq!(signature(&"ab ".repeat(200)).title.len(), 80);
        assert_eq!(signature("2026-11-22 00:21:30,207 [7 ERROR sgtk.x] ").title, "(no message)");
    }

    #[test]
    fn the_key_is_pinned() {
        assert_eq!(signature("harness: a one line error").normal_form, "message harness: a one line error");
        assert_eq!(signature("harness: a one line error").key, "v0-87f797d31cf0721673effba3");
    }
}
