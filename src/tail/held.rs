//! What is followed is still there at the next start, whatever its writers do meanwhile: each log has a second name
//! in the state folder, or, where it has lost every name, a copy.

use std::collections::{HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use parking_lot::Mutex;

use super::copies::Copies;
use super::{FileIdentity, open, platform};

/// Folder of the second names and the copies, in the state folder.
const FOLDER: &str = "held";

/// Files that had one identity, one after the other, and are held at once: copies of those before the last.
const MOST_OF_ONE: usize = 16;

/// Stands before their numbers.
const NUMBER: char = '+';

/// The second names, and the copies: `<identity>~<name in the log folder>`, and for further files that have come to the
/// same identity `<identity>+<number>~<name>`. Where the file system gives no second
/// names (another drive, none of its kind), there are none.
#[derive(Debug)]
pub struct Held {
    folder: PathBuf,
    /// What was seen and is not released. Never locked while a disk is waited for.
    seen: Mutex<HashSet<FileIdentity>>,
    links: Mutex<Links>,
    copies: Copies,
}

#[derive(Debug, Default)]
struct Links {
    given: HashMap<FileIdentity, PathBuf>,
    /// Whether the file system gives no second names.
    are_refused: bool,
    /// Files that can have none.
    refused: HashSet<FileIdentity>,
}

/// What an earlier session held.
#[derive(Debug)]
pub struct Kept {
    /// The file, or the one that it is a copy of.
    pub identity: FileIdentity,
    /// The name that it had.
    pub name: OsString,
    /// The file, or its copy.
    pub file: File,
    /// Whether it is a copy.
    pub is_copy: bool,
    path: PathBuf,
}

impl Kept {
    /// It has been read to its end, and that is in the spool.
    pub fn discard(self) {
        // If it cannot be done now, the next start finds it read to its end, and tries again.
        fs::remove_file(self.path).unwrap_or_default();
    }
}

impl Held {
    /// What is held in this state folder.
    #[must_use]
    pub fn new(state_folder: &Path) -> Self {
        Self {
            folder: state_folder.join(FOLDER),
            seen: Mutex::default(),
            links: Mutex::default(),
            copies: Copies::default(),
        }
    }

    /// Notes that a file was seen; false if it was before.
    pub fn see(&self, identity: FileIdentity) -> bool {
        self.seen.lock().insert(identity)
    }

    /// A file is followed no more: what comes with its identity is a new one, or a late writer's.
    pub fn forget(&self, identity: FileIdentity) {
        self.seen.lock().remove(&identity);
    }

    /// Whether a file was seen.
    pub fn has_seen(&self, identity: FileIdentity) -> bool {
        self.seen.lock().contains(&identity)
    }

    /// Holds a file: its bytes behind the checkpoint are still to be had when its writers have given it up.
    /// True if that takes a copy.
    pub fn hold(&self, identity: FileIdentity, path: &Path, file: &File, checkpoint: u64) -> bool {
        self.see(identity);
        let Some(first) = path.file_name() else { return false };
        let mut links = self.links.lock();
        if links.are_refused || links.refused.contains(&identity) || links.given.contains_key(&identity) {
            return false;
        }
        if self.copies.has(identity) {
            return true;
        }
        for number in 0..MOST_OF_ONE {
            let second = self.folder.join(second_name(identity, number, first));
            let linked =
                fs::create_dir_all(&self.folder).and_then(|()| platform::link(identity, file, path, &second));
            match linked.map_err(|error| error.kind()) {
                // It has no name any more, and cannot be given one.
                Err(io::ErrorKind::NotFound) => {
                    return self.copies.begin(identity, &second, file, checkpoint).is_ok();
                }
                // The copy of an earlier file with this identity, which is yet to be read or removed.
                Err(io::ErrorKind::AlreadyExists) if !is_at(identity, &second) => {}
                // A new one, or that of an earlier session.
                Ok(()) | Err(io::ErrorKind::AlreadyExists) => {
                    links.given.insert(identity, second);
                    return false;
                }
                Err(io::ErrorKind::CrossesDevices | io::ErrorKind::Unsupported) => {
                    links.are_refused = true;
                    return false;
                }
                // Another user's file, or a drive that is full for now: the others can still have theirs.
                Err(_) => {
                    links.refused.insert(identity);
                    return false;
                }
            }
        }
        false
    }

    /// The second name of a file; none where it has none. One that somebody has cleaned up is given anew at the next
    /// [`Held::hold`].
    pub fn second(&self, identity: FileIdentity) -> Option<PathBuf> {
        let mut links = self.links.lock();
        let given = links.given.get(&identity).cloned()?;
        if is_at(identity, &given) {
            return Some(given);
        }
        links.given.remove(&identity);
        None
    }

    /// Whether there are files that need a copy.
    pub fn has_copies(&self) -> bool {
        self.copies.are_any()
    }

    /// Copies what has come to the files that need it.
    pub fn copy_on(&self) {
        self.copies.go_on();
    }

    /// A file has begun a new life.
    pub fn start_over(&self, identity: FileIdentity) {
        self.copies.start_over(identity);
    }

    /// What lies before this checkpoint is in the spool.
    pub fn trim(&self, identity: FileIdentity, checkpoint: u64) {
        self.copies.trim(identity, checkpoint);
    }

    /// A file is needed no more.
    pub fn release(&self, identity: FileIdentity) {
        let link = {
            let mut links = self.links.lock();
            links.refused.remove(&identity);
            links.given.remove(&identity)
        };
        for path in link.into_iter().chain(self.copies.end(identity)) {
            // If it cannot be done now, the next start finds the file read to its end, and tries again.
            fs::remove_file(path).unwrap_or_default();
        }
    }

    /// Takes over what an earlier session held.
    #[must_use]
    pub fn take_over(&self) -> Vec<Kept> {
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            let Some((held, first)) = name.split_once('~') else { continue };
            let held = held.split_once(NUMBER).map_or(held, |(held, _)| held);
            let Ok(held) = held.replace('-', ":").parse::<FileIdentity>() else { continue };
            let Ok(file) = open(&path) else { continue };
            let Ok(own) = platform::identity_of(&file, &path) else { continue };
            let is_copy = own != held;
            if !is_copy {
                self.links.lock().given.insert(held, path.clone());
            }
            found.push(Kept { identity: held, name: first.into(), file, is_copy, path });
        }
        found
    }

    /// Goes on with the copy of an earlier session, whose file is still being written to.
    pub fn copy_again(&self, kept: &Kept, file: &File, checkpoint: u64) {
        self.copies.go_on_with(kept.identity, &kept.path, file, checkpoint).unwrap_or_default();
    }
}

fn second_name(identity: FileIdentity, number: usize, first: &OsStr) -> OsString {
    // A colon is no character of a file name everywhere.
    let mut second = OsString::from(identity.to_string().replace(':', "-"));
    if number > 0 {
        second.push(format!("{NUMBER}{number}"));
    }
    second.push("~");
    second.push(first);
    second
}

fn is_at(identity: FileIdentity, path: &Path) -> bool {
    fs::metadata(path)
        .and_then(|metadata| platform::identity_at(path, &metadata))
        .is_ok_and(|at| at == identity)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log_in(folder: &tempfile::TempDir) -> (PathBuf, File, FileIdentity) {
        let path = folder.path().join("tk-maya.log");
        fs::write(&path, "kept").unwrap();
        let file = open(&path).unwrap();
        let identity = platform::identity_of(&file, &path).unwrap();
        (path, file, identity)
    }

    #[test]
    fn a_file_outlives_its_first_name() {
        let folder = tempfile::tempdir().unwrap();
        let (path, file, identity) = log_in(&folder);
        let held = Held::new(folder.path());
        assert!(!held.hold(identity, &path, &file, 0));
        fs::remove_file(&path).unwrap();

        let next_session = Held::new(folder.path());
        let found = next_session.take_over();
        let [kept] = &found[..] else { panic!("{found:?}") };
        assert_eq!((kept.identity, &*kept.name, kept.is_copy), (identity, "tk-maya.log".as_ref(), false));
        // As the tailer does: a file is let go before its name.
        drop((found, file));
        next_session.release(identity);
        assert!(Held::new(folder.path()).take_over().is_empty());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_file_without_a_name_is_copied() {
        let folder = tempfile::tempdir().unwrap();
        let (path, file, identity) = log_in(&folder);
        fs::remove_file(&path).unwrap();
        // Another file has its name now.
        fs::write(&path, "another").unwrap();
        let held = Held::new(folder.path());
        assert!(held.hold(identity, &path, &file, 0));
        drop(file);

        let found = Held::new(folder.path()).take_over();
        let [kept] = &found[..] else { panic!("{found:?}") };
        assert_eq!((kept.identity, kept.is_copy), (identity, true));
        assert_eq!(io::read_to_string(&kept.file).unwrap(), "kept");
    }

    /// Its inode may be the next file's before the copy was read.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_copy_that_waits_is_not_in_the_way_of_the_next_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tk-maya.log");
        let nameless = |text: &str| {
            fs::write(&path, text).unwrap();
            let file = open(&path).unwrap();
            let identity = platform::identity_of(&file, &path).unwrap();
            fs::remove_file(&path).unwrap();
            (identity, file)
        };
        let (identity, first) = nameless("first");
        assert!(Held::new(folder.path()).hold(identity, &path, &first, 0));

        let next_session = Held::new(folder.path());
        let waiting = next_session.take_over();
        let (_, second) = nameless("second");
        assert!(next_session.hold(identity, &path, &second, 0));
        waiting.into_iter().for_each(Kept::discard);
        // Until now: else its inode could be that of a copy, as other tests make and remove files meanwhile.
        drop((first, second));

        let found = Held::new(folder.path()).take_over();
        let [kept] = &found[..] else { panic!("{found:?}") };
        assert_eq!((kept.identity, kept.is_copy), (identity, true));
        assert_eq!(io::read_to_string(&kept.file).unwrap(), "second");
    }

    // A file that somebody has open may keep its names elsewhere.
    #[cfg(unix)]
    #[test]
    fn a_second_name_that_was_cleaned_up_is_given_anew() {
        let folder = tempfile::tempdir().unwrap();
        let (path, file, identity) = log_in(&folder);
        let held = Held::new(folder.path());
        held.hold(identity, &path, &file, 0);
        let second = held.second(identity).unwrap();
        fs::remove_file(&second).unwrap();
        assert_eq!(held.second(identity), None);
        held.hold(identity, &path, &file, 0);
        assert_eq!(held.second(identity), Some(second));
    }

    #[test]
    fn a_drive_without_second_names_is_asked_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tk-maya.log");
        fs::write(&path, "kept").unwrap();
        let file = open(&path).unwrap();
        // A file where the folder should be stands for all that can go wrong.
        fs::write(folder.path().join(FOLDER), "").unwrap();
        let held = Held::new(folder.path());
        let identity = platform::identity_of(&file, &path).unwrap();
        assert!(!held.hold(identity, &path, &file, 0));
        assert!(held.has_seen(identity));
        assert!(held.take_over().is_empty());
    }
}
