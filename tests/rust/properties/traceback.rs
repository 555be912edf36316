//! Any text is taken apart, signed and redacted, and redacting it again changes nothing.

use tk_incident_core::record::{Exception, Parts, Traceback, traceback};
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
    if let Some(found) = traceback::find(text) {
        is_traceback(text, &found);
        // What it says does not depend on what stands behind it.
        let alone = traceback::find(&text[..found.range.end]).expect("its own text shows it");
        assert_eq!(alone.links, found.links);
    }
    let parts = Parts::of(text);
    assert!(parts.message.len() <= text.len());
    assert_eq!(parts.message, parts.message.trim());
    if let Some(found) = &parts.traceback {
        // What the dialects put before a line is gone by then, so offsets are those of another text.
        assert!(parts.message.len() <= text.len() - found.range.len(), "a message ends at its traceback");
        assert_eq!(parts.exception(), found.explaining());
    }
}

fn is_traceback(text: &str, found: &Traceback<'_>) {
    let shown = text.get(found.range.clone()).expect("it lies in its text");
    assert!(!shown.is_empty() && shown.trim_ascii_end() == shown);
    let has_calls = found.links.iter().any(|link| !link.frames.is_empty());
    assert!(has_calls || shown.contains("(most recent call "), "an exception alone is no traceback");
    for link in &found.links {
        assert!(link.exception.is_some() || !link.frames.is_empty());
        for frame in &link.frames {
            assert!(frame.times > 0);
            lies_in(shown, frame.place);
            frame.function.inspect(|function| lies_in(shown, function));
        }
        link.exception.inspect(|exception| is_exception(shown, exception));
    }
    let first = found.links.iter().find_map(|link| link.exception);
    assert_eq!(found.explaining().is_some(), first.is_some());
    assert!(found.explaining_link().is_some());
}

fn is_exception(shown: &str, exception: &Exception<'_>) {
    for part in [exception.name, exception.message, exception.rest] {
        lies_in(shown, part);
    }
    assert!(!exception.name.is_empty() && !exception.name.contains([' ', ':', '\n']));
    assert!(!exception.short_name().is_empty() && exception.name.ends_with(exception.short_name()));
    if !exception.message.is_empty() {
        assert!(offset(shown, exception.name) + exception.name.len() <= offset(shown, exception.message));
    }
    assert!(exception.message == exception.message.trim() && !exception.message.contains('\n'));
}

fn lies_in(text: &str, part: &str) {
    if !part.is_empty() {
        offset(text, part);
    }
}

fn is_signed(text: &str) {
    let signed = signature(text);
    assert_eq!(signature(text), signed);
    assert!(!signed.title.is_empty() && !signed.title.contains('\n'), "{:?}", signed.title);
    let is_exception = Parts::of(text).exception().is_some();
    assert_eq!(signed.kind, if is_exception { SignatureKind::Exception } else { SignatureKind::Message });
    assert!(signed.title.chars().count() <= TITLE_CHARACTERS);
    assert_eq!(signed.title.split_whitespace().collect::<Vec<_>>().join(" "), signed.title);
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
