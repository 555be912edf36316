//! The core, from outside: one binary, so that it links once.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod agent;
mod bad_input;
mod books;
mod bounded;
mod corpus;
mod cuts;
mod golden;
mod lead;
mod model;
mod network;
mod properties;
mod support;
mod tail;
mod takeover;
#[cfg(windows)]
mod windows;
