//! The evidence as one zip archive.

use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::error::{Error, ErrorKind, Result};

/// Packs the members in this order. The same members give the same bytes.
pub fn pack(members: &[(String, String)]) -> Result<Vec<u8>> {
    let failed = |error| Error::new(ErrorKind::Internal("cannot pack the evidence".into())).because(error);
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default())
        .unix_permissions(0o600);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in members {
        zip.start_file(name.as_str(), options).map_err(failed)?;
        zip.write_all(text.as_bytes()).map_err(|error| failed(error.into()))?;
    }
    Ok(zip.finish().map_err(failed)?.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_members_give_the_same_bytes() {
        let members = [("a.txt".to_owned(), "one".repeat(1000)), ("b.txt".to_owned(), String::new())];
        let packed = pack(&members).unwrap();
        assert_eq!(packed, pack(&members).unwrap());
        assert!(packed.len() < 600 && packed.starts_with(b"PK"));
    }
}
