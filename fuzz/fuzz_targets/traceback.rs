//! Any text is taken apart, signed and redacted, in a time that grows with its length, and redacting it again
//! changes nothing.
#![no_main]

use tk_incident_fuzz::properties::traceback;

libfuzzer_sys::fuzz_target!(|input: &[u8]| traceback::holds(input));
