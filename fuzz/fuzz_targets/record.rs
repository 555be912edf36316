//! Records are the same however their bytes come, and when they are read again from a checkpoint.
#![no_main]

use tk_incident_fuzz::properties::record;

libfuzzer_sys::fuzz_target!(|input: &[u8]| record::holds(input));
