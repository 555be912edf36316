//! What a machine has built in: it does not change, and on some systems it takes a second to find out.

use std::time::{Duration, Instant};

use parking_lot::Mutex;
use serde_json::{Map, Value};

/// A program that is asked has this long.
#[cfg(any(windows, target_os = "macos"))]
const DEADLINE: Duration = Duration::from_secs(2);

/// Nobody waits longer for the answer: the rest is for what happens around the program.
const LONGEST_WAIT: Duration = Duration::from_millis(2_300);

/// Graphics cards, displays, and where variables do not tell it the locale: asked for once in a process, on a thread of
/// its own. Whoever wants to know before the answer is there waits, or does without.
#[derive(Debug)]
pub struct Hardware(Mutex<State>);

#[derive(Debug)]
enum State {
    NotAsked,
    Asked(Instant),
    Known(Map<String, Value>),
}

impl Hardware {
    /// This machine's.
    #[must_use]
    pub fn of_this_machine() -> &'static Self {
        static HARDWARE: Hardware = Hardware::unknown();
        &HARDWARE
    }

    const fn unknown() -> Self {
        Self(Mutex::new(State::NotAsked))
    }

    /// Asks, unless somebody has. Returns at once.
    pub fn ask(&'static self) {
        self.ask_by(find);
    }

    /// Whether the answer is still to come, and may be worth to be waited for.
    #[must_use]
    pub fn is_awaited(&self) -> bool {
        matches!(&*self.0.lock(), State::Asked(at) if at.elapsed() < LONGEST_WAIT)
    }

    /// What is known by now.
    #[must_use]
    pub fn known(&self) -> Map<String, Value> {
        match &*self.0.lock() {
            State::Known(answer) => answer.clone(),
            _ => Map::new(),
        }
    }

    fn ask_by(&'static self, find: impl FnOnce() -> Map<String, Value> + Send + 'static) {
        let mut state = self.0.lock();
        if !matches!(*state, State::NotAsked) {
            return;
        }
        *state = State::Asked(Instant::now());
        let answer = move || {
            let answer = find();
            *self.0.lock() = State::Known(answer);
        };
        if std::thread::Builder::new().name("tk-incident-hardware".into()).spawn(answer).is_err() {
            *state = State::Known(Map::new());
        }
    }
}

#[cfg(target_os = "linux")]
fn find() -> Map<String, Value> {
    super::linux::graphics(std::path::Path::new("/"))
}

#[cfg(target_os = "macos")]
fn find() -> Map<String, Value> {
    super::macos::graphics(DEADLINE)
}

#[cfg(windows)]
fn find() -> Map<String, Value> {
    super::windows::graphics(DEADLINE)
}

#[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
fn find() -> Map<String, Value> {
    Map::new()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossbeam_channel::bounded;

    #[test]
    fn it_is_asked_for_once_and_may_be_late() {
        let hardware: &'static Hardware = Box::leak(Box::new(Hardware::unknown()));
        assert!(!hardware.is_awaited() && hardware.known().is_empty());
        let (give, given) = bounded::<Map<String, Value>>(1);
        hardware.ask_by(move || given.recv().unwrap());
        hardware.ask_by(|| panic!("it was asked for"));
        assert!(hardware.is_awaited() && hardware.known().is_empty());
        // As if it were asked for long ago.
        *hardware.0.lock() = State::Asked(Instant::now().checked_sub(LONGEST_WAIT).unwrap());
        assert!(!hardware.is_awaited(), "it is not waited for any more");
        give.send([("gpu".to_owned(), Value::Null)].into_iter().collect()).unwrap();
        let began = Instant::now();
        while hardware.known().is_empty() {
            assert!(began.elapsed() < Duration::from_secs(20));
            std::thread::yield_now();
        }
        assert!(hardware.known().contains_key("gpu"), "who comes later has it");
    }
}
