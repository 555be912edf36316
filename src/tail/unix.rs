//! Files on Linux and macOS.

use std::fs::{File, Metadata};
use std::io;
#[cfg(target_os = "linux")]
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

use super::FileIdentity;

/// Opens a log for reading. A rename or unlink by its writer never fails because of it.
pub fn open(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// Reads at an offset, once.
pub fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    file.read_at(buffer, offset)
}

/// The identity of the file that has this name now.
#[expect(clippy::unnecessary_wraps, reason = "on Windows it can fail")]
pub(super) fn identity_at(_path: &Path, metadata: &Metadata) -> io::Result<FileIdentity> {
    Ok(FileIdentity { volume: volume(metadata.dev()), index: metadata.ino().into() })
}

/// A device that is none (a network drive, a file system in memory) has another number on each host and after each
/// mount. All logs of a folder lie on one, so that it tells nothing.
#[cfg(target_os = "linux")]
fn volume(device: u64) -> u64 {
    if rustix::fs::major(device) == 0 { 0 } else { device }
}

#[cfg(not(target_os = "linux"))]
fn volume(device: u64) -> u64 {
    device
}

/// The identity of an open file.
pub(super) fn identity_of(file: &File, path: &Path) -> io::Result<FileIdentity> {
    identity_at(path, &file.metadata()?)
}

/// Writes all bytes at an offset.
pub(super) fn write_all_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    file.write_all_at(bytes, offset)
}

/// Gives an open file a second name, whatever its first one has become; not found if it has none at all.
#[cfg(target_os = "linux")]
pub(super) fn link(_identity: FileIdentity, file: &File, _path: &Path, second: &Path) -> io::Result<()> {
    use rustix::fs::{AtFlags, CWD, linkat};
    // The kernel's own way to what the descriptor stands for: no other file can have come in between.
    let through = format!("/proc/self/fd/{}", file.as_raw_fd());
    Ok(linkat(CWD, through, CWD, second, AtFlags::SYMLINK_FOLLOW)?)
}

/// Gives a file a second name; not found if its first one is gone or belongs to another file.
#[cfg(not(target_os = "linux"))]
pub(super) fn link(identity: FileIdentity, _file: &File, path: &Path, second: &Path) -> io::Result<()> {
    super::link_by_name(identity, path, second)
}

/// Gives the disk back what lies before an offset, if it can.
#[cfg(target_os = "linux")]
pub(super) fn punch_hole(file: &File, length: u64) {
    use rustix::fs::{FallocateFlags, fallocate};
    if length > 0 {
        fallocate(file, FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE, 0, length)
            .unwrap_or_default();
    }
}

/// Does nothing: a copy is as large as its file.
#[cfg(not(target_os = "linux"))]
pub(super) fn punch_hole(_file: &File, _length: u64) {}
