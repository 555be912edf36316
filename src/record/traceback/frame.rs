//! A call that a traceback shows.

/// What a frame is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Language {
    /// `File "a.py", line 1, in f`.
    Python,
    /// Maya's own language.
    Mel,
    /// C++, as a crash shows it.
    Native,
}

/// A call, or the calls of a recursion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The file, the module or the binary; empty where MEL was typed into a console, and where a native stack knows none.
    pub place: &'a str,
    /// The line in it; of a recursion, that of the innermost call.
    pub line: Option<u32>,
    /// What was called. A `SyntaxError` has happened in none.
    pub function: Option<&'a str>,
    /// How often it was called in a row, or in a cycle with its neighbours.
    pub times: u32,
    /// What it is written in.
    pub language: Language,
}

/// Calls that most tracebacks have at most.
const MOST_OFTEN: usize = 16;

/// The longest cycle that is folded: more functions than this rarely call one another in turn.
const LONGEST_CYCLE: usize = 8;

impl Frame<'_> {
    /// Whether both are calls of one function. A recursion may go on from several of its lines.
    fn is_like(&self, other: &Self) -> bool {
        self.function == other.function && self.place == other.place && self.language == other.language
    }

    /// Counts further calls.
    pub(super) fn repeat(&mut self, times: u32) {
        self.times = self.times.saturating_add(times);
    }
}

/// Adds the next call, and folds the cycle that it closes: `f g f g` becomes `f g`, twice each. The sum of the times
/// stays that of the calls.
pub(super) fn push<'a>(frames: &mut Vec<Frame<'a>>, frame: Frame<'a>) {
    if frames.is_empty() {
        frames.reserve(MOST_OFTEN);
    }
    frames.push(frame);
    for length in 1..=LONGEST_CYCLE.min(frames.len() / 2) {
        let end = frames.len() - length;
        let (before, again) = frames.split_at_mut(end);
        let once = before.len() - length;
        // From the end: most cycles are refuted by the frame that was added.
        if again.iter().zip(&before[once..]).rev().all(|(next, first)| next.is_like(first)) {
            for (first, next) in before[once..].iter_mut().zip(again) {
                first.line = next.line;
                first.repeat(next.times);
            }
            frames.truncate(once + length);
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(functions: &str) -> Vec<(&str, u32, u32)> {
        let mut frames = Vec::new();
        for (function, line) in functions.split_whitespace().zip(1..) {
            let (function, language) = (Some(function), Language::Python);
            push(&mut frames, Frame { place: "a.py", line: Some(line), function, times: 1, language });
        }
        frames.iter().map(|frame| (frame.function.unwrap(), frame.line.unwrap(), frame.times)).collect()
    }

    #[test]
    fn a_recursion_is_one_frame() {
        assert_eq!(folded("m f f f g"), [("m", 1, 1), ("f", 4, 3), ("g", 5, 1)]);
    }

    #[test]
    fn functions_that_call_one_another_are_folded() {
        assert_eq!(folded("m f g f g f g"), [("m", 1, 1), ("f", 6, 3), ("g", 7, 3)]);
        // Where it ended within the cycle stays to be seen.
        assert_eq!(folded("f g f g f"), [("f", 3, 2), ("g", 4, 2), ("f", 5, 1)]);
        assert_eq!(folded("f f g f f g"), [("f", 5, 4), ("g", 6, 2)]);
    }

    #[test]
    fn what_is_no_cycle_stays() {
        assert_eq!(folded("f g h f h g").len(), 6);
    }
}
