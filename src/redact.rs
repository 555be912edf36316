//! Secrets come out of a text before anything of it is kept.
//!
//! What stands in their place says what kind it was and is the same every time, so that a
//! signature does not change with the secret.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Captures, Regex};

/// A kind of secret. In `pattern` the group `keep` stays, and `end` too where there is one.
struct Rule {
    kind: &'static str,
    pattern: &'static str,
}

const RULES: &[Rule] = &[
    Rule {
        kind: "private-key",
        pattern: r"(?s)(?<keep>)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\z)",
    },
    // https://user:password@host
    Rule {
        kind: "url-password",
        pattern: r"(?<keep>\b[a-zA-Z][a-zA-Z0-9+.-]*://)[^\s/@:]*:[^\s/@]+(?<end>@)",
    },
    // RFC 7617 and RFC 6750; eight characters are fewer than any real credential has.
    Rule { kind: "authorization", pattern: r"(?<keep>\b(?i:bearer|basic)\s+)[A-Za-z0-9._~+/=-]{8,}" },
    // key=value, key: value, 'key': 'value', --key value; the names under which Toolkit, the API and studios keep them.
    Rule {
        kind: "secret",
        pattern: concat!(
            r#"(?<keep>(?i:password|passwd|passphrase|secret|api[_-]?key|script[_-]?key|application[_-]?key"#,
            r#"|private[_-]?key|session[_-]?(?:token|id)|sessionid|access[_-]?(?:token|key)|auth[_-]?token"#,
            r#"|refresh[_-]?token)\b["']?(?:\s*[:=]\s*|\s+(?:is\s+)?)(?<quote>[uUbB]?["'])?)"#,
            // Not what was redacted already.
            r#"[^\s"'&,;)}\]<>\[][^\s"'&,;)}\]<>]{3,}"#,
        ),
    },
    Rule {
        kind: "secret",
        pattern: r#"(?<keep>\b(?i:token|pwd|key)["']?\s*[=]\s*["']?)[^\s"'&,;)}\]<>\[][^\s"'&,;)}\]<>]{7,}"#,
    },
];

static COMPILED: LazyLock<Vec<(Regex, &'static str)>> = LazyLock::new(|| {
    let compile =
        |rule: &Rule| (Regex::new(rule.pattern).expect("the rules are constants and tested"), rule.kind);
    RULES.iter().map(compile).collect()
});

/// The text without its secrets; the text itself where it has none.
#[must_use]
pub fn redact(text: &str) -> Cow<'_, str> {
    let mut out = Cow::Borrowed(text);
    for (pattern, kind) in COMPILED.iter() {
        let replace = |found: &Captures<'_>| {
            let part = |name| found.name(name).map_or("", |part| part.as_str());
            format!("{}[redacted:{kind}]{}", part("keep"), part("end"))
        };
        if let Cow::Owned(replaced) = pattern.replace_all(&out, replace) {
            out = Cow::Owned(replaced);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_go_and_their_surroundings_stay() {
        for (text, want) in [
            ("GET https://bob:hunter22@host/x failed", "GET https://[redacted:url-password]@host/x failed"),
            ("Authorization: Bearer abcDEF123456.x-y", "Authorization: Bearer [redacted:authorization]"),
            ("{'api_key': 'abcd-1234', 'n': 1}", "{'api_key': '[redacted:secret]', 'n': 1}"),
            ("run --script-key s3cr3tKey --verbose", "run --script-key [redacted:secret] --verbose"),
            ("SG_SCRIPT_KEY=abcdef12", "SG_SCRIPT_KEY=[redacted:secret]"),
            ("session_token=abcdef0123 host", "session_token=[redacted:secret] host"),
            (
                "a -----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY----- b",
                "a [redacted:private-key] b",
            ),
        ] {
            assert_eq!(redact(text), want);
            assert_eq!(redact(want), want, "what was redacted stays as it is");
        }
    }

    #[test]
    fn a_text_without_secrets_is_not_copied() {
        let text = "KeyError: 'missing' in https://host:8080/path?x=1, unexpected token: )";
        assert!(matches!(redact(text), Cow::Borrowed(_)));
    }
}
