//! What the targets check. It lies with the core's tests, which check the same over the corpus.
#![allow(clippy::unwrap_used, reason = "what fails here is a finding, or the fuzzer's own folder")]

#[path = "../../tests/rust/properties/mod.rs"]
pub mod properties;
