//! What the process was given when it began.

use std::env;
use std::path::PathBuf;

use serde_json::{Map, Value};

use crate::capture::cut;

/// Bytes of a variable's value: a search path can be longer than all else.
const MOST_BYTES: usize = 4 << 10;

/// What is asked for the locale, in the order in which programs do.
const LOCALE: [&str; 3] = ["LC_ALL", "LC_CTYPE", "LANG"];

/// What the environment of this process says.
///
/// Taken once, when an agent is made, and not with each evidence: the host may set a variable at any time, and on Unix
/// no other thread can read one safely meanwhile.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// The locale, as a program would take it; None where none is set, as for most programs on Windows and macOS.
    pub locale: Option<String>,
    /// The variables that were asked for, and are set.
    pub variables: Map<String, Value>,
    /// The folder for temporary files.
    pub temp: PathBuf,
}

impl Surroundings {
    /// Asks for these variables, and for no other.
    #[must_use]
    pub fn of_process(variables: &[String]) -> Self {
        Self::by(variables, |name| Some(env::var_os(name)?.to_string_lossy().into_owned()), env::temp_dir())
    }

    fn by(variables: &[String], get: impl Fn(&str) -> Option<String>, temp: PathBuf) -> Self {
        let set = |name: &str| get(name).filter(|value| !value.is_empty());
        let value = |name: &String| Some((name.clone(), cut::middle(&set(name)?, MOST_BYTES).into()));
        Self {
            locale: LOCALE.into_iter().find_map(set),
            variables: variables.iter().filter_map(value).collect(),
            temp,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_asked_for_and_set() {
        let get = |name: &str| match name {
            "OCIO" => Some("/ocio/config.ocio".to_owned()),
            "PATH" => Some("/bin:".repeat(5_000)),
            "LC_ALL" | "EMPTY" => Some(String::new()),
            "LANG" => Some("de_DE.UTF-8".to_owned()),
            "SECRET" => panic!("nobody has asked for it"),
            _ => None,
        };
        let names = ["PATH", "OCIO", "EMPTY", "MAYA_LOCATION"].map(ToOwned::to_owned);
        let found = Surroundings::by(&names, get, PathBuf::new());
        assert_eq!(found.locale.as_deref(), Some("de_DE.UTF-8"));
        assert_eq!(found.variables.keys().collect::<Vec<_>>(), ["PATH", "OCIO"]);
        let path = found.variables["PATH"].as_str().unwrap();
        assert!(path.len() <= MOST_BYTES && path.contains("[cut: "), "{path}");
    }

    #[test]
    fn the_process_has_a_path() {
        let found = Surroundings::of_process(&["PATH".to_owned(), "a=b\0".to_owned()]);
        assert_eq!(found.variables.keys().collect::<Vec<_>>(), ["PATH"]);
        assert_eq!(found.temp, env::temp_dir());
    }
}
