//! The one error of the core. Bad *input* is no error: it is counted (see [`crate::stats`]).

use std::error::Error as StdError;
use std::fmt;
use std::path::{Path, PathBuf};

/// Shorthand for results of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// What went wrong, with which file, and why.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    path: Option<PathBuf>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A setting has a value that cannot be used. Holds its name and what is wrong with it.
    Setting(String, String),
    /// A settings file cannot be read or parsed.
    SettingsFile,
    /// The folder with the logs is missing or cannot be read.
    LogFolder,
    /// The folder for the spool cannot be made or written.
    StateFolder,
    /// The lock file in the log folder cannot be made.
    Lock,
    /// There is no spool where one was to be read.
    NoSpool,
    /// The spool was written by a newer version. Holds its schema version.
    NewerSpool(i64),
    /// The disk with the spool is full.
    SpoolFull,
    /// Another reporter has the spool open.
    SpoolBusy,
    /// Another reporter has taken the lead, or may: the lock file is gone.
    LeadLost,
    /// The spool's file is damaged.
    SpoolDamaged,
    /// The spool cannot be read or written for another reason.
    Spool,
    /// Something that cannot happen did. Holds what.
    Internal(String),
}

impl Error {
    /// An error of this kind, about no file.
    #[must_use]
    pub fn new(kind: ErrorKind) -> Self {
        Self { kind, path: None, source: None }
    }

    /// A setting that cannot be used.
    #[must_use]
    pub fn setting(name: &str, reason: impl fmt::Display) -> Self {
        Self::new(ErrorKind::Setting(name.to_owned(), reason.to_string()))
    }

    /// A setting that holds a regular expression which is none.
    #[must_use]
    pub fn expression(name: &str, pattern: &str, error: &regex::Error) -> Self {
        // The lines above the last one draw an arrow below the pattern.
        let error = error.to_string();
        let why = error.lines().last().unwrap_or_default().trim_start_matches("error: ");
        Self::setting(name, format_args!("{pattern:?} is no regular expression: {why}"))
    }

    /// The same error, about this file or folder.
    #[must_use]
    pub fn at(mut self, path: &Path) -> Self {
        self.path.get_or_insert_with(|| path.to_path_buf());
        self
    }

    /// The same error, caused by this one.
    #[must_use]
    pub fn because(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.source = Some(Box::new(source));
        self
    }

    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> &ErrorKind {
        &self.kind
    }

    /// The file or folder it is about.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// The operating system's error, where there is one behind this.
    #[must_use]
    pub fn io(&self) -> Option<&std::io::Error> {
        self.source.as_ref()?.downcast_ref()
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::Error as Failed;
        use rusqlite::ErrorCode;
        let kind = match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => ErrorKind::SpoolFull,
            Some(ErrorCode::DatabaseBusy) => ErrorKind::SpoolBusy,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => ErrorKind::SpoolDamaged,
            _ => match error {
                // We wrote it, so whatever cannot be read as what it was has changed since.
                Failed::FromSqlConversionFailure(..)
                | Failed::IntegralValueOutOfRange(..)
                | Failed::InvalidColumnType(..)
                | Failed::Utf8Error(..) => ErrorKind::SpoolDamaged,
                _ => ErrorKind::Spool,
            },
        };
        Self::new(kind).because(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, remedy) = match &self.kind {
            ErrorKind::Setting(name, reason) => return write!(f, "setting {name}: {reason}"),
            ErrorKind::SettingsFile => ("cannot read the settings", "check that it is a valid TOML file"),
            ErrorKind::LogFolder => ("cannot read the log folder", "check that it exists and may be read"),
            ErrorKind::StateFolder => {
                ("cannot use the state folder", "check that it may be written, or set state_folder")
            }
            ErrorKind::Lock => ("cannot make the lock file", "check that the log folder may be written"),
            ErrorKind::NoSpool => ("there is no spool here", "name the state folder of a reporter"),
            ErrorKind::NewerSpool(version) => {
                write!(f, "the spool has schema {version}, written by a newer version")?;
                ("", "update tk-incident, or set another state_folder")
            }
            ErrorKind::SpoolFull => ("cannot write the spool: no space left", "free some disk space"),
            ErrorKind::SpoolBusy => {
                ("the spool is in use by another process", "wait until it ends, or set another state_folder")
            }
            ErrorKind::LeadLost => {
                ("the lead was lost to another reporter", "keep the lock file in its place")
            }
            ErrorKind::SpoolDamaged => ("the spool is damaged", "move the file away to start a new one"),
            ErrorKind::Spool => ("cannot use the spool", "check the folder and its free space"),
            ErrorKind::Internal(what) => return write!(f, "internal error: {what}"),
        };
        f.write_str(what)?;
        if let Some(path) = &self.path {
            write!(f, ": {}", path.display())?;
        }
        if let Some(source) = &self.source {
            write!(f, ": {source}")?;
        }
        write!(f, "; {remedy}")
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_ref().map(|source| &**source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_which_why_and_the_remedy() {
        let denied = std::io::Error::from(std::io::ErrorKind::PermissionDenied);
        let error = Error::new(ErrorKind::LogFolder).at(Path::new("/logs")).because(denied);
        assert_eq!(
            error.to_string(),
            "cannot read the log folder: /logs: permission denied; check that it exists and may be read"
        );
        assert!(error.io().is_some());
    }
}
