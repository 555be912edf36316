//! The traceback grammar: what a text shows of the calls and exceptions that led to it.
//!
//! [`find`] looks for the first line that can begin a traceback. Python's are read by [`chain`], whose lines [`python`],
//! [`exception`] and [`group`] know; [`mel`] and [`native`] read what Maya and a crash print. [`lines`] takes away what
//! a host puts before each line. Each line is looked at a bounded number of times, whatever stands in it.

mod chain;
mod exception;
mod frame;
mod group;
mod lines;
mod link;
mod mel;
mod native;
mod python;

use std::ops::Range;

pub use exception::Exception;
pub use frame::{Frame, Language};
use lines::{Lines, Mark};
pub use link::{Link, Relation};

/// The calls and exceptions that a text shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Traceback<'a> {
    /// Where it stands in the text, from its title to the end of the last exception's message.
    pub range: Range<usize>,
    /// Its exceptions in the order in which Python prints them: the root cause first, a group before its members. At
    /// least one.
    pub links: Vec<Link<'a>>,
}

impl<'a> Traceback<'a> {
    /// One exception, or none, and its calls.
    fn of_calls(range: Range<usize>, exception: Option<Exception<'a>>, frames: Vec<Frame<'a>>) -> Self {
        Self { range, links: vec![Link { relation: Relation::Root, depth: 0, exception, frames }] }
    }

    /// The exception that explains it: the root cause of the chain.
    ///
    /// A group's message says nothing, and a message that quotes a traceback says less than that: there it is the first
    /// member's, or the quoted one's, root cause. In a task group that is the task that failed first. Where its line was
    /// lost, it is the first one that is shown; none where none is.
    #[must_use]
    pub fn explaining(&self) -> Option<&Exception<'a>> {
        let shown = |link: &'_ Link<'a>| link.exception.is_some();
        let link = self.explaining_link().filter(|link| shown(link));
        link.or_else(|| self.links.iter().find(|link| shown(link)))?.exception.as_ref()
    }

    /// The link of the root cause, with the calls that led to it.
    #[must_use]
    pub fn explaining_link(&self) -> Option<&Link<'a>> {
        let wraps = |pair: &[Link<'a>]| pair[0].depth < pair[1].depth;
        let wrappers = self.links.windows(2).take_while(|pair| wraps(pair)).count();
        self.links.get(wrappers)
    }
}

/// Finds the first traceback of a text.
#[must_use]
pub fn find(body: &str) -> Option<Traceback<'_>> {
    let mut lines = Lines::new(body);
    let mut ahead = lines.clone();
    let mut before = None;
    while let Some(line) = ahead.next() {
        if may_begin(line.text) {
            let start = lines.position();
            let found = mel::read(&mut lines)
                .or_else(|| native::read(&mut lines))
                .or_else(|| chain::read(&mut lines, before));
            if found.is_some() {
                return found;
            }
            if lines.position() > start {
                ahead.clone_from(&lines);
            }
        }
        lines.clone_from(&ahead);
        before = if line.is_blank() { before } else { Some(line) };
    }
    None
}

/// The line of the first call that [`find`] finds, where the first lines say which it is: the traceback begins with
/// Python's own title, and the call stands right below it.
#[must_use]
pub fn first_call(body: &str) -> Option<&str> {
    let mut lines = Lines::new(body);
    let title = lines.by_ref().find(|line| may_begin(line.text))?;
    let (_, call) = lines::indentation(lines.next()?.text);
    (title.text == "Traceback (most recent call last):" && python::frame(call).is_some()).then_some(call)
}

/// Whether a traceback can begin with a line of this kind. Most lines tell by their ends that none does, and a text of
/// a megabyte can have a million of them.
fn may_begin(text: &str) -> bool {
    let bare = text.trim_ascii_start();
    let (Some(first), Some(last)) = (bare.bytes().next(), bare.bytes().last()) else {
        return false;
    };
    let begins = match first {
        // A mark with a line, a frame of gdb's.
        b'#' | b'/' => bare.len() > 2,
        b'F' => bare.starts_with("File "),
        b'L' | b'[' => Mark::of(bare) == Mark::Unreal,
        // A margin.
        b'|' => true,
        b'E' => bare.starts_with("Error: file: "),
        b'W' => bare.starts_with("Warning: file: "),
        b'S' => mel::is_trace(bare),
        b'0'..=b'9' => native::is_numbered(bare),
        _ => false,
    };
    begins
        || match last {
            // A title, or a chain's sentence.
            b':' => python::title(bare).is_some() || python::sentence(bare).is_some(),
            // The other frames of native stacks.
            b']' | b'>' => true,
            _ => false,
        }
        || memchr::memchr(b'!', bare.as_bytes()).is_some()
}

/// Whether a line begins a traceback.
#[must_use]
pub fn is_title(line: &[u8]) -> bool {
    line.trim_ascii_start().starts_with(b"Traceback (most recent call last):")
}

/// Whether a line stands within a traceback: it shows a frame, or its source.
#[must_use]
pub fn is_indented(line: &[u8]) -> bool {
    line.starts_with(b" ") || line.starts_with(b"\t")
}

/// Whether a line can be the next one of a traceback: a frame, or the exception that ends it.
#[must_use]
pub fn may_go_on_with(line: &[u8]) -> bool {
    is_indented(line) || std::str::from_utf8(line).is_ok_and(|line| Exception::of(line).is_some())
}
