//! Secrets come out of a text before anything of it is kept.
//!
//! What stands in their place says what kind it was and is the same every time ([`mark`]), so that a signature does not
//! change with the secret. The rules are data, `rules.toml`: each has literal signs, which one pass over the text finds,
//! and only where one stands is the text looked at, a piece that the rule's shape bounds.

mod assigned;
mod bare;
mod block;
mod email;
mod header;
mod home;
mod looks;
pub mod mark;
mod rules;
mod signs;
mod text;
mod url;
mod value;

use std::borrow::Cow;
use std::ops::Range;

use regex::Regex;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use crate::config::Config;
use crate::error::{Error, Result};
use assigned::Certainty;
use rules::{Rules, SHIPPED, Shape};

/// What a studio's own rules find.
const STUDIO: &str = "studio";

/// A text is looked at so often until nothing more is found.
const MOST_LOOKS: usize = 4;

/// What stands for a text in which each look finds more: nobody writes such a text without meaning to.
const ENDLESS: &str = "[redacted:endless]";

/// Takes secrets out of texts: by the rules that are shipped, and by a studio's own.
#[derive(Debug, Default)]
pub struct Redactor {
    studio: Vec<Regex>,
}

impl Redactor {
    /// Compiles the studio's rules; the error names the setting and the expression.
    pub fn new(config: &Config) -> Result<Self> {
        let setting = "redact_patterns";
        let compiled = |pattern: &String| {
            Regex::new(pattern).map_err(|error| Error::expression(setting, pattern, &error))
        };
        Ok(Self { studio: config.redact_patterns.iter().map(compiled).collect::<Result<_>>()? })
    }

    /// The text without its secrets; the text itself where it has none. Redacting it again changes nothing.
    #[must_use]
    pub fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut look = Look::new(text);
        look.by_rules();
        look.by_studio(&self.studio);
        let is_done = look.is_done;
        let Some(mut out) = look.written() else { return Cow::Borrowed(text) };
        if is_done {
            return Cow::Owned(out);
        }
        for _ in 1..MOST_LOOKS {
            let mut look = Look::new(&out);
            look.by_rules();
            look.by_studio(&self.studio);
            match look.written() {
                Some(more) => out = more,
                None => return Cow::Owned(out),
            }
        }
        Cow::Owned(ENDLESS.to_owned())
    }
}

impl Redactor {
    /// The same of a text that is JSON, and stays so; one that is none is an empty object.
    #[must_use]
    pub fn redact_json(&self, json: &str) -> String {
        let is_json = |text: &str| serde_json::from_str::<IgnoredAny>(text).is_ok();
        // As a whole: that a value is secret is said by its name.
        let redacted = self.redact(json);
        if is_json(&redacted) {
            return redacted.into_owned();
        }
        let mut value = serde_json::from_str(json).unwrap_or_else(|_| Value::Object(Map::new()));
        self.redact_texts(&mut value);
        value.to_string()
    }

    /// Each text of a value by itself.
    fn redact_texts(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.redact(text).into_owned(),
            Value::Array(values) => values.iter_mut().for_each(|each| self.redact_texts(each)),
            Value::Object(values) => {
                values.iter_mut().for_each(|(name, value)| self.redact_named(name, value));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// A value together with its name, which may be all that says what it is.
    fn redact_named(&self, name: &str, value: &mut Value) {
        let text = match value {
            Value::String(text) => std::mem::take(text),
            Value::Number(number) => number.to_string(),
            _ => return self.redact_texts(value),
        };
        let name = format!("{}: ", Value::from(name));
        let pair = format!("{name}{}", Value::from(&*text));
        let redacted = self.redact(&pair);
        if redacted != pair {
            let told =
                redacted.strip_prefix(&name).and_then(|value| serde_json::from_str::<String>(value).ok());
            *value = told.unwrap_or_else(|| redacted.into_owned()).into();
        } else if value.is_string() {
            *value = text.into();
        }
    }
}

/// The text without what the shipped rules take for secrets: for texts that no settings are known for.
#[must_use]
pub fn redact(text: &str) -> Cow<'_, str> {
    Redactor::default().redact(text)
}

/// A secret.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Found {
    range: Range<usize>,
    /// The rule; behind the last one the studio's.
    rule: usize,
}

/// One look at a text.
struct Look<'a> {
    text: &'a str,
    rules: &'static Rules,
    found: Vec<Found>,
    /// Whether what was found is plain: it hides nothing that another rule would look for.
    is_done: bool,
    /// Up to where values of names are known.
    assigned_to: usize,
    /// Up to where headers with cookies were looked at.
    cookies_to: usize,
    /// The end of what each pattern found last.
    tried_to: Vec<usize>,
    /// Where the last line of a private key was seen.
    key_end: Option<usize>,
}

impl<'a> Look<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text,
            rules: &SHIPPED,
            found: Vec::new(),
            is_done: true,
            assigned_to: 0,
            cookies_to: 0,
            tried_to: Vec::new(),
            key_end: None,
        }
    }

    fn by_rules(&mut self) {
        let bytes = self.text.as_bytes();
        self.rules.signs.each(bytes, |sign, hit| self.at_sign(sign.rule, hit));
        for at in memchr::memchr_iter(b'@', bytes) {
            if let (Some(range), Some(rule)) = (email::address(bytes, at), self.rules.of_shape(Shape::Email))
            {
                self.add(range, rule);
            }
        }
        bare::each_token(bytes, |range| {
            self.is_done = false;
            if let Some(rule) = self.rules.of_shape(Shape::Bare) {
                self.add(range, rule);
            }
        });
    }

    fn at_sign(&mut self, at: usize, hit: Range<usize>) {
        let bytes = self.text.as_bytes();
        let rule = &self.rules.rules[at];
        let range = match rule.shape {
            Shape::Home => home::user(bytes, hit),
            // A name within the value of another one tells nothing more.
            Shape::Assigned | Shape::Proxy | Shape::Authorization | Shape::Cookies
                if hit.start < self.assigned_to =>
            {
                None
            }
            Shape::Assigned => assigned::secret(bytes, hit, rule.certainty.unwrap_or(Certainty::Sure)),
            Shape::Proxy => assigned::plain(bytes, hit).and_then(|begin| url::proxy_user(bytes, begin)),
            Shape::Authorization => header::authorization(bytes, hit),
            Shape::Cookies => header::cookies(bytes, hit, &mut self.cookies_to),
            Shape::Url => url::user(bytes, hit),
            Shape::Credentials => header::credentials(bytes, hit),
            Shape::PrivateKey => block::private_key(bytes, hit.start, &mut self.key_end),
            Shape::PuttyKey => Some(block::putty_key(bytes, hit.start)),
            Shape::Pattern => {
                self.tried_to.resize(self.rules.rules.len(), 0);
                rule.secret(self.text, hit, &mut self.tried_to[at])
            }
            // These have no sign of three bytes.
            Shape::Bare | Shape::Email => None,
        };
        let Some(range) = range else { return };
        if matches!(rule.shape, Shape::Assigned | Shape::Authorization | Shape::Cookies) {
            self.assigned_to = range.end;
        }
        self.is_done &= rule.shape == Shape::Home;
        self.add(range, at);
    }

    /// What a studio's rules find, but for what touches a mark: that was redacted before.
    fn by_studio(&mut self, patterns: &[Regex]) {
        let studio = self.rules.rules.len();
        for pattern in patterns {
            for found in pattern.captures_iter(self.text) {
                let Some(range) = found.name("secret").or(found.get(0)).map(|part| part.range()) else {
                    continue;
                };
                if !range.is_empty() && !touches_mark(self.text.as_bytes(), &range) {
                    self.is_done = false;
                    self.add(range, studio);
                }
            }
        }
    }

    fn add(&mut self, range: Range<usize>, rule: usize) {
        // A rule's shape begins and ends at ASCII, but what it was asked of is only bytes.
        let is_text = self.text.is_char_boundary(range.start) && self.text.is_char_boundary(range.end);
        if !range.is_empty() && is_text && mark::end(self.text.as_bytes(), range.start) != Some(range.end) {
            self.found.push(Found { range, rule });
        }
    }

    /// The text with marks for what was found; none if nothing was.
    fn written(mut self) -> Option<String> {
        if self.found.is_empty() {
            return None;
        }
        // Of two that begin together the longer one says what it is; of two equal ones the rule that comes first.
        self.found.sort_unstable_by_key(|found| {
            (found.range.start, std::cmp::Reverse(found.range.end), found.rule)
        });
        let kind = |rule: usize| self.rules.rules.get(rule).map_or(STUDIO, |rule| &*rule.kind);
        let mut out = String::with_capacity(self.text.len() + 16 * self.found.len());
        let mut written = 0;
        let mut next = self.found.iter().peekable();
        while let Some(Found { range, rule }) = next.next() {
            let mut end = range.end;
            // What overlaps is one secret.
            while let Some(more) = next.next_if(|more| more.range.start < end) {
                end = end.max(more.range.end);
            }
            out.push_str(&self.text[written..range.start]);
            mark::push(kind(*rule), &mut out);
            written = end;
        }
        out.push_str(&self.text[written..]);
        Some(out)
    }
}

fn touches_mark(bytes: &[u8], range: &Range<usize>) -> bool {
    let first = range.start.saturating_sub(mark::LONGEST);
    memchr::memchr_iter(b'[', &bytes[first..range.end])
        .any(|at| mark::end(bytes, first + at).is_some_and(|end| end > range.start))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn studio(patterns: &[&str]) -> Redactor {
        let redact_patterns = patterns.iter().map(ToString::to_string).collect();
        Redactor::new(&Config { redact_patterns, ..Config::default() }).unwrap()
    }

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
    fn json_stays_json() {
        let redactor = studio(&["\"[^\"]*\": \"[a-z]+-4711\""]);
        for (json, want) in [
            (r#"{"password": "hunter22", "n": 1}"#, r#"{"password": "[redacted:secret]", "n": 1}"#),
            (
                r#"{"a":["/home/anna/x",{"b":"GET https://bob:hunter22@host/x"}]}"#,
                r#"{"a":["/home/[redacted:user]/x",{"b":"GET https://[redacted:url-password]@host/x"}]}"#,
            ),
            // As a whole it would be no JSON any more.
            (
                r#"{"asset": "chair-4711", "mail": "anna.b@studio.example"}"#,
                r#"{"asset":"[redacted:studio]","mail":"[redacted:email]"}"#,
            ),
            (
                r#"{"password": 12345678, "api_key": "abcd-1234", "n": 1.5}"#,
                r#"{"password":"[redacted:secret]","api_key":"[redacted:secret]","n":1.5}"#,
            ),
            (
                r#"{"password": "hunter22", "asset": "chair-4711"}"#,
                r#"{"password":"[redacted:secret]","asset":"[redacted:studio]"}"#,
            ),
            ("no JSON", "{}"),
        ] {
            assert_eq!(redactor.redact_json(json), want);
        }
    }

    #[test]
    fn every_line_is_looked_at_and_a_value_may_stand_on_the_next() {
        let text = "one\npassword:\nhunter22\nfive\nsix\ntoken=abcdefgh\nsecret=abcd\nlast";
        let want = "one\npassword:\n[redacted:secret]\nfive\nsix\ntoken=[redacted:secret]\nsecret=[redacted:secret]\nlast";
        assert_eq!(redact(text), want);
        let many = "key key ".repeat(20_000) + "api_key=abcdef";
        assert!(redact(&many).ends_with("api_key=[redacted:secret]"));
    }

    #[test]
    fn what_overlaps_is_one_secret() {
        let want = "password=[redacted:secret] x";
        assert_eq!(redact("password=https://u:p@h x"), want);
        assert_eq!(redact("password=/home/anna/x1 x"), want);
        assert_eq!(redact("http://password=abcd;@host"), "http://password=[redacted:secret]");
    }

    #[test]
    fn a_text_without_secrets_is_not_copied() {
        let text = "KeyError: 'missing' in https://host:8080/path?x=1, unexpected token: )";
        assert!(matches!(redact(text), Cow::Borrowed(_)));
    }

    #[test]
    fn a_studio_has_rules_of_its_own() {
        let redactor = studio(&[r"\bPRJ-\d+\b", r"client (?<secret>\w+)"]);
        let text = "PRJ-1234 of client Acme, password=hunter22";
        let want = "[redacted:studio] of client [redacted:studio], password=[redacted:secret]";
        assert_eq!(redactor.redact(text), want);
        assert_eq!(redactor.redact(want), want);
        assert!(matches!(redactor.redact("nothing"), Cow::Borrowed(_)));
        // A mark is no text: a rule that finds all words does not find those of a mark.
        assert_eq!(studio(&[r"\w+"]).redact("a [redacted:x]"), "[redacted:studio] [redacted:x]");
    }

    #[test]
    fn a_text_that_never_ends_goes_as_a_whole() {
        let redactor = studio(&[r"(?<secret>a)\["]);
        assert_eq!(redactor.redact("aaa[x]"), "[redacted:studio][redacted:studio][redacted:studio][x]");
        assert_eq!(redactor.redact("aaaaaaaa[x]"), ENDLESS);
        assert_eq!(redactor.redact(ENDLESS), ENDLESS);
    }
}
