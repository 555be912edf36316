//! The fuzzers' corpus: what once broke a property does not break it again.

use std::fs;
use std::path::Path;

use super::properties::{checkpoint, framer, record, traceback};

fn each(target: &str, mut check: impl FnMut(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut inputs: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    inputs.sort();
    assert!(!inputs.is_empty());
    for input in inputs {
        // Shown where the test fails: this is the input it failed with.
        println!("{}", input.display());
        check(&fs::read(input).unwrap());
    }
}

#[test]
fn corpus_of_the_framer() {
    each("framer", framer::holds);
}

#[test]
fn corpus_of_the_record_grammar() {
    each("record", record::holds);
}

#[test]
fn corpus_of_the_traceback_grammar() {
    each("traceback", traceback::holds);
}

#[test]
fn corpus_of_the_checkpoint_row() {
    let mut world = checkpoint::World::new();
    each("checkpoint", |input| world.holds(input));
}
