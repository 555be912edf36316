//! Any text is taken apart, signed and redacted, and redacting it again changes nothing.

use tk_incident_core::record::{Exception, Parts, traceback};
use tk_incident_core::signature::{SignatureKind, TITLE_CHARACTERS};
use tk_incident_core::{redact, signature};

use super::steering;

/// Texts become no longer than this by repetition: enough to show a time that grows with the square.
const LONGEST: usize = 64 << 10;

/// Checks one input: how often the text is repeated, and the text.
pub fn holds(input: &[u8]) {
    let (line, body) = steering(input);
    let body = String::from_utf8_lossy(body);
    let times: usize = line.trim().parse().unwrap_or(1);
    is_taken_apart(&body);
    is_signed(&body);
    let once = redact(&body).into_owned();
    is_taken_apart(&once);
    let twice = redact(&once);
    assert_eq!(twice, once, "what was redacted stays as it is");
    assert_eq!(signature(&twice), signature(&once));

    // Only for the time it takes: the fuzzer gives up an input that takes too long.
    if times > 1 {
        let text = body.repeat(times.min(LONGEST / body.len().max(1)));
        is_taken_apart(&text);
        let _ = signature(&redact(&text));
    }
}

fn is_taken_apart(text: &str) {
    if let Some((at, exception)) = traceback::find(text) {
        assert!(text.get(at..).is_some_and(|rest| rest.starts_with("Traceback (most recent call last):")));
        is_exception(&text[at..], exception);
    }
    let parts = Parts::of(text);
    assert_eq!(parts.message, parts.message.trim());
    let at = offset(text, parts.message);
    if let Some(exception) = parts.exception {
        let behind = at + parts.message.len();
        assert!(text[behind..].trim_start().starts_with("Traceback"), "a message ends at its traceback");
        is_exception(&text[behind..], exception);
    }
}

fn is_exception(behind: &str, exception: Exception<'_>) {
    let line = behind.lines().find(|line| line.starts_with(exception.name)).expect("a line shows its name");
    assert!(!line.starts_with(char::is_whitespace), "an exception is not indented");
    assert!(!exception.name.is_empty() && !exception.name.contains([' ', ':', '\n']));
    assert!(!exception.short_name().is_empty() && exception.name.ends_with(exception.short_name()));
    if !exception.message.is_empty() {
        assert!(offset(behind, exception.name) + exception.name.len() <= offset(behind, exception.message));
    }
    assert_eq!(exception.message, exception.message.trim());
}

fn is_signed(text: &str) {
    let signed = signature(text);
    assert_eq!(signature(text), signed);
    assert!(!signed.title.is_empty() && !signed.title.contains('\n'), "{:?}", signed.title);
    match signed.kind {
        SignatureKind::Exception => assert!(Parts::of(text).exception.is_some()),
        SignatureKind::Message => {
            assert!(signed.title.chars().count() <= TITLE_CHARACTERS);
            assert_eq!(signed.title.split_whitespace().collect::<Vec<_>>().join(" "), signed.title);
        }
    }
    let (version, digits) = signed.key.split_once('-').unwrap();
    assert_eq!(version, tk_incident_core::signature::VERSION);
    assert!(digits.len() == 24 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
}

/// Where a part stands in its text.
fn offset(text: &str, part: &str) -> usize {
    let range = text.as_bytes().as_ptr_range();
    assert!(range.start <= part.as_ptr() && part.as_bytes().as_ptr_range().end <= range.end);
    part.as_ptr() as usize - range.start as usize
}
