//! How fast occurrences are committed, without Python: `make bench` calls it.
//!
//! Arguments: a folder for the spools, then numbers of occurrences. Prints one JSON object: for each number, how many
//! are committed a second in batches as a storm gives them; the size of a batch, and of how many problems it is.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use tk_incident_core::Config;
use tk_incident_core::notes::Notes;
use tk_incident_core::pipeline::Pipeline;
use tk_incident_core::record::{Dialect, Records};
use tk_incident_core::spool::{Batch, Found, Place, Spool};
use tk_incident_core::stats::Stats;
use tk_incident_core::tail::FileIdentity;

/// Occurrences of a batch.
const BATCH: usize = 1_000;

/// Problems: each has as many occurrences as the others.
const PROBLEMS: usize = 100;

const CALL: &str = "  File \"/opt/studio/cache/tk-multi-publish2/v2.6.1/hooks/publish.py\", line 12, in publish\n    \
                    self._copy(item, settings)\n";

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    // Cargo adds a word of its own.
    let mut words = std::env::args().skip(1).filter(|word| !word.starts_with("--"));
    let folder = PathBuf::from(words.next().ok_or("a folder is missing")?);
    let mut per_s = serde_json::Map::new();
    for word in words {
        let state = folder.join(format!("spool{word}"));
        fs::create_dir_all(&state)?;
        per_s.insert(word.clone(), commit(&state, word.parse()?)?.into());
        fs::remove_dir_all(&state)?;
    }
    println!("{}", serde_json::json!({ "occurrences_per_s": per_s, "batch": BATCH, "problems": PROBLEMS }));
    Ok(())
}

/// Commits so many occurrences; how many it did in a second.
fn commit(state: &Path, count: usize) -> Result<f64, Failure> {
    let pipeline = Pipeline::new(&Config::default())?;
    let spool = Spool::open(&Place::local(state), pipeline.studio(), &Notes::default())?;
    let found = found(&pipeline);
    let mut offset = 0;
    let mut spent = 0.0;
    for _ in 0..count.div_ceil(BATCH) {
        let mut batch = Batch { user_login: "artist".into(), facts: "{}".into(), ..Batch::default() };
        batch.found.extend(found.iter().cycle().take(BATCH).cloned());
        for each in &mut batch.found {
            each.occurrence.offset = offset;
            offset += each.occurrence.length;
        }
        let began = Instant::now();
        spool.commit(&batch)?;
        spent += began.elapsed().as_secs_f64();
    }
    #[expect(clippy::cast_precision_loss, reason = "a rate of some digits")]
    Ok(count as f64 / spent)
}

/// An occurrence of each problem.
fn found(pipeline: &Pipeline) -> Vec<Found> {
    let mut log = String::new();
    for problem in 0..PROBLEMS {
        // Digits would be a value.
        let class: String =
            format!("{problem:02}").bytes().map(|digit| char::from(digit - b'0' + b'A')).collect();
        log.push_str(
            "2026-11-22 10:21:30,207 [4711 ERROR sgtk.env.project.tk-maya] Publish failed: it is locked\n",
        );
        log.push_str("Traceback (most recent call last):\n");
        log.push_str(&CALL.repeat(3));
        log.extend(["studio.", &class, "Error: sg_cut\n"]);
    }
    let (mut records, mut stats, mut out) =
        (Records::new(Dialect::Toolkit, 0, 1 << 20), Stats::default(), Vec::new());
    let identity = FileIdentity { volume: 1, index: 1 };
    let path = Path::new("/home/artist/.shotgun/logs/tk-maya.log").into();
    let mut keep = |record: tk_incident_core::record::Record| {
        let occurrence = pipeline.process(&record, &path, &mut stats);
        out.extend(occurrence.map(|occurrence| Found { identity, generation: 0, occurrence }));
    };
    records.push(log.as_bytes(), &mut keep);
    records.finish(&mut keep);
    out
}
