//! The agent, as Python owns it.

use std::path::PathBuf;

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use tk_incident_core as core;
use tk_incident_core::agent::Facts;
use tk_incident_core::{Error, ErrorKind};

use crate::boundary::{detached, millis};
use crate::values::{Delivery, Note, Occurrence};

#[pyclass(frozen)]
pub(crate) struct Agent(core::Agent);

#[pymethods]
impl Agent {
    #[new]
    fn new(py: Python<'_>, settings: &str) -> PyResult<Self> {
        detached(py, || Ok(Self(core::Agent::new(core::pipeline::checked(settings)?))))
    }

    fn start(&self, py: Python<'_>) -> PyResult<()> {
        detached(py, || self.0.start())
    }

    fn drain(&self, py: Python<'_>) -> PyResult<()> {
        detached(py, || {
            self.0.drain();
            Ok(())
        })
    }

    fn stop(&self, py: Python<'_>, timeout_ms: u64) -> PyResult<bool> {
        detached(py, || Ok(self.0.stop(millis(timeout_ms))))
    }

    #[pyo3(signature = (*, user_login, project_id, environment))]
    fn set_facts(
        &self,
        py: Python<'_>,
        user_login: String,
        project_id: Option<i64>,
        environment: String,
    ) -> PyResult<()> {
        detached(py, || {
            self.0.set_facts(Facts { user_login, project_id, environment });
            Ok(())
        })
    }

    fn redact(&self, py: Python<'_>, text: &str) -> PyResult<String> {
        detached(py, || Ok(self.0.redact(text)))
    }

    fn next_delivery(&self, py: Python<'_>, timeout_ms: u64) -> PyResult<Option<Delivery>> {
        Ok(detached(py, || self.0.next_delivery(millis(timeout_ms)))?.map(Delivery))
    }

    fn evidence<'py>(&self, py: Python<'py>, delivery_id: i64) -> PyResult<Bound<'py, PyBytes>> {
        let archive =
            detached(py, || self.0.spool()?.evidence(delivery_id)?.ok_or_else(|| unknown(delivery_id)))?;
        Ok(PyBytes::new(py, &archive))
    }

    fn ticket_asked(&self, py: Python<'_>, delivery_id: i64) -> PyResult<()> {
        detached(py, || known(self.0.spool()?.ticket_asked(delivery_id)?, delivery_id))
    }

    #[pyo3(signature = (delivery_id, *, ticket_id, is_new))]
    fn ticket_created(&self, py: Python<'_>, delivery_id: i64, ticket_id: i64, is_new: bool) -> PyResult<()> {
        detached(py, || known(self.0.spool()?.ticket_created(delivery_id, ticket_id, is_new)?, delivery_id))
    }

    fn evidence_attached(&self, py: Python<'_>, delivery_id: i64) -> PyResult<()> {
        detached(py, || known(self.0.spool()?.evidence_attached(delivery_id)?, delivery_id))
    }

    #[pyo3(signature = (delivery_id, *, count, recurrence_ms, is_settled))]
    fn ack(
        &self,
        py: Python<'_>,
        delivery_id: i64,
        count: u64,
        recurrence_ms: u64,
        is_settled: bool,
    ) -> PyResult<()> {
        detached(py, || {
            known(self.0.spool()?.ack(delivery_id, count, recurrence_ms, is_settled)?, delivery_id)
        })
    }

    #[pyo3(signature = (delivery_id, *, count, recurrence_ms))]
    fn discard(&self, py: Python<'_>, delivery_id: i64, count: u64, recurrence_ms: u64) -> PyResult<()> {
        detached(py, || known(self.0.spool()?.discard(delivery_id, count, recurrence_ms)?, delivery_id))
    }

    #[pyo3(signature = (delivery_id, *, reason, retry_after_ms = None, is_outage = false))]
    fn retry_later(
        &self,
        py: Python<'_>,
        delivery_id: i64,
        reason: &str,
        retry_after_ms: Option<u64>,
        is_outage: bool,
    ) -> PyResult<u64> {
        detached(py, || self.0.spool()?.retry_later(delivery_id, reason, retry_after_ms, is_outage))
    }

    fn take_unsettled(&self, py: Python<'_>) -> PyResult<Vec<Delivery>> {
        Ok(detached(py, || self.0.take_unsettled())?.into_iter().map(Delivery).collect())
    }

    fn settle_later(&self, py: Python<'_>, wait_ms: u64) -> PyResult<()> {
        detached(py, || {
            self.0.settle_later(millis(wait_ms));
            Ok(())
        })
    }

    fn settled(&self, py: Python<'_>, delivery_id: i64) -> PyResult<()> {
        detached(py, || known(self.0.spool()?.settled(delivery_id)?, delivery_id))
    }

    fn wait_occurrences(&self, py: Python<'_>, after_id: i64, timeout_ms: u64) -> PyResult<Vec<Occurrence>> {
        let found = detached(py, || self.0.wait_occurrences(after_id, millis(timeout_ms)))?;
        Ok(found.into_iter().map(Occurrence).collect())
    }

    fn last_occurrence_id(&self, py: Python<'_>) -> PyResult<i64> {
        detached(py, || self.0.last_occurrence_id())
    }

    #[getter]
    fn state_folder(&self) -> PathBuf {
        self.0.state_folder().to_path_buf()
    }

    fn take_notes(&self, py: Python<'_>) -> PyResult<Vec<Note>> {
        detached(py, || Ok(self.0.take_notes().into_iter().map(Note).collect()))
    }

    fn is_leader(&self, py: Python<'_>) -> PyResult<bool> {
        detached(py, || Ok(self.0.is_leader()))
    }

    fn is_caught_up(&self, py: Python<'_>) -> PyResult<bool> {
        detached(py, || Ok(self.0.is_caught_up()))
    }

    fn failure(&self, py: Python<'_>) -> PyResult<Option<String>> {
        detached(py, || Ok(self.0.failure()))
    }
}

fn known(done: bool, delivery_id: i64) -> core::Result<()> {
    if done { Ok(()) } else { Err(unknown(delivery_id)) }
}

fn unknown(delivery_id: i64) -> Error {
    Error::new(ErrorKind::Internal(format!("there is no delivery {delivery_id}")))
}
