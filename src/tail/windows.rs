//! Files on Windows.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::os::windows::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

use winapi_util::Handle;
use winapi_util::file::information;

use super::FileIdentity;

/// `FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE`: without the last one the writer's rename
/// is refused, and its log is never rolled again (beats #29113, otel #7593).
const SHARE_ALL: u32 = 0x7;

/// Asks for nothing but what a file is: enough even where it may not be read.
const NO_ACCESS: u32 = 0;

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
    identity_of(&OpenOptions::new().access_mode(NO_ACCESS).share_mode(SHARE_ALL).open(path)?, path)
}

/// The identity of an open file, whoever has its name by now.
pub(super) fn identity_of(file: &File, path: &Path) -> io::Result<FileIdentity> {
    let found = information(file)?;
    let volume = match (found.volume_serial_number(), path.parent()) {
        // Wine asks for the volume by the name that the file was opened by, and says 0 once it has another one.
        (0, Some(folder)) => information(Handle::from_path_any(folder)?)?.volume_serial_number(),
        (volume, _) => volume,
    };
    Ok(FileIdentity { volume, index: found.file_index().into() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn an_identity_stays_with_the_file_and_not_with_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let (name, backup) = (folder.path().join("tk-maya.log"), folder.path().join("tk-maya.log.1"));
        let by_name = |path: &Path| identity_at(path, &fs::metadata(path).unwrap()).unwrap();
        fs::write(&name, "old").unwrap();
        let file = open(&name).unwrap();
        let identity = by_name(&name);
        fs::rename(&name, &backup).unwrap();
        fs::write(&name, "new").unwrap();
        assert_eq!(by_name(&backup), identity);
        assert_ne!(by_name(&name), identity);
        // Asked with a name that belongs to another file by now, as it happens between an opening and a question.
        assert_eq!(identity_of(&file, &name).unwrap(), identity);
    }

    #[test]
    fn two_names_of_one_file_have_one_identity() {
        let folder = tempfile::tempdir().unwrap();
        let (first, second) = (folder.path().join("tk-maya.log"), folder.path().join("second"));
        fs::write(&first, "").unwrap();
        fs::hard_link(&first, &second).unwrap();
        let [first, second] = [first, second].map(|path| identity_of(&open(&path).unwrap(), &path).unwrap());
        assert_eq!(first, second);
    }
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
