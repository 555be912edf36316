//! Files on Linux and macOS.

use std::fs::{File, Metadata};
use std::io;
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
    Ok(FileIdentity { volume: metadata.dev(), index: metadata.ino().into() })
}

/// The identity of an open file.
pub(super) fn identity_of(file: &File, path: &Path) -> io::Result<FileIdentity> {
    identity_at(path, &file.metadata()?)
}
