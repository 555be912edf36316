//! Drives on Linux: the kernel's number of the file system, and for FUSE the name it was mounted as.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::{major, minor, statfs};

/// File systems whose files another machine may write to, as `statfs(2)` numbers them.
const NETWORK: &[u64] = &[
    0x6969,      // NFS
    0x517B,      // SMB
    0xFF53_4D42, // CIFS
    0xFE53_4D42, // SMB2 and later
    0x564C,      // NCP
    0x5346_414F, // AFS
    0x6B41_4653, // the kernel's own AFS
    0x7375_7245, // Coda
    0x0102_1997, // 9p
    0x0BD0_0BD0, // Lustre
    0x4750_4653, // GPFS
    0x00C3_6400, // Ceph
    0x1983_0326, // BeeGFS
    0xAAD7_AAEA, // PanFS
    0x7461_636F, // OCFS2
    0x0116_1970, // GFS2
    0x6163_6673, // ACFS
    0xBEEF_DEAD, // StorNext
    0x786F_4256, // a folder of VirtualBox's host
    0xBACB_ACBC, // of VMware's
    0x7C7C_6673, // of Parallels'
];

const FUSE: u64 = 0x6573_5546;

/// FUSE file systems that lie on this machine. All others count as remote: a rollback journal is slow at worst,
/// while WAL on sshfs can lose the spool.
const LOCAL_FUSE: &[&str] = &[
    "fuseblk",
    "fuse.bindfs",
    "fuse.cryfs",
    "fuse.encfs",
    "fuse.exfat",
    "fuse.fuse-overlayfs",
    "fuse.gocryptfs",
    "fuse.lxcfs",
    "fuse.mergerfs",
    "fuse.ntfs-3g",
    "fuse.overlayfs",
    "fuse.unionfs",
];

pub fn is_network(path: &Path) -> Option<bool> {
    // Its type differs from one libc to the next, and where it is signed CIFS is negative.
    #[allow(clippy::cast_sign_loss, clippy::unnecessary_cast, clippy::useless_conversion, reason = "by libc")]
    let kind = statfs(path).ok()?.f_type as u64 & 0xFFFF_FFFF;
    if kind != FUSE {
        return Some(NETWORK.contains(&kind));
    }
    let device = fs::metadata(path).ok()?.dev();
    let device = format!("{}:{}", major(device), minor(device));
    let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
    Some(mounted_as(&mounts, &device).is_none_or(|name| !LOCAL_FUSE.contains(&name)))
}

/// The file system of a device, from the text of `/proc/<pid>/mountinfo` (see proc(5)).
fn mounted_as<'a>(mounts: &'a str, device: &str) -> Option<&'a str> {
    let of_device = |line: &&str| line.split(' ').nth(2) == Some(device);
    let line = mounts.lines().find(of_device)?;
    // A varying number of optional fields ends with a dash.
    line.split_once(" - ")?.1.split(' ').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
        22 1 259:2 / / rw,relatime shared:1 - ext4 /dev/root rw\n\
        99 22 0:51 / /home/ann/far rw,nosuid,nodev shared:7 master:3 - fuse.sshfs ann@far: rw,user_id=0\n\
        98 22 0:52 / /mnt/usb rw - fuseblk /dev/sdb1 rw\n";

    #[test]
    fn the_name_behind_a_fuse_mount() {
        assert_eq!(mounted_as(MOUNTS, "0:51"), Some("fuse.sshfs"));
        assert_eq!(mounted_as(MOUNTS, "0:52"), Some("fuseblk"));
        assert_eq!(mounted_as(MOUNTS, "259:2"), Some("ext4"));
        assert_eq!(mounted_as(MOUNTS, "0:5"), None);
    }

    #[test]
    fn what_cannot_be_asked_is_not_known() {
        assert_eq!(is_network(Path::new("/nowhere/at/all")), None);
        assert_eq!(is_network(Path::new("/proc")), Some(false));
    }
}
