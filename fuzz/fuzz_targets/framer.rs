//! Lines are the same however their bytes come, and no more than asked for is held.
#![no_main]

use tk_incident_fuzz::properties::framer;

libfuzzer_sys::fuzz_target!(|input: &[u8]| framer::holds(input));
