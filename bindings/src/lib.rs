//! `tk_incident._core`: converts between Python and the core, and does nothing else.
//!
//! The manual is `python/tk_incident/_core.pyi`.

mod agent;
mod boundary;
mod functions;
mod json;
mod scan;
mod spool;
mod values;

use pyo3::prelude::*;

/// The native module.
#[pymodule]
mod _core {
    use pyo3::prelude::*;

    #[pymodule_export]
    use super::agent::Agent;
    #[pymodule_export]
    use super::functions::{
        check_settings, default_settings, explain, read_settings, redact, signature, signature_key,
        toolkit_data_folder, toolkit_log_folder,
    };
    #[pymodule_export]
    use super::scan::Scan;
    #[pymodule_export]
    use super::spool::Spool;
    #[pymodule_export]
    use super::values::{Delivery, Incident, IncidentBatch, Note, Occurrence, OccurrenceBatch, Signature};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        // A panic is caught at the boundary and becomes an exception: the host's console is not ours to print to.
        std::panic::set_hook(Box::new(|_| ()));
        module.add("__version__", tk_incident_core::VERSION)
    }
}
