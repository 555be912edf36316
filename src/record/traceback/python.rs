//! The lines of a Python traceback, one by one. Where it does not matter how far one is indented, it comes without that.

use super::{Frame, Language, Relation};

/// How a traceback begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Title {
    /// Of an exception.
    Exception,
    /// Of an exception group.
    Group,
    /// Of a stack that a log call or a crash shows: no exception ends it.
    Stack,
    /// The same, innermost call first.
    InnermostFirst,
}

const OUTERMOST_FIRST: &str = "(most recent call last):";
const INNERMOST_FIRST: &str = "(most recent call first):";

/// A title at the end of a line, and where it begins: a message may stand before it.
pub(super) fn title(text: &str) -> Option<(usize, Title)> {
    if !text.ends_with("):") {
        return None;
    }
    if let Some(head) = text.strip_suffix(INNERMOST_FIRST) {
        // `Thread 0x00007f00 (most recent call first):`, `Current thread 0x…`: a fatal error of the interpreter.
        let at = [head.rfind("Current thread "), head.rfind("Thread "), head.rfind("Stack ")]
            .into_iter()
            .flatten()
            .max();
        return at.map(|at| (at, Title::InnermostFirst));
    }
    let head = text.strip_suffix(OUTERMOST_FIRST)?.trim_end();
    let begins = [
        ("Exception Group Traceback", Title::Group),
        ("Traceback", Title::Exception),
        ("Stack", Title::Stack),
    ];
    let (before, title) =
        begins.iter().find_map(|(begin, title)| Some((head.strip_suffix(begin)?, *title)))?;
    (!before.ends_with(char::is_alphanumeric)).then_some((before.len(), title))
}

/// What the sentence between two exceptions of a chain says.
pub(super) fn sentence(text: &str) -> Option<Relation> {
    match text {
        "The above exception was the direct cause of the following exception:" => Some(Relation::Cause),
        "During handling of the above exception, another exception occurred:" => Some(Relation::Context),
        _ => None,
    }
}

/// A frame, or, without a function, the place of a `SyntaxError`.
pub(super) fn frame(text: &str) -> Option<Frame<'_>> {
    let rest = text.strip_prefix("File ")?.strip_prefix(['"', '“', '”', '„'])?;
    // From behind: a path may hold quotes.
    let mut commas = memchr::memrchr_iter(b',', rest.as_bytes());
    let at = commas.find(|at| rest[*at..].starts_with(", line "))?;
    let place = rest[..at].strip_suffix(['"', '“', '”'])?;
    let number = &rest[at + ", line ".len()..];
    let digits = number.bytes().take_while(u8::is_ascii_digit).count();
    let behind = match digits {
        0 => number.strip_prefix("None").or_else(|| number.strip_prefix("???"))?,
        _ => &number[digits..],
    };
    let function = match behind {
        "" => None,
        // A fatal error's frames have no comma.
        _ => Some(behind.strip_prefix(", in ").or_else(|| behind.strip_prefix(" in "))?.trim_start()),
    };
    Some(Frame { place, line: number[..digits].parse().ok(), function, times: 1, language: Language::Python })
}

/// Whether a frame needs no title to be one: its function is a name, and not words of a message.
pub(super) fn is_plain(frame: &Frame<'_>) -> bool {
    frame.function.is_some_and(|function| !function.contains(char::is_whitespace))
}

/// How many more times the last frame was called: `[Previous line repeated 995 more times]`.
pub(super) fn repeated(text: &str) -> Option<u32> {
    let rest = text.strip_prefix("[Previous line repeated ")?;
    let number = rest.strip_suffix(" more times]").or_else(|| rest.strip_suffix(" more time]"))?;
    number.parse().ok()
}

/// Whether a message that ends so goes on with the traceback of another exception.
pub(super) fn leads_to_quotation(text: &str) -> bool {
    text.ends_with([':', '-', '=']) || is_quote(text)
}

/// A line that opens or closes a text in the message of `concurrent.futures` and `multiprocessing`.
pub(super) fn is_quote(text: &str) -> bool {
    matches!(text, "\"\"\"" | "'''")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles() {
        assert_eq!(title("Traceback (most recent call last):"), Some((0, Title::Exception)));
        assert_eq!(title("it failed: Traceback (most recent call last):"), Some((11, Title::Exception)));
        assert_eq!(title("  + Exception Group Traceback (most recent call last):"), Some((4, Title::Group)));
        assert_eq!(title("Stack (most recent call last):"), Some((0, Title::Stack)));
        assert_eq!(title("Current thread 0x7f (most recent call first):"), Some((0, Title::InnermostFirst)));
        for text in [
            "Traceback (most recent call last): here",
            "(most recent call last):",
            "NoTraceback (most recent call last):",
        ] {
            assert_eq!(title(text), None, "{text}");
        }
    }

    fn parts(text: &str) -> Option<(&str, Option<u32>, Option<&str>)> {
        frame(text.trim_start()).map(|frame| (frame.place, frame.line, frame.function))
    }

    #[test]
    fn frames() {
        assert_eq!(parts("  File \"a.py\", line 12, in f"), Some(("a.py", Some(12), Some("f"))));
        assert_eq!(parts("File “a.py”, line 1, in <module>"), Some(("a.py", Some(1), Some("<module>"))));
        let share = r#"  File "\\srv\a b\"x", line 2".py", line 3, in größe"#;
        assert_eq!(parts(share), Some((r#"\\srv\a b\"x", line 2".py"#, Some(3), Some("größe"))));
        assert_eq!(parts("  File \"<string>\", line 1"), Some(("<string>", Some(1), None)));
        assert_eq!(parts("  File \"x\", line 3 in f"), Some(("x", Some(3), Some("f"))));
        assert_eq!(parts("  File \"x\", line None, in f"), Some(("x", None, Some("f"))));
        let cython = "  File \"a/b.pyx\", line 1, in init a.b";
        assert_eq!(parts(cython), Some(("a/b.pyx", Some(1), Some("init a.b"))));
        assert!(!is_plain(&frame(cython.trim_start()).unwrap()));
        assert_eq!(parts("  File \"x\", line 99999999999, in f"), Some(("x", None, Some("f"))));
    }

    #[test]
    fn what_is_no_frame() {
        for text in [
            "File not found: \"a.py\", line 1",
            "File \"a.ma\" could not be read",
            "File \"a.ma\", line 3: syntax error",
            "File \"a.ma\", line x, in f",
            "Open File \"a.py\", line 1, in f",
            "File a.py, line 1, in f",
        ] {
            assert_eq!(parts(text), None, "{text}");
        }
    }

    #[test]
    fn repetitions() {
        assert_eq!(repeated("[Previous line repeated 995 more times]"), Some(995));
        assert_eq!(repeated("[Previous line repeated 1 more time]"), Some(1));
        assert_eq!(repeated("[Previous line repeated often]"), None);
    }
}
