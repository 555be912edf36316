//! A spool, as Python reads it.

use std::path::PathBuf;
use std::sync::Mutex;

use pyo3::prelude::*;
use tk_incident_core as core;
use tk_incident_core::spool::SpoolReader;

use crate::boundary::{detached, objects};
use crate::values::{Incident, Occurrence};

#[pyclass(frozen)]
pub(crate) struct Spool(Mutex<SpoolReader>);

impl Spool {
    fn with<T: Send>(
        &self,
        py: Python<'_>,
        call: impl FnOnce(&SpoolReader) -> core::Result<T> + Send,
    ) -> PyResult<T> {
        detached(py, || call(&self.0.lock().expect("a panic within is final: nobody reads on")))
    }
}

#[pymethods]
impl Spool {
    #[new]
    #[expect(clippy::needless_pass_by_value, reason = "what PyO3 converts, it hands over")]
    fn new(py: Python<'_>, state_folder: PathBuf) -> PyResult<Self> {
        detached(py, || Ok(Self(Mutex::new(SpoolReader::open(&state_folder)?))))
    }

    fn incidents(&self, py: Python<'_>) -> PyResult<Vec<Incident>> {
        Ok(self.with(py, SpoolReader::incidents)?.into_iter().map(Incident).collect())
    }

    #[pyo3(signature = (after_id = 0))]
    fn occurrences(&self, py: Python<'_>, after_id: i64) -> PyResult<Vec<Occurrence>> {
        Ok(self.with(py, |spool| spool.occurrences(after_id))?.into_iter().map(Occurrence).collect())
    }

    fn deliveries<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let waiting = self.with(py, |spool| spool.deliveries(usize::MAX))?;
        objects(py, &serde_json::Value::from(waiting).to_string())
    }

    fn status<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let status = self.with(py, SpoolReader::status)?;
        objects(py, &status.to_string())
    }
}
