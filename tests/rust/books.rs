//! What is read and what becomes of it adds up, whatever happens.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use proptest::prelude::*;
use serde_json::{Map, Value};
use tk_incident_core::capture::{Capture, LogSnapshot, Others};
use tk_incident_core::notes::Notes;
use tk_incident_core::record::Level;
use tk_incident_core::signature::Studio;
use tk_incident_core::spool::{Batch, Bounds, Due, Found, Place, Spool, SpoolReader, now_ms};
use tk_incident_core::stats::Stats;
use tk_incident_core::tail::FileIdentity;
use tk_incident_core::{Agent, Incident, Occurrence, Redactor};

use super::support::{
    Home, LONGEST, append, caught_up, config_of_a_property, error, occurrences, record, stop, truncate,
};

/// Asserts that no book is off, and gives all of them with the counters.
pub fn balanced(home: &Home) -> (BTreeMap<String, u64>, Value) {
    let status = SpoolReader::open(&home.state()).unwrap().status().unwrap();
    let counters = &status["counters"];
    let count = |name: &str| counters[name].as_u64().unwrap_or_else(|| panic!("{name}: {counters}"));
    let books = &status["books"];
    let book = |name: &str| books[name].as_u64().unwrap_or_else(|| panic!("{name}: {books}"));
    assert_eq!(book("read"), book("matched") + book("not_matched"), "{status:#}");
    assert_eq!(book("matched"), book("captured") + book("known"), "{status:#}");
    assert_eq!(book("captured"), book("delivered") + book("waiting"), "{status:#}");
    assert_eq!(book("captured"), book("kept") + book("folded"), "{status:#}");
    assert_eq!(count("bytes_read"), count("record_bytes") + count("orphan_bytes"), "{status:#}");
    let names =
        ["read", "matched", "not_matched", "captured", "delivered", "waiting", "kept", "folded", "known"];
    (names.map(|name| (name.to_owned(), book(name))).into(), status)
}

/// An occurrence of one of the problems.
pub fn occurrence(problem: usize, offset: u64, record: &str) -> Occurrence {
    let message = format!("problem number {}", word(problem));
    Occurrence {
        id: 0,
        signature: format!("v1-{problem:024}"),
        title: message.clone(),
        level: Level::Error,
        engine: "tk-maya".into(),
        logger: "sgtk.env".into(),
        pid: Some(7),
        time: format!("2026-11-22T00:21:{:02}.000", offset % 60).into(),
        path: Path::new("tk-maya.log").into(),
        offset,
        length: record.len() as u64,
        message,
        exception: None,
        context_id: None,
        request_id: None,
        record: record.to_owned(),
    }
}

/// Signatures pass over digits.
pub fn word(mut number: usize) -> String {
    let mut out = String::new();
    while out.is_empty() || number > 0 {
        out.push(char::from(b'a' + u8::try_from(number % 26).unwrap()));
        number /= 26;
    }
    out
}

pub fn file(index: u64) -> FileIdentity {
    FileIdentity { volume: 1, index: index.into() }
}

/// What one pass would commit.
pub fn batch(identity: FileIdentity, occurrences: Vec<Occurrence>) -> Batch {
    let found: Vec<_> =
        occurrences.into_iter().map(|occurrence| Found { identity, generation: 0, occurrence }).collect();
    let matched = found.len() as u64;
    let stats = Stats { records_read: matched, matched, ..Stats::default() };
    Batch { found, stats, user_login: "artist".into(), facts: "{}".into(), ..Batch::default() }
}

pub fn spool(home: &Home) -> Spool {
    Spool::open(&Place::local(&home.state()), &Studio::default(), &Notes::default()).unwrap()
}

pub fn incidents(home: &Home) -> Vec<Incident> {
    SpoolReader::open(&home.state()).unwrap().incidents().unwrap()
}

/// Makes room until there is none to make.
pub fn make_room(spool: &Spool, bounds: &mut Bounds) {
    loop {
        spool.make_room(bounds, false).unwrap();
        if !bounds.is_working() {
            return;
        }
    }
}

#[derive(Debug, Clone)]
enum Step {
    /// So many occurrences of problems, with records of this many KiB.
    Find(Vec<usize>, usize),
    /// What was committed last is committed once more, as after an error that was none.
    FindAgain,
    /// The evidence of what is new is kept.
    Evidence,
    /// The site is told of some occurrences of the delivery that is due, or of all.
    Deliver(u64),
    /// Room is made for a cap of so many KiB.
    Fold(u64),
    /// The process dies.
    Die,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (prop::collection::vec(0..12usize, 1..30), 0..40usize)
            .prop_map(|(problems, size)| Step::Find(problems, size)),
        1 => Just(Step::FindAgain),
        2 => Just(Step::Evidence),
        3 => (0..4u64).prop_map(Step::Deliver),
        2 => (64..2_000u64).prop_map(Step::Fold),
        1 => Just(Step::Die),
    ];
    prop::collection::vec(step, 1..25)
}

proptest! {
    #![proptest_config(config_of_a_property(12))]

    #[test]
    fn no_count_and_no_signature_is_ever_lost(steps in steps()) {
        let home = Home::new();
        let mut spool_now = Some(spool(&home));
        let mut want: BTreeMap<String, u64> = BTreeMap::new();
        let (mut offset, mut last) = (0, None);
        for step in steps {
            let spool_now = spool_now.get_or_insert_with(|| spool(&home));
            match step {
                Step::Find(problems, kib) => {
                    let text = "x".repeat(kib << 10);
                    let found = problems.iter().map(|problem| {
                        offset += 1;
                        occurrence(*problem, offset, &text)
                    });
                    let found: Vec<_> = found.collect();
                    for occurrence in &found {
                        *want.entry(occurrence.signature.clone()).or_default() += 1;
                    }
                    let batch = batch(file(1), found);
                    spool_now.commit(&batch).unwrap();
                    last = Some(batch);
                }
                Step::FindAgain => {
                    if let Some(batch) = &last {
                        spool_now.commit(batch).unwrap();
                    }
                }
                Step::Evidence => keep_evidence(spool_now, 20),
                Step::Deliver(most) => {
                    if let Some(delivery) = spool_now.delivery_due(now_ms()).unwrap() {
                        let known = if most == 0 { delivery.incident.count } else { most };
                        spool_now.evidence_attached(delivery.id).unwrap();
                        spool_now.ack(delivery.id, known.min(delivery.incident.count), 0, true).unwrap();
                    }
                }
                Step::Fold(kib) => make_room(spool_now, &mut Bounds::new(kib << 10)),
                Step::Die => last = None,
            }
            balanced(&home);
            let have: BTreeMap<_, _> =
                incidents(&home).into_iter().map(|incident| (incident.signature, incident.count)).collect();
            prop_assert_eq!(&have, &want);
        }
    }
}

/// Keeps an archive for each incident that has none yet, with a log of so many KiB in it.
pub fn keep_evidence(spool: &Spool, kib: usize) {
    let mut log = tempfile::tempfile().unwrap();
    log.write_all(&noise(kib << 10)).unwrap();
    loop {
        let due = spool.evidence_due(i64::MAX).unwrap();
        let Some(first) = due.first() else { return };
        let (redactor, studio) = (Redactor::default(), Studio::default());
        let capture = Capture { redactor: &redactor, studio: &studio, most_bytes: 1 << 20 };
        let mut log = LogSnapshot::take(&first.occurrence.path, Some(&log), None, &redactor);
        let mut take = |due: &Due| {
            let evidence =
                capture.take(&due.incident, &due.occurrence, None, &mut log, &Others::default(), &Map::new());
            (due.incident_id, evidence.unwrap())
        };
        spool.keep_evidence(&due.iter().map(&mut take).collect::<Vec<_>>()).unwrap();
    }
}

/// Lines that do not pack well.
fn noise(bytes: usize) -> Vec<u8> {
    let mut state = 1u64;
    let mut next = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        b'a' + u8::try_from((state >> 33) % 26).unwrap()
    };
    (0..bytes).map(|at| if at % 100 == 99 { b'\n' } else { next() }).collect()
}

#[test]
fn what_the_tail_reads_is_in_the_books_once() {
    let home = Home::new();
    let log = home.log("tk-maya.log");
    append(&log, error("old news"));
    let old = fs::metadata(&log).unwrap().len();
    let agent = home.agent();
    let wide = "x".repeat(2 << 20);
    append(&log, "a line of nobody\n".to_owned() + &record("INFO", &wide) + &error("one") + &error("two"));
    occurrences(&agent, 2);
    caught_up(&agent);
    // The record has been given up waiting for: its next line is nobody's.
    append(&log, "too late\n");
    wait_until_read(&agent, &home, &log);
    // What is open at a stop is read again at the next start.
    append(&log, error("three").trim_end());
    stop(&agent);
    let agent = home.agent();
    append(&log, "\n".to_owned() + &error("four"));
    occurrences(&agent, 4);
    truncate(&log);
    append(&log, "another life\n".to_owned() + &error("five"));
    occurrences(&agent, 5);
    caught_up(&agent);
    stop(&agent);
    let (books, status) = balanced(&home);
    assert_eq!((books["read"], books["matched"], books["captured"], books["known"]), (6, 5, 5, 0));
    let counters = &status["counters"];
    assert_eq!(counters["bytes_skipped"], old);
    assert_eq!((&counters["orphan_lines"], &counters["records_cut"]), (&3.into(), &1.into()));
    let header = record("INFO", "").len() as u64;
    assert_eq!(counters["cut_bytes"], (1 << 20) + header);
    assert_eq!(counters["generations"], 1);
}

/// Waits until the spool has read a log to its end.
fn wait_until_read(agent: &Agent, home: &Home, log: &Path) {
    let deadline = Instant::now() + LONGEST;
    let size = fs::metadata(log).unwrap().len();
    loop {
        let status = SpoolReader::open(&home.state()).unwrap().status().unwrap();
        if status["files"][0]["offset"] == size {
            return;
        }
        assert!(Instant::now() < deadline, "{status:#} {:?}", agent.take_notes());
        std::thread::yield_now();
    }
}
