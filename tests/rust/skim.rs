//! A scan passes over what does not matter, and finds what reading all of it finds.

use std::fs;
use std::num::NonZero;
use std::path::PathBuf;

use proptest::collection::vec;
use proptest::prelude::*;
use tk_incident_core::record::{Dialect, Level, Record, Records, Skim};
use tk_incident_core::{Config, Scan};

use super::support::{Home, append, config_of_a_property, error};

const WANTED: [Level; 2] = [Level::Error, Level::Critical];
const MOST: usize = 2_000;

fn read(bytes: &[u8]) -> Vec<Record> {
    let (mut records, mut out) = (Records::new(Dialect::Toolkit, 0, MOST), Vec::new());
    records.push(bytes, |record| out.push(record));
    records.finish(|record| out.push(record));
    out.retain(|record| WANTED.contains(&record.header.level));
    out
}

fn skim(bytes: &[u8], pieces: &[usize]) -> Vec<Record> {
    let (mut skim, mut out) = (Skim::new(Dialect::Toolkit, &WANTED, MOST), Vec::new());
    let (mut rest, mut lengths) = (bytes, pieces.iter().cycle());
    while !rest.is_empty() {
        let space = skim.space();
        let count = rest.len().min(space.len()).min(*lengths.next().unwrap());
        let (piece, behind) = rest.split_at(count);
        space[..count].copy_from_slice(piece);
        skim.advance(count, |record| out.push(record));
        rest = behind;
    }
    skim.finish(|record| out.push(record));
    out
}

/// Lines as they stand in logs, and some that only look so.
fn line() -> impl Strategy<Value = String> {
    let level = prop_oneof![
        8 => Just("INFO"),
        6 => Just("DEBUG"),
        2 => Just("WARNING"),
        2 => Just("ERROR"),
        1 => Just("CRITICAL"),
        1 => Just("FATAL"),
        1 => Just("REAL")
    ];
    let message = prop_oneof![
        8 => "[a-z ]{0,60}",
        2 => Just("KeyError".to_owned()),
        1 => Just("Traceback (most recent call last):".to_owned()),
        1 => Just("a state of ERROR or of FATAL is no header".to_owned())
    ];
    let header = (level, 1..4_u32, message).prop_map(|(level, pid, message)| {
        format!("2026-11-22 00:21:30,207 [{pid} {level} sgtk.x] {message}")
    });
    prop_oneof![
        12 => header,
        2 => "[a-z ]{0,60}",
        1 => Just("Traceback (most recent call last):\n  File \"a.py\", line 1, in f\n    g()\nKeyError: 'x'".to_owned()),
        1 => Just("  File \"a.py\", line 1, in f\n    g()".to_owned()),
        1 => Just("an ERROR in a dump, and a FATAL one".to_owned()),
        1 => Just("2026-11-22 00:21:30,207 ERROR sgtk.x] no header".to_owned()),
        1 => Just("\u{feff}2026-11-22 00:21:30,207 [1 ERROR sgtk.x] behind a mark".to_owned()),
        1 => Just("\0\0\u{0}2026-11-22 00:21:30,207 [1 ERROR sgtk.x] behind a hole".to_owned()),
        1 => Just(String::new())
    ]
}

fn text() -> impl Strategy<Value = String> {
    (vec(line(), 0..120), any::<bool>()).prop_map(|(lines, is_ended)| {
        let text = lines.join("\n");
        if is_ended { text + "\n" } else { text }
    })
}

proptest! {
    #![proptest_config(config_of_a_property(500))]

    #[test]
    fn what_is_passed_over_is_missed_by_nobody(
        text in text(),
        pieces in vec(prop_oneof![1..40_usize, 1..5_000_usize], 1..5),
    ) {
        prop_assert_eq!(skim(text.as_bytes(), &pieces), read(text.as_bytes()));
    }
}

/// Which of several broken tracebacks a line goes on with depends on when the first of them gave up.
#[test]
fn tracebacks_that_wait_for_each_other_are_read_from_the_first_one_on() {
    let line = |pid: u32, level: &str, text: &str| {
        format!("2026-11-22 00:21:30,207 [{pid} {level} sgtk.x] {text}\n")
    };
    let title = "Traceback (most recent call last):";
    for apart in 0..12 {
        let mut log = line(9, "INFO", "quiet").repeat(20) + &line(1, "INFO", title);
        log.push_str(&line(2, "INFO", "").repeat(apart));
        log.push_str(&line(2, "INFO", title));
        log.push_str(&(line(3, "INFO", "") + &line(1, "INFO", "") + &line(3, "INFO", "")));
        log.push_str(&line(1, "ERROR", "failed\n  File \"a.py\", line 1, in f\n    g()"));
        assert_eq!(skim(log.as_bytes(), &[1]), read(log.as_bytes()), "{apart}");
    }
}

#[test]
fn a_long_log_is_searched_piece_by_piece() {
    let quiet = "2026-11-22 00:21:30,207 [1 DEBUG sgtk.x] a state of ERROR in the middle of a message\n";
    let mut log = String::from("before any header\n");
    for number in 0..300 {
        // So that a header lies on each kind of border of what is read at once.
        log.push_str(&quiet.repeat(37 + number % 11));
        log.push_str(&error(&format!("broke {number}")));
        log.push_str("  and on\n");
    }
    assert!(log.len() > 3 << 18);
    assert_eq!(skim(log.as_bytes(), &[1 << 20]), read(log.as_bytes()));
    assert_eq!(skim(log.as_bytes(), &[4_099]), read(log.as_bytes()));
}

fn scanned(paths: &[PathBuf], threads: usize) -> (Vec<String>, Scan) {
    let mut scan = Scan::new(paths, &Config::default(), NonZero::new(threads).unwrap()).unwrap();
    let mut found = Vec::new();
    while let Some(batch) = scan.next_batch() {
        found.extend(batch);
    }
    (found.into_iter().map(|each| each.message).collect(), scan)
}

#[test]
fn what_threads_find_comes_in_the_order_of_the_files() {
    let home = Home::new();
    // Several runs of small files, and one file of several pieces.
    for number in 0..200 {
        let log = home.log(&format!("tk-{number:03}.log"));
        append(&log, error(&format!("first of {number}")));
        append(&log, "x".repeat(if number == 3 { 20 << 20 } else { 40_000 }) + "\n");
        append(&log, error(&format!("last of {number}")));
    }
    fs::create_dir(home.log("tk-100a.log")).unwrap();
    let (alone, one) = scanned(&[home.logs()], 1);
    let (together, many) = scanned(&[home.logs()], 4);
    assert_eq!(alone.len(), 400);
    assert_eq!(together, alone);
    assert_eq!((many.stats(), many.incidents()), (one.stats(), one.incidents()));
    assert_eq!(many.stats().bytes_read, many.bytes_total());
}

#[test]
fn a_scan_that_nobody_finishes_ends() {
    let home = Home::new();
    for number in 0..200 {
        append(&home.log(&format!("tk-{number:03}.log")), error("it broke"));
    }
    let mut scan = Scan::new(&[home.logs()], &Config::default(), NonZero::new(2).unwrap()).unwrap();
    assert!(scan.next_batch().is_some());
    drop(scan);
}
