//! The functions of the module.

use std::path::PathBuf;

use pyo3::prelude::*;
use tk_incident_core::{Config, config, folders, pipeline};

use crate::boundary::detached;
use crate::values::Signature;

#[pyfunction]
pub(crate) fn signature(py: Python<'_>, text: &str) -> PyResult<Signature> {
    detached(py, || Ok(Signature(tk_incident_core::signature(text))))
}

#[pyfunction]
pub(crate) fn signature_key(py: Python<'_>, text: &str) -> PyResult<String> {
    detached(py, || Ok(tk_incident_core::signature_key(text)))
}

#[pyfunction]
#[pyo3(signature = (text, other, settings))]
pub(crate) fn explain(py: Python<'_>, text: &str, other: Option<&str>, settings: &str) -> PyResult<String> {
    detached(py, || pipeline::explained(text, other, settings))
}

#[pyfunction]
pub(crate) fn redact(py: Python<'_>, text: &str) -> PyResult<String> {
    detached(py, || Ok(tk_incident_core::redact(text).into_owned()))
}

#[pyfunction]
pub(crate) fn default_settings() -> String {
    Config::default().to_json()
}

#[pyfunction]
pub(crate) fn check_settings(py: Python<'_>, settings: &str) -> PyResult<String> {
    detached(py, || Ok(pipeline::checked(settings)?.to_json()))
}

#[pyfunction]
#[expect(clippy::needless_pass_by_value, reason = "what PyO3 converts, it hands over")]
pub(crate) fn read_settings(py: Python<'_>, path: PathBuf) -> PyResult<String> {
    detached(py, || config::toml_to_json(&path))
}

#[pyfunction]
pub(crate) fn toolkit_log_folder() -> PathBuf {
    folders::toolkit_log_folder()
}

#[pyfunction]
pub(crate) fn toolkit_data_folder() -> PathBuf {
    folders::toolkit_data_folder()
}
