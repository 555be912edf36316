//! What Maya's Script Editor says of an error on one line, and the trace behind it.

use super::lines::{Lines, Mark};
use super::{Exception, Frame, Language, Traceback, frame, python};

/// How Maya's trace of an error begins.
const TRACE: &str = "Start of trace: (";

/// Reads the error that the next line says, if it does. Passes over what it has read.
///
/// `// Error: file: /a.mel line 12: Cannot find procedure "foo". //`, `// Error: line 1: …` for what was typed in,
/// `# Error: RuntimeError: file <maya console> line 1: … #`, and Maya's `Start of trace:` after one or alone.
pub(super) fn read<'a>(lines: &mut Lines<'a>) -> Option<Traceback<'a>> {
    let mut after = lines.clone();
    let first = after.next()?;
    let mark = Mark::of(first.text);
    let text = mark.strip(first.text)?;
    let (exception, called) = if is_trace(text.trim_start()) {
        (None, trace(text)?)
    } else {
        error(text, mark).map(|(exception, called)| (Some(exception), called))?
    };
    let mut frames = vec![called];
    // Where Maya shows a traceback, too, that says more.
    let shows_more = |text: &str| python::title(text).is_some() || python::frame(text.trim_start()).is_some();
    if after.peek().and_then(|line| mark.strip(line.text)).is_some_and(shows_more) {
        return None;
    }
    let mut end = first.end;
    lines.clone_from(&after);
    while let Some(line) = after.next() {
        let Some(called) = mark.strip(line.text).and_then(trace) else { break };
        frame::push(&mut frames, called);
        end = line.end;
        lines.clone_from(&after);
    }
    Some(Traceback::of_calls(first.start..end, exception, frames))
}

/// Whether this is the first line of Maya's trace.
pub(super) fn is_trace(text: &str) -> bool {
    text.starts_with(TRACE)
}

/// `Error: file: /a.mel line 12: what`, `Error: RuntimeError: file a.py line 1: what`, `Error: line 1: what`.
fn error(text: &str, mark: Mark) -> Option<(Exception<'_>, Frame<'_>)> {
    let word = ["Error", "Warning"].into_iter().find(|word| text.starts_with(word))?;
    let (word, rest) = text.split_at(word.len());
    let rest = rest.strip_prefix(": ")?;
    if let Some(rest) = rest.strip_prefix("file: ") {
        let (place, line, message) = place(rest)?;
        let frame = Frame { place, line, function: None, times: 1, language: Language::Mel };
        return Some((Exception { name: word, message, rest: "" }, frame));
    }
    // Many a parser says `Error: line 1: …`: only behind Maya's mark is it Maya's.
    if mark == Mark::Slashes && (rest.starts_with("line ") || rest.starts_with("Line ")) {
        let (line, message) = number(&rest["line ".len()..])?;
        let frame = Frame { place: "", line, function: None, times: 1, language: Language::Mel };
        return Some((Exception { name: word, message, rest: "" }, frame));
    }
    if mark == Mark::Hash {
        let (name, rest) = rest.split_once(": file ")?;
        let (place, line, message) = place(rest)?;
        let class = Exception::of(name).filter(|class| class.message.is_empty())?;
        let frame = Frame { place, line, function: None, times: 1, language: Language::Python };
        return Some((Exception { message, ..class }, frame));
    }
    None
}

/// `Start of trace: (command window: line 1).`, `foo (file: /a.mel line 3).`
fn trace(text: &str) -> Option<Frame<'_>> {
    let text = text.trim_start();
    let begin = text.strip_prefix(TRACE).map(|rest| (None, rest));
    let (function, rest) = begin.or_else(|| {
        let (function, rest) = text.split_once(" (")?;
        let is_name = function.bytes().all(|next| next == b'_' || next.is_ascii_alphanumeric());
        (is_name && !function.is_empty()).then_some((Some(function), rest))
    })?;
    let rest = rest.strip_suffix('.').unwrap_or(rest).strip_suffix(')')?;
    let (place, line) = match rest.strip_prefix("file: ") {
        Some(rest) => rest.rsplit_once(" line ")?,
        None => ("", rest.strip_prefix("command window: line ")?),
    };
    let line = line.split('.').next().unwrap_or(line).parse().ok()?;
    Some(Frame { place, line: Some(line), function, times: 1, language: Language::Mel })
}

/// `/a.mel line 12: what`
fn place(text: &str) -> Option<(&str, Option<u32>, &str)> {
    let at = memchr::memmem::find(text.as_bytes(), b" line ")?;
    let (line, message) = number(&text[at + " line ".len()..])?;
    Some((&text[..at], line, message))
}

/// `12: what`, or `12.5: what` with the column.
fn number(text: &str) -> Option<(Option<u32>, &str)> {
    let (number, message) = text.split_once(':')?;
    let line = number.split('.').next().unwrap_or(number);
    let is_number = !line.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    is_number.then(|| (line.parse().ok(), message.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Option<(&str, &str, &str, Option<u32>)> {
        let found = read(&mut Lines::new(text))?;
        let (link, frame) = (&found.links[0], found.links[0].frames[0]);
        let exception = link.exception.unwrap();
        Some((exception.name, exception.message, frame.place, frame.line))
    }

    #[test]
    fn errors_on_one_line() {
        for (text, name, message, place, line) in [
            (
                "// Error: file: /x y/a.mel line 12: Cannot find procedure \"foo\". //",
                "Error",
                "Cannot find procedure \"foo\".",
                "/x y/a.mel",
                12,
            ),
            ("// Error: file: C:/a.mel line 12.7: Syntax error // ", "Error", "Syntax error", "C:/a.mel", 12),
            ("Error: file: C:/a.mel line 3: no", "Error", "no", "C:/a.mel", 3),
            (
                "// Error: line 1: Cannot find procedure \"foo\". //",
                "Error",
                "Cannot find procedure \"foo\".",
                "",
                1,
            ),
            ("// Error: Line 1.23: Syntax error", "Error", "Syntax error", "", 1),
            (
                "# Error: RuntimeError: file <maya console> line 1: No object: x # ",
                "RuntimeError",
                "No object: x",
                "<maya console>",
                1,
            ),
        ] {
            assert_eq!(parts(text), Some((name, message, place, Some(line))), "{text}");
        }
    }

    #[test]
    fn what_is_no_error_of_maya() {
        for text in [
            "Error: line 1: unexpected token",
            "Error: file not found: line 3: x",
            "// Error: no such node //",
            "# Error: KeyError: 'x' #",
            "# Error: it is in: file a line 3: no",
            "Error: file: a line x: y",
            "render (file: /a.ma line 3).",
        ] {
            assert_eq!(read(&mut Lines::new(text)), None, "{text}");
        }
    }

    #[test]
    fn a_trace_names_the_procedures() {
        let text =
            "Start of trace: (command window: line 1).\nfoo (file: C:/a b.mel line 3).\nfoo is (not) one";
        let mut lines = Lines::new(text);
        let found = read(&mut lines).unwrap();
        let frames: Vec<_> =
            found.links[0].frames.iter().map(|frame| (frame.place, frame.line, frame.function)).collect();
        assert_eq!(frames, [("", Some(1), None), ("C:/a b.mel", Some(3), Some("foo"))]);
        assert_eq!(lines.next().unwrap().text, "foo is (not) one");
        let both = format!("// Error: file: a.mel line 1: no //\n// {}", text.replace('\n', "\n// "));
        assert_eq!(read(&mut Lines::new(&both)).unwrap().links[0].frames.len(), 3);
    }
}
