//! Which records are reported.

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

    /// Whether a record of this level and text is reported.
    #[must_use]
    pub fn matches(&self, level: Level, text: &str) -> bool {
        let wanted = self.levels.contains(&level)
            || self.include.is_match(text)
            || self.keywords.as_ref().is_some_and(|words| words.is_match(text));
        wanted && !self.exclude.is_match(text) && !is_own(text)
    }

    /// The same, with the rule that decides.
    #[must_use]
    pub fn verdict(&self, level: Level, text: &str) -> (bool, String) {
        if is_own(text) {
            return (false, format!("it is one of our own messages: {OWN_MARK}"));
        }
        if self.exclude.is_match(text) {
            return (false, "one of exclude_patterns finds it".to_owned());
        }
        if self.levels.contains(&level) {
            return (true, format!("{level} is one of levels"));
        }
        if self.include.is_match(text) {
            return (true, "one of include_patterns finds it".to_owned());
        }
        if self.keywords.as_ref().is_some_and(|words| words.is_match(text)) {
            return (true, "one of keywords is in it".to_owned());
        }
        (false, format!("{level} is none of levels, and no pattern and no keyword finds it"))
    }
}

fn is_own(text: &str) -> bool {
    text.lines().next().is_some_and(|first| first.contains(OWN_MARK))
}

fn patterns(setting: &str, patterns: &[String]) -> Result<RegexSet> {
    RegexSet::new(patterns).map_err(|error| {
        let broken = patterns.iter().find(|pattern| regex::Regex::new(pattern).is_err());
        // The lines above the last one draw an arrow below the pattern.
        let error = error.to_string();
        let why = error.lines().last().unwrap_or_default().trim_start_matches("error: ");
        Error::setting(
            setting,
            format_args!("{:?} is no regular expression: {why}", broken.map_or("", |p| p)),
        )
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
        assert!(rules.matches(Level::Critical, "x"));
        assert!(!rules.matches(Level::Info, "an ERROR in the text"));
        assert!(!rules.can_match(Level::Warning));
    }

    #[test]
    fn settings_widen_and_narrow() {
        let rules = rules(|config| {
            config.include_patterns = vec!["licen[cs]e".into()];
            config.exclude_patterns = vec!["known noise".into()];
            config.keywords = vec!["Out Of Memory".into(), String::new()];
        });
        assert!(rules.matches(Level::Info, "no license left"));
        assert!(rules.matches(Level::Debug, "host is out of memory"));
        assert!(!rules.matches(Level::Error, "known noise"));
        assert!(!rules.matches(Level::Info, "fine"));
    }

    #[test]
    fn our_own_messages_never_match() {
        assert!(!rules(|_| ()).matches(Level::Error, "2026 [1 ERROR x] [tk-incident] trouble\nmore"));
    }
}
