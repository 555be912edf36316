//! Secrets come out of a text before anything of it is kept.
//!
//! What stands in their place says what kind it was and is the same every time, so that a
//! signature does not change with the secret.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use memchr::{memchr, memmem, memrchr};
use regex::{Captures, Regex};

/// A kind of secret. In `pattern` the group `keep` stays, and `end` too where there is one.
struct Rule {
    kind: &'static str,
    pattern: &'static str,
}

/// The one rule that spans lines.
const PRIVATE_KEY: Rule = Rule {
    kind: "private-key",
    pattern: r"(?s)(?<keep>)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\z)",
};

const RULES: &[Rule] = &[
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

/// A rule, ready to use, and its kind.
type Compiled = (Regex, &'static str);

static COMPILED_PRIVATE_KEY: LazyLock<Compiled> = LazyLock::new(|| compile(&PRIVATE_KEY));
static COMPILED: LazyLock<Vec<Compiled>> = LazyLock::new(|| RULES.iter().map(compile).collect());

/// Each of the [`RULES`] needs one of these. Most of a log holds none, and one pass over it says so.
static SIGNS: LazyLock<AhoCorasick> = LazyLock::new(|| {
    let signs = ["://", "bearer", "basic", "passw", "passphrase", "secret", "key", "session", "token", "pwd"];
    let builder =
        AhoCorasick::builder().ascii_case_insensitive(true).kind(Some(AhoCorasickKind::DFA)).clone();
    builder.build(signs).expect("the signs are constants and tested")
});

/// The text without its secrets; the text itself where it has none. Redacting it again changes nothing.
#[must_use]
pub fn redact(text: &str) -> Cow<'_, str> {
    let mut out = pass(text);
    // What one rule leaves can be what an earlier one looks for. Only a text with secrets is looked at again, and
    // each time fewer characters are left that are no mark of ours: so it ends.
    while let Cow::Owned(redacted) = &out {
        let again = pass(redacted);
        if again == *redacted {
            break;
        }
        out = Cow::Owned(again.into_owned());
    }
    out
}

/// Applies each rule once.
fn pass(text: &str) -> Cow<'_, str> {
    // A key's lines belong together; the other rules look no further than the next line.
    let whole = if memmem::find(text.as_bytes(), b"-----BEGIN ").is_some() {
        apply(&COMPILED_PRIVATE_KEY, Cow::Borrowed(text))
    } else {
        Cow::Borrowed(text)
    };
    let mut out = String::new();
    let mut done = 0;
    for region in regions(&whole) {
        let part = &whole[region.clone()];
        let redacted = COMPILED.iter().fold(Cow::Borrowed(part), |text, rule| apply(rule, text));
        if let Cow::Owned(redacted) = redacted {
            out.push_str(&whole[done..region.start]);
            out.push_str(&redacted);
            done = region.end;
        }
    }
    if done == 0 {
        return whole;
    }
    out.push_str(&whole[done..]);
    Cow::Owned(out)
}

fn compile(rule: &Rule) -> Compiled {
    (Regex::new(rule.pattern).expect("the rules are constants and tested"), rule.kind)
}

fn apply<'a>((pattern, kind): &Compiled, text: Cow<'a, str>) -> Cow<'a, str> {
    let replace = |found: &Captures<'_>| {
        let part = |name| found.name(name).map_or("", |part| part.as_str());
        format!("{}[redacted:{kind}]{}", part("keep"), part("end"))
    };
    match pattern.replace_all(&text, replace) {
        Cow::Owned(replaced) => Cow::Owned(replaced),
        Cow::Borrowed(_) => text,
    }
}

/// Where a secret can be: lines with a sign, each with the one behind it, which can hold the value.
fn regions(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let line_end = |from: usize| memchr(b'\n', &bytes[from..]).map_or(bytes.len(), |at| from + at + 1);
    let mut out: Vec<Range<usize>> = Vec::new();
    let mut looked_to = 0;
    for sign in SIGNS.find_iter(bytes) {
        if sign.end() <= looked_to {
            continue;
        }
        let begin =
            memrchr(b'\n', &bytes[looked_to..sign.start()]).map_or(looked_to, |at| looked_to + at + 1);
        looked_to = line_end(sign.end());
        let end = line_end(looked_to);
        match out.last_mut() {
            Some(last) if begin < last.end => last.end = end,
            _ => out.push(begin..end),
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
    fn every_line_is_looked_at_and_a_value_may_stand_on_the_next() {
        let text = "one\npassword:\nhunter22\nfive\nsix\ntoken=abcdefgh\nsecret=abcd\nlast";
        let want = "one\npassword:\n[redacted:secret]\nfive\nsix\ntoken=[redacted:secret]\nsecret=[redacted:secret]\nlast";
        assert_eq!(redact(text), want);
        let many = "key key ".repeat(200_000) + "api_key=abcdef";
        assert!(redact(&many).ends_with("api_key=[redacted:secret]"));
    }

    #[test]
    fn what_one_rule_leaves_is_looked_at_by_all() {
        // The semicolon ends the secret, so that what is left reads as a user and a password.
        let text = "http://password=abcd;@host";
        let redacted = redact(text);
        assert_eq!(redacted, "http://[redacted:url-password]@host");
        assert_eq!(redact(&redacted), redacted);
    }

    #[test]
    fn a_text_without_secrets_is_not_copied() {
        let text = "KeyError: 'missing' in https://host:8080/path?x=1, unexpected token: )";
        assert!(matches!(redact(text), Cow::Borrowed(_)));
    }
}
