//! Records that come in pieces, cut at every byte; and a line that does not end.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::time::{Duration, Instant};

use tk_incident_core::notes::Notes;
use tk_incident_core::record::{Dialect, Record, Records};
use tk_incident_core::stats::Stats;
use tk_incident_core::tail::{Beginning, Checkpoint, Tailer};

use super::support::{Home, append, error, is_long, messages, occurrences, record, stop, truncate};

/// What logs look like: name, and bytes.
fn logs() -> Vec<(&'static str, Vec<u8>)> {
    let plain = error("one") + &record("INFO", "two") + &error("three");
    let traceback = error("it failed")
        + "Traceback (most recent call last):\n  File \"a.py\", line 1, in f\n    g()\nOSError: no\n"
        + &error("after it");
    let (before, odd) = (error("before"), error("odd"));
    let odd = odd.trim_end().as_bytes();
    let invalid = [before.as_bytes(), odd, b" \xc3\xff\xfe\xe2\x82\n\xf0\x9f\n", before.as_bytes()];
    vec![
        ("plain", plain.clone().into_bytes()),
        ("crlf", traceback.replace('\n', "\r\n").into_bytes()),
        ("bom", [b"\xef\xbb\xbf", plain.as_bytes()].concat()),
        ("invalid", invalid.concat()),
        (
            "nuls",
            [
                error("one").as_bytes(),
                &[0; 40],
                error("two").as_bytes(),
                &[0; 7],
                b"\n",
                error("three").as_bytes(),
            ]
            .concat(),
        ),
        ("nobody", ("a line of nobody\n".to_owned() + &plain).into_bytes()),
        ("traceback", traceback.into_bytes()),
        ("long", (error(&"x".repeat(MOST)) + &error("after it")).into_bytes()),
        ("joined", (error("ahead") + &logged_twice()).into_bytes()),
    ]
}

/// A line and its traceback, and that once more from further out, with another process in between.
fn logged_twice() -> String {
    let by = |pid: u32, text: &str| error(text).replace("[14106 ", &format!("[{pid} "));
    let title = "Traceback (most recent call last):\n";
    let calls = "  File \"a.py\", line 1, in f\n    g()\nOSError: no space";
    let outer = format!("again\n{title}  File \"b.py\", line 2, in h\n    f()\n{calls}");
    by(1, "no space")
        + &by(1, &format!("{title}{calls}"))
        + &by(2, "another")
        + &by(1, &outer)
        + &by(2, "last")
}

/// Bytes after which a record is cut: it happens to some of those above.
const MOST: usize = 500;

fn records_of(pieces: &[&[u8]]) -> Vec<Record> {
    let (mut records, mut out) = (Records::new(Dialect::Toolkit, 0, MOST), Vec::new());
    for piece in pieces {
        records.push(piece, |record| out.push(record));
        assert!(records.checkpoint() <= records.position());
    }
    records.finish(|record| out.push(record));
    out
}

#[test]
fn a_cut_at_any_byte_changes_no_record() {
    for (name, bytes) in logs() {
        let whole = records_of(&[&bytes]);
        assert!(whole.len() >= 2, "{name}: {whole:?}");
        for at in 0..=bytes.len() {
            let (before, after) = bytes.split_at(at);
            assert_eq!(records_of(&[before, after]), whole, "{name} cut at {at}");
        }
    }
}

/// The same with files, and another reporter behind the cut. One log for each cut, and all of them at once.
#[test]
fn a_restart_at_any_byte_changes_no_record() {
    let home = Home::new();
    let mut config = home.config();
    config.max_record_bytes = MOST;
    let mut want = BTreeMap::new();
    let mut rest = Vec::new();
    for (name, bytes) in logs() {
        let whole = records_of(&[&bytes]);
        for at in 0..=bytes.len() {
            let path = home.log(&format!("tk-{name}-{at}.log"));
            fs::write(&path, &bytes[..at]).unwrap();
            rest.push((path.clone(), bytes[at..].to_vec()));
            want.insert(path, whole.clone());
        }
    }
    let mut found: BTreeMap<_, Vec<Record>> = BTreeMap::new();
    let mut now = Instant::now();
    let mut stats = Stats::default();
    let mut checkpoints: Vec<Checkpoint> = Vec::new();
    for reporter in 0..2 {
        let mut tailer = Tailer::new(&config, checkpoints, Beginning::Start);
        tailer.resume(now, &mut stats, |_, _| panic!("no file has lost its name"));
        tailer.reconcile(now, &Notes::default(), &mut stats).unwrap();
        // The first one has no time to wait for the rest of a record.
        for _ in 0..=2 * reporter {
            while tailer.read(now, &mut stats, |read, _| {
                found.entry(read.path.to_path_buf()).or_default().push(read.record);
            }) {}
            now += Duration::from_secs(3);
        }
        checkpoints = tailer.take_checkpoints();
        for (path, bytes) in rest.drain(..) {
            append(&path, bytes);
        }
    }
    for (path, want) in &want {
        assert_eq!(found.get(path), Some(want), "{}", path.display());
    }
    assert_eq!(stats.generations, 0);
    // No byte was counted twice, though half of them were read twice.
    let bytes: u64 = want.keys().map(|path| fs::metadata(path).unwrap().len()).sum();
    assert_eq!(stats.bytes_read, bytes);
}

#[test]
fn a_line_without_end_takes_no_memory_and_the_next_record_is_whole() {
    let length: u64 = if is_long() { 1 << 30 } else { 64 << 20 };
    let (most, block) = (1 << 20, vec![b'x'; 1 << 20]);
    let mut records = Records::new(Dialect::Toolkit, 0, most);
    let mut out = Vec::new();
    let mut held = 0;
    records.push(error("long ").trim_end().as_bytes(), |record| out.push(record));
    for _ in 0..length >> 20 {
        records.push(&block, |record| out.push(record));
        held = held.max(records.held_bytes());
    }
    records.push(format!("\nmore of it\n{}", error("next")).as_bytes(), |record| out.push(record));
    held = held.max(records.held_bytes());
    records.finish(|record| out.push(record));
    let [long, next] = &out[..] else { panic!("{} records", out.len()) };
    assert!(held <= 4 * most, "{held} bytes");
    assert!(records.held_bytes() <= 128 << 10, "{} bytes are kept", records.held_bytes());
    assert_eq!(long.bytes.len(), most);
    assert_eq!(long.end - long.start, long.bytes.len() as u64 + long.cut_bytes + 1, "with one line end");
    assert_eq!((next.start, next.text().into_owned() + "\n"), (long.end, error("next")));
}

/// A writer that does not append goes on where it stood, and leaves a hole before it.
#[test]
fn a_hole_after_a_truncation_hides_no_record() {
    let home = Home::new();
    let log = home.log("tk-maya.log");
    append(&log, "");
    let agent = home.agent();
    append(&log, error("before"));
    occurrences(&agent, 1);
    let mut writer = OpenOptions::new().write(true).open(&log).unwrap();
    // Longer than any line may be.
    writer.seek(SeekFrom::Start(3 << 20)).unwrap();
    truncate(&log);
    writer.write_all((error("behind the hole") + &error("after it")).as_bytes()).unwrap();
    assert_eq!(messages(&occurrences(&agent, 3)), ["before", "behind the hole", "after it"]);
    stop(&agent);
}
