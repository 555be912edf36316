//! What the core wants said. It does not log: Python takes the notes and logs them.

use std::collections::HashSet;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::signal::Signal;

/// One thing to say, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// What kind of thing happened.
    pub code: &'static str,
    /// What happened, to which file or field, and what to do.
    pub text: String,
}

/// Notes that wait to be taken.
#[derive(Debug, Default)]
pub struct Notes {
    state: Mutex<State>,
    /// Raised with each of them.
    news: Arc<Signal>,
}

#[derive(Debug, Default)]
struct State {
    waiting: Vec<Note>,
    /// What stands and was said. Taken out again by [`Notes::over`], so that it can be said anew.
    said: HashSet<(&'static str, String)>,
}

/// More kinds of trouble at once than this are one trouble: the list must not grow for ever.
const MOST: usize = 256;

impl Notes {
    /// No notes yet; whoever takes them waits for this.
    pub(crate) fn raising(news: Arc<Signal>) -> Self {
        Self { state: Mutex::default(), news }
    }

    /// Says something about a thing (a path, a field), unless it was said and is not yet over.
    pub fn say(&self, code: &'static str, about: &str, text: impl FnOnce() -> String) {
        let mut state = self.state.lock();
        if state.said.len() < MOST && state.said.insert((code, about.to_owned())) {
            state.waiting.push(Note { code, text: text() });
            drop(state);
            self.news.raise();
        }
    }

    /// What was said about a thing no longer holds.
    pub fn over(&self, code: &'static str, about: &str) {
        let mut state = self.state.lock();
        if !state.said.is_empty() {
            state.said.remove(&(code, about.to_owned()));
        }
    }

    /// Takes what waits.
    pub fn take(&self) -> Vec<Note> {
        std::mem::take(&mut self.state.lock().waiting)
    }

    /// Whether one waits.
    #[must_use]
    pub fn are_waiting(&self) -> bool {
        !self.state.lock().waiting.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_standing_trouble_is_said_once() {
        let notes = Notes::default();
        for _ in 0..3 {
            notes.say("unreadable", "a.log", || "a.log cannot be read".into());
        }
        assert_eq!(notes.take().len(), 1);
        notes.over("unreadable", "a.log");
        notes.say("unreadable", "a.log", || "again".into());
        assert_eq!(notes.take()[0].text, "again");
    }
}
