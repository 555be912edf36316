//! Where Toolkit keeps its files on each system, and which of them are its logs.
//!
//! The rules are those of tk-core's `util/local_file_storage.py`.

use std::env;
use std::path::{Path, PathBuf};

use compact_str::CompactString;

/// Toolkit's log folder on this machine, whether or not it exists.
#[must_use]
pub fn toolkit_log_folder() -> PathBuf {
    if let Some(home) = shotgun_home() {
        return home.join("logs");
    }
    if cfg!(target_os = "macos") {
        home().join("Library").join("Logs").join("Shotgun")
    } else if cfg!(windows) {
        app_data().join("Shotgun").join("Logs")
    } else {
        home().join(".shotgun").join("logs")
    }
}

/// Toolkit's data folder on this machine, whether or not it exists.
#[must_use]
pub fn toolkit_data_folder() -> PathBuf {
    if let Some(home) = shotgun_home() {
        return home.join("data");
    }
    if cfg!(target_os = "macos") {
        home().join("Library").join("Application Support").join("Shotgun")
    } else if cfg!(windows) {
        app_data().join("Shotgun").join("Data")
    } else {
        home().join(".shotgun").join("data")
    }
}

/// Whether a file of this name is a Toolkit log, or a backup of one (`tk-*.log*`).
#[must_use]
pub fn is_log_name(name: &str) -> bool {
    name.strip_prefix("tk-").is_some_and(|rest| rest.contains(".log"))
}

/// The engine that writes to this file: `tk-maya` for `tk-maya.log.1`.
#[must_use]
pub fn engine_of(path: &Path) -> CompactString {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let end = memchr::memchr_iter(b'.', name.as_bytes()).find(|at| name[*at..].starts_with(".log"));
    name[..end.unwrap_or(name.len())].into()
}

/// The same folder, by a name that libraries can use which hand it to the system as it is: on Windows one that is
/// longer than 260 characters needs another form. The standard library sees to that by itself.
#[cfg(windows)]
#[must_use]
pub fn for_libraries(folder: &Path) -> PathBuf {
    use std::ffi::OsString;
    use std::path::{Component, Prefix};

    // A folder has to leave room for the names in it.
    const LONGEST: usize = 200;
    let Ok(absolute) = std::path::absolute(folder) else { return folder.to_path_buf() };
    let mut parts = absolute.components();
    let (true, Some(Component::Prefix(prefix))) = (absolute.as_os_str().len() > LONGEST, parts.next()) else {
        return absolute;
    };
    match prefix.kind() {
        Prefix::Disk(_) => {
            let mut verbatim = OsString::from(r"\\?\");
            verbatim.push(&absolute);
            verbatim.into()
        }
        Prefix::UNC(server, share) => {
            let mut verbatim = OsString::from(r"\\?\UNC\");
            verbatim.push(server);
            verbatim.push(r"\");
            verbatim.push(share);
            verbatim.push(parts.as_path());
            verbatim.into()
        }
        _ => absolute,
    }
}

/// The same folder: names of any length do everywhere but on Windows.
#[cfg(not(windows))]
#[must_use]
pub fn for_libraries(folder: &Path) -> PathBuf {
    folder.to_path_buf()
}

fn shotgun_home() -> Option<PathBuf> {
    env::var_os("SHOTGUN_HOME").filter(|home| !home.is_empty()).map(PathBuf::from)
}

fn home() -> PathBuf {
    env::home_dir().unwrap_or_default()
}

fn app_data() -> PathBuf {
    env::var_os("APPDATA").map_or_else(home, PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_logs_and_their_engine() {
        for name in ["tk-maya.log", "tk-maya.log.1", "tk-nuke.log.0a8d-11"] {
            assert!(is_log_name(name), "{name}");
        }
        for name in ["maya.log", "tk-maya.txt", ".tk-incident.lock", "log"] {
            assert!(!is_log_name(name), "{name}");
        }
        assert_eq!(engine_of(Path::new("/x/tk-3dsmax.log.1")), "tk-3dsmax");
    }

    #[cfg(windows)]
    #[test]
    fn a_long_name_is_made_one_that_the_system_takes_as_it_is() {
        let long = ["x".repeat(100), "y".repeat(100)].join(r"\");
        for (name, want) in [
            (r"C:\short".to_owned(), r"C:\short".to_owned()),
            (format!(r"C:\{long}"), format!(r"\\?\C:\{long}")),
            (format!(r"C:/a/../{long}/"), format!(r"\\?\C:\{long}\")),
            (format!(r"\\server\share\{long}"), format!(r"\\?\UNC\server\share\{long}")),
            (format!(r"\\?\C:\{long}"), format!(r"\\?\C:\{long}")),
        ] {
            assert_eq!(for_libraries(Path::new(&name)).as_os_str(), want.as_str());
        }
    }
}
