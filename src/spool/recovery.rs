//! A damaged database is set aside, and a new one is made from what can be read of it. Each step can be the last one
//! before the power goes: the next start goes on there.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::Connection;

use super::ledger::Account;
use super::salvage::salvage;
use super::{schema, sums};
use crate::error::{Error, ErrorKind, Result};

/// Files that belong to a database. The index of its WAL is not one: it is made again.
const COMPANIONS: [&str; 2] = ["-wal", "-journal"];

/// Damaged files that are kept for a look by hand.
const MOST_KEPT: usize = 3;

/// What became of a damaged database.
#[derive(Debug)]
pub struct Recovered {
    /// Where it lies now.
    pub aside: PathBuf,
    /// Whether all of it could be read.
    pub is_whole: bool,
}

/// Finishes what an earlier process began.
pub fn resume(path: &Path, account: &Account) -> Result<Option<Recovered>> {
    if !named(path, ".damaged").exists() {
        return Ok(None);
    }
    let finished = || -> Result<Recovered> {
        if path.exists() {
            // It was made from the other one, which has only to be put away.
            let aside = put_away(path).map_err(|error| failed(path, error))?;
            return Ok(Recovered { aside, is_whole: true });
        }
        carry_over(path, account)
    };
    finished().map(Some)
}

/// Sets a damaged database aside and makes a new one.
pub fn recover(path: &Path, account: &Account) -> Result<Recovered> {
    fs::rename(path, named(path, ".damaged")).map_err(|error| failed(path, error))?;
    carry_over(path, account)
}

fn carry_over(path: &Path, account: &Account) -> Result<Recovered> {
    let (damaged, fresh) = (named(path, ".damaged"), named(path, ".new"));
    let move_files = || -> io::Result<()> {
        for companion in COMPANIONS {
            rename_if_there(&named(path, companion), &named(&damaged, companion))?;
        }
        for leftover in [named(path, "-shm"), fresh.clone(), named(&fresh, "-journal")] {
            remove_if_there(&leftover)?;
        }
        Ok(())
    };
    move_files().map_err(|error| failed(path, error))?;
    let make = || -> Result<bool> {
        let mut connection = Connection::open(&fresh)?;
        connection.pragma_update(None, "synchronous", "full")?;
        sums::register(&connection)?;
        schema::prepare(&connection)?;
        schema::migrate(&mut connection)?;
        let is_whole = salvage(&damaged, &mut connection, account)?;
        connection.close().map_err(|(_, error)| error)?;
        Ok(is_whole)
    };
    let is_whole = make().map_err(|error| error.at(&fresh))?;
    let finish = || {
        fs::rename(&fresh, path)?;
        put_away(path)
    };
    let aside = finish().map_err(|error| failed(path, error))?;
    Ok(Recovered { aside, is_whole })
}

/// Gives the damaged files their last name, and drops the oldest of those that were kept.
fn put_away(path: &Path) -> io::Result<PathBuf> {
    let damaged = named(path, ".damaged");
    let mut at = Timestamp::now();
    let aside = loop {
        let aside = named(path, &format!(".damaged-{}", at.strftime("%Y%m%dT%H%M%S%3f")));
        // A clock that was set back shows the same time twice.
        if !aside.exists() {
            break aside;
        }
        at += std::time::Duration::from_millis(1);
    };
    for companion in COMPANIONS {
        rename_if_there(&named(&damaged, companion), &named(&aside, companion))?;
    }
    remove_if_there(&named(&damaged, "-shm"))?;
    fs::rename(&damaged, &aside)?;
    keep_few(path)?;
    Ok(aside)
}

fn keep_few(path: &Path) -> io::Result<()> {
    let prefix = named(path, ".damaged-").file_name().map(OsString::from).unwrap_or_default();
    let prefix = prefix.to_string_lossy().into_owned();
    let mut kept = Vec::new();
    for entry in fs::read_dir(path.parent().unwrap_or(path))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let is_database = !COMPANIONS.iter().any(|companion| name.ends_with(companion));
        if name.starts_with(&prefix) && is_database {
            kept.push(name);
        }
    }
    kept.sort_unstable();
    for name in kept.iter().rev().skip(MOST_KEPT) {
        let old = path.with_file_name(name);
        for companion in COMPANIONS {
            remove_if_there(&named(&old, companion))?;
        }
        remove_if_there(&old)?;
    }
    Ok(())
}

fn named(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn rename_if_there(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to).or_else(absent_is_fine)
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    fs::remove_file(path).or_else(absent_is_fine)
}

fn absent_is_fine(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

fn failed(path: &Path, error: io::Error) -> Error {
    Error::new(ErrorKind::StateFolder).at(path).because(error)
}
