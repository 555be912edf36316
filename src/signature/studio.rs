//! What a studio's settings say about signatures.

use regex::Regex;

use super::normal::Fixed;
use crate::config::{Config, SignatureOverride};
use crate::error::{Error, Result};
use crate::record::Parts;

/// The rules of the settings, ready to use.
#[derive(Debug, Default)]
pub struct Studio {
    masks: Vec<Regex>,
    keeps: Vec<Regex>,
    overrides: Vec<Override>,
}

#[derive(Debug)]
struct Override {
    logger: Option<Regex>,
    module: Option<Regex>,
    text: Option<Regex>,
    key: String,
}

impl Studio {
    /// Compiles the rules; the error names the setting and the expression.
    pub fn new(config: &Config) -> Result<Self> {
        let all = |setting: &str, patterns: &[String]| {
            patterns.iter().map(|pattern| compiled(setting, pattern)).collect::<Result<Vec<_>>>()
        };
        Ok(Self {
            masks: all("signature_masks", &config.signature_masks)?,
            keeps: all("signature_keeps", &config.signature_keeps)?,
            overrides: config.signature_overrides.iter().map(Override::new).collect::<Result<_>>()?,
        })
    }

    /// The key that a rule gives to this text; the first rule that fits counts.
    #[must_use]
    pub fn overriding(&self, parts: &Parts<'_>) -> Option<&str> {
        self.overrides.iter().find(|rule| rule.fits(parts)).map(|rule| rule.key.as_str())
    }

    /// The pieces of a text that the rules decide about. What is to be kept comes before what is to be masked.
    #[must_use]
    pub fn fixed(&self, text: &str) -> Vec<Fixed> {
        let mut fixed: Vec<Fixed> = Vec::new();
        for (patterns, is_kept) in [(&self.keeps, true), (&self.masks, false)] {
            for found in patterns.iter().flat_map(|pattern| pattern.find_iter(text)) {
                let range = found.range();
                let is_taken = |other: &Fixed| other.range.start < range.end && range.start < other.range.end;
                if !range.is_empty() && !fixed.iter().any(is_taken) {
                    fixed.push(Fixed { range, is_kept });
                }
            }
        }
        fixed.sort_unstable_by_key(|fixed| fixed.range.start);
        fixed
    }
}

impl Override {
    fn new(rule: &SignatureOverride) -> Result<Self> {
        let setting = "signature_overrides";
        let expression =
            |pattern: &Option<String>| pattern.as_deref().map(|text| compiled(setting, text)).transpose();
        let (logger, module, text) =
            (expression(&rule.logger)?, expression(&rule.module)?, expression(&rule.text)?);
        if logger.is_none() && module.is_none() && text.is_none() {
            return Err(Error::setting(
                setting,
                format_args!("the rule for {:?} has none of logger, module, text", rule.key),
            ));
        }
        if rule.key.is_empty() {
            return Err(Error::setting(setting, "a rule has an empty key"));
        }
        Ok(Self { logger, module, text, key: rule.key.clone() })
    }

    fn fits(&self, parts: &Parts<'_>) -> bool {
        let places = || {
            let links = parts.traceback.iter().flat_map(|traceback| &traceback.links);
            links.flat_map(|link| &link.frames).map(|frame| frame.place)
        };
        let in_text = |pattern: &Regex| {
            let said = parts.exception().is_some_and(|exception| {
                pattern.is_match(exception.message) || pattern.is_match(exception.name)
            });
            said || pattern.is_match(&parts.message)
        };
        self.logger.as_ref().is_none_or(|pattern| parts.logger.is_some_and(|logger| pattern.is_match(logger)))
            && self.module.as_ref().is_none_or(|pattern| places().any(|place| pattern.is_match(place)))
            && self.text.as_ref().is_none_or(in_text)
    }
}

fn compiled(setting: &str, pattern: &str) -> Result<Regex> {
    Regex::new(pattern).map_err(|error| Error::expression(setting, pattern, &error))
}
