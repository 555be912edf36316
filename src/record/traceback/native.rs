//! The stack of a crash in native code, in the shapes in which hosts and debuggers print one.

use super::lines::{Lines, Mark};
use super::{Frame, Language, Traceback, frame};

/// A line alone can be anything: fewer than these are no stack.
const FEWEST: usize = 2;

/// Extensions of what holds native code, as they stand before `!`.
const BINARIES: [&str; 6] = [".exe", ".dll", ".so", ".mll", ".bundle", ".dylib"];

/// Reads the stack that begins with the next line, if one does. Passes over what it has read.
pub(super) fn read<'a>(lines: &mut Lines<'a>) -> Option<Traceback<'a>> {
    let mut after = lines.clone();
    let first = after.next()?;
    let mark = Mark::of(first.text);
    let mut innermost_first = vec![parse(mark.strip(first.text)?)?];
    let mut end = first.end;
    lines.clone_from(&after);
    while let Some(line) = after.next() {
        let Some(frame) = mark.strip(line.text).and_then(parse) else { break };
        innermost_first.push(frame);
        end = line.end;
        lines.clone_from(&after);
    }
    if innermost_first.len() < FEWEST {
        return None;
    }
    let mut frames = Vec::with_capacity(innermost_first.len());
    innermost_first.into_iter().rev().for_each(|next| frame::push(&mut frames, next));
    Some(Traceback::of_calls(first.start..end, None, frames))
}

/// A frame of a native stack.
fn parse(text: &str) -> Option<Frame<'_>> {
    // `[Callstack] 0x00007ff6… UnrealEditor-Core.dll!F() [D:\a.cpp:12]`
    let text = text.trim_start();
    let text = text.strip_prefix("[Callstack] ").unwrap_or(text);
    let (place, line, function) = debugger(text)
        .or_else(|| apple(text))
        .or_else(|| glibc(text))
        .or_else(|| houdini(text))
        .or_else(|| windows(text))?;
    let function = Some(function).filter(|function| !matches!(*function, "" | "??"));
    Some(Frame { place, line, function, times: 1, language: Language::Native })
}

type Parts<'a> = (&'a str, Option<u32>, &'a str);

/// `#0  0x00007f12 in foo::bar(int) () from /lib/x.so`, `#1  foo (x=1) at a.c:12`: gdb; `#0 0x55 in foo /a.c:3:1`: sanitizers.
fn debugger(text: &str) -> Option<Parts<'_>> {
    let rest = text.strip_prefix('#')?;
    let rest = rest.trim_start_matches(|next: char| next.is_ascii_digit()).strip_prefix(' ')?.trim_start();
    let (called, is_addressed) = match address(rest).and_then(|rest| rest.strip_prefix("in ")) {
        Some(called) => (called, true),
        None => (rest, false),
    };
    // Without an address it is the arguments that tell a call from an item of a list.
    if !is_addressed && !called.contains(')') {
        return None;
    }
    let is_call = |called: &str| is_addressed || called.ends_with(')');
    if let Some((called, place)) = called.rsplit_once(" from ") {
        return is_call(called).then(|| (place, None, without_arguments(called)));
    }
    if let Some((called, place)) = called.rsplit_once(" at ") {
        let (place, line) = place_and_line(place);
        return (is_call(called) && line.is_some()).then(|| (place, line, without_arguments(called)));
    }
    if !is_addressed {
        return None;
    }
    match called.find(" /") {
        Some(at) => {
            let (place, line) = place_and_line(&called[at + 1..]);
            Some((place, line, without_arguments(&called[..at])))
        }
        None => Some(("", None, without_arguments(called))),
    }
}

/// Whether this can be a frame that begins with its number or its address.
pub(super) fn is_numbered(text: &str) -> bool {
    memchr::memmem::find(text.as_bytes(), b"0x").is_some()
}

/// `3   Foundation   0x000000019 -[NSArray x] + 72`
fn apple(text: &str) -> Option<Parts<'_>> {
    let rest = text.trim_start_matches(|next: char| next.is_ascii_digit());
    if rest.len() == text.len() || !rest.starts_with([' ', '\t']) {
        return None;
    }
    let at = memchr::memmem::find(rest.as_bytes(), b" 0x")
        .or_else(|| memchr::memmem::find(rest.as_bytes(), b"\t0x"))?;
    let (place, called) = (rest[..at].trim(), address(&rest[at + 1..])?);
    let (function, offset) = called.rsplit_once(" + ")?;
    let is_offset = offset.starts_with(|first: char| first.is_ascii_digit());
    (!place.is_empty() && is_offset).then(|| (place, None, function.trim()))
}

/// `/lib/libfoo.so(_ZN3foo3barEv+0x1f) [0x7f12]`: `backtrace_symbols`.
fn glibc(text: &str) -> Option<Parts<'_>> {
    let (head, address) = text.strip_suffix(']')?.rsplit_once(" [0x")?;
    if !is_hexadecimal(address) {
        return None;
    }
    let (place, symbol) = head.strip_suffix(')')?.split_once('(')?;
    let function = symbol.rsplit_once('+').map_or(symbol, |(function, _)| function);
    (!place.is_empty() && !place.contains(": ")).then_some((place, None, function))
}

/// `UT_Thread::run()+0x11b <libHoudiniUT.so>`
fn houdini(text: &str) -> Option<Parts<'_>> {
    let (head, place) = text.strip_suffix('>')?.rsplit_once(" <")?;
    let (function, offset) = head.rsplit_once("+0x")?;
    is_hexadecimal(offset).then_some((place, None, function.trim_end()))
}

/// `OGS.dll!Tfoo::bar() + 0x1c`, `Qt5Core.dll!QObject::event`, `a.exe!f() Line 12`; addresses may stand before it.
fn windows(text: &str) -> Option<Parts<'_>> {
    let bare = address(text).unwrap_or(text);
    let (place, called) = bare.split_once('!')?;
    let is_module = |next: char| next.is_ascii_alphanumeric() || matches!(next, '_' | '-' | '.' | '+');
    let begins =
        |first: char| first.is_alphabetic() || matches!(first, '_' | '~' | '?' | '<' | '`' | '@' | '(');
    if place.is_empty() || !place.chars().all(is_module) || !called.starts_with(begins) {
        return None;
    }
    let named = called.strip_suffix(']').and_then(|called| called.rsplit_once(" ["));
    if let Some((function, place_and_number)) = named {
        let (_, line) = place_and_line(place_and_number);
        return Some((place, line, function));
    }
    if let Some((function, line)) = called.split_once(" Line ") {
        let digits = line.bytes().take_while(u8::is_ascii_digit).count();
        return Some((place, line[..digits].parse().ok(), function));
    }
    let (function, offset) = match called.rsplit_once('+') {
        Some((function, offset)) => (function.trim_end(), offset.trim()),
        None => (called, ""),
    };
    let is_offset = offset.strip_prefix("0x").is_some_and(is_hexadecimal);
    let is_binary = BINARIES.iter().any(|ending| place.ends_with(ending));
    if is_offset {
        return Some((place, None, function));
    }
    (is_binary || bare.len() < text.len()).then_some((place, None, called))
}

/// What stands behind the address that a text begins with.
fn address(text: &str) -> Option<&str> {
    let digits = text.strip_prefix("0x")?.trim_start_matches(|next: char| next.is_ascii_hexdigit());
    let is_address = text.len() - digits.len() > "0x".len() && (digits.is_empty() || digits.starts_with(' '));
    is_address.then(|| digits.trim_start())
}

fn is_hexadecimal(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Without the values that gdb shows: they differ from crash to crash.
fn without_arguments(called: &str) -> &str {
    called.split_once(" (").map_or(called, |(function, _)| function).trim_end()
}

/// `a.c:12` or `a.c:12:3`; a drive's colon is none of these.
fn place_and_line(text: &str) -> (&str, Option<u32>) {
    let Some((place, number)) = text.rsplit_once(':') else { return (text, None) };
    let Ok(number) = number.parse() else { return (text, None) };
    match place.rsplit_once(':').map(|(place, line)| (place, line.parse())) {
        Some((place, Ok(line))) => (place, Some(line)),
        _ => (place, Some(number)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Option<(&str, Option<u32>, Option<&str>)> {
        parse(text).map(|frame| (frame.place, frame.line, frame.function))
    }

    #[test]
    fn shapes_of_frames() {
        for (text, place, line, function) in [
            ("#0  0x00007f12 in foo::bar(int) () from /lib/x.so", "/lib/x.so", None, "foo::bar(int)"),
            ("#12 foo (x=1, s=\"a (b)\") at src/a.c:12", "src/a.c", Some(12), "foo"),
            ("    #1 0x55d in main /src/a.cpp:3:14", "/src/a.cpp", Some(3), "main"),
            ("3   Foundation   0x000000019 -[NSArray x] + 72", "Foundation", None, "-[NSArray x]"),
            ("12  Maya Helper  0x0000000190ab f(int) + 12", "Maya Helper", None, "f(int)"),
            ("libfoo.so(_ZN3foo3barEv+0x1f) [0x7f12]", "libfoo.so", None, "_ZN3foo3barEv"),
            ("UT_Thread::run()+0x11b <libHoudiniUT.so>", "libHoudiniUT.so", None, "UT_Thread::run()"),
            ("maya.exe!foo + 0x12", "maya.exe", None, "foo"),
            ("OGS!TfnFoo::bar() + 0x1c", "OGS", None, "TfnFoo::bar()"),
            ("  Qt5Core.dll!QObject::event", "Qt5Core.dll", None, "QObject::event"),
            ("a.exe!f(int x) Line 12 + 0x5 bytes", "a.exe", Some(12), "f(int x)"),
            (r"[Callstack] 0x00007ff6 U-Core.dll!F::g() [D:\b\a.cpp:12]", "U-Core.dll", Some(12), "F::g()"),
        ] {
            assert_eq!(parts(text), Some((place, line, Some(function))), "{text}");
        }
        assert_eq!(parts("/lib/libc.so.6(+0x42520) [0x7f]"), Some(("/lib/libc.so.6", None, None)));
        assert_eq!(parts("#1  0x0000 in ?? ()"), Some(("", None, None)));
    }

    #[test]
    fn what_is_no_frame() {
        for text in [
            "Warning!Something is wrong",
            "Done!",
            "Hello!World",
            "#1 in the list",
            "#1 render at 10:30",
            "#1 a message from Al",
            "#0 -(9): sum(1.5, 2.5)",
            "3 files at 0x1",
            "10 items (all) [0x]",
            "a <b>",
            "1 + 2",
            "0x12",
        ] {
            assert_eq!(parts(text), None, "{text}");
        }
    }

    #[test]
    fn two_lines_are_a_stack_and_one_is_none() {
        let text = "maya.exe!f + 0x1\nmaya.exe!g + 0x2\nx";
        let mut lines = Lines::new(text);
        let found = read(&mut lines).unwrap();
        assert_eq!(&text[found.range], "maya.exe!f + 0x1\nmaya.exe!g + 0x2");
        let functions: Vec<_> = found.links[0].frames.iter().filter_map(|frame| frame.function).collect();
        assert_eq!(functions, ["g", "f"], "outermost first");
        assert_eq!(lines.next().unwrap().text, "x");
        assert_eq!(read(&mut Lines::new("maya.exe!f + 0x1\nx")), None);
    }
}
