//! A scan, as Python drives it.

use std::num::NonZero;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use pyo3::prelude::*;
use pyo3::types::PyDict;
use tk_incident_core as core;

use crate::boundary::detached;
use crate::values::{IncidentBatch, Note, OccurrenceBatch};

#[pyclass(frozen)]
pub(crate) struct Scan(Mutex<core::Scan>);

impl Scan {
    fn with<T: Send>(&self, py: Python<'_>, call: impl FnOnce(&mut core::Scan) -> T + Send) -> PyResult<T> {
        detached(py, || Ok(call(&mut self.0.lock().expect("a panic within is final: nobody scans on"))))
    }
}

#[pymethods]
impl Scan {
    #[new]
    #[expect(clippy::needless_pass_by_value, reason = "what PyO3 converts, it hands over")]
    fn new(py: Python<'_>, paths: Vec<PathBuf>, settings: &str, threads: NonZero<usize>) -> PyResult<Self> {
        let scan = || core::Scan::new(&paths, &core::Config::from_json(settings)?, threads);
        detached(py, || Ok(Self(Mutex::new(scan()?))))
    }

    fn next_batch(&self, py: Python<'_>) -> PyResult<Option<OccurrenceBatch>> {
        Ok(self.with(py, core::Scan::next_batch)?.map(OccurrenceBatch))
    }

    fn incidents(&self, py: Python<'_>) -> PyResult<IncidentBatch> {
        self.with(py, |scan| IncidentBatch(Arc::clone(scan.incidents())))
    }

    fn counters<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let counters = PyDict::new(py);
        for (name, value) in self.with(py, |scan| scan.stats().named())? {
            counters.set_item(name, value)?;
        }
        Ok(counters)
    }

    fn take_notes(&self, py: Python<'_>) -> PyResult<Vec<Note>> {
        self.with(py, |scan| scan.take_notes().into_iter().map(Note).collect())
    }

    #[getter]
    fn bytes_done(&self, py: Python<'_>) -> PyResult<u64> {
        self.with(py, |scan| scan.stats().bytes_read)
    }

    #[getter]
    fn bytes_total(&self, py: Python<'_>) -> PyResult<u64> {
        self.with(py, |scan| scan.bytes_total())
    }
}
