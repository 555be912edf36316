//! How a call crosses: without the GIL, with its panics caught, with its errors translated.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use pyo3::exceptions::PyOSError;
use pyo3::import_exception;
use pyo3::prelude::*;
use tk_incident_core::{Error, ErrorKind, Result};

import_exception!(tk_incident.errors, ConfigError);
import_exception!(tk_incident.errors, InternalError);
import_exception!(tk_incident.errors, SpoolError);

/// Runs a call of the core without the GIL.
pub(crate) fn detached<T: Send>(py: Python<'_>, call: impl FnOnce() -> Result<T> + Send) -> PyResult<T> {
    let outcome = py.detach(|| catch_unwind(AssertUnwindSafe(call)));
    outcome
        .map_err(|_| InternalError::new_err("internal error: the core panicked; please report this"))?
        .map_err(|error| raise(&error))
}

/// Milliseconds from Python, as a duration.
pub(crate) fn millis(timeout_ms: u64) -> Duration {
    Duration::from_millis(timeout_ms)
}

/// JSON as Python objects.
pub(crate) fn objects<'py>(py: Python<'py>, json: &str) -> PyResult<Bound<'py, PyAny>> {
    py.import("json")?.call_method1("loads", (json,))
}

fn raise(error: &Error) -> PyErr {
    let text = error.to_string();
    match error.kind() {
        ErrorKind::Setting(..) | ErrorKind::SettingsFile => ConfigError::new_err(text),
        ErrorKind::LogFolder | ErrorKind::StateFolder | ErrorKind::Lock => {
            // With an error number Python makes the fitting subclass, such as FileNotFoundError.
            let number = error.io().and_then(std::io::Error::raw_os_error);
            number.map_or_else(
                || PyOSError::new_err(text.clone()),
                |number| PyOSError::new_err((number, text.clone())),
            )
        }
        ErrorKind::NoSpool
        | ErrorKind::NewerSpool(_)
        | ErrorKind::SpoolFull
        | ErrorKind::SpoolBusy
        | ErrorKind::LeadLost
        | ErrorKind::SpoolDamaged
        | ErrorKind::Spool => SpoolError::new_err(text),
        _ => InternalError::new_err(text),
    }
}
