//! A state folder on a network drive: one has the database, everybody else reads copies.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tk_incident_core::config::StateDrive;
use tk_incident_core::notes::Notes;
use tk_incident_core::signature::Studio;
use tk_incident_core::spool::{Drive, FILE, Place, Spool, SpoolReader};
use tk_incident_core::{Config, ErrorKind};

use super::support::{Home, agent_with, append, error, messages, occurrences, stop};

fn network(home: &Home) -> Config {
    Config { state_drive: StateDrive::Network, ..home.config() }
}

fn reader(home: &Home) -> SpoolReader {
    SpoolReader::open(&home.state()).unwrap()
}

#[test]
fn a_reader_sees_all_that_was_committed_before_it_asked() {
    let home = Home::new();
    let agent = agent_with(network(&home));
    let mut written = Vec::new();
    for what in ["this", "that", "more", "the rest"] {
        append(&home.log("tk-maya.log"), error(what));
        written.push(what);
        occurrences(&agent, written.len());
        let reader = reader(&home);
        assert_eq!(messages(&reader.occurrences(0).unwrap()), written);
        assert_eq!(reader.incidents().unwrap().len(), written.len());
        let status = reader.status().unwrap();
        assert_eq!(status["books"]["captured"], written.len());
        assert_eq!(status["log_folders"][0]["has_leader"], true);
    }
    // An archive is of no use to a reader, and most of the spool.
    super::support::next_delivery(&agent);
    let before = fs::metadata(home.state().join("view").join(FILE)).unwrap().len();
    assert!(before < fs::metadata(home.state().join(FILE)).unwrap().len());
    stop(&agent);
    assert_eq!(messages(&reader(&home).occurrences(0).unwrap()), written);
}

#[test]
fn the_spool_is_a_leaders_alone() {
    let home = Home::new();
    let place = Place { drive: Drive::Network, ..Place::local(&home.state()) };
    let spool = Spool::open(&place, &Studio::default(), &Notes::default()).unwrap();
    let refused =
        |place: &Place| Spool::open(place, &Studio::default(), &Notes::default()).unwrap_err().kind().clone();
    assert_eq!(refused(&place), ErrorKind::SpoolBusy);
    assert!(!home.state().join(format!("{FILE}-wal")).exists());
    drop(spool);
    Spool::open(&place, &Studio::default(), &Notes::default()).unwrap();
}

#[test]
fn a_reader_that_stands_still_holds_nobody_up() {
    let home = Home::new();
    let log = home.log("tk-maya.log");
    let first = agent_with(network(&home));
    append(&log, error("one"));
    occurrences(&first, 1);
    let of_the_leader = reader(&home);
    append(&log, error("two"));
    occurrences(&first, 2);
    stop(&first);
    let of_the_rest = reader(&home);
    let second = agent_with(network(&home));
    assert!(second.is_leader());
    append(&log, error("three"));
    assert_eq!(messages(&occurrences(&second, 3)), ["one", "two", "three"]);
    assert!(second.take_notes().is_empty());
    stop(&second);
    assert_eq!(messages(&of_the_leader.occurrences(0).unwrap()), ["one"]);
    assert_eq!(messages(&of_the_rest.occurrences(0).unwrap()), ["one", "two"]);
}

#[test]
fn readers_that_never_rest_fail_nothing() {
    let home = Home::new();
    let agent = agent_with(network(&home));
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let read = || {
            let mut seen = vec![0];
            while !done.load(Ordering::Acquire) {
                seen.push(reader(&home).last_occurrence_id().unwrap());
            }
            assert!(seen.is_sorted(), "{seen:?}");
            seen.push(reader(&home).last_occurrence_id().unwrap());
            seen.last().copied().unwrap()
        };
        let readers = [scope.spawn(read), scope.spawn(read)];
        for number in 0..300 {
            append(&home.log("tk-maya.log"), error(&format!("number {number}")));
            std::thread::sleep(Duration::from_millis(5));
        }
        occurrences(&agent, 300);
        done.store(true, Ordering::Release);
        for reader in readers {
            assert_eq!(reader.join().unwrap(), 300);
        }
    });
    let notes = agent.take_notes();
    assert!(notes.is_empty(), "{notes:?}");
    stop(&agent);
}

#[test]
fn what_a_dead_leader_committed_is_read_from_the_spool_itself() {
    let home = Home::new();
    let agent = agent_with(network(&home));
    append(&home.log("tk-maya.log"), error("kept"));
    occurrences(&agent, 1);
    stop(&agent);
    // As after a kill: nobody has said that there is no leader any more.
    fs::write(home.state().join("view").join("leader"), "elsewhere 1").unwrap();
    assert_eq!(messages(&reader(&home).occurrences(0).unwrap()), ["kept"]);
}

#[test]
fn a_spool_moves_from_one_kind_of_drive_to_the_other() {
    let home = Home::new();
    let kinds = [StateDrive::Local, StateDrive::Network, StateDrive::Local];
    for (number, state_drive) in kinds.into_iter().enumerate() {
        let agent = agent_with(Config { state_drive, ..home.config() });
        append(&home.log("tk-maya.log"), error(&format!("number {number}")));
        occurrences(&agent, number + 1);
        assert_eq!(home.state().join("view").exists(), state_drive == StateDrive::Network);
        assert_eq!(reader(&home).last_occurrence_id().unwrap(), i64::try_from(number).unwrap() + 1);
        stop(&agent);
    }
}
