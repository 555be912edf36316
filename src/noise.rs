//! Known noise: records that are logged as errors and are no problem. The rules are data, `noise.toml`.

use serde::Deserialize;

use crate::record::{Exception, Parts};

/// The rules that are shipped.
const SHIPPED: &str = include_str!("noise.toml");

/// Rules, each with its reason.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Noise {
    rule: Vec<Rule>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    exception: Option<String>,
    logger: Option<String>,
    text: Option<String>,
    reason: String,
}

impl Noise {
    /// The rules that are shipped.
    ///
    /// # Panics
    ///
    /// Never: a test reads them.
    #[must_use]
    pub fn shipped() -> Self {
        toml::from_str(SHIPPED).expect("the rules are part of the program, and a test reads them")
    }

    /// Why this is no problem; none if it may be one.
    #[must_use]
    pub fn reason(&self, parts: &Parts<'_>) -> Option<&str> {
        let class = parts.exception().map(Exception::short_name);
        self.rule.iter().find(|rule| rule.fits(parts, class)).map(|rule| rule.reason.as_str())
    }
}

impl Rule {
    fn fits(&self, parts: &Parts<'_>, class: Option<&str>) -> bool {
        self.exception.as_deref().is_none_or(|name| class == Some(name))
            && self
                .logger
                .as_deref()
                .is_none_or(|name| parts.logger.is_some_and(|logger| logger.starts_with(name)))
            && self.text.as_deref().is_none_or(|text| parts.message.starts_with(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(text: &str) -> Option<String> {
        Noise::shipped().reason(&Parts::of(text)).map(str::to_owned)
    }

    #[test]
    fn each_rule_says_what_it_fits_and_why() {
        for Rule { exception, logger, text, reason } in Noise::shipped().rule {
            assert!(exception.is_some() || logger.is_some() || text.is_some(), "{reason}");
            assert!(reason.len() > 20, "{reason}");
        }
    }

    #[test]
    fn what_is_no_problem_is_told_from_what_is() {
        let record = "2026-11-22 00:21:30,207 [7 ERROR sgtk.core.authentication.session_cache] ";
        let traceback = "x\nTraceback (most recent call last):\n  File \"a.py\", line 1, in f\n    g()\n";
        let cancelled =
            format!("{record}{traceback}tank.authentication.errors.AuthenticationCancelled: closed");
        assert!(reason(&cancelled).unwrap().contains("login dialog"));
        assert!(reason(&format!("{record}Current host not set, nothing to clear.")).is_some());
        assert_eq!(reason("Current host not set, nothing to clear."), None);
        assert_eq!(reason(&format!("{record}{traceback}AuthenticationError: refused")), None);
    }
}
