//! Drives on Windows: a share, by its UNC name or by the letter that it is mapped to.

use std::path::{Component, Path, Prefix};

/// The system's own resolution turns a mapped letter into the share behind it. What says that it is a disk of this
/// machine is believed: the drivers of iSCSI and of some cloud folders do.
pub fn is_network(path: &Path) -> Option<bool> {
    if is_share(path) {
        return Some(true);
    }
    Some(is_share(&path.canonicalize().ok()?))
}

/// Whether its name is that of a share. A letter may have one behind it.
fn is_share(path: &Path) -> bool {
    let Some(Component::Prefix(prefix)) = path.components().next() else { return false };
    matches!(prefix.kind(), Prefix::UNC(..) | Prefix::VerbatimUNC(..))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_known_by_its_name() {
        for share in [r"\\server\share\home", r"\\?\UNC\server\share\home"] {
            assert!(is_share(Path::new(share)), "{share}");
        }
        for local in [r"C:\home", r"\\?\C:\home", "home"] {
            assert!(!is_share(Path::new(local)), "{local}");
        }
    }
}
