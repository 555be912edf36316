//! The order of the stages between a record and its occurrence.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use crate::config::Config;
use crate::error::Result;
use crate::incident::Occurrence;
use crate::noise::Noise;
use crate::record::{Level, Parts, Record};
use crate::redact::Redactor;
use crate::rules::Rules;
use crate::signature::Studio;
use crate::signature::explain::{Explanation, compare, explain};
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
    redactor: Redactor,
    rules: Rules,
    noise: Noise,
    studio: Studio,
}

impl Pipeline {
    /// The stages with these settings.
    pub fn new(config: &Config) -> Result<Self> {
        let noise = if config.ignore_known_noise { Noise::shipped() } else { Noise::default() };
        Ok(Self {
            redactor: Redactor::new(config)?,
            rules: Rules::new(config)?,
            noise,
            studio: Studio::new(config)?,
        })
    }

    /// What takes secrets out of whatever is kept.
    #[must_use]
    pub fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    /// What the settings say about signatures.
    #[must_use]
    pub fn studio(&self) -> &Studio {
        &self.studio
    }

    /// The levels of records that can match.
    #[must_use]
    pub fn levels(&self) -> Vec<Level> {
        Level::ALL.into_iter().filter(|level| self.rules.can_match(*level)).collect()
    }

    /// Takes a whole record; gives out its occurrence if it is to be reported.
    #[must_use]
    pub fn process(&self, record: &Record, path: &Arc<Path>, stats: &mut Stats) -> Option<Occurrence> {
        stats.records_read += 1;
        stats.record_bytes += record.length;
        stats.records_joined += record.joined;
        stats.records_cut += u64::from(record.cut_bytes > 0);
        stats.cut_bytes += record.cut_bytes;
        let occurrence = self.report(record, path, stats);
        match &occurrence {
            Some(_) => stats.matched += 1,
            None => stats.not_matched += 1,
        }
        occurrence
    }

    fn report(&self, record: &Record, path: &Arc<Path>, stats: &mut Stats) -> Option<Occurrence> {
        if !self.rules.can_match(record.header.level) {
            return None;
        }
        let own = record.text();
        let text = self.redactor.redact(&own);
        if !self.rules.decide(record.header.level, &text).is_reported() {
            return None;
        }
        let parts = match (&own, &text) {
            (Cow::Borrowed(_), Cow::Borrowed(text)) => Parts::of_record(record, text),
            // A secret may have stood in its header, or bytes that are no text, whose place takes more of them.
            _ => Parts::of(&text),
        };
        if self.noise.reason(&parts).is_some() {
            stats.known_noise += 1;
            return None;
        }
        Some(Occurrence::new(record, &parts, &text, path, &self.studio))
    }

    /// Explains what becomes of a text.
    fn explain(&self, text: &str) -> Explanation {
        let text = self.redactor.redact(text);
        let parts = Parts::of(&text);
        // What is no record has no level: it is explained as if it had one that matches.
        let decision = self.rules.decide(parts.level().unwrap_or(Level::Error), &text);
        let noise = self.noise.reason(&parts).filter(|_| decision.is_reported());
        let rule = noise.map_or_else(|| decision.to_string(), |reason| format!("known noise: {reason}"));
        let matches = decision.is_reported() && noise.is_none();
        explain(&parts, &self.studio, matches, rule)
    }
}

/// What becomes of a text, and of another one, by these settings: JSON with `texts` and, for two, `comparison`.
pub fn explained(text: &str, other: Option<&str>, settings: &str) -> Result<String> {
    let pipeline = Pipeline::new(&Config::from_json(settings)?)?;
    let texts: Vec<_> =
        [Some(text), other].into_iter().flatten().map(|text| pipeline.explain(text)).collect();
    let comparison = match &texts[..] {
        [one, other] => Some(compare(one, other)),
        _ => None,
    };
    Ok(serde_json::json!({ "texts": texts, "comparison": comparison }).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Dialect, Records};
    use crate::signature_key;

    /// Such a byte takes three as text, so that nothing behind it stands where the header says.
    #[test]
    fn bytes_that_are_no_text_move_nothing() {
        let pipeline = Pipeline::new(&Config::default()).unwrap();
        let path = Path::new("tk-maya.log").into();
        for logger in [&b"sgtk.gr\xf6\xdfe"[..], b"sgtk.caf\xe9.x", "sgtk.größe".as_bytes()] {
            let line = [b"2026-11-22 00:21:30,207 [1 ERROR ", logger, b"] no shot\n"].concat();
            let (mut records, mut found) = (Records::new(Dialect::Toolkit, 0, 1024), Vec::new());
            records.push(&line, |_| ());
            records.finish(|record| found.extend(pipeline.process(&record, &path, &mut Stats::default())));
            let [found] = &found[..] else { panic!("{found:?}") };
            assert_eq!((&*found.title, &*found.message), ("no shot", "no shot"));
            assert_eq!(found.logger, String::from_utf8_lossy(logger));
            assert_eq!(found.signature, signature_key(&found.record));
        }
    }

    #[test]
    fn a_broken_pattern_is_named() {
        let refused = checked(r#"{"exclude_patterns": ["fine", "(broken"]}"#).unwrap_err().to_string();
        assert_eq!(refused, "setting exclude_patterns: \"(broken\" is no regular expression: unclosed group");
        assert!(checked(r#"{"exclude_patterns": ["fine"]}"#).is_ok());
        let refused = checked(r#"{"redact_patterns": ["(broken"]}"#).unwrap_err().to_string();
        assert_eq!(refused, "setting redact_patterns: \"(broken\" is no regular expression: unclosed group");
    }
}
