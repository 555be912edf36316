//! What no log should hold, and some do.

use std::fs;
use std::io::Write;
use std::num::NonZero;

use tk_incident_core::{Config, Scan};

use super::support::{Home, append, error, messages};

fn scan(home: &Home, config: &Config) -> (Vec<tk_incident_core::Occurrence>, Scan) {
    let mut scan = Scan::new(&[home.logs()], config, NonZero::<usize>::MIN).unwrap();
    let mut out = Vec::new();
    while let Some(batch) = scan.next_batch() {
        out.extend(batch);
    }
    (out, scan)
}

#[test]
fn garbage_between_records_harms_neither() {
    let home = Home::new();
    let garbage: Vec<u8> = (0..=255u8).cycle().take(100_000).filter(|byte| *byte != b'\n').collect();
    append(&home.log("tk-a.log"), garbage);
    append(&home.log("tk-a.log"), "\n".to_owned() + &error("after garbage"));
    append(
        &home.log("tk-a.log"),
        [&b"\xff\xfe invalid \xc3\n"[..], &[0; 4096], error("after NULs").as_bytes()].concat(),
    );
    append(&home.log("tk-a.log"), error("crlf").replace('\n', "\r\n"));
    let (found, scan) = scan(&home, &Config::default());
    assert_eq!(messages(&found), ["after garbage\n\u{fffd}\u{fffd} invalid \u{fffd}", "after NULs", "crlf"]);
    assert_eq!((scan.stats().records_read, scan.stats().orphan_lines), (3, 1));
}

#[test]
fn a_line_of_a_hundred_megabytes_is_cut_and_counted() {
    let home = Home::new();
    let mut file = fs::File::create(home.log("tk-a.log")).unwrap();
    file.write_all(error("long ").trim_end().as_bytes()).unwrap();
    let block = vec![b'x'; 1 << 20];
    for _ in 0..100 {
        file.write_all(&block).unwrap();
    }
    file.write_all(format!("\nmore of it\n{}", error("next")).as_bytes()).unwrap();
    let (found, scan) = scan(&home, &Config::default());
    assert_eq!(found.len(), 2);
    assert!(found[0].record.len() <= (1 << 20) + 64, "{}", found[0].record.len());
    assert!(found[0].record.ends_with("more bytes]"));
    assert_eq!(found[1].title, "next");
    assert_eq!(scan.stats().records_cut, 1);
}

#[test]
fn what_cannot_be_read_is_said_and_the_rest_is_scanned() {
    let home = Home::new();
    append(&home.log("tk-a.log"), error("found"));
    fs::create_dir(home.log("tk-folder.log")).unwrap();
    let missing = home.log("missing");
    let mut scan =
        Scan::new(&[missing.clone(), home.logs()], &Config::default(), NonZero::<usize>::MIN).unwrap();
    let found = scan.next_batch().unwrap();
    assert_eq!(messages(&found), ["found"]);
    let notes: Vec<_> = scan.take_notes().into_iter().map(|note| note.text).collect();
    assert_eq!(notes.len(), 2, "{notes:?}");
    assert!(notes[0].starts_with(&*missing.to_string_lossy()) && notes[0].ends_with("check the spelling"));
    assert!(notes[1].contains("tk-folder.log"));
    assert!(scan.next_batch().is_none());
}

#[test]
fn a_last_line_without_its_end_counts() {
    let home = Home::new();
    append(&home.log("tk-a.log"), error("last").trim_end());
    assert_eq!(messages(&scan(&home, &Config::default()).0), ["last"]);
}
