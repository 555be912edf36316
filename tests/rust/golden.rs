//! `tests/logs/*.log` and what is found in them, whole and a byte at a time.
//!
//! `UPDATE_GOLDEN=1 cargo test golden` writes the answers anew; read the difference before you commit it.

use std::fs;
use std::num::NonZero;
use std::path::Path;

use serde_json::{Value, json};
use tk_incident_core::pipeline::Pipeline;
use tk_incident_core::record::{Dialect, Records};
use tk_incident_core::scan::Scan;
use tk_incident_core::stats::Stats;
use tk_incident_core::{Config, Occurrence};

fn read(path: &Path, dialect: Dialect, pieces: &mut dyn Iterator<Item = &[u8]>) -> Value {
    let config = Config::default();
    let pipeline = Pipeline::new(&config).unwrap();
    let (mut stats, mut found) = (Stats::default(), Vec::new());
    let mut records = Records::new(dialect, 0, config.max_record_bytes);
    let name = Path::new(path.file_name().unwrap()).into();
    let mut give = |record| found.extend(pipeline.process(&record, &name, &mut stats));
    for piece in pieces {
        records.push(piece, &mut give);
    }
    records.finish(&mut give);
    stats.orphan_lines = records.take_orphan_lines();
    stats.orphan_bytes = records.take_orphan_bytes();
    stats.bytes_read = records.position();
    assert_eq!(stats.record_bytes + stats.orphan_bytes, stats.bytes_read, "{}", path.display());
    let found: Vec<&Occurrence> = found.iter().collect();
    json!({"dialect": dialect, "occurrences": found, "stats": stats})
}

/// Where a scan finds occurrences, which is told nothing but the name.
fn scanned(path: &Path) -> Vec<u64> {
    let mut scan = Scan::new(&[path.to_path_buf()], &Config::default(), NonZero::<usize>::MIN).unwrap();
    let batches = std::iter::from_fn(|| scan.next_batch());
    batches.flatten().map(|occurrence| occurrence.offset).collect()
}

#[test]
fn golden() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/logs");
    let mut logs: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    logs.retain(|path| path.extension().is_some_and(|extension| extension == "log"));
    logs.sort();
    assert!(!logs.is_empty());
    for log in logs {
        let bytes = fs::read(&log).unwrap();
        let dialect = Dialect::of_file(&log, &bytes);
        let whole = read(&log, dialect, &mut std::iter::once(&bytes[..]));
        assert_eq!(read(&log, dialect, &mut bytes.chunks(1)), whole, "{} a byte at a time", log.display());
        assert_eq!(read(&log, dialect, &mut bytes.chunks(7)), whole, "{} in sevens", log.display());
        let found = whole["occurrences"].as_array().unwrap().iter();
        let offsets: Vec<_> = found.map(|occurrence| occurrence["offset"].as_u64().unwrap()).collect();
        assert_eq!(scanned(&log), offsets, "{} as a scan finds it", log.display());
        let answer = log.with_extension("json");
        let text = format!("{}\n", serde_json::to_string_pretty(&whole).unwrap());
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&answer, &text).unwrap();
        }
        let want = fs::read_to_string(&answer).unwrap_or_default();
        assert!(want == text, "{} does not give {}: it gives\n{text}", log.display(), answer.display());
    }
}
