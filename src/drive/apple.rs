//! Drives on macOS: the kernel says of each mount whether it is local.

use std::path::Path;

use rustix::fs::statfs;

/// `MNT_LOCAL` of `sys/mount.h`: the file system is stored locally.
const MNT_LOCAL: u32 = 0x1000;

pub fn is_network(path: &Path) -> Option<bool> {
    let mount = statfs(path).ok()?;
    let kind: Vec<u8> =
        mount.f_fstypename.iter().map_while(|&c| u8::try_from(c).ok().filter(|&c| c != 0)).collect();
    Some(mount.f_flags & MNT_LOCAL == 0 || claims_to_be_local(&kind))
}

/// macFUSE mounts are local to the kernel, whatever is behind them (sshfs, rclone and the like).
fn claims_to_be_local(kind: &[u8]) -> bool {
    kind.ends_with(b"fuse") || kind.ends_with(b"fusefs")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fuse_is_not_taken_at_its_word() {
        assert!(claims_to_be_local(b"macfuse") && claims_to_be_local(b"osxfuse"));
        assert!(!claims_to_be_local(b"apfs"));
    }
}
