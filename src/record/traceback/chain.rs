//! The reader of Python's tracebacks: line after line, from a title to the last exception of its chain.

use super::group::{Groups, Margin};
use super::lines::{Line, Lines, Mark, indentation};
use super::python::{self, Title};
use super::{Exception, Frame, Link, Relation, Traceback, frame};

/// Where indentation is lost, so many lines behind a frame can be source: Python shows the first and the last line of
/// a statement, and marks beneath each.
const MOST_SOURCE: u32 = 8;

/// Reads the traceback that begins with the next line, if one does; `before` is the line before it that is not blank.
/// Passes over what it has read, also where that was no traceback in the end.
pub(super) fn read<'a>(lines: &mut Lines<'a>, before: Option<Line<'a>>) -> Option<Traceback<'a>> {
    let first = lines.peek()?;
    let mut mark = Mark::of(first.text);
    let mut reader = Reader::open(lines.body(), first, mark.strip(first.text)?, before)?;
    lines.next();
    let mut is_second = true;
    while let Some(line) = lines.peek() {
        let text = match mark.strip(line.text) {
            Some(text) => text,
            None if line.text.is_empty() => "",
            // `# Error: ` before the first line only.
            None if is_second => {
                mark = Mark::None;
                line.text
            }
            None => break,
        };
        if !reader.take(line, text) {
            break;
        }
        is_second = false;
        lines.next();
    }
    reader.finish()
}

/// What the last line was part of.
#[derive(Debug, Clone, Copy)]
enum State {
    /// The calls of the last link: its exception is still to come.
    Calls,
    /// What the last link's exception says.
    Message,
    /// Whatever stands behind that: only a chain's sentence goes on from there.
    After,
    /// The sentence before the next link.
    Sentence(Relation),
}

struct Reader<'a> {
    body: &'a str,
    links: Vec<Link<'a>>,
    state: State,
    groups: Groups,
    /// How many messages around this line quote what it is part of.
    quotes: usize,
    /// The title; none where the first line was lost.
    title: Option<Title>,
    /// Whether text stands before the title on its line.
    is_within_line: bool,
    /// Offset of the first byte, and behind the last line that surely belongs to it.
    range: (usize, usize),
    /// What is indented more than this is source.
    base: usize,
    /// Whether the last frame was not indented, so that neither is its source.
    is_flush: bool,
    /// Lines since the last frame that could be source or anything.
    unknown: u32,
    /// Whether a blank line stands behind the last frame.
    is_parted: bool,
    /// Offset of the message's second line.
    rest: Option<usize>,
    /// The last line of the message.
    said: &'a str,
}

impl<'a> Reader<'a> {
    /// Begins with this line, if a traceback can.
    fn open(body: &'a str, line: Line<'a>, text: &'a str, before: Option<Line<'a>>) -> Option<Self> {
        let mut reader = Self {
            body,
            links: Vec::new(),
            state: State::Calls,
            groups: Groups::default(),
            quotes: 0,
            title: None,
            is_within_line: false,
            range: (line.start, line.end),
            base: 0,
            is_flush: false,
            unknown: 0,
            is_parted: false,
            rest: None,
            said: "",
        };
        if let Some((at, title)) = python::title(text) {
            let column = line.text.len() - text.len() + at;
            let head = line.text[..column].trim_end();
            reader.begin(Relation::Root);
            reader.entitle(text, at, title);
            reader.is_within_line = !matches!(head, "" | "#" | "//") && !reader.groups.is_open();
            // Indentation is no message, nor is a group's margin.
            let head = head.strip_suffix('+').filter(|_| title == Title::Group).unwrap_or(head);
            reader.range.0 = line.start + if Mark::of(line.text) == Mark::None { head.len() } else { column };
            return Some(reader);
        }
        if let Some(relation) = python::sentence(text) {
            // The root cause was never raised: Python shows it without a title and without frames.
            let root = before.and_then(|before| Some((before, Exception::of(before.text)?)));
            if let Some((before, exception)) = root.filter(|(_, exception)| exception.is_plain()) {
                reader.begin(Relation::Root);
                reader.show(exception);
                reader.range.0 = before.start;
            }
            reader.state = State::Sentence(relation);
            return Some(reader);
        }
        let column = indentation(text);
        let inside = text[column..].strip_prefix("| ");
        let first = python::frame(inside.unwrap_or(text))?;
        if inside.is_some() {
            reader.groups.open(column);
        }
        reader.begin(Relation::Root);
        reader.call(first, inside.unwrap_or(text));
        Some(reader)
    }

    /// Takes the next line; whether it belongs to the traceback, or something behind it may.
    fn take(&mut self, line: Line<'a>, text: &'a str) -> bool {
        let text = match self.groups.read(text) {
            Margin::Text(text) => text,
            Margin::Member => {
                self.quotes = 0;
                self.begin(Relation::Member);
                self.range.1 = line.end;
                return true;
            }
            Margin::Close => {
                self.quotes = 0;
                self.state = State::After;
                self.range.1 = line.end;
                return true;
            }
            Margin::Outside if self.groups.is_open() && !text.is_empty() => {
                self.groups.leave();
                self.quotes = 0;
                self.state = State::After;
                text
            }
            Margin::Outside => text,
        };
        let goes_on = match self.state {
            State::Calls => self.take_call(text),
            State::Message => self.take_message(line, text),
            State::After => return self.take_after(line, text),
            State::Sentence(relation) => self.take_next(text, relation),
        };
        goes_on.is_some_and(|belongs| {
            if belongs {
                self.range.1 = line.end;
            }
            true
        })
    }

    /// A line after a title or a frame. None where it ends the traceback; else whether it surely belongs to it.
    fn take_call(&mut self, text: &'a str) -> Option<bool> {
        let has_frames = self.links.last().is_some_and(|link| !link.frames.is_empty());
        if let Some(called) = python::frame(text) {
            self.call(called, text);
            return Some(true);
        }
        if text.is_empty() {
            self.is_parted = true;
            return Some(false);
        }
        if let Some(relation) = python::sentence(text) {
            self.state = State::Sentence(relation);
            return Some(true);
        }
        if let Some((at, title)) = python::title(text).filter(|_| !has_frames) {
            self.entitle(text, at, title);
            return Some(true);
        }
        if let Some(times) = python::repeated(text) {
            self.repeat(times);
            return Some(true);
        }
        if indentation(text) > self.base {
            return Some(true);
        }
        let bare = text.trim_start();
        if let Some(exception) = self.exception(bare, has_frames) {
            self.show(exception);
            self.said = bare;
            if python::title(bare).is_some() {
                self.quote(text);
            }
            return Some(true);
        }
        if self.is_flush && self.unknown < MOST_SOURCE && python::title(text).is_none() {
            self.unknown += 1;
            return Some(self.unknown == 1);
        }
        // `and 3 more exceptions`
        (self.groups.depth() > 0 && !has_frames).then_some(true)
    }

    /// The exception that ends the calls, if this line is one.
    fn exception(&self, text: &'a str, has_frames: bool) -> Option<Exception<'a>> {
        if matches!(self.title, Some(Title::Stack | Title::InnermostFirst)) {
            return None;
        }
        let is_ambiguous = (self.is_flush && has_frames) || self.is_parted;
        Exception::of(text).filter(|exception| !is_ambiguous || exception.is_plain())
    }

    /// A line after the first one of a message.
    fn take_message(&mut self, line: Line<'a>, text: &'a str) -> Option<bool> {
        if text.is_empty() {
            self.state = State::After;
            return Some(false);
        }
        if let Some(relation) = python::sentence(text) {
            self.state = State::Sentence(relation);
            return Some(true);
        }
        if let Some((at, title)) = python::title(text) {
            let is_within_line = !text[..at].trim().is_empty();
            let is_quoted = is_within_line || python::leads_to_quotation(self.said);
            return (is_quoted && title == Title::Exception).then(|| {
                self.quote(text);
                true
            });
        }
        if python::is_quote(text) && (self.rest.is_some() || !self.said.ends_with(':')) {
            self.unquote();
            self.state = State::After;
            return Some(true);
        }
        let rest = *self.rest.get_or_insert(line.start);
        self.said = text;
        if let Some(exception) = self.links.last_mut().and_then(|link| link.exception.as_mut()) {
            exception.rest = &self.body[rest..line.end];
        }
        Some(true)
    }

    /// A line behind the last message.
    fn take_after(&mut self, line: Line<'a>, text: &'a str) -> bool {
        if let Some(relation) = python::sentence(text) {
            self.state = State::Sentence(relation);
            self.range.1 = line.end;
        } else if python::is_quote(text) && self.quotes > 0 {
            self.unquote();
            self.range.1 = line.end;
        }
        // Another traceback: of several in one text the first explains.
        python::title(text).is_none()
    }

    /// A line after a chain's sentence.
    fn take_next(&mut self, text: &'a str, relation: Relation) -> Option<bool> {
        if text.is_empty() {
            return Some(false);
        }
        if let Some((at, title)) = python::title(text) {
            self.begin(relation);
            self.entitle(text, at, title);
            return Some(true);
        }
        if let Some(called) = python::frame(text) {
            self.begin(relation);
            self.call(called, text);
            return Some(true);
        }
        // It was never raised.
        let exception = Exception::of(text.trim_start()).filter(Exception::is_plain)?;
        self.begin(relation);
        self.show(exception);
        self.said = text;
        Some(true)
    }

    fn begin(&mut self, relation: Relation) {
        let depth = u32::try_from(self.groups.depth() + self.quotes).unwrap_or(u32::MAX);
        // What showed nothing is no link: a title whose lines were lost, the members that a group does not show.
        if self.links.last().is_some_and(Link::is_empty) {
            self.links.pop();
        }
        self.links.push(Link { relation, depth, exception: None, frames: Vec::new() });
        self.state = State::Calls;
        self.base = 0;
        self.is_flush = false;
        self.unknown = 0;
        self.is_parted = false;
    }

    fn entitle(&mut self, text: &str, at: usize, title: Title) {
        self.title = Some(title);
        let head = text[..at].trim();
        if title == Title::Group && head.ends_with('+') {
            // Behind a message the margin's column is Python's own.
            self.groups.open(if head == "+" { indentation(text) } else { 2 });
        }
        self.base = if head.is_empty() { indentation(text) } else { 0 };
    }

    fn call(&mut self, called: Frame<'a>, text: &str) {
        let indentation = indentation(text);
        self.base = indentation.saturating_sub(2);
        self.is_flush = indentation == 0;
        self.unknown = 0;
        self.is_parted = false;
        if let Some(frames) = self.frames() {
            frame::push(frames, called);
        }
    }

    fn repeat(&mut self, times: u32) {
        if let Some(last) = self.frames().and_then(|frames| frames.last_mut()) {
            last.repeat(times);
        }
    }

    fn frames(&mut self) -> Option<&mut Vec<Frame<'a>>> {
        self.links.last_mut().map(|link| &mut link.frames)
    }

    fn show(&mut self, exception: Exception<'a>) {
        if let Some(link) = self.links.last_mut() {
            link.exception = Some(exception);
        }
        self.rest = None;
        self.state = State::Message;
    }

    /// The message goes on with a traceback's title.
    fn quote(&mut self, text: &str) {
        self.quotes += 1;
        self.begin(Relation::Quoted);
        self.base = indentation(text);
    }

    fn unquote(&mut self) {
        self.quotes = self.quotes.saturating_sub(1);
    }

    /// The traceback, if it was one.
    fn finish(mut self) -> Option<Traceback<'a>> {
        self.links.retain(|link| !link.is_empty());
        let mut frames = self.links.iter().flat_map(|link| &link.frames);
        let shows_exception = self.links.iter().any(|link| link.exception.is_some());
        let is_one = match self.title {
            Some(_) if self.is_within_line => frames.next().is_some(),
            Some(_) => frames.next().is_some() || shows_exception,
            // Without its title a frame must be plain, or end as only Python ends.
            None => frames.any(python::is_plain) || self.links.iter().any(is_of_syntax),
        };
        if self.title == Some(Title::InnermostFirst) {
            self.links.iter_mut().for_each(|link| link.frames.reverse());
        }
        is_one.then_some(Traceback { range: self.range.0..self.range.1, links: self.links })
    }
}

/// Whether this is what the interpreter says of source that it cannot read.
fn is_of_syntax(link: &Link<'_>) -> bool {
    let names = ["SyntaxError", "IndentationError", "TabError"];
    let is_named = |exception: &Exception<'_>| names.iter().any(|name| exception.name.ends_with(name));
    !link.frames.is_empty() && link.exception.as_ref().is_some_and(is_named)
}
