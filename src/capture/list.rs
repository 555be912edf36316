//! The archive of a digest: what it lists, and the archives of these.

use std::io::{Cursor, Write};

use serde_json::json;
use zip::result::ZipResult;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::error::{Error, ErrorKind, Result};
use crate::incident::Incident;

/// The member that says what is listed.
const LIST: &str = "incidents.json";

/// No archive is larger than that, by a little: the archives of the first that are listed come first.
const MOST_BYTES: usize = 5 << 20;

/// Packs a list of incidents by row, and their archives as far as there is room. The same ones give the same bytes.
///
/// # Errors
///
/// What `archive` fails with; inside of that, an archive that cannot be packed.
pub fn list_archive<E>(
    members: &[(i64, Incident)],
    mut archive: impl FnMut(i64) -> std::result::Result<Vec<u8>, E>,
) -> std::result::Result<Result<Vec<u8>>, E> {
    let listed: Vec<&Incident> = members.iter().map(|(_, incident)| incident).collect();
    let list = serde_json::to_string_pretty(&json!(listed)).unwrap_or_default();
    let mut files = vec![(LIST.to_owned(), format!("{list}\n").into_bytes())];
    let mut room = MOST_BYTES.saturating_sub(list.len());
    for (id, incident) in members {
        let packed = archive(*id)?;
        if !packed.is_empty() && packed.len() <= room {
            room -= packed.len();
            files.push((format!("incident-{}.zip", incident.signature), packed));
        }
    }
    let failed = |error| Error::new(ErrorKind::Internal("cannot pack the evidence".into())).because(error);
    Ok(pack(&files).map_err(failed))
}

fn pack(files: &[(String, Vec<u8>)]) -> ZipResult<Vec<u8>> {
    let options =
        SimpleFileOptions::default().last_modified_time(DateTime::default()).unix_permissions(0o600);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        // An archive does not become smaller in another one.
        let method = if name == LIST { CompressionMethod::Deflated } else { CompressionMethod::Stored };
        zip.start_file(name.as_str(), options.compression_method(method))?;
        zip.write_all(bytes)?;
    }
    Ok(zip.finish()?.into_inner())
}
