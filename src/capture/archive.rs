//! The evidence as one zip archive.

use std::io::{Cursor, Write};

use zip::result::{ZipError, ZipResult};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

use crate::error::{Error, ErrorKind, Result};

/// Packs the members in this order. The same members give the same bytes.
pub fn pack(members: &[(&str, &str)]) -> Result<Vec<u8>> {
    write(members, &[], |_| true).map_err(failed)
}

/// One archive of the members of several, in this order, as they are. No bytes at all are no members.
pub fn join(archives: &[&[u8]]) -> Result<Vec<u8>> {
    let archives: Vec<_> = archives.iter().copied().filter(|archive| !archive.is_empty()).collect();
    write(&[], &archives, |_| true).map_err(failed)
}

/// Packs the members in this order, and behind them those of another archive that are named.
pub fn pack_again(members: &[(&str, &str)], packed: &[u8], names: &[&str]) -> Result<Vec<u8>> {
    write(members, &[packed], |name| names.contains(&name)).map_err(failed)
}

fn failed(error: ZipError) -> Error {
    Error::new(ErrorKind::Internal("cannot pack the evidence".into())).because(error)
}

fn write(members: &[(&str, &str)], packed: &[&[u8]], takes: impl Fn(&str) -> bool) -> ZipResult<Vec<u8>> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default())
        .unix_permissions(0o600);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in members {
        zip.start_file(*name, options)?;
        zip.write_all(text.as_bytes())?;
    }
    for packed in packed {
        let mut packed = ZipArchive::new(Cursor::new(*packed))?;
        for at in 0..packed.len() {
            let member = packed.by_index_raw(at)?;
            if takes(&member.name()?) {
                zip.raw_copy_file(member)?;
            }
        }
    }
    Ok(zip.finish()?.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_members_give_the_same_bytes() {
        let one = "one".repeat(1000);
        let members = [("a.txt", one.as_str()), ("b.txt", "")];
        let packed = pack(&members).unwrap();
        assert_eq!(packed, pack(&members).unwrap());
        assert!(packed.len() < 600 && packed.starts_with(b"PK"));
        let apart = members.map(|member| pack(&[member]).unwrap());
        assert_eq!(join(&[&apart[0], &apart[1]]).unwrap(), packed, "copied as they are");
        assert_eq!(pack_again(&members[1..], &packed, &["a.txt"]).unwrap().len(), packed.len());
        assert!(pack_again(&members[1..], &packed, &[]).unwrap().len() < packed.len());
    }
}
