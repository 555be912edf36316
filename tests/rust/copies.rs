//! What becomes of the copies of files that have lost every name, wherever we are killed.

use std::fs;

use tk_incident_core::spool::{Place, SpoolReader};

use super::session::{Session, copy_spool};
use super::support::{Home, append, error, record, truncate};

/// The last batch of the one before is in the spool or not, and the copy is there still.
#[test]
fn a_copy_is_read_once_though_another_log_has_the_identity_of_its_file() {
    for is_committed in [true, false] {
        let home = Home::new();
        let log = home.log("tk-maya.log");
        let (held, aside, before) =
            (home.state().join("held"), home.logs().join("aside"), home.logs().join("before"));
        let place = Place::local(&home.state());
        append(&log, record("INFO", "begins"));
        let mut session = Session::open(&home.config(), &place).unwrap();
        session.pass().unwrap();
        // A file has many lives, and each its own offsets.
        truncate(&log);
        session.pass().unwrap();
        append(&log, error("the first").repeat(2));
        session.pass().unwrap();
        drop(session);

        // A log that was emptied stands for one that was deleted, and another that came to its inode.
        append(&log, error("in the copy"));
        let copy = fs::read_dir(&held).unwrap().next().unwrap().unwrap().path();
        fs::copy(&log, &aside).unwrap();
        fs::remove_file(&copy).unwrap();
        fs::hard_link(&aside, &copy).unwrap();
        truncate(&log);
        append(&log, error("in its successor"));
        copy_spool(&home.state(), &before);

        let mut killed = Session::open(&home.config(), &place).unwrap();
        killed.pass().unwrap();
        // Its last record is quiet by now.
        killed.pass().unwrap();
        drop(killed);
        assert!(!copy.exists(), "it was read");
        fs::hard_link(&aside, &copy).unwrap();
        if !is_committed {
            copy_spool(&before, &home.state());
        }

        let mut session = Session::open(&home.config(), &place).unwrap();
        session.pass().unwrap();
        session.pass().unwrap();
        drop(session);
        assert!(!copy.exists(), "it was read, or known to be");
        let kept = SpoolReader::open(&home.state()).unwrap().occurrences(0).unwrap();
        let mut kept: Vec<_> = kept.into_iter().map(|occurrence| occurrence.message).collect();
        kept.sort();
        let all = ["in its successor", "in the copy", "the first", "the first"];
        assert_eq!(kept, all, "killed {} the commit", if is_committed { "after" } else { "before" });
    }
}

/// The life that a copy is of is over, and in the spool; that there is a copy is not.
#[test]
fn a_copy_beside_its_log_is_known_for_one_after_a_kill() {
    let home = Home::new();
    let log = home.log("tk-maya.log");
    let place = Place::local(&home.state());
    let open = || Session::open(&home.config(), &place).unwrap();
    append(&log, record("INFO", "begins"));
    let mut session = open();
    session.pass().unwrap();
    append(&log, error("in the log, and in its copy") + &record("INFO", "x"));
    session.pass().unwrap();
    session.pass().unwrap();
    fs::copy(&log, home.log("tk-maya.log.1")).unwrap();
    truncate(&log);
    append(&log, error("what came then") + &record("INFO", "y"));
    session.pass().unwrap();
    drop(session);

    let mut session = open();
    for _ in 0..3 {
        session.pass().unwrap();
    }
    drop(session);
    let kept = SpoolReader::open(&home.state()).unwrap().occurrences(0).unwrap();
    let kept: Vec<_> = kept.into_iter().map(|occurrence| occurrence.message).collect();
    assert_eq!(kept, ["in the log, and in its copy", "what came then"]);
}
