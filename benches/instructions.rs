//! What `make check-speed` counts: each workload is run by its name, under callgrind.
//!
//! The texts are made here, the same each time, and so is their number: a count of instructions can be compared with
//! that of another day and machine. What makes them is part of the workload `texts`, which the script takes off.

mod texts;

use std::hint::black_box;
use std::path::Path;

use tk_incident_core::pipeline::Pipeline;
use tk_incident_core::record::{Dialect, Level, Records, Skim};
use tk_incident_core::stats::Stats;
use tk_incident_core::{Config, redact, signature_key};

/// Errors of the loud log, and of the quiet one.
const LOUD: u32 = 2_000;
const QUIET: u32 = 20;

fn main() {
    let workload = std::env::args().find(|word| WORKLOADS.iter().any(|(name, _)| name == word));
    let Some(workload) = workload else {
        let names: Vec<_> = WORKLOADS.iter().map(|(name, _)| *name).collect();
        println!("{}", names.join("\n"));
        return;
    };
    let run = WORKLOADS.iter().find(|(name, _)| **name == *workload).map(|(_, run)| run);
    if let Some(run) = run {
        run(&texts::loud_log(LOUD), &texts::quiet_log(QUIET));
    }
}

type Workload = fn(&str, &str);

const WORKLOADS: [(&str, Workload); 6] = [
    ("texts", |_, _| {}),
    ("records", |loud, _| {
        let mut records = Records::new(Dialect::Toolkit, 0, 1 << 20);
        records.push(loud.as_bytes(), |record| drop(black_box(record)));
        records.finish(|record| drop(black_box(record)));
    }),
    ("skim", |_, quiet| {
        let mut skim = Skim::new(Dialect::Toolkit, &[Level::Error, Level::Critical], 1 << 20);
        let mut rest = quiet.as_bytes();
        while !rest.is_empty() {
            let space = skim.space();
            let (piece, behind) = rest.split_at(rest.len().min(space.len()));
            space[..piece.len()].copy_from_slice(piece);
            skim.advance(piece.len(), |record| drop(black_box(record)));
            rest = behind;
        }
        skim.finish(|record| drop(black_box(record)));
    }),
    ("redact", |loud, _| {
        for record in loud.split_inclusive("\n2026") {
            black_box(redact(record));
        }
    }),
    ("sign", |loud, _| {
        for record in loud.split_inclusive("\n2026") {
            black_box(signature_key(record));
        }
    }),
    ("occurrences", |loud, _| {
        let Ok(pipeline) = Pipeline::new(&Config::default()) else { return };
        let mut stats = Stats::default();
        let mut records = Records::new(Dialect::Toolkit, 0, 1 << 20);
        let path = Path::new("tk-maya.log").into();
        records.push(loud.as_bytes(), |record| drop(black_box(pipeline.process(&record, &path, &mut stats))));
        records.finish(|record| drop(black_box(pipeline.process(&record, &path, &mut stats))));
    }),
];
