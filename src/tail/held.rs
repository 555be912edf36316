//! A second name for each log that is followed, in the state folder: what its writers replace while no
//! reporter runs is still there when the next one starts.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use parking_lot::Mutex;

use super::{FileIdentity, open, platform};

/// Folder of the second names, in the state folder.
const FOLDER: &str = "held";

/// The second names: `<identity>~<name in the log folder>`. Where the file system gives none (another drive,
/// none of its kind), there are none.
#[derive(Debug)]
pub struct Held {
    folder: PathBuf,
    names: Mutex<Names>,
}

#[derive(Debug, Default)]
struct Names {
    given: HashMap<FileIdentity, PathBuf>,
    /// Whether the file system gives no second names.
    are_refused: bool,
}

impl Held {
    /// The second names in this state folder.
    #[must_use]
    pub fn new(state_folder: &Path) -> Self {
        Self { folder: state_folder.join(FOLDER), names: Mutex::default() }
    }

    /// Gives a file a second name, unless its first one belongs to another file by now.
    pub fn hold(&self, identity: FileIdentity, path: &Path) {
        let mut names = self.names.lock();
        let is_settled = names.are_refused || names.given.contains_key(&identity);
        let (Some(first), false) = (path.file_name(), is_settled) else { return };
        // A colon is no character of a file name everywhere.
        let mut second = OsString::from(identity.to_string().replace(':', "-"));
        second.push("~");
        second.push(first);
        let second = self.folder.join(second);
        let linked = fs::create_dir_all(&self.folder).and_then(|()| fs::hard_link(path, &second));
        if let Err(error) = linked {
            // A name that has gone says nothing about the next one; all else will not change.
            names.are_refused = error.kind() != io::ErrorKind::NotFound;
            return;
        }
        let found = fs::metadata(&second).and_then(|found| platform::identity_at(&second, &found)).ok();
        if found == Some(identity) {
            names.given.insert(identity, second);
        } else {
            fs::remove_file(second).unwrap_or_default();
        }
    }

    /// Takes a file's second name away.
    pub fn release(&self, identity: FileIdentity) {
        if let Some(name) = self.names.lock().given.remove(&identity) {
            // If it cannot be done now, the next start finds the file read to its end, and tries again.
            fs::remove_file(name).unwrap_or_default();
        }
    }

    /// Takes over the files that have a second name from an earlier session, with their first name at that time.
    #[must_use]
    pub fn take_over(&self) -> Vec<(FileIdentity, OsString, File)> {
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            let Some((_, first)) = name.split_once('~') else { continue };
            let Ok(file) = open(&path) else { continue };
            let Ok(identity) = platform::identity_of(&file, &path) else { continue };
            self.names.lock().given.insert(identity, path);
            found.push((identity, first.into(), file));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_outlives_its_first_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tk-maya.log");
        fs::write(&path, "kept").unwrap();
        let identity = platform::identity_at(&path, &fs::metadata(&path).unwrap()).unwrap();
        let held = Held::new(folder.path());
        held.hold(identity, &path);
        held.hold(FileIdentity { volume: 1, index: 2 }, &path);
        fs::remove_file(&path).unwrap();

        let next_session = Held::new(folder.path());
        let found = next_session.take_over();
        assert_eq!(found.len(), 1, "one is held, and no other file in its place");
        assert_eq!((found[0].0, &found[0].1), (identity, &OsString::from("tk-maya.log")));
        next_session.release(identity);
        assert!(Held::new(folder.path()).take_over().is_empty());
    }
}
