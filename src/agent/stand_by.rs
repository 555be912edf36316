//! Waiting for the lead.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::{Led, Shared};
use crate::error::{ErrorKind, Result};
use crate::signature::Studio;
use crate::spool::Place;

/// A stand-by tries to take the lead this often.
const TURN: Duration = Duration::from_secs(1);

/// Waits for the lead, and the spool with it; None if we are stopped before.
pub(super) fn stand_by(shared: &Shared, place: &Place, studio: &Studio) -> Result<Option<Arc<Led>>> {
    let mut was_busy = false;
    while !shared.stopping.load(Ordering::Acquire) {
        let seen = shared.signal.seen();
        if let Some(spool) = shared.spool() {
            return Ok(Some(spool));
        }
        let outcome = shared.try_lead(place, studio);
        let is_busy = matches!(&outcome, Err(error) if error.kind() == &ErrorKind::SpoolBusy);
        match outcome {
            Ok(true) => {
                shared.notes.over("stand_by", "");
                shared.notes.over("lead", "");
                continue;
            }
            Ok(false) => shared.notes.over("stand_by", ""),
            // The leader before us may just be closing it.
            Err(_) if is_busy && !was_busy => {}
            Err(error) if matches!(error.kind(), ErrorKind::NewerSpool(_)) => return Err(error),
            // A server that is away comes back, and a disk is emptied.
            Err(error) => shared.notes.say("stand_by", "", || format!("{error}; this reporter stands by")),
        }
        was_busy = is_busy;
        shared.signal.wait(seen, TURN);
    }
    Ok(None)
}
