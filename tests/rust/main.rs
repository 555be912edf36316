//! The core, from outside: one binary, so that it links once.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod agent;
mod bad_input;
mod books;
mod bounded;
mod clock;
#[cfg(target_os = "linux")]
mod copies;
mod corpus;
mod cuts;
mod damage;
mod digest;
mod disk;
mod evidence;
mod faults;
mod golden;
mod lead;
mod model;
mod network;
mod plug;
mod properties;
mod redact;
mod salvage;
mod session;
mod signature;
mod skim;
mod steps;
mod support;
mod tail;
mod takeover;
mod traceback;
mod turn;
mod upgrade;
#[cfg(windows)]
mod windows;
