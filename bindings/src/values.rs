//! What the core gives out, as frozen Python classes.

use std::path::PathBuf;
use std::sync::Arc;

use pyo3::exceptions::PyIndexError;
use pyo3::prelude::*;
use serde::Serialize;
use tk_incident_core as core;

use crate::boundary::objects;
use crate::json;

#[pyclass(frozen)]
pub(crate) struct Signature(pub(crate) core::Signature);

#[pymethods]
impl Signature {
    #[getter]
    fn key(&self) -> &str {
        &self.0.key
    }

    #[getter]
    fn kind(&self) -> &'static str {
        self.0.kind.name()
    }

    #[getter]
    fn title(&self) -> &str {
        &self.0.title
    }

    #[getter]
    fn normal_form(&self) -> &str {
        &self.0.normal_form
    }

    #[getter]
    fn why(&self) -> &str {
        self.0.why
    }

    fn __repr__(&self) -> String {
        format!("<Signature {} {:?}>", self.0.key, self.0.title)
    }
}

#[pyclass(frozen)]
pub(crate) struct Note(pub(crate) core::Note);

#[pymethods]
impl Note {
    #[getter]
    fn code(&self) -> &'static str {
        self.0.code
    }

    #[getter]
    fn text(&self) -> &str {
        &self.0.text
    }

    fn __repr__(&self) -> String {
        format!("<Note {}: {}>", self.0.code, self.0.text)
    }
}

#[pyclass(frozen)]
pub(crate) struct Occurrence(pub(crate) core::Occurrence);

#[pymethods]
impl Occurrence {
    #[getter]
    fn id(&self) -> i64 {
        self.0.id
    }

    #[getter]
    fn signature(&self) -> &str {
        &self.0.signature
    }

    #[getter]
    fn title(&self) -> &str {
        &self.0.title
    }

    #[getter]
    fn level(&self) -> &'static str {
        self.0.level.name()
    }

    #[getter]
    fn engine(&self) -> &str {
        &self.0.engine
    }

    #[getter]
    fn logger(&self) -> &str {
        &self.0.logger
    }

    #[getter]
    fn pid(&self) -> Option<u32> {
        self.0.pid
    }

    #[getter]
    fn time(&self) -> &str {
        &self.0.time
    }

    #[getter]
    fn path(&self) -> PathBuf {
        self.0.path.to_path_buf()
    }

    #[getter]
    fn offset(&self) -> u64 {
        self.0.offset
    }

    #[getter]
    fn length(&self) -> u64 {
        self.0.length
    }

    #[getter]
    fn message(&self) -> &str {
        &self.0.message
    }

    #[getter]
    fn exception(&self) -> Option<&str> {
        self.0.exception.as_deref()
    }

    #[getter]
    fn context_id(&self) -> Option<&str> {
        self.0.context_id.as_deref()
    }

    #[getter]
    fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    #[getter]
    fn record(&self) -> &str {
        &self.0.record
    }

    fn as_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        dict(py, &self.0)
    }

    fn as_json(&self) -> String {
        json::line(&self.0)
    }

    fn __repr__(&self) -> String {
        format!("<Occurrence {:?} in {} at {}>", self.0.title, self.0.path.display(), self.0.offset)
    }
}

/// What a scan found in one piece. An object is made of an occurrence for who looks at it: most are only counted.
#[pyclass(frozen, sequence)]
pub(crate) struct OccurrenceBatch(pub(crate) Vec<core::Occurrence>);

#[pymethods]
impl OccurrenceBatch {
    fn __len__(&self) -> usize {
        self.0.len()
    }

    fn __getitem__(&self, index: usize) -> PyResult<Occurrence> {
        let found = self.0.get(index).cloned().map(Occurrence);
        found.ok_or_else(|| PyIndexError::new_err("batch index out of range"))
    }
}

/// What a scan has found so far: as with the occurrences, an object is made for who looks.
#[pyclass(frozen, sequence)]
pub(crate) struct IncidentBatch(pub(crate) Arc<core::Incidents>);

#[pymethods]
impl IncidentBatch {
    fn __len__(&self) -> usize {
        self.0.len()
    }

    fn __getitem__(&self, index: usize) -> PyResult<Incident> {
        let found = self.0.get(index).map(Incident);
        found.ok_or_else(|| PyIndexError::new_err("batch index out of range"))
    }
}

#[pyclass(frozen)]
pub(crate) struct Incident(pub(crate) core::Incident);

#[pymethods]
impl Incident {
    #[getter]
    fn signature(&self) -> &str {
        &self.0.signature
    }

    #[getter]
    fn title(&self) -> &str {
        &self.0.title
    }

    #[getter]
    fn level(&self) -> &'static str {
        self.0.level.name()
    }

    #[getter]
    fn engines(&self) -> Vec<String> {
        self.0.engines.iter().map(ToString::to_string).collect()
    }

    #[getter]
    fn count(&self) -> u64 {
        self.0.count
    }

    #[getter]
    fn first_seen(&self) -> &str {
        &self.0.first_seen
    }

    #[getter]
    fn last_seen(&self) -> &str {
        &self.0.last_seen
    }

    #[getter]
    fn exception(&self) -> Option<&str> {
        self.0.exception.as_deref()
    }

    #[getter]
    fn message(&self) -> &str {
        &self.0.message
    }

    #[getter]
    fn users(&self) -> Vec<String> {
        self.0.users.iter().map(ToString::to_string).collect()
    }

    #[getter]
    fn state(&self) -> &'static str {
        self.0.state.name()
    }

    #[getter]
    fn ticket(&self) -> Option<i64> {
        self.0.ticket
    }

    fn as_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        dict(py, &self.0)
    }

    fn as_json(&self) -> String {
        json::line(&self.0)
    }

    fn __repr__(&self) -> String {
        format!("<Incident {:?}, {} times>", self.0.title, self.0.count)
    }
}

#[pyclass(frozen)]
pub(crate) struct Delivery(pub(crate) core::spool::Delivery);

#[pymethods]
impl Delivery {
    #[getter]
    fn id(&self) -> i64 {
        self.0.id
    }

    #[getter]
    fn incident(&self) -> Incident {
        Incident(self.0.incident.clone())
    }

    #[getter]
    fn occurrence(&self) -> Occurrence {
        Occurrence(self.0.occurrence.clone())
    }

    #[getter]
    fn user_login(&self) -> &str {
        &self.0.user_login
    }

    #[getter]
    fn reporter_id(&self) -> &str {
        &self.0.reporter_id
    }

    #[getter]
    fn project_id(&self) -> Option<i64> {
        self.0.project_id
    }

    #[getter]
    fn told_count(&self) -> u64 {
        self.0.told_count
    }

    #[getter]
    fn attempts(&self) -> u32 {
        self.0.attempts
    }

    #[getter]
    fn ticket_id(&self) -> Option<i64> {
        self.0.ticket_id
    }

    #[getter]
    fn attached(&self) -> bool {
        self.0.attached
    }

    #[getter]
    fn is_settled(&self) -> bool {
        self.0.is_settled
    }

    #[getter]
    fn former_signatures(&self) -> Vec<String> {
        self.0.former_signatures.clone()
    }

    #[getter]
    fn members(&self) -> Vec<Incident> {
        self.0.members.iter().cloned().map(Incident).collect()
    }

    #[getter]
    fn evidence_name(&self) -> String {
        self.0.evidence_name()
    }

    #[getter]
    fn environment(&self) -> &str {
        &self.0.environment
    }

    fn __repr__(&self) -> String {
        format!("<Delivery {} of {:?}>", self.0.id, self.0.incident.title)
    }
}

fn dict<'py>(py: Python<'py>, value: &impl Serialize) -> PyResult<Bound<'py, PyAny>> {
    objects(py, &json::line(value))
}
