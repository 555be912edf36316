//! Terms: who led, one after the other. They are the fence behind the lock of the log folder.
//!
//! A lock can fail: its file is deleted by a script that cleans up, and the next reporter locks a new one. So each leader
//! begins a term, and each transaction first looks whether that is still the last one. A leader that finds another
//! behind its own has lost the lead, whatever lock it holds, and writes nothing any more.

use std::path::Path;

use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::now_ms;
use crate::error::{Error, ErrorKind, Result};

/// So many are kept, for whoever wants to know who led when.
const KEPT: i64 = 1_000;

/// What a file is: its device and inode.
pub type FileAt = (u64, u64);

/// Begins the next term, behind all that are known: from now on no earlier leader can write.
pub fn begin(connection: &mut Connection, known: i64) -> Result<i64> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute(
        "INSERT INTO terms (term, began_ms, host, pid, after_occurrence, last_occurrence) \
         SELECT 1 + max(?4, (SELECT coalesce(max(term), 0) FROM terms)), ?1, ?2, ?3, id, id FROM (SELECT coalesce(max(id), 0) AS id FROM occurrences)",
        params![now_ms(), gethostname::gethostname().to_string_lossy(), std::process::id(), known],
    )?;
    let term = transaction.last_insert_rowid();
    transaction.execute("DELETE FROM terms WHERE term <= ?1", [term - KEPT])?;
    transaction.commit()?;
    Ok(term)
}

/// Refuses the transaction of a leader whose term is over.
pub fn check(transaction: &Transaction<'_>, term: i64) -> Result<()> {
    let last: Option<i64> =
        transaction.prepare_cached("SELECT max(term) FROM terms")?.query_row([], |row| row.get(0))?;
    if last == Some(term) { Ok(()) } else { Err(Error::new(ErrorKind::LeadLost)) }
}

/// Refuses a transaction on a file that was set aside: another leader found it damaged, and goes on with a new one.
pub fn check_place(path: &Path, file: Option<FileAt>) -> Result<()> {
    if file_at(path) == file { Ok(()) } else { Err(Error::new(ErrorKind::LeadLost)) }
}

/// What is at this path now.
#[cfg(unix)]
pub fn file_at(path: &Path) -> Option<FileAt> {
    use std::os::unix::fs::MetadataExt;
    // Not opened: POSIX would drop our lock with it.
    std::fs::metadata(path).ok().map(|metadata| (metadata.dev(), metadata.ino()))
}

/// Nothing that is open can be renamed here.
#[cfg(windows)]
pub fn file_at(_path: &Path) -> Option<FileAt> {
    None
}

/// Keeps how far this term has come: the occurrences of two terms never mix.
pub fn advance(transaction: &Transaction<'_>, term: i64) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "UPDATE terms SET last_occurrence = (SELECT max(id) FROM occurrences) \
             WHERE term = ?1 AND last_occurrence < (SELECT max(id) FROM occurrences)",
        )?
        .execute([term])
        .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notes::Notes;
    use crate::signature::Studio;
    use crate::spool::{Batch, Place, Spool};

    #[test]
    fn whoever_led_before_can_write_no_more() {
        let folder = tempfile::tempdir().unwrap();
        let open =
            || Spool::open(&Place::local(folder.path()), &Studio::default(), &Notes::default()).unwrap();
        let look = |name: &str| Batch { first_look: Some(name.into()), ..Batch::default() };
        let first = open();
        first.commit(&look("first")).unwrap();
        let second = open();
        assert_eq!(first.commit(&look("late")).unwrap_err().kind(), &ErrorKind::LeadLost);
        assert_eq!(first.ticket_created(1, 1, true).unwrap_err().kind(), &ErrorKind::LeadLost);
        second.commit(&look("second")).unwrap();
        let knows = |name: &str| second.knows_folder(name.as_ref()).unwrap();
        assert!(knows("first") && knows("second") && !knows("late"));
    }
}
