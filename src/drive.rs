//! Whether a folder lies on this machine or on a server.

use std::path::Path;

#[cfg(any(target_os = "linux", target_os = "android"))]
#[path = "drive/linux.rs"]
mod platform;
#[cfg(any(target_os = "macos", target_os = "ios"))]
#[path = "drive/apple.rs"]
mod platform;
#[cfg(windows)]
#[path = "drive/windows.rs"]
mod platform;

/// Whether this path lies on a network file system; of a path that is not there yet, its nearest folder is asked.
///
/// What cannot be found out counts as this machine's own. At a server that does not answer this waits as long as
/// any other question to its files does: ask once, and not on the host's main thread.
#[must_use]
pub fn is_network(path: &Path) -> bool {
    // The last folder of a relative path is the empty one, which names nothing.
    let here = Path::new(".");
    path.ancestors().chain([here]).find_map(platform::is_network).unwrap_or(false)
}

#[cfg(not(any(
    target_os = "linux",
    target_os = "android",
    target_os = "macos",
    target_os = "ios",
    windows
)))]
mod platform {
    /// Nothing is known of drives here.
    pub fn is_network(_path: &std::path::Path) -> Option<bool> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_temporary_folder_is_this_machines_own() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!is_network(folder.path()));
        assert!(!is_network(&folder.path().join("not").join("yet")));
        assert!(!is_network(Path::new("not-yet")));
    }
}
