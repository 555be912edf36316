//! The order of the stages between a record and its occurrence.

use std::path::Path;

use crate::config::Config;
use crate::error::Result;
use crate::incident::Occurrence;
use crate::record::Record;
use crate::redact::redact;
use crate::rules::Rules;
use crate::stats::Stats;

/// Reads settings given as JSON, and checks all of them: the patterns, too.
pub fn checked(settings: &str) -> Result<Config> {
    let config = Config::from_json(settings)?;
    Pipeline::new(&config)?;
    Ok(config)
}

/// The pure stages: redaction, rules, signature, occurrence.
#[derive(Debug)]
pub struct Pipeline {
    rules: Rules,
}

impl Pipeline {
    /// The stages with these settings.
    pub fn new(config: &Config) -> Result<Self> {
        Ok(Self { rules: Rules::new(config)? })
    }

    /// Takes a whole record; gives out its occurrence if it is to be reported.
    #[must_use]
    pub fn process(&self, record: &Record, path: &Path, stats: &mut Stats) -> Option<Occurrence> {
        stats.records_read += 1;
        stats.record_bytes += record.length;
        stats.records_cut += u64::from(record.cut_bytes > 0);
        stats.cut_bytes += record.cut_bytes;
        let occurrence = self.report(record, path);
        match &occurrence {
            Some(_) => stats.matched += 1,
            None => stats.not_matched += 1,
        }
        occurrence
    }

    fn report(&self, record: &Record, path: &Path) -> Option<Occurrence> {
        if !self.rules.can_match(record.header.level) {
            return None;
        }
        let text = record.text();
        let text = redact(&text).into_owned();
        self.rules
            .matches(record.header.level, &text)
            .then(|| Occurrence::new(record, text, path.to_path_buf()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_pattern_is_named() {
        let refused = checked(r#"{"exclude_patterns": ["fine", "(broken"]}"#).unwrap_err().to_string();
        assert_eq!(refused, "setting exclude_patterns: \"(broken\" is no regular expression: unclosed group");
        assert!(checked(r#"{"exclude_patterns": ["fine"]}"#).is_ok());
    }
}
