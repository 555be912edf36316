//! The settings: the one schema behind Python's `Settings`, `info.yml` and `tk-incident.toml`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::drive;
use crate::error::{Error, ErrorKind, Result};
use crate::folders;
use crate::record::Level;
use crate::spool::{Drive, Place, Ways};

/// Where a host and Toolkit look for code, plug-ins and colours, and which release of them: what differs between a
/// machine on which it works and one on which it does not. None of them is made to hold a secret, as
/// `SHOTGUN_DESKTOP_CURRENT_USER` is or `TANK_CONTEXT` may be.
const ENVIRONMENT_VARIABLES: [&str; 17] = [
    "SHOTGUN_HOME",
    "TK_DEBUG",
    "TK_BOOTSTRAP_CONFIG_OVERRIDE",
    "TANK_CURRENT_PC",
    "MAYA_LOCATION",
    "MAYA_APP_DIR",
    "MAYA_MODULE_PATH",
    "MAYA_PLUG_IN_PATH",
    "NUKE_PATH",
    "HFS",
    "HOUDINI_PATH",
    "OCIO",
    "QT_PLUGIN_PATH",
    "REZ_USED_RESOLVE",
    "LD_LIBRARY_PATH",
    "PYTHONPATH",
    "PATH",
];

/// All settings, with their defaults. Meanings are in `docs/design.md`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where `tk-*.log*` lie; unset: Toolkit's log folder.
    pub log_folder: Option<PathBuf>,
    /// Where the spool lies; unset: `tk-incident` in Toolkit's data folder.
    pub state_folder: Option<PathBuf>,
    /// What kind of drive the state folder is treated as.
    pub state_drive: StateDrive,
    /// Milliseconds of quiet after which a file's last record counts as whole.
    pub idle_flush_ms: u64,
    /// Bytes of a record that are kept; a longer one is cut.
    pub max_record_bytes: usize,
    /// Mebibytes that the spool may take on disk.
    pub max_spool_mib: u64,
    /// Kibibytes that the evidence of an incident may take, packed.
    pub max_evidence_kib: u64,
    /// Environment variables that are part of the evidence, and no others.
    pub environment_variables: Vec<String>,
    /// Levels that match.
    pub levels: Vec<Level>,
    /// Regular expressions that make a record match whatever its level.
    pub include_patterns: Vec<String>,
    /// Regular expressions that keep a record from matching.
    pub exclude_patterns: Vec<String>,
    /// Words that make a record match whatever its level, in any case.
    pub keywords: Vec<String>,
    /// Whether records that are known to be no problem are left out: see [`crate::noise`].
    pub ignore_known_noise: bool,
    /// Regular expressions for further values: what one finds tells no problem from another.
    pub signature_masks: Vec<String>,
    /// Regular expressions for what is no value: what one finds stays in a signature.
    pub signature_keeps: Vec<String>,
    /// Rules that name the signature themselves; the first that fits counts.
    pub signature_overrides: Vec<SignatureOverride>,
    /// Regular expressions for further secrets: see [`crate::redact`].
    pub redact_patterns: Vec<String>,
    /// Whether each user has tickets of their own.
    pub ticket_scope: TicketScope,
    /// Seconds between two updates of one ticket.
    pub recurrence_interval_s: u64,
    /// Changes that the site is asked for in any minute, at most.
    pub max_writes_per_min: u64,
    /// Seconds after which the site has shown what it was told.
    pub site_lag_s: u64,
    /// So many new problems within a minute make one ticket that lists them.
    pub digest_from: u64,
    /// What becomes of a ticket that was closed when its problem comes back.
    pub on_closed: OnClosed,
    /// Statuses of tickets that are closed; the first that the site knows is given to a ticket that is one too many.
    pub closed_statuses: Vec<String>,
    /// Status of a ticket that is opened again.
    pub reopened_status: String,
    /// Entity type of the tickets.
    pub entity_type: String,
    /// Names of the tags that new tickets have.
    pub tags: Vec<String>,
    /// False: find and keep, send nothing.
    pub deliver: bool,
    /// Project of tickets where the context has none.
    pub project_id: Option<i64>,
    /// Whose problem it is; unset: the login of the process.
    pub user_login: Option<String>,
    /// Address of the site, without Toolkit.
    pub site_url: Option<String>,
    /// Script user on the site, without Toolkit.
    pub script_name: Option<String>,
    /// Environment variable that holds the script's key.
    pub api_key_env: Option<String>,
}

/// All records that fit have one signature. At least one of the three expressions is given, and all that are have to find
/// something.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignatureOverride {
    /// What the problem is called: all rules with one key make one problem.
    pub key: String,
    /// A regular expression for the logger's name.
    #[serde(default)]
    pub logger: Option<String>,
    /// One for the file of a frame.
    #[serde(default)]
    pub module: Option<String>,
    /// One for the message, or for the class or message of the exception.
    #[serde(default)]
    pub text: Option<String>,
}

/// What kind of drive the state folder is treated as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StateDrive {
    /// What it is found to be.
    Auto,
    /// This machine's own.
    Local,
    /// Shared by several machines.
    Network,
}

/// What one ticket stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TicketScope {
    /// One problem of one user.
    User,
    /// One problem.
    Site,
}

/// What becomes of a ticket that was closed when its problem comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnClosed {
    /// It is opened again.
    Reopen,
    /// There is another one.
    New,
    /// Nothing: it counts on.
    Ignore,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            log_folder: None,
            state_folder: None,
            state_drive: StateDrive::Auto,
            idle_flush_ms: 150,
            max_record_bytes: 1 << 20,
            max_spool_mib: 200,
            max_evidence_kib: 1024,
            environment_variables: ENVIRONMENT_VARIABLES.map(ToOwned::to_owned).to_vec(),
            levels: vec![Level::Error, Level::Critical],
            include_patterns: Vec::new(),
            exclude_patterns: Vec::new(),
            keywords: Vec::new(),
            ignore_known_noise: true,
            signature_masks: Vec::new(),
            signature_keeps: Vec::new(),
            signature_overrides: Vec::new(),
            redact_patterns: Vec::new(),
            ticket_scope: TicketScope::User,
            recurrence_interval_s: 60,
            max_writes_per_min: 60,
            site_lag_s: Ways::default().site_lag.as_secs(),
            digest_from: Ways::default().digest_from,
            on_closed: OnClosed::Reopen,
            closed_statuses: vec!["res".into(), "clsd".into()],
            reopened_status: "opn".into(),
            entity_type: "Ticket".into(),
            tags: Vec::new(),
            deliver: true,
            project_id: None,
            user_login: None,
            site_url: None,
            script_name: None,
            api_key_env: None,
        }
    }
}

impl Config {
    /// Reads settings given as JSON; checks all but what [`crate::pipeline::checked`] does.
    pub fn from_json(json: &str) -> Result<Self> {
        let mut reader = serde_json::Deserializer::from_str(json);
        let config: Self = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
            let field = error.path().to_string();
            let reason = error.into_inner().to_string();
            // The position is one in our own JSON: it would only puzzle.
            let reason = reason.split(" at line ").next().unwrap_or_default();
            Error::setting(&field, reason)
        })?;
        config.check()?;
        Ok(config)
    }

    /// The settings as JSON.
    ///
    /// # Panics
    ///
    /// Never: settings hold only strings, numbers and lists, which are all JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("strings, numbers and lists are JSON")
    }

    /// The folder to follow.
    #[must_use]
    pub fn log_folder(&self) -> PathBuf {
        self.log_folder.clone().unwrap_or_else(folders::toolkit_log_folder)
    }

    /// The folder of the spool.
    #[must_use]
    pub fn state_folder(&self) -> PathBuf {
        self.state_folder.clone().unwrap_or_else(|| folders::toolkit_data_folder().join("tk-incident"))
    }

    /// Where the spool lies, and how its file is treated there. Asks the file system: see [`drive::is_network`].
    #[must_use]
    pub fn place(&self) -> Place {
        let folder = self.state_folder();
        let is_network = match self.state_drive {
            StateDrive::Auto => drive::is_network(&folder),
            StateDrive::Local => false,
            StateDrive::Network => true,
        };
        let drive = if is_network { Drive::Network } else { Drive::Local };
        Place { folder, drive, vfs: None }
    }

    /// How the site is told.
    #[must_use]
    pub fn ways(&self) -> Ways {
        Ways { site_lag: Duration::from_secs(self.site_lag_s), digest_from: self.digest_from }
    }

    fn check(&self) -> Result<()> {
        let in_range = |name: &str, value: u64, least: u64, most: u64| {
            if (least..=most).contains(&value) {
                return Ok(());
            }
            Err(Error::setting(name, format_args!("{value} is not between {least} and {most}")))
        };
        in_range("idle_flush_ms", self.idle_flush_ms, 10, 60_000)?;
        in_range("max_record_bytes", self.max_record_bytes as u64, 1 << 10, 1 << 26)?;
        in_range("max_spool_mib", self.max_spool_mib, 1, 1 << 20)?;
        in_range("max_evidence_kib", self.max_evidence_kib, 64, 5 << 10)?;
        in_range("recurrence_interval_s", self.recurrence_interval_s, 1, 7 * 86_400)?;
        in_range("max_writes_per_min", self.max_writes_per_min, 1, 6_000)?;
        in_range("site_lag_s", self.site_lag_s, 1, 600)?;
        in_range("digest_from", self.digest_from, 2, 1_000)?;
        for (name, value) in [("reopened_status", &self.reopened_status), ("entity_type", &self.entity_type)]
        {
            if value.is_empty() || !value.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
                return Err(Error::setting(name, format_args!("{value:?} is no name that a site can have")));
            }
        }
        Ok(())
    }
}

/// Reads a `tk-incident.toml` and returns it as JSON, to be checked by [`crate::pipeline::checked`].
pub fn toml_to_json(path: &Path) -> Result<String> {
    let broken = || Error::new(ErrorKind::SettingsFile).at(path);
    let text = std::fs::read_to_string(path).map_err(|error| broken().because(error))?;
    let table: toml::Table = toml::from_str(&text).map_err(|error| broken().because(error))?;
    serde_json::to_string(&table).map_err(|error| broken().because(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(json: &str) -> String {
        Config::from_json(json).expect_err(json).to_string()
    }

    #[test]
    fn defaults_survive_the_way_through_json() {
        let config = Config::default();
        assert_eq!(Config::from_json(&config.to_json()).unwrap(), config);
        assert_eq!(Config::from_json("{}").unwrap(), config);
    }

    #[test]
    fn a_wrong_setting_is_named() {
        assert!(refusal(r#"{"idle_flsh_ms": 1}"#).contains("idle_flsh_ms"));
        assert!(refusal(r#"{"idle_flush_ms": "x"}"#).starts_with("setting idle_flush_ms: invalid type"));
        assert!(refusal(r#"{"idle_flush_ms": 1}"#).contains("not between 10 and"));
        assert!(refusal(r#"{"max_spool_mib": 0}"#).contains("max_spool_mib: 0 is not between 1 and"));
        assert!(
            refusal(r#"{"max_evidence_kib": 63}"#)
                .contains("max_evidence_kib: 63 is not between 64 and 5120")
        );
        assert!(refusal(r#"{"max_evidence_kib": 5121}"#).contains("max_evidence_kib"));
        assert!(refusal(r#"{"levels": ["LOUD"]}"#).contains("levels"));
        assert!(refusal(r#"{"state_drive": "floppy"}"#).contains("state_drive"));
    }

    #[test]
    fn the_switch_overrides_what_the_drive_is() {
        let folder = tempfile::tempdir().unwrap();
        let treated_as = |state_drive| {
            let state_folder = Some(folder.path().join("state"));
            Config { state_folder, state_drive, ..Config::default() }.place().drive
        };
        assert_eq!(treated_as(StateDrive::Auto), Drive::Local);
        assert_eq!(treated_as(StateDrive::Local), Drive::Local);
        assert_eq!(treated_as(StateDrive::Network), Drive::Network);
    }
}
