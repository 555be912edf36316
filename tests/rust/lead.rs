//! Who leads: one at a time, whatever happens to the leader and to its lock.
//!
//! `TK_INCIDENT_HANDOVERS=200 cargo test handovers -- --nocapture` is the long form.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, unbounded};
use rusqlite::Connection;
#[cfg(unix)]
use tk_incident_core::Note;
use tk_incident_core::agent::Agent;
use tk_incident_core::config::StateDrive;
use tk_incident_core::leader::LOCK_FILE;
use tk_incident_core::spool::{FILE, SpoolReader};
use tk_incident_core::{Config, ErrorKind};

#[cfg(unix)]
use super::support::messages;
use super::support::{Home, LONGEST, agent_with, append, caught_up, error, leads, occurrences, stop};

const DRIVES: [StateDrive; 2] = [StateDrive::Local, StateDrive::Network];

fn on(home: &Home, state_drive: StateDrive) -> Config {
    Config { state_drive, ..home.config() }
}

#[test]
fn the_lead_lasts_as_long_as_a_call_into_the_spool() {
    for drive in DRIVES {
        let home = Home::new();
        let first = agent_with(on(&home, drive));
        // As a delivery on another thread has it, which does not know of the stop.
        let spool = first.spool().unwrap();
        stop(&first);
        let second = agent_with(on(&home, drive));
        assert!(!second.is_leader(), "{drive:?}");
        spool.ticket_created(1, 1, true).unwrap();
        drop(spool);
        leads(&second);
        stop(&second);
    }
}

#[cfg(windows)]
#[test]
fn nobody_takes_the_lock_file_from_a_leader() {
    let home = Home::new();
    let leader = home.agent();
    let refused = fs::remove_file(home.log(LOCK_FILE)).unwrap_err();
    assert_eq!(refused.raw_os_error(), Some(32), "a sharing violation: {refused}");
    assert!(leader.is_leader());
    stop(&leader);
    fs::remove_file(home.log(LOCK_FILE)).unwrap();
}

/// Windows keeps the file, as the test above says.
#[cfg(unix)]
#[test]
fn a_leader_without_its_lock_file_makes_room() {
    for drive in DRIVES {
        let home = Home::new();
        let log = home.log("tk-maya.log");
        let first = agent_with(on(&home, drive));
        append(&log, error("under the first"));
        occurrences(&first, 1);
        fs::remove_file(home.log(LOCK_FILE)).unwrap();
        let second = agent_with(on(&home, drive));
        append(&log, error("under either"));
        let deadline = Instant::now() + LONGEST;
        let mut said = Vec::new();
        while !said.iter().any(|note: &Note| note.code == "lead") {
            assert!(Instant::now() < deadline, "{drive:?}: the first never noticed: {said:?}");
            said.extend(first.take_notes());
            std::thread::yield_now();
        }
        // Whoever of them is the faster one: the other's turn comes with its end.
        let both = [&first, &second];
        let leader = loop {
            assert!(Instant::now() < deadline, "{drive:?}: nobody leads");
            if let Some(leader) = both.iter().position(|agent| agent.is_leader()) {
                break leader;
            }
        };
        append(&log, error("under one"));
        occurrences(both[leader], 3);
        stop(both[leader]);
        leads(both[1 - leader]);
        append(&log, error("under the other"));
        assert_eq!(
            messages(&occurrences(both[1 - leader], 4)),
            ["under the first", "under either", "under one", "under the other"],
            "{drive:?}"
        );
        stop(both[1 - leader]);
        terms_never_mix(&home.state());
    }
}

#[test]
fn without_a_lock_nobody_leads_and_that_is_said() {
    let home = Home::new();
    fs::create_dir(home.log(LOCK_FILE)).unwrap();
    let failed = Agent::new(home.config()).start().unwrap_err();
    assert_eq!(failed.kind(), &ErrorKind::Lock);
    let said = failed.to_string();
    assert!(said.contains(LOCK_FILE) && said.contains("check that the log folder may be written"), "{said}");
    assert!(!home.state().join(FILE).exists());
}

#[test]
fn a_spool_that_is_still_in_use_is_waited_for() {
    let home = Home::new();
    stop(&agent_with(on(&home, StateDrive::Network)));
    let other = Connection::open(home.state().join(FILE)).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let agent = agent_with(on(&home, StateDrive::Network));
    assert!(!agent.is_leader());
    // It is said, though not at once: the other one may be about to end.
    let deadline = Instant::now() + LONGEST;
    while !agent.take_notes().iter().any(|note| note.text.contains("in use by another process")) {
        assert!(Instant::now() < deadline, "it was never said");
        std::thread::yield_now();
    }
    drop(other);
    leads(&agent);
    append(&home.log("tk-maya.log"), error("after the wait"));
    occurrences(&agent, 1);
    stop(&agent);
}

#[test]
fn handovers_on_this_machines_drive() {
    handovers("local");
}

#[test]
fn handovers_on_a_network_drive() {
    handovers("network");
}

/// A reporter that ends when its standard input does, and says when it leads.
#[test]
#[ignore = "a process of the handovers: it does nothing by itself"]
fn a_reporter() {
    let folder = |name| std::env::var_os(name).map(Into::into);
    let drive = std::env::var("TK_INCIDENT_TEST_DRIVE").unwrap();
    let agent = Agent::new(Config {
        log_folder: folder("TK_INCIDENT_TEST_LOGS"),
        state_folder: folder("TK_INCIDENT_TEST_STATE"),
        state_drive: serde_json::from_value(drive.into()).unwrap(),
        idle_flush_ms: 20,
        ..Config::default()
    });
    agent.start().unwrap();
    let asked = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::io::stdin().read_to_end(&mut Vec::new()).unwrap_or_default();
            asked.store(true, Ordering::Release);
        });
        let mut said = false;
        while !asked.load(Ordering::Acquire) && agent.failure().is_none() {
            if agent.is_leader() && !said {
                // Not by `println!`, which the harness would keep for itself.
                writeln!(std::io::stdout(), "\nleads").unwrap();
                said = true;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        if let Some(failure) = agent.failure() {
            writeln!(std::io::stdout(), "\nfailed: {failure} {:?}", agent.take_notes()).unwrap();
        }
        agent.stop(LONGEST);
    });
}

/// One of several reporters on the same folders.
struct Reporter {
    process: Child,
    input: Option<ChildStdin>,
}

impl Reporter {
    fn start(home: &Home, drive: &str, number: usize, says: &Sender<(usize, String)>) -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "lead::a_reporter", "--ignored", "--nocapture"])
            .env("TK_INCIDENT_TEST_LOGS", home.logs())
            .env("TK_INCIDENT_TEST_STATE", home.state())
            .env("TK_INCIDENT_TEST_DRIVE", drive)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (input, output) = (process.stdin.take(), process.stdout.take().unwrap());
        let says = says.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if line == "leads" || line.starts_with("failed") {
                    says.send((number, line)).unwrap_or_default();
                }
            }
        });
        Self { process, input }
    }

    fn end(&mut self, how: usize) {
        if how.is_multiple_of(2) {
            self.process.kill().unwrap();
        }
        drop(self.input.take());
        self.process.wait().unwrap();
    }
}

impl Drop for Reporter {
    fn drop(&mut self) {
        self.process.kill().unwrap_or_default();
        self.process.wait().unwrap();
    }
}

/// One problem, whatever the number: it is who leads that is tried here, not how fast archives are made.
fn numbered(number: usize) -> String {
    format!("the same problem {} record {number}", "-".repeat(80))
}

fn next_leader(says: &Receiver<(usize, String)>) -> usize {
    let (number, line) = says.recv_timeout(LONGEST).expect("nobody takes the lead");
    assert_eq!(line, "leads", "reporter {number}");
    number
}

/// Leaders are killed and stopped in turn while a log is written: each record is found once, by one of them.
fn handovers(drive: &str) {
    let rounds = std::env::var("TK_INCIDENT_HANDOVERS").map_or(20, |rounds| rounds.parse().unwrap());
    let home = Home::new();
    let (say, says) = unbounded();
    let mut reporters = BTreeMap::new();
    let (done, written) = (AtomicBool::new(false), AtomicUsize::new(0));
    let mut longest = Duration::ZERO;
    reporters.insert(0, Reporter::start(&home, drive, 0, &say));
    let mut leader = next_leader(&says);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            while !done.load(Ordering::Acquire) {
                let number = written.fetch_add(1, Ordering::AcqRel);
                append(&home.log("tk-maya.log"), error(&numbered(number)));
                std::thread::sleep(Duration::from_millis(2));
            }
        });
        let reader = scope.spawn(|| {
            let mut seen = vec![0];
            while !done.load(Ordering::Acquire) {
                seen.push(SpoolReader::open(&home.state()).unwrap().last_occurrence_id().unwrap());
            }
            seen
        });
        for number in 1..=rounds {
            // One that stands by takes over; every third time two do, and only one may get it.
            while reporters.len() < 2 + number % 3 {
                let next = reporters.keys().max().unwrap() + 1;
                reporters.insert(next, Reporter::start(&home, drive, next, &say));
            }
            let mut gone = reporters.remove(&leader).unwrap();
            gone.end(number);
            let began = Instant::now();
            leader = next_leader(&says);
            longest = longest.max(began.elapsed());
        }
        done.store(true, Ordering::Release);
        writer.join().unwrap();
        let seen = reader.join().unwrap();
        assert!(seen.is_sorted(), "what a reader has seen was gone later: {seen:?}");
    });
    drop(reporters);
    // Whatever the last one had not read yet.
    let agent =
        agent_with(Config { state_drive: serde_json::from_value(drive.into()).unwrap(), ..home.config() });
    leads(&agent);
    caught_up(&agent);
    stop(&agent);
    println!("{drive}: {rounds} handovers, {written:?} records, {longest:?} without a leader at most");

    let mut found = BTreeMap::<String, usize>::new();
    let (reader, mut last) = (SpoolReader::open(&home.state()).unwrap(), 0);
    loop {
        let page = reader.occurrences(last).unwrap();
        let Some(end) = page.last() else { break };
        last = end.id;
        for occurrence in page {
            *found.entry(occurrence.message).or_default() += 1;
        }
    }
    let want: BTreeMap<_, _> = (0..written.into_inner()).map(|number| (numbered(number), 1)).collect();
    assert_eq!(found, want);
    let terms = terms_never_mix(&home.state());
    assert!(terms > rounds, "{terms} terms");
}

/// What each leader committed stands in one piece, behind what the one before it did. Gives the number of terms.
fn terms_never_mix(state: &Path) -> usize {
    let spool = Connection::open(state.join(FILE)).unwrap();
    let mut query =
        spool.prepare("SELECT after_occurrence, last_occurrence FROM terms ORDER BY term").unwrap();
    let terms: Vec<(i64, i64)> =
        query.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect();
    for pair in terms.windows(2) {
        assert_eq!(pair[0].1, pair[1].0, "{terms:?}");
    }
    terms.len()
}
