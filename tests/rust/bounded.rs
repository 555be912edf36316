//! Disk and memory have bounds, and no problem is lost by them.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Cursor, Read};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tk_incident_core::notes::Notes;
use tk_incident_core::spool::{Bounds, FILE, Spool, SpoolReader, now_ms};
use tk_incident_core::stats::Stats;
use tk_incident_core::tail::{Beginning, Tailer};
use tk_incident_core::{Config, Occurrence};

use super::books::{balanced, batch, file, incidents, keep_evidence, make_room, occurrence, spool, word};
use super::support::{Home, LONGEST, agent_with, append, caught_up, error, is_long, stop};

const MIB: u64 = 1 << 20;

/// What lies in the state folder, byte by byte.
fn on_disk(home: &Home) -> u64 {
    let files = fs::read_dir(home.state()).unwrap().map(Result::unwrap);
    let spool = files.filter(|file| file.file_name().to_string_lossy().starts_with(FILE));
    spool
        .filter(|file| !file.file_name().to_string_lossy().ends_with("-shm"))
        .map(|file| file.metadata().unwrap().len())
        .sum()
}

fn archive(spool: &Spool, id: i64) -> BTreeMap<String, String> {
    let bytes = spool.evidence(id).unwrap().unwrap();
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut members = BTreeMap::new();
    for at in 0..zip.len() {
        let mut member = zip.by_index(at).unwrap();
        let mut text = String::new();
        member.read_to_string(&mut text).unwrap();
        members.insert(member.name().unwrap().into_owned(), text);
    }
    members
}

/// A hundred thousand in the long form, under the default cap.
#[test]
fn a_storm_of_problems_fits_under_the_cap_and_none_is_lost() {
    let (problems, cap) = if is_long() { (100_000, 200 * MIB) } else { (1_000, 2 * MIB) };
    let home = Home::new();
    let spool = spool(&home);
    let mut bounds = Bounds::new(cap);
    let text = error("a long one") + &"0123456789abcde\n".repeat(if is_long() { 4_096 } else { 2_048 });
    for (turn, some) in (0..problems).collect::<Vec<_>>().chunks(100).enumerate() {
        let found = some.iter().map(|problem| occurrence(*problem, *problem as u64, &text)).collect();
        spool.commit(&batch(file(1), found)).unwrap();
        // Evidence is taken at leisure: most of a storm is without it for a while.
        if turn % 4 == 0 && turn < 40 {
            keep_evidence(&spool, 64);
        }
        make_room(&spool, &mut bounds);
        assert!(on_disk(&home) <= cap + cap / 10, "{} after {} problems", on_disk(&home), (turn + 1) * 100);
    }
    assert!(!bounds.is_exhausted(), "{:?}", spool.size().unwrap());
    let (books, status) = balanced(&home);
    assert_eq!((books["captured"], books["kept"]), (problems as u64, problems as u64));
    assert_eq!(status["size"]["cap_bytes"], cap);
    // A record is whole, or says that it is not: how many had to go, the cap decides.
    let reader = SpoolReader::open(&home.state()).unwrap();
    let (mut last, mut cut, mut whole) = (0, 0, 0);
    while let page = reader.occurrences(last).unwrap()
        && !page.is_empty()
    {
        last = page.last().unwrap().id;
        let is_cut = |each: &&Occurrence| each.record.contains(" bytes here]\n");
        cut += page.iter().filter(is_cut).count();
        whole += page.iter().filter(|each| each.record == text).count();
    }
    assert_eq!(cut + whole, problems);
    assert_eq!(status["counters"]["records_shortened"], cut as u64);
    let found = incidents(&home);
    assert!(found.iter().all(|incident| incident.count == 1));
    assert_eq!(found.len(), problems);
    // What is left of the first record says that it is not all.
    let delivery = spool.delivery_due(now_ms()).unwrap().unwrap();
    assert!(delivery.occurrence.record.contains(" bytes here]\n"), "{}", delivery.occurrence.record);
    assert!(delivery.occurrence.record.starts_with(error("a long one").trim_end()));
    assert!(archive(&spool, delivery.id).contains_key("record.txt"));
}

#[test]
fn the_site_s_own_goes_before_what_it_has_not_seen() {
    let home = Home::new();
    let spool = spool(&home);
    let text = "line of a record\n".repeat(1_000);
    let found = (0..40).map(|at| occurrence(at % 2, at as u64, &text)).collect();
    spool.commit(&batch(file(1), found)).unwrap();
    keep_evidence(&spool, 200);
    let delivery = spool.delivery_due(now_ms()).unwrap().unwrap();
    spool.evidence_attached(delivery.id).unwrap();
    spool.ack(delivery.id, delivery.incident.count, 0, true).unwrap();
    let other = spool.delivery_due(now_ms()).unwrap().unwrap();
    let counters = |name: &str| balanced(&home).1["counters"][name].as_u64().unwrap();

    // Room for a little less than there is: the archive that is on the site is enough.
    let used = |spool: &Spool| spool.size().unwrap().used_bytes;
    let a_little_less = |spool: &Spool| Bounds::new(used(spool) * 8 / 7 - (16 << 10));
    make_room(&spool, &mut a_little_less(&spool));
    assert_eq!((counters("archives_removed"), counters("occurrences_folded")), (1, 0));
    let left = archive(&spool, delivery.id);
    assert_eq!(left.keys().collect::<Vec<_>>(), ["record.txt", "removed.txt"]);
    assert!(archive(&spool, other.id).contains_key("tk-maya.log"));

    // Then the rows that the site has counted, but for the first and the newest three.
    make_room(&spool, &mut a_little_less(&spool));
    let folded = counters("occurrences_folded");
    assert!((1..=16).contains(&folded), "{folded}");
    assert_eq!(counters("archives_reduced"), 0);
    let kept: Vec<_> = SpoolReader::open(&home.state())
        .unwrap()
        .occurrences(0)
        .unwrap()
        .into_iter()
        .map(|each| each.offset)
        .collect();
    let of_other: Vec<_> = kept.iter().filter(|offset| **offset % 2 == 1).collect();
    assert_eq!(of_other.len(), 20, "what waits is whole: {kept:?}");
    for offset in [0, 34, 36, 38] {
        assert!(kept.contains(&offset), "{offset} of {kept:?}");
    }

    // In the end the first of each is left, and the archive says what it has lost.
    make_room(&spool, &mut Bounds::new(MIB / 16));
    assert_eq!(balanced(&home).0["kept"], 2);
    assert_eq!(archive(&spool, other.id).keys().collect::<Vec<_>>(), ["record.txt", "removed.txt"]);
    assert_eq!(spool.delivery_due(now_ms()).unwrap().unwrap().incident.count, 20);
}

#[test]
fn what_was_folded_is_known_when_it_is_read_again() {
    let home = Home::new();
    let found: Vec<_> = (0..500).map(|at| occurrence(at % 3, at as u64, &"x".repeat(4_000))).collect();
    let batch = batch(file(1), found);
    {
        let spool = spool(&home);
        spool.commit(&batch).unwrap();
        make_room(&spool, &mut Bounds::new(MIB / 4));
    }
    let before = balanced(&home).0;
    assert!(before["folded"] > 400, "{before:?}");
    // As after a recovery that has lost the checkpoints.
    spool(&home).commit(&batch).unwrap();
    let after = balanced(&home).0;
    assert_eq!((after["captured"], after["known"]), (500, 500));
    // Another life of the file has addresses of its own.
    let mut next_life = batch;
    for found in &mut next_life.found {
        found.generation = 1;
    }
    spool(&home).commit(&next_life).unwrap();
    assert_eq!(balanced(&home).0["captured"], 1_000);
}

#[test]
fn the_file_shrinks_also_where_an_early_version_has_made_it() {
    for early in [false, true] {
        let home = Home::new();
        fs::create_dir(home.state()).unwrap();
        if early {
            let old = Connection::open(home.state().join(FILE)).unwrap();
            old.execute_batch("CREATE TABLE t (x); DROP TABLE t").unwrap();
        }
        let spool = spool(&home);
        let found = (0..2_000).map(|at| occurrence(1, at, &"x".repeat(4_000))).collect();
        spool.commit(&batch(file(1), found)).unwrap();
        assert!(on_disk(&home) > 8 * MIB);
        let mut bounds = Bounds::new(2 * MIB);
        for _ in 0..40 {
            make_room(&spool, &mut bounds);
        }
        assert!(on_disk(&home) <= 2 * MIB, "early {early}: {} {:?}", on_disk(&home), spool.size());
        assert_eq!(balanced(&home).0["captured"], 2_000);
    }
}

#[test]
fn an_agent_keeps_to_its_setting() {
    let home = Home::new();
    let agent = agent_with(Config { max_spool_mib: 1, ..home.config() });
    let tail = "  a line that belongs to it\n".repeat(100);
    for some in 0..3 {
        let text: String =
            (0..50).map(|at| error(&format!("problem {}", word(50 * some + at))) + &tail).collect();
        append(&home.log("tk-maya.log"), text);
    }
    // As long as something goes on it is not late: under Wine each step takes its time.
    let (mut deadline, mut before) = (Instant::now() + LONGEST, String::new());
    loop {
        let (books, status) = balanced(&home);
        let size = &status["size"];
        let used = size["file_bytes"].as_u64().unwrap() + size["wal_bytes"].as_u64().unwrap();
        if books["captured"] == 150 && used <= MIB + MIB / 10 {
            break;
        }
        let now = format!("{books:?} {size:?}");
        if now != before {
            (deadline, before) = (Instant::now() + LONGEST, now);
        }
        assert!(Instant::now() < deadline, "{status:#} {:?}", agent.take_notes());
        // The agent needs the processor more than this loop.
        assert!(agent.wait_occurrences(i64::MAX, Duration::from_millis(50)).unwrap().is_empty());
    }
    caught_up(&agent);
    stop(&agent);
    assert_eq!(incidents(&home).len(), 150);
    let notes = agent.take_notes();
    assert!(notes.is_empty(), "{notes:?}");
}

/// A thousand files with a long record each would otherwise lie in memory at once.
#[test]
fn a_pass_ends_before_it_fills_the_memory_and_each_file_has_its_turn() {
    let home = Home::new();
    let text = error("long") + &"x".repeat(900 << 10) + "\n" + &error("end");
    for at in 0..40 {
        append(&home.log(&format!("tk-{at}.log")), &text);
    }
    let mut now = Instant::now();
    let mut stats = Stats::default();
    let mut tailer = Tailer::new(&home.config(), Vec::new(), Beginning::Start);
    tailer.reconcile(now, &Notes::default(), &mut stats).unwrap();
    let (mut most, mut found, mut passes) = (0, 0, 0);
    loop {
        let mut bytes = 0;
        let more = tailer.read(now, &mut Stats::default(), |read, _| {
            bytes += read.record.bytes.len();
            found += usize::from(read.record.bytes.len() > 1_000);
        });
        most = most.max(bytes);
        passes += 1;
        if !more {
            break;
        }
        now += Duration::from_millis(1);
    }
    assert_eq!(found, 40);
    assert!(most <= 10 << 20, "{most} bytes in one pass");
    assert!((5..=8).contains(&passes), "{passes} passes");
}
