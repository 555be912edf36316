//! The core of the Toolkit incident reporter: it follows `tk-*.log*`, finds the records that
//! report an error, and keeps them, with their evidence, until the site has them.
//!
//! The way of the data, stage by stage, is `docs/design.md`; [`pipeline`] is its middle and
//! [`agent`] the thread that drives it.

pub mod agent;
pub mod capture;
pub mod config;
pub mod drive;
pub mod error;
pub mod folders;
pub mod incident;
pub mod incidents;
pub mod leader;
pub mod noise;
pub mod notes;
pub mod pipeline;
pub mod record;
pub mod redact;
pub mod rules;
pub mod scan;
mod signal;
pub mod signature;
pub mod spool;
pub mod stats;
pub mod tail;

pub use agent::Agent;
pub use config::Config;
pub use error::{Error, ErrorKind, Result};
pub use incident::{Incident, Occurrence};
pub use incidents::Incidents;
pub use notes::Note;
pub use redact::{Redactor, redact};
pub use scan::Scan;
pub use signature::{Signature, signature, signature_key};

/// Version of the crate, the wheel and the app: they are released together.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
