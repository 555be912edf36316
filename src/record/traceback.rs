//! The traceback grammar: which exception a text shows.

use super::toolkit;

const TITLE: &str = "Traceback (most recent call last):";

/// An exception, as the last line of its traceback shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exception<'a> {
    /// Its class, with the module where Python shows one: `tank.errors.TankError`.
    pub name: &'a str,
    /// What it says; can be empty.
    pub message: &'a str,
}

impl<'a> Exception<'a> {
    /// Its class without the module: `TankError`.
    #[must_use]
    pub fn short_name(&self) -> &'a str {
        self.name.rsplit('.').next().unwrap_or(self.name)
    }
}

/// Finds the first traceback of a text that shows its exception: its offset, and the exception.
///
/// Python prints the root cause of a chain first, and what it led to after it: the first is the
/// one that explains.
#[must_use]
pub fn find(text: &str) -> Option<(usize, Exception<'_>)> {
    let title = text.find(TITLE)?;
    let mut lines = text[title..].lines();
    lines.next();
    for line in lines {
        if line.is_empty() || line.starts_with([' ', '\t']) {
            continue;
        }
        // A chain's next traceback begins before this one showed its exception: its line was lost.
        if toolkit::parse(line.as_bytes()).is_some() {
            return None;
        }
        if let Some(exception) = exception(line) {
            return Some((title, exception));
        }
    }
    None
}

/// Whether a line begins a traceback.
#[must_use]
pub fn is_title(line: &[u8]) -> bool {
    line.trim_ascii_start().starts_with(TITLE.as_bytes())
}

/// Whether a line stands within a traceback: it shows a frame, or its source.
#[must_use]
pub fn is_indented(line: &[u8]) -> bool {
    line.starts_with(b" ") || line.starts_with(b"\t")
}

/// Whether a line can be the next one of a traceback: a frame, or the exception that ends it.
#[must_use]
pub fn may_go_on_with(line: &[u8]) -> bool {
    is_indented(line) || std::str::from_utf8(line).is_ok_and(|line| exception(line).is_some())
}

/// Reads `Name: message` or `Name`, where `Name` is a dotted identifier.
fn exception(line: &str) -> Option<Exception<'_>> {
    let (name, message) = line.split_once(':').unwrap_or((line, ""));
    let name = name.trim_end();
    let identifier = |part: &str| {
        let mut chars = part.chars();
        // A class made in a function is shown as `f.<locals>.Name`.
        part == "<locals>"
            || (chars.next().is_some_and(|first| first == '_' || first.is_alphabetic())
                && chars.all(|next| next == '_' || next.is_alphanumeric()))
    };
    name.split('.').all(identifier).then(|| Exception { name, message: message.trim() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Option<&str> {
        find(text).map(|(_, exception)| exception.name)
    }

    #[test]
    fn the_root_of_a_chain_explains() {
        let text = "Traceback (most recent call last):\n  File \"a.py\", line 1, in f\n    {}[\"missing\"]\n    \
                    ~~^^^^^^^^^\nKeyError: 'missing'\n\nThe above exception was the direct cause of the following \
                    exception:\n\nTraceback (most recent call last):\n  File \"a.py\", line 2, in g\n    raise x\n\
                    RuntimeError: chained";
        let (at, exception) = find(text).unwrap();
        assert_eq!((at, exception.name, exception.message), (0, "KeyError", "'missing'"));
    }

    #[test]
    fn shapes_of_the_last_line() {
        let shown = |last: &str| format!("x\n{TITLE}\n  File \"a.py\", line 1, in f\n{last}");
        assert_eq!(name(&shown("KeyboardInterrupt")), Some("KeyboardInterrupt"));
        assert_eq!(name(&shown("tank.errors.TankError: no: way")), Some("tank.errors.TankError"));
        assert_eq!(name(&shown("m.f.<locals>.Odd: x")), Some("m.f.<locals>.Odd"));
        assert_eq!(name(&shown("")), None);
        assert_eq!(name("no traceback\nKeyError: 1"), None);
    }
}
