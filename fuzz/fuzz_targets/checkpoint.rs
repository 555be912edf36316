//! Whatever stands in the spool's checkpoints, the tail goes on and reads no record of a file's life twice.
#![no_main]

use std::sync::{LazyLock, Mutex};

use tk_incident_fuzz::properties::checkpoint::World;

/// Its folder is in `TMPDIR`, which `run.sh` takes away: nothing is dropped when the fuzzer ends.
static WORLD: LazyLock<Mutex<World>> = LazyLock::new(|| Mutex::new(World::new()));

libfuzzer_sys::fuzz_target!(|input: &[u8]| WORLD.lock().unwrap().holds(input));
