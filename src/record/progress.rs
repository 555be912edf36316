//! How far a traceback has come, line by line: what can stand next in it.

use super::traceback;

/// What was last seen of a traceback.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Nothing: the lines are those of a message.
    Message,
    /// Its title, or a frame.
    Frames,
    /// A frame without its indentation: the line below is its source, whatever it looks like.
    Source,
    /// Its exception, or a part of an exception group.
    Exception,
    /// A sentence that says how the next traceback of the chain came of this one.
    Relation,
}

/// What the sentences between the tracebacks of a chain begin with.
const RELATIONS: [&[u8]; 2] =
    [b"During handling of the above exception", b"The above exception was the direct cause"];

impl Progress {
    /// Where a record stands whose message begins with this line.
    #[must_use]
    pub fn at_start(message: &[u8]) -> Self {
        Self::Message.after(message)
    }

    /// Where it stands after the next line.
    #[must_use]
    pub fn after(self, line: &[u8]) -> Self {
        self.next(line).unwrap_or(Self::Message)
    }

    /// Where it stands after the next line; None if that can be no part of the same traceback, nor of an indented
    /// message.
    #[must_use]
    pub fn next(self, line: &[u8]) -> Option<Self> {
        let line = line.trim_ascii_end();
        if self == Self::Source {
            return Some(Self::Frames);
        }
        let is_indented = line.is_empty() || traceback::is_indented(line);
        if is_indented {
            let text = line.trim_ascii_start();
            // The frames of a group stand behind a border.
            if text.starts_with(b"+ Exception Group Traceback") {
                return Some(Self::Exception);
            }
            return Some(if self == Self::Message && traceback::is_title(line) {
                Self::Frames
            } else {
                self
            });
        }
        match self {
            Self::Message | Self::Relation => is_title(line).then_some(Self::Frames),
            // The exception of the one before was lost.
            Self::Frames if is_title(line) => Some(Self::Frames),
            Self::Frames if line.starts_with(b"File \"") => Some(Self::Source),
            Self::Frames => traceback::may_go_on_with(line).then_some(Self::Exception),
            Self::Exception => {
                RELATIONS.iter().any(|relation| line.starts_with(relation)).then_some(Self::Relation)
            }
            Self::Source => Some(Self::Frames),
        }
    }

    /// Whether a traceback has begun and has not shown its exception.
    #[must_use]
    pub fn is_before_exception(self) -> bool {
        matches!(self, Self::Frames | Self::Source)
    }
}

/// Whether a line begins a traceback, or one of a group of exceptions.
#[must_use]
pub fn is_title(line: &[u8]) -> bool {
    let text = line.trim_ascii_start();
    traceback::is_title(text.strip_prefix(b"+ Exception Group ").unwrap_or(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of the lines belong together.
    fn length(lines: &str) -> usize {
        let mut progress = Progress::Message;
        lines
            .lines()
            .take_while(|line| {
                let next = progress.next(line.as_bytes());
                progress = next.unwrap_or(progress);
                next.is_some()
            })
            .count()
    }

    #[test]
    fn a_traceback_ends_behind_its_exception() {
        let one =
            "Traceback (most recent call last):\n  File \"a.py\", line 1, in f\n    g()\nKeyError: 'x'\n";
        assert_eq!(length(&format!("{one}done")), 4);
        assert_eq!(length(&format!("{one}{one}")), 4, "the next one is another");
        assert_eq!(length(&format!("{one}\nDuring handling of the above exception, another\n\n{one}x")), 11);
        assert_eq!(length("Traceback (most recent call last):\n  File \"a.py\"\nall went well then\n"), 2);
    }

    #[test]
    fn a_traceback_may_have_lost_its_indentation() {
        let lost = "Traceback (most recent call last):\nFile \"a.py\", line 1, in f\nreturn {}[name] # x\n\
                    KeyError: 'x'\ndone";
        assert_eq!(length(lost), 4);
    }

    #[test]
    fn a_group_ends_with_its_border() {
        let group = "  + Exception Group Traceback (most recent call last):\n  |   File \"a.py\", line 1, in f\n  \
                     | ExceptionGroup: two (2 sub-exceptions)\n  +-+---------------- 1 ----------------\n    | \
                     Traceback (most recent call last):\n    | KeyError: 'x'\n    +------------------------------------\n\
                     done";
        assert_eq!(length(group), 7);
    }
}
