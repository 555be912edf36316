//! A drive that is full or fails, at every write: it is said, nothing is skipped, and it passes by itself.

use std::fs::OpenOptions;
use std::io::{Seek, SeekFrom, Write};
use std::time::{Duration, Instant};

use tk_incident_core::notes::Notes;
use tk_incident_core::signature::Studio;
use tk_incident_core::spool::{Batch, Drive, Spool, SpoolReader};
use tk_incident_core::{Agent, Result};

use super::disk::{Disk, Fault};
use super::session::{Session, Site, Written, books_balance, counted};
use super::support::{
    Home, LONGEST, append, caught_up, error, is_long, messages, next_delivery, occurrences, stop,
};

/// One try, and at most one more once the drive works again.
fn at_last<T>(disk: &Disk, mut step: impl FnMut() -> Result<T>) -> (T, bool) {
    if let Ok(done) = step() {
        return (done, false);
    }
    disk.mend();
    (step().unwrap(), true)
}

/// A life of a spool on a drive that fails at this write. Gives the number of writes, and whether a step failed.
fn live(drive: Drive, fault: Option<(Fault, usize, bool)>) -> (usize, bool) {
    let home = Home::new();
    let disk = Disk::new();
    if let Some((fault, after, stays)) = fault {
        disk.fail(fault, after, stays);
    }
    let place = disk.place(&home.state(), drive);
    let config = home.config();
    let (mut written, mut site) = (Written::default(), Site::default());
    let (mut session, mut failed) = at_last(&disk, || Session::open(&config, &place));
    failed |= at_last(&disk, || session.pass()).1;
    for round in 0..3 {
        for problem in 0..=round {
            written.error(&home.log("tk-maya.log"), problem);
        }
        failed |= at_last(&disk, || session.pass()).1;
        failed |= at_last(&disk, || session.pass()).1;
        failed |= at_last(&disk, || session.capture()).1;
        if round > 0 {
            failed |= at_last(&disk, || session.deliver(&mut site, |_, _| ())).1;
        }
    }
    drop(session);
    disk.mend();
    let writes = disk.writes();
    let (mut session, _) = at_last(&disk, || Session::open(&config, &place));
    session.pass().unwrap();
    session.deliver(&mut site, |_, _| ()).unwrap();
    drop(session);
    let found = SpoolReader::open(&home.state()).unwrap().occurrences(0).unwrap();
    let found: Vec<_> = found.into_iter().map(|occurrence| occurrence.message).collect();
    assert_eq!(found, written.messages, "{fault:?} on {drive:?}");
    assert_eq!(counted(&home.state()), written.counts());
    assert_eq!(site.told, written.counts(), "{fault:?} on {drive:?}");
    books_balance(&home.state());
    (writes, failed)
}

#[test]
fn every_write_can_fail() {
    for drive in [Drive::Local, Drive::Network] {
        let (writes, failed) = live(drive, None);
        assert!(writes > 50 && !failed);
        let step = if is_long() { 1 } else { 41 };
        let mut failures = 0;
        for (fault, stays, first) in
            [(Fault::Full, false, 0), (Fault::Io, false, 13), (Fault::Full, true, 27)]
        {
            for after in (first..writes).step_by(step) {
                failures += usize::from(live(drive, Some((fault, after, stays))).1);
            }
        }
        assert!(failures > writes / step, "the drive failed, and hardly anybody noticed: {failures}");
    }
}

#[test]
fn every_write_of_the_first_start_can_fail() {
    for drive in [Drive::Local, Drive::Network] {
        let begin = |fault: Option<usize>| {
            let (home, disk) = (Home::new(), Disk::new());
            if let Some(after) = fault {
                disk.fail(Fault::Full, after, false);
            }
            let place = disk.place(&home.state(), drive);
            let open = || Spool::open(&place, &Studio::default(), &Notes::default());
            let (spool, _) = at_last(&disk, open);
            let look = Batch { first_look: Some(home.logs()), ..Batch::default() };
            at_last(&disk, || spool.commit(&look));
            let writes = disk.writes();
            drop(spool);
            disk.mend();
            let spool = open().unwrap();
            assert!(!spool.is_recovered(), "what was committed was lost: {fault:?} on {drive:?}");
            assert!(spool.knows_folder(&home.logs()).unwrap());
            writes
        };
        let writes = begin(None);
        assert!(writes > 20);
        for after in 0..writes {
            begin(Some(after));
        }
    }
}

fn note(agent: &Agent, code: &str) -> String {
    let deadline = Instant::now() + LONGEST;
    loop {
        if let Some(note) = agent.take_notes().into_iter().find(|note| note.code == code) {
            return note.text;
        }
        assert!(Instant::now() < deadline, "nothing was said of {code}");
        std::thread::yield_now();
    }
}

#[test]
fn an_agent_waits_for_its_drive() {
    for (fault, said) in [(Fault::Full, "no space left"), (Fault::Io, "cannot use the spool")] {
        let home = Home::new();
        let disk = Disk::new();
        let agent = Agent::with_place(home.config(), disk.place(&home.state(), Drive::Network));
        agent.start().unwrap();
        append(&home.log("tk-maya.log"), error("before"));
        let before = next_delivery(&agent);
        agent.spool().unwrap().ack(before.id, 1, 0, true).unwrap();
        disk.fail(fault, 0, true);
        append(&home.log("tk-maya.log"), error("while it fails"));
        let text = note(&agent, "spool");
        assert!(text.contains(said) && text.contains("reading waits"), "{text}");
        append(&home.log("tk-maya.log"), error("still"));
        assert!(agent.next_delivery(Duration::from_millis(10)).unwrap().is_none());
        disk.mend();
        for title in ["while it fails", "still"] {
            let delivery = next_delivery(&agent);
            assert_eq!((&*delivery.incident.title, delivery.incident.count), (title, 1));
            agent.spool().unwrap().ack(delivery.id, 1, 0, true).unwrap();
        }
        caught_up(&agent);
        stop(&agent);
        books_balance(&home.state());
    }
}

#[test]
fn while_a_commit_waits_for_the_drive_the_logs_are_read_on() {
    let (home, disk) = (Home::new(), Disk::new());
    let agent = Agent::with_place(home.config(), disk.place(&home.state(), Drive::Local));
    agent.start().unwrap();
    let log = home.log("tk-maya.log");
    append(&log, error("life 0"));
    let mut written = vec!["life 0".to_owned()];
    occurrences(&agent, 1);
    let frozen = disk.freeze();
    append(&log, error("kept later"));
    written.push("kept later".to_owned());
    assert!(frozen.is_asked(LONGEST), "nothing was committed");
    let mut file = OpenOptions::new().write(true).open(&log).unwrap();
    for life in 1..=3 {
        // Longer than what it takes the place of, and in one piece: the life before ends where this one is read.
        let message = format!("life {life}{}", ", and more".repeat(life * 20));
        file.seek(SeekFrom::Start(0)).unwrap();
        file.write_all(error(&message).as_bytes()).unwrap();
        written.push(message);
        assert!(note(&agent, "bytes_lost").contains("(life"), "it was not read while the drive was frozen");
    }
    drop(frozen);
    assert_eq!(messages(&occurrences(&agent, written.len())), written);
    stop(&agent);
}
