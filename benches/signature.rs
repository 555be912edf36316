//! How fast texts are signed, without Python: `make bench-grouping` calls it.
//!
//! Each argument is a file of texts, separated by NUL. Prints one JSON object: texts a second for each file, on one
//! core, and how long the slowest hostile text of a mebibyte takes, in milliseconds.

use std::hint::black_box;
use std::time::{Duration, Instant};

use tk_incident_core::signature_key;

/// The best round counts: what else runs on the machine only makes it slower. So long there are rounds.
const LONGEST: Duration = Duration::from_secs(3);

const MEBIBYTE: usize = 1 << 20;

/// One byte or a few, over and over.
const HOSTILE: [&str; 24] = [
    "a",
    "0",
    "f",
    "/",
    "\\",
    "'",
    "\"",
    "=",
    "(",
    "[",
    "{",
    "<",
    "|",
    ".",
    ":",
    "#",
    " ",
    "\n",
    "=(",
    "<a",
    "a.b.",
    "File \"",
    "#0 ",
    "Traceback (most recent call last):\n",
];

fn main() -> std::io::Result<()> {
    let mut per_s = serde_json::Map::new();
    // Cargo adds a word of its own.
    for path in std::env::args().skip(1).filter(|word| !word.starts_with("--")) {
        let all = std::fs::read_to_string(&path)?;
        let texts: Vec<&str> = all.split('\0').collect();
        let spent = best(LONGEST, || {
            for text in &texts {
                black_box(signature_key(text));
            }
        });
        #[expect(clippy::cast_precision_loss, reason = "a rate of some digits")]
        per_s.insert(path, (texts.len() as f64 / spent.as_secs_f64()).into());
    }
    let slowest = HOSTILE.iter().map(|piece| {
        let text = piece.repeat(MEBIBYTE / piece.len());
        best(LONGEST / 20, || drop(black_box(signature_key(&text))))
    });
    let slowest_ms = slowest.max().unwrap_or_default().as_secs_f64() * 1e3;
    println!("{}", serde_json::json!({ "texts_per_s": per_s, "slowest_mebibyte_ms": slowest_ms }));
    Ok(())
}

fn best(longest: Duration, mut round: impl FnMut()) -> Duration {
    let (first, mut least) = (Instant::now(), Duration::MAX);
    while first.elapsed() < longest {
        let began = Instant::now();
        round();
        least = least.min(began.elapsed());
    }
    least
}
