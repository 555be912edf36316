//! Files on Windows.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::os::windows::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

use file_id::FileId;

use super::FileIdentity;

/// `FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE`: without the last one the writer's rename
/// is refused, and its log is never rolled again (beats #29113, otel #7593).
const SHARE_ALL: u32 = 0x7;

/// Opens a log for reading. A rename or unlink by its writer never fails because of it.
pub fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).share_mode(SHARE_ALL).open(path)
}

/// Reads at an offset, once.
pub fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    file.seek_read(buffer, offset)
}

/// The identity of the file that has this name now.
pub(super) fn identity_at(path: &Path, _metadata: &Metadata) -> io::Result<FileIdentity> {
    Ok(match file_id::get_low_res_file_id(path)? {
        FileId::Inode { device_id, inode_number } => {
            FileIdentity { volume: device_id, index: inode_number.into() }
        }
        FileId::LowRes { volume_serial_number, file_index } => {
            FileIdentity { volume: volume_serial_number.into(), index: file_index.into() }
        }
        FileId::HighRes { volume_serial_number, file_id } => {
            FileIdentity { volume: volume_serial_number, index: file_id }
        }
    })
}

/// The identity of an open file. The crate asks by name, so a rename at this very moment gives the
/// identity of another file: its checkpoint's anchor then does not fit, and it is read from its start.
pub(super) fn identity_of(file: &File, path: &Path) -> io::Result<FileIdentity> {
    identity_at(path, &file.metadata()?)
}

/// Writes all bytes at an offset.
pub(super) fn write_all_at(file: &File, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        let count = file.seek_write(bytes, offset)?;
        bytes = &bytes[count..];
        offset += count as u64;
    }
    Ok(())
}

/// Gives a file a second name; not found if its first one is gone or belongs to another file.
pub(super) fn link(identity: FileIdentity, _file: &File, path: &Path, second: &Path) -> io::Result<()> {
    super::link_by_name(identity, path, second)
}

/// Does nothing: a copy is as large as its file.
pub(super) fn punch_hole(_file: &File, _length: u64) {}
