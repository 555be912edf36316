//! The reporter's own threads: they lead or stand by, and drive the stages.

mod evidence;
mod intake;
mod led;
mod reading;
mod stand_by;
mod work;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};
use parking_lot::{Mutex, RwLock};

use crate::capture::Surroundings;
use crate::config::Config;
use crate::error::{Error, ErrorKind, Result};
use crate::incident::Occurrence;
use crate::leader::Leadership;
use crate::notes::{Note, Notes};
use crate::pipeline::Pipeline;
use crate::redact::Redactor;
use crate::signal::Signal;
use crate::signature::Studio;
use crate::spool::{Delivery, Place, Spool, SpoolReader, now_ms};
use work::Work;

pub use led::Led;

/// The start waits no longer for the first look: a network drive may take its time.
const LONGEST_FIRST_LOOK: Duration = Duration::from_secs(1);

/// What raises no signal, such as the end of a thread, is looked at this often.
const LONGEST_BLINK: Duration = Duration::from_millis(20);

/// Who and where, for what is found.
#[derive(Debug, Clone)]
pub struct Facts {
    /// Whose session this is.
    pub user_login: String,
    /// Project of the context.
    pub project_id: Option<i64>,
    /// What the host knows about itself: a JSON object.
    pub environment: String,
}

/// What the thread and its owner share.
#[derive(Debug)]
struct Shared {
    config: Config,
    log_folder: PathBuf,
    state_folder: PathBuf,
    /// Where the tests want the spool; None: where the settings and the file system say.
    place: Option<Place>,
    surroundings: Surroundings,
    redactor: Redactor,
    facts: RwLock<Facts>,
    /// There while we lead.
    spool: RwLock<Option<Arc<Led>>>,
    stopping: AtomicBool,
    /// The stop is near: what is found is made ready now, and nobody waits for more.
    draining: AtomicBool,
    /// Whether the log folder was looked at since the start: what appears from then on is new.
    looked: AtomicBool,
    caught_up: AtomicBool,
    failure: Mutex<Option<String>>,
    notes: Notes,
    /// No ticket is looked at again before that.
    settles_from: Mutex<Instant>,
    /// Raised when something was committed or is to be said, when the lead changes, and at the stop.
    signal: Arc<Signal>,
    /// Wakes the tail's thread before its pause is over.
    hint: Sender<()>,
    hints: Receiver<()>,
}

/// Follows the logs on a thread of its own, and keeps what it finds in the spool.
#[derive(Debug)]
pub struct Agent {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Agent {
    /// An agent with these settings, at rest.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self::at(config, None)
    }

    /// The same, with its spool elsewhere. The tests' seam: their place has a drive that fails.
    #[doc(hidden)]
    #[must_use]
    pub fn with_place(config: Config, place: Place) -> Self {
        Self::at(config, Some(place))
    }

    fn at(config: Config, place: Option<Place>) -> Self {
        let user_login = config.user_login.clone().unwrap_or_default();
        let facts = Facts { user_login, project_id: None, environment: "{}".into() };
        let (hint, hints) = bounded(1);
        let signal = Arc::new(Signal::default());
        let shared = Shared {
            log_folder: config.log_folder(),
            state_folder: config.state_folder(),
            surroundings: Surroundings::of_process(&config.environment_variables),
            // What does not compile is refused at the start.
            redactor: Redactor::new(&config).unwrap_or_default(),
            config,
            place,
            facts: RwLock::new(facts),
            spool: RwLock::new(None),
            stopping: AtomicBool::new(false),
            draining: AtomicBool::new(false),
            looked: AtomicBool::new(false),
            caught_up: AtomicBool::new(false),
            failure: Mutex::new(None),
            notes: Notes::raising(Arc::clone(&signal)),
            settles_from: Mutex::new(Instant::now()),
            signal,
            hint,
            hints,
        };
        Self { shared: Arc::new(shared), thread: Mutex::new(None) }
    }

    /// Starts the thread; does nothing if it runs. What is written once this has returned is new, not old news.
    pub fn start(&self) -> Result<()> {
        let mut thread = self.thread.lock();
        if thread.as_ref().is_some_and(|thread| !thread.is_finished()) {
            return Ok(());
        }
        let shared = Arc::clone(&self.shared);
        shared.stopping.store(false, Ordering::Release);
        shared.draining.store(false, Ordering::Release);
        shared.looked.store(false, Ordering::Release);
        shared.caught_up.store(false, Ordering::Release);
        *shared.failure.lock() = None;
        let pipeline = Pipeline::new(&shared.config)?;
        // What cannot work at all is said here, to the caller, rather than in a note nobody waits for.
        std::fs::read_dir(&shared.log_folder)
            .map_err(|error| Error::new(ErrorKind::LogFolder).at(&shared.log_folder).because(error))?;
        std::fs::create_dir_all(&shared.state_folder)
            .map_err(|error| Error::new(ErrorKind::StateFolder).at(&shared.state_folder).because(error))?;
        let place = shared.place.clone().unwrap_or_else(|| shared.config.place());
        let leads = match shared.try_lead(&place, pipeline.studio()) {
            Err(error) if error.kind() == &ErrorKind::SpoolBusy => false,
            other => other?,
        };
        let run = move || work::guarded(&shared, |shared| Work::run(shared, &pipeline, &place));
        let started = std::thread::Builder::new().name("tk-incident-keep".into()).spawn(run);
        let no_thread = || Error::new(ErrorKind::Internal("cannot start a thread".into()));
        *thread = Some(started.map_err(|error| no_thread().because(error))?);
        if leads {
            self.wait_until(LONGEST_FIRST_LOOK, |shared| {
                shared.looked.load(Ordering::Acquire) || shared.spool.read().is_none()
            });
        }
        Ok(())
    }

    /// Takes the evidence that is not yet due, and from now on [`Agent::next_delivery`] waits for nothing else.
    pub fn drain(&self) {
        self.shared.draining.store(true, Ordering::Release);
        self.shared.wake();
    }

    /// Stops the thread; true if it ended in time.
    pub fn stop(&self, timeout: Duration) -> bool {
        self.shared.ask_to_stop();
        let mut slot = self.thread.lock();
        let Some(thread) = slot.take() else { return true };
        // The thread raises the signal as the last thing it does, so what is left then is its return.
        if !self.wait_until(timeout, |_| thread.is_finished()) {
            *slot = Some(thread);
            return false;
        }
        // Whatever it panicked with was caught and said by its guard.
        thread.join().is_ok()
    }

    /// Says who and where, for what is found from now on. Nothing of it is kept with a secret in it.
    pub fn set_facts(&self, facts: Facts) {
        let environment = self.shared.redactor.redact_json(&facts.environment);
        *self.shared.facts.write() = Facts { environment, ..facts };
    }

    /// A text without its secrets, by the settings' own rules, too.
    #[must_use]
    pub fn redact(&self, text: &str) -> String {
        self.shared.redactor.redact(text).into_owned()
    }

    /// Waits until something is due for the site. None at the timeout, when the agent stops, and when there is something
    /// else to do: a note is to be said, or a ticket to be looked at again.
    pub fn next_delivery(&self, timeout: Duration) -> Result<Option<Delivery>> {
        let deadline = Instant::now() + timeout;
        let mut seen = self.shared.signal.seen();
        while !self.is_stopping() {
            let now = now_ms();
            let mut wait = timeout;
            let is_draining = self.shared.draining.load(Ordering::Acquire);
            match self.shared.spool().filter(|_| self.shared.config.deliver) {
                Some(spool) => {
                    if let Some(delivery) = spool.delivery_due(now)? {
                        return Ok(Some(delivery));
                    }
                    let settling = spool
                        .next_settling_ms(now)?
                        .map(|at| at.max(now.saturating_add(self.settling_pause_ms())));
                    let is_evidence_taken = || Ok::<_, Error>(spool.next_evidence_ms(now)?.is_none());
                    if settling.is_some_and(|at| at <= now) || is_draining && is_evidence_taken()? {
                        break;
                    }
                    let next = spool.next_delivery_ms(now)?.into_iter().chain(settling).min();
                    if let Some(next) = next {
                        wait = Duration::from_millis((next - now).max(1).unsigned_abs());
                    }
                }
                None if is_draining => break,
                None => {}
            }
            if self.shared.notes.are_waiting() {
                break;
            }
            let Some(left) = deadline.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
            else {
                break;
            };
            seen = self.shared.signal.wait(seen, wait.min(left));
        }
        Ok(None)
    }

    /// The deliveries whose tickets are to be looked at again now: see [`crate::spool::Spool::take_unsettled`].
    pub fn take_unsettled(&self) -> Result<Vec<Delivery>> {
        if self.settling_pause_ms() > 0 { Ok(Vec::new()) } else { self.spool()?.take_unsettled(now_ms()) }
    }

    /// The last look failed: no ticket is looked at again for so long, and nobody is woken for it.
    pub fn settle_later(&self, wait: Duration) {
        let now = Instant::now();
        *self.shared.settles_from.lock() = now.checked_add(wait).unwrap_or(now);
    }

    /// How long no ticket is looked at again, rounded up.
    fn settling_pause_ms(&self) -> i64 {
        let pause = self.shared.settles_from.lock().saturating_duration_since(Instant::now());
        i64::try_from(pause.as_micros().div_ceil(1000)).unwrap_or(i64::MAX)
    }

    /// Committed occurrences behind this row; waits until there is one.
    pub fn wait_occurrences(&self, after_id: i64, timeout: Duration) -> Result<Vec<Occurrence>> {
        let deadline = Instant::now() + timeout;
        let mut seen = self.shared.signal.seen();
        loop {
            if let Some(spool) = self.shared.spool() {
                let found = spool.occurrences(after_id)?;
                if !found.is_empty() {
                    return Ok(found);
                }
            }
            let left = deadline.checked_duration_since(Instant::now()).filter(|left| !left.is_zero());
            let Some(left) = left.filter(|_| !self.is_stopping()) else { return Ok(Vec::new()) };
            seen = self.shared.signal.wait(seen, left);
        }
    }

    /// Row of the last committed occurrence; 0 where there is none.
    pub fn last_occurrence_id(&self) -> Result<i64> {
        if let Some(spool) = self.shared.spool() {
            return spool.last_occurrence_id();
        }
        match SpoolReader::open(&self.shared.state_folder) {
            Err(error) if error.kind() == &ErrorKind::NoSpool => Ok(0),
            reader => reader?.last_occurrence_id(),
        }
    }

    /// The spool, for the steps of a delivery. An error while another reporter leads. Until it is dropped, none does.
    pub fn spool(&self) -> Result<Arc<Led>> {
        let gone =
            || Error::new(ErrorKind::Internal("this reporter does not lead: it delivers nothing".into()));
        self.shared.spool().ok_or_else(gone)
    }

    /// Where the spool is.
    #[must_use]
    pub fn state_folder(&self) -> &Path {
        &self.shared.state_folder
    }

    /// Takes what is to be said.
    pub fn take_notes(&self) -> Vec<Note> {
        self.shared.notes.take()
    }

    /// Whether this reporter leads its log folder.
    #[must_use]
    pub fn is_leader(&self) -> bool {
        self.shared.spool().is_some()
    }

    /// Whether all that the files hold has been read and committed, and no record is open.
    #[must_use]
    pub fn is_caught_up(&self) -> bool {
        self.shared.caught_up.load(Ordering::Acquire)
    }

    /// Why the thread ended by itself, if it did.
    #[must_use]
    pub fn failure(&self) -> Option<String> {
        self.shared.failure.lock().clone()
    }

    /// Waits until something holds; false if it did not in time.
    fn wait_until(&self, timeout: Duration, holds: impl Fn(&Shared) -> bool) -> bool {
        let deadline = Instant::now() + timeout;
        let mut seen = self.shared.signal.seen();
        while !holds(&self.shared) {
            let Some(left) = deadline.checked_duration_since(Instant::now()) else { return false };
            seen = self.shared.signal.wait(seen, left.min(LONGEST_BLINK));
        }
        true
    }

    fn is_stopping(&self) -> bool {
        self.shared.stopping.load(Ordering::Acquire)
    }
}

impl Drop for Agent {
    /// The thread holds no reference to the agent: nobody else can stop it any more.
    fn drop(&mut self) {
        self.shared.ask_to_stop();
    }
}

impl Shared {
    fn ask_to_stop(&self) {
        self.stopping.store(true, Ordering::Release);
        self.wake();
    }

    fn wake(&self) {
        self.signal.raise();
        // One that waits already will do.
        self.hint.try_send(()).unwrap_or_default();
    }

    fn set_caught_up(&self, caught_up: bool) {
        if self.caught_up.swap(caught_up, Ordering::AcqRel) != caught_up {
            self.signal.raise();
        }
    }

    fn spool(&self) -> Option<Arc<Led>> {
        self.spool.read().clone()
    }

    /// Takes the lead, and the spool with it; true if it is ours.
    fn try_lead(&self, place: &Place, studio: &Studio) -> Result<bool> {
        let Some(lead) = Leadership::try_take(&self.log_folder)? else { return Ok(false) };
        let spool = Spool::open_for(place, studio, self.config.ways(), &self.notes)?;
        spool.led_from(&self.log_folder)?;
        *self.spool.write() = Some(Arc::new(Led::new(spool, lead)));
        Ok(true)
    }

    /// Lets others lead, as soon as the last call into the spool has returned.
    fn give_up_lead(&self) {
        *self.spool.write() = None;
        self.signal.raise();
    }
}
