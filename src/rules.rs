//! Which records are reported.

use std::fmt;

use aho_corasick::AhoCorasick;
use regex::RegexSet;

use crate::config::Config;
use crate::error::{Error, Result};
use crate::record::Level;

/// Our own messages carry this, whoever writes them for us. They never match: no ticket about
/// ourselves.
pub const OWN_MARK: &str = "[tk-incident]";

/// The rules of the settings, ready to use.
#[derive(Debug)]
pub struct Rules {
    levels: Vec<Level>,
    include: RegexSet,
    exclude: RegexSet,
    keywords: Option<AhoCorasick>,
}

impl Rules {
    /// Compiles the rules; the error names the setting and the expression.
    pub fn new(config: &Config) -> Result<Self> {
        let keywords = config.keywords.iter().filter(|word| !word.is_empty());
        Ok(Self {
            levels: config.levels.clone(),
            include: patterns("include_patterns", &config.include_patterns)?,
            exclude: patterns("exclude_patterns", &config.exclude_patterns)?,
            keywords: (!config.keywords.is_empty())
                .then(|| AhoCorasick::builder().ascii_case_insensitive(true).build(keywords))
                .transpose()
                .map_err(|error| Error::setting("keywords", error))?,
        })
    }

    /// Whether a record of this level can match at all, before anyone looks at its text.
    #[must_use]
    pub fn can_match(&self, level: Level) -> bool {
        self.levels.contains(&level) || !self.include.is_empty() || self.keywords.is_some()
    }

    /// Whether a record of this level and text is reported, and the rule that decides.
    #[must_use]
    pub fn decide(&self, level: Level, text: &str) -> Decision {
        if is_own(text) {
            Decision::Own
        } else if !self.exclude.is_empty() && self.exclude.is_match(text) {
            Decision::Excluded
        } else if self.levels.contains(&level) {
            Decision::Level(level)
        } else if self.include.is_match(text) {
            Decision::Included
        } else if self.keywords.as_ref().is_some_and(|words| words.is_match(text)) {
            Decision::Keyword
        } else {
            Decision::Nothing(level)
        }
    }
}

/// The rule that decides about a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It is one of our own messages.
    Own,
    /// One of `exclude_patterns` finds it.
    Excluded,
    /// Its level is one of `levels`.
    Level(Level),
    /// One of `include_patterns` finds it.
    Included,
    /// One of `keywords` is in it.
    Keyword,
    /// No rule chooses it.
    Nothing(Level),
}

impl Decision {
    /// Whether the record is reported.
    #[must_use]
    pub fn is_reported(self) -> bool {
        matches!(self, Self::Level(_) | Self::Included | Self::Keyword)
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Own => write!(f, "it is one of our own messages: {OWN_MARK}"),
            Self::Excluded => f.write_str("one of exclude_patterns finds it"),
            Self::Level(level) => write!(f, "{level} is one of levels"),
            Self::Included => f.write_str("one of include_patterns finds it"),
            Self::Keyword => f.write_str("one of keywords is in it"),
            Self::Nothing(level) => {
                write!(f, "{level} is none of levels, and no pattern and no keyword finds it")
            }
        }
    }
}

fn is_own(text: &str) -> bool {
    let first = memchr::memchr(b'\n', text.as_bytes()).unwrap_or(text.len());
    let mut brackets = memchr::memchr_iter(OWN_MARK.as_bytes()[0], &text.as_bytes()[..first]);
    brackets.any(|at| text.as_bytes()[at..first].starts_with(OWN_MARK.as_bytes()))
}

fn patterns(setting: &str, patterns: &[String]) -> Result<RegexSet> {
    RegexSet::new(patterns).map_err(|error| {
        let broken = patterns.iter().find(|pattern| regex::Regex::new(pattern).is_err());
        Error::expression(setting, broken.map_or("", |pattern| pattern), &error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(change: impl FnOnce(&mut Config)) -> Rules {
        let mut config = Config::default();
        change(&mut config);
        Rules::new(&config).unwrap()
    }

    #[test]
    fn the_level_decides_not_the_word() {
        let rules = rules(|_| ());
        assert!(rules.decide(Level::Critical, "x").is_reported());
        assert!(!rules.decide(Level::Info, "an ERROR in the text").is_reported());
        assert!(!rules.can_match(Level::Warning));
    }

    #[test]
    fn settings_widen_and_narrow() {
        let rules = rules(|config| {
            config.include_patterns = vec!["licen[cs]e".into()];
            config.exclude_patterns = vec!["known noise".into()];
            config.keywords = vec!["Out Of Memory".into(), String::new()];
        });
        assert!(rules.decide(Level::Info, "no license left").is_reported());
        assert!(rules.decide(Level::Debug, "host is out of memory").is_reported());
        assert!(!rules.decide(Level::Error, "known noise").is_reported());
        assert!(!rules.decide(Level::Info, "fine").is_reported());
    }

    #[test]
    fn our_own_messages_never_match() {
        assert!(
            !rules(|_| ()).decide(Level::Error, "2026 [1 ERROR x] [tk-incident] trouble\nmore").is_reported()
        );
    }
}
