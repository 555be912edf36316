//! The rules as data: `rules.toml`.

use std::ops::Range;
use std::sync::{LazyLock, OnceLock};

use regex::bytes::{Regex, RegexBuilder};
use serde::Deserialize;

use super::assigned::Certainty;
use super::looks::looks_random;
use super::signs::{LEAST, Sign, Signs};
use super::{mark, text};

/// The rules that are shipped.
pub(super) static SHIPPED: LazyLock<Rules> = LazyLock::new(|| {
    let read: File = toml::from_str(include_str!("rules.toml"))
        .expect("the rules are part of the program, and a test reads them");
    Rules::new(read.rule)
});

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    rule: Vec<Rule>,
}

/// Rules, and what finds their signs.
#[derive(Debug)]
pub(super) struct Rules {
    pub rules: Vec<Rule>,
    pub signs: Signs,
}

/// What a kind of secret looks like.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rule {
    pub kind: String,
    #[expect(dead_code, reason = "it is for whoever reads the data")]
    source: String,
    #[serde(default)]
    signs: Vec<String>,
    #[serde(default)]
    pub shape: Shape,
    pattern: Option<String>,
    /// Bytes before the sign at which the pattern begins.
    #[serde(default)]
    before: usize,
    /// Letters and digits that follow the sign at least.
    #[serde(default)]
    least: usize,
    /// Whether it has to look random, because there are words of this shape.
    #[serde(default)]
    is_random: bool,
    /// How much the name says about its value.
    pub certainty: Option<Certainty>,
    #[cfg_attr(not(test), expect(dead_code, reason = "the tests read them"))]
    #[serde(default)]
    pub examples: Vec<[String; 2]>,
    #[serde(skip)]
    regex: OnceLock<Option<Regex>>,
}

/// What finds a secret at its sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Shape {
    /// The rule's own pattern.
    #[default]
    Pattern,
    /// A name, of which the sign is the end, and its value.
    Assigned,
    /// A folder with homes.
    Home,
    /// An e-mail address.
    Email,
    /// The user's part of a URL.
    Url,
    /// The same in the settings of a proxy.
    Proxy,
    /// A header with credentials.
    Authorization,
    /// Credentials behind the name of their scheme.
    Credentials,
    /// A header with cookies.
    Cookies,
    /// Lines that a title begins.
    PrivateKey,
    /// The same as `PuTTY` writes them.
    PuttyKey,
    /// A token without a sign.
    Bare,
}

impl Rules {
    fn new(rules: Vec<Rule>) -> Self {
        let of_rule = |(at, rule): (usize, &Rule)| {
            let is_exact = rule.pattern.as_ref().is_some_and(|pattern| !pattern.starts_with("(?i)"));
            let texts = rule.signs.iter().flat_map(|sign| expanded(sign)).filter(|text| text.len() >= LEAST);
            texts.map(|text| Sign { text, rule: at, is_exact }).collect::<Vec<_>>()
        };
        let signs = Signs::new(rules.iter().enumerate().flat_map(of_rule).collect());
        Self { rules, signs }
    }

    /// The rule of this shape, of which there is one.
    pub(super) fn of_shape(&self, shape: Shape) -> Option<usize> {
        self.rules.iter().position(|rule| rule.shape == shape)
    }
}

impl Rule {
    /// What the pattern finds where a sign of the rule stands. `tried_to` is the end of what it found last, secret or not:
    /// within it the sign begins nothing else.
    pub(super) fn secret(&self, all: &str, hit: Range<usize>, tried_to: &mut usize) -> Option<Range<usize>> {
        let pattern = self.pattern.as_deref()?;
        let bytes = all.as_bytes();
        let begin = hit.start.checked_sub(self.before).filter(|begin| *begin >= *tried_to)?;
        if text::is_word(bytes[begin]) && !text::begins_word(bytes, begin) {
            return None;
        }
        let behind =
            bytes[hit.end..].iter().take(self.least).take_while(|byte| byte.is_ascii_alphanumeric()).count();
        if behind < self.least {
            return None;
        }
        // Few of the patterns are ever needed: they are compiled when they are.
        let regex = self.regex.get_or_init(|| compiled(pattern)).as_ref()?;
        let whole = begin..begin + regex.find(&bytes[begin..])?.end();
        *tried_to = whole.end;
        if mark::is_in(&bytes[whole.clone()]) {
            return None;
        }
        if text::is_word(bytes[whole.end - 1]) && !text::ends_word(bytes, whole.end) {
            return None;
        }
        // Groups cost more to find than whether there are any.
        let group = (regex.captures_len() > 1)
            .then(|| regex.captures(&bytes[begin..])?.name("secret").map(|part| part.range()))
            .flatten();
        let secret = group.map_or(whole, |part| begin + part.start..begin + part.end);
        (!self.is_random || looks_random(all.get(secret.clone())?)).then_some(secret)
    }
}

/// The pattern, to be tried where it may begin. Tokens are ASCII, and tables of all letters would make it slow.
fn compiled(pattern: &str) -> Option<Regex> {
    RegexBuilder::new(&format!("^(?:{pattern})")).unicode(false).build().ok()
}

/// All that a sign with brackets stands for: `api[_-]?key` is three, `gh[pos]_` is three.
fn expanded(sign: &str) -> Vec<String> {
    let Some((before, rest)) = sign.split_once('[') else { return vec![sign.to_owned()] };
    let Some((class, behind)) = rest.split_once(']') else { return vec![sign.to_owned()] };
    let (behind, is_optional) = behind.strip_prefix('?').map_or((behind, false), |behind| (behind, true));
    let mut choices: Vec<String> = class.chars().map(String::from).collect();
    if let [first, dash, last] = class.as_bytes()
        && *dash == b'-'
        && last.is_ascii_alphanumeric()
    {
        choices = (*first..=*last).map(|byte| char::from(byte).to_string()).collect();
    }
    if is_optional {
        choices.push(String::new());
    }
    let rests = expanded(behind);
    choices
        .iter()
        .flat_map(|choice| rests.iter().map(move |rest| format!("{before}{choice}{rest}")))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::redact::redact;

    /// An example with its tokens: no example holds one, or whoever looks for leaks in a repository would find this one.
    /// `{w36}` stands for 36 characters.
    fn filled(example: &str) -> String {
        let mut out = String::new();
        let mut rest = example;
        while let Some((before, behind)) = rest.split_once('{') {
            out.push_str(before);
            let (code, after) = behind.split_once('}').unwrap_or((behind, ""));
            let alphabet = match code.chars().next() {
                Some('w') => "q7Rt2Lx9Bm4Zc8",
                Some('x') => "3f9a0c7e1b5d",
                Some('a') => "qrtlxbmzc",
                Some('A') => "QR7TL2XB5MZC",
                Some('d') => "4719305286",
                _ => "",
            };
            match code.get(1..).and_then(|count| count.parse().ok()) {
                Some(count) if !alphabet.is_empty() => out.extend(alphabet.chars().cycle().take(count)),
                _ => out.extend(["{", code, "}"]),
            }
            rest = after;
        }
        out + rest
    }

    #[test]
    fn each_rule_says_where_it_is_from_and_shows_what_it_does() {
        for rule in &SHIPPED.rules {
            let kind = &rule.kind;
            assert!(mark::is_kind(kind), "{kind}");
            // A single byte is looked for by itself.
            let is_short = matches!(rule.shape, Shape::Bare | Shape::Email);
            assert_eq!(
                rule.signs.iter().all(|sign| expanded(sign)[0].len() < LEAST),
                is_short,
                "{kind} has no sign"
            );
            assert!(
                is_short || rule.signs.iter().flat_map(|sign| expanded(sign)).all(|sign| sign.len() >= LEAST),
                "{kind}"
            );
            assert_eq!(rule.pattern.is_some(), rule.shape == Shape::Pattern, "{kind}");
            assert_eq!(rule.certainty.is_some(), rule.shape == Shape::Assigned, "{kind}");
            let is_changed = |example: &[String; 2]| example[0] != example[1];
            assert!(rule.examples.iter().any(is_changed), "{kind} has no example");
            for [text, want] in &rule.examples {
                let (text, want) = (filled(text), filled(want));
                assert_eq!(redact(&text), want, "{kind}: {text}");
                assert_eq!(redact(&want), want, "{kind}: what was redacted stays as it is");
            }
        }
    }

    #[test]
    fn each_pattern_compiles_and_begins_at_its_signs() {
        for rule in &SHIPPED.rules {
            let Some(pattern) = &rule.pattern else { continue };
            assert!(compiled(pattern).is_some(), "{pattern}");
            assert!(!pattern.starts_with('^') && !pattern.contains(".*"), "{pattern}");
        }
        let sources: HashSet<_> =
            include_str!("rules.toml").lines().filter(|line| line.starts_with("source = \"")).collect();
        assert!(sources.len() * 10 >= SHIPPED.rules.len() * 8, "each has a source of its own");
    }

    #[test]
    fn a_sign_with_brackets_is_many() {
        assert_eq!(expanded("a[_-]?b"), ["a_b", "a-b", "ab"]);
        assert_eq!(expanded("S[0-2]x"), ["S0x", "S1x", "S2x"]);
        assert_eq!(expanded("plain"), ["plain"]);
    }
}
