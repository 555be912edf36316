//! The line that ends a traceback: which exception it was.

/// An exception, as the last line of its traceback shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exception<'a> {
    /// Its class, with the module where Python shows one: `tank.errors.TankError`. For MEL, the word that Maya
    /// begins with: `Error`.
    pub name: &'a str,
    /// The first line of what it says; can be empty.
    pub message: &'a str,
    /// The further lines of what it says, and its notes (PEP 678), up to the first blank one: as they stand in the
    /// text, with whatever stands before each.
    pub rest: &'a str,
}

/// How classes that are no `Error` end. Only a name that stands alone where source could stand needs to.
const ENDINGS: [&str; 7] = ["Error", "Exception", "Warning", "Interrupt", "Exit", "Iteration", "Fault"];

impl<'a> Exception<'a> {
    /// Reads `Name: message` or `Name`, where `Name` is a dotted identifier.
    pub(super) fn of(line: &'a str) -> Option<Self> {
        let colon = memchr::memchr(b':', line.as_bytes()).unwrap_or(line.len());
        let (name, message) = (line[..colon].trim_end(), line.get(colon + 1..).unwrap_or_default());
        // `C:\\a` and `https://` say something else.
        let is_apart = message.is_empty() || message.starts_with([' ', '\t']);
        (is_apart && is_name(name)).then(|| Self { name, message: message.trim(), rest: "" })
    }

    /// Its class without the module: `TankError`.
    #[must_use]
    pub fn short_name(&self) -> &'a str {
        self.name.rsplit('.').next().unwrap_or(self.name)
    }

    /// Whether it can be told from a word of a text that happens to stand there: `error: x` ends a traceback of
    /// Python 2, `later: x` does not.
    pub(super) fn is_likely(&self) -> bool {
        let short = self.short_name();
        let is_word = short.chars().all(|next| next.is_lowercase() || !next.is_alphabetic());
        !is_word || self.name.contains('.') || short.ends_with("error") || short.ends_with("timeout")
    }

    /// Whether no line of Python's source looks like that, so that it needs no indentation to be told from one.
    pub(super) fn is_plain(&self) -> bool {
        let short = self.short_name().trim_start_matches('_');
        let is_class = short.starts_with(|first: char| !first.is_lowercase() && !first.is_numeric());
        if self.message.is_empty() {
            is_class && ENDINGS.iter().any(|ending| short.ends_with(ending))
        } else {
            // `socket.error: x` is an exception; `else: x` is none.
            is_class || self.name.contains('.')
        }
    }
}

/// Whether this is a class, as Python shows it.
fn is_name(name: &str) -> bool {
    // Most have no module, and hold no other letters.
    let is_plain = |byte: u8| byte == b'_' || byte.is_ascii_alphanumeric();
    if !name.starts_with(|first: char| first.is_ascii_digit()) && name.bytes().all(is_plain) {
        return !name.is_empty();
    }
    let (module, class) = name.rsplit_once('.').map_or((None, name), |(module, class)| (Some(module), class));
    let is_word = |word: &str| word.chars().all(|next| next == '_' || next.is_alphanumeric());
    // A hook is loaded under a name made of hexadecimal digits, so that a module can begin with one; a class made in
    // a function is shown as `f.<locals>.Name`.
    let is_part = |part: &str| part == "<locals>" || (!part.is_empty() && is_word(part));
    class.starts_with(|first: char| first == '_' || first.is_alphabetic())
        && is_word(class)
        && module.is_none_or(|module| module.split('.').all(is_part))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(line: &str) -> Option<(&str, &str)> {
        Exception::of(line).map(|exception| (exception.name, exception.message))
    }

    #[test]
    fn reads_a_class_and_what_it_says() {
        assert_eq!(parts("KeyError: 'a: b'"), Some(("KeyError", "'a: b'")));
        assert_eq!(parts("KeyboardInterrupt"), Some(("KeyboardInterrupt", "")));
        assert_eq!(parts("a.f.<locals>.Odd: x"), Some(("a.f.<locals>.Odd", "x")));
        assert_eq!(parts("0f3ac4.PublishError: x"), Some(("0f3ac4.PublishError", "x")));
        assert_eq!(parts("Größe: 日本"), Some(("Größe", "日本")));
        assert_eq!(Exception::of("tank.errors.TankError: no").unwrap().short_name(), "TankError");
    }

    #[test]
    fn what_is_no_exception() {
        for line in
            ["", ": x", "two words: x", "a..B: x", ".B", "B.: x", "3: x", "C:\\x", "x = y", "f()", "http://x"]
        {
            let found = Exception::of(line).filter(Exception::is_plain);
            assert_eq!(found, None, "{line}");
        }
    }

    #[test]
    fn words_are_told_from_an_exception() {
        let is_likely = |line| Exception::of(line).is_some_and(|exception| exception.is_likely());
        for line in ["error: x", "timeout", "socket.herror: x", "notFound: x", "KeyError", "例外"] {
            assert!(is_likely(line), "{line}");
        }
        assert!(!is_likely("later: x") && !is_likely("done"));
    }

    #[test]
    fn source_is_told_from_an_exception_without_indentation() {
        let is_plain = |line| Exception::of(line).is_some_and(|exception| exception.is_plain());
        for line in ["KeyError: x", "StopIteration", "socket.timeout: timed out", "_Odd: x", "例外: x"] {
            assert!(is_plain(line), "{line}");
        }
        for line in ["else:", "else: x", "pass", "self.value", "Foo", "raise KeyError", "return x", "try:"] {
            assert!(!is_plain(line), "{line}");
        }
    }
}
