//! The reader of Python's tracebacks: line after line, from a title to the last exception of its chain.

use super::group::{Groups, Margin};
use super::lines::{Line, Lines, Mark, indentation};
use super::python::{self, Title};
use super::{Exception, Frame, Link, Relation, Traceback, frame};

/// Where indentation is lost, so many lines behind a frame can be source: Python 3.13 shows all lines of a short
/// statement, and marks beneath each.
const MOST_SOURCE: u32 = 32;

/// Reads the traceback that begins with the next line, if one does; `before` is the line before it that is not blank.
/// Passes over what it has read, also where that was no traceback in the end.
pub(super) fn read<'a>(lines: &mut Lines<'a>, before: Option<Line<'a>>) -> Option<Traceback<'a>> {
    let mut ahead = lines.clone();
    let first = ahead.next()?;
    let mut mark = Mark::of(first.text);
    let mut reader = Reader::open(lines.body(), first, mark.strip(first.text)?, before)?;
    lines.clone_from(&ahead);
    let mut is_second = true;
    while let Some(line) = ahead.next() {
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
        lines.clone_from(&ahead);
    }
    reader.finish()
}

/// What the last line was part of.
#[derive(Debug, Clone, Copy, Default)]
enum State {
    /// The calls of the last link: its exception is still to come.
    #[default]
    Calls,
    /// What the last link's exception says.
    Message,
    /// Whatever stands behind that: only a chain's sentence goes on from there.
    After,
    /// The sentence before the next link.
    Sentence(Relation),
}

/// How the calls of the last link are laid out.
#[derive(Debug, Default)]
struct Layout {
    /// What is indented more than this is source.
    base: usize,
    /// Whether the last frame was not indented, so that neither is its source.
    is_flush: bool,
    /// Lines since the last frame that could be source or anything.
    unknown: u32,
    /// Whether a blank line stands behind the last frame.
    is_parted: bool,
}

#[derive(Default)]
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
    layout: Layout,
    /// Offset of the message's second line.
    rest: Option<usize>,
    /// The last line of the message.
    said: &'a str,
}

impl<'a> Reader<'a> {
    /// Begins with this line, if a traceback can.
    fn open(body: &'a str, line: Line<'a>, text: &'a str, before: Option<Line<'a>>) -> Option<Self> {
        let mut reader = Self { body, range: (line.start, line.end), ..Self::default() };
        let (mut column, mut bare) = indentation(text);
        if let Some((at, title)) = python::title(bare) {
            reader.begin(Relation::Root);
            reader.entitle(bare, at, column, title);
            // Neither indentation nor a mark nor a group's margin is a message.
            reader.is_within_line = !matches!(bare[..at].trim_end(), "" | "+");
            if reader.is_within_line {
                reader.range.0 += line.text.rfind(&bare[at..])?;
            }
            return Some(reader);
        }
        if let Some(relation) = python::sentence(bare) {
            // The root cause was never raised: Python shows it without a title and without frames.
            let root = before.and_then(|line| {
                Some((line, Exception::of(Mark::of(line.text).strip(line.text)?.trim_start())?))
            });
            if let Some((before, exception)) = root.filter(|(_, exception)| exception.is_plain()) {
                reader.begin(Relation::Root);
                reader.show(exception, exception.message);
                reader.range.0 = before.start;
            }
            reader.state = State::Sentence(relation);
            return Some(reader);
        }
        if let Some(inside) = bare.strip_prefix("| ") {
            reader.groups.open(column);
            (column, bare) = indentation(inside);
        }
        let first = python::frame(bare)?;
        reader.begin(Relation::Root);
        reader.call(first, column);
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
        let (column, bare) = indentation(text);
        let belongs = match self.state {
            State::Calls => self.take_call(bare, column),
            State::Message => self.take_message(line, text),
            State::After => self.take_after(bare),
            State::Sentence(relation) => self.take_next(bare, column, relation),
        };
        if belongs == Some(true) {
            self.range.1 = line.end;
        }
        belongs.is_some()
    }

    /// A line after a title or a frame. None where it ends the traceback; else whether it surely belongs to it.
    fn take_call(&mut self, bare: &'a str, column: usize) -> Option<bool> {
        if let Some(called) = python::frame(bare) {
            self.call(called, column);
            return Some(true);
        }
        if bare.is_empty() {
            self.layout.is_parted = true;
            return Some(false);
        }
        if let Some(relation) = python::sentence(bare) {
            self.state = State::Sentence(relation);
            return Some(true);
        }
        let has_frames = self.links.last().is_some_and(|link| !link.frames.is_empty());
        let title = python::title(bare);
        if let Some((at, title)) = title.filter(|_| !has_frames) {
            self.entitle(bare, at, column, title);
            return Some(true);
        }
        if let Some(times) = python::repeated(bare) {
            self.repeat(times);
            return Some(true);
        }
        if column > self.layout.base {
            return Some(true);
        }
        if let Some(exception) = self.exception(bare, has_frames) {
            self.show(exception, bare);
            if title.is_some() {
                self.quote(column);
            }
            return Some(true);
        }
        if self.layout.is_flush && self.layout.unknown < MOST_SOURCE && title.is_none() {
            self.layout.unknown += 1;
            return Some(self.layout.unknown == 1);
        }
        // `and 3 more exceptions`
        (self.groups.depth() > 0 && !has_frames).then_some(true)
    }

    /// The exception that ends the calls, if this line is one.
    fn exception(&self, text: &'a str, has_frames: bool) -> Option<Exception<'a>> {
        if matches!(self.title, Some(Title::Stack | Title::InnermostFirst)) {
            return None;
        }
        let is_ambiguous = (self.layout.is_flush && has_frames) || self.layout.is_parted;
        let is_it = if is_ambiguous { Exception::is_plain } else { Exception::is_likely };
        Exception::of(text).filter(is_it)
    }

    /// A line after the first one of a message.
    fn take_message(&mut self, line: Line<'a>, text: &'a str) -> Option<bool> {
        let (column, bare) = indentation(text);
        if bare.is_empty() {
            self.state = State::After;
            return Some(false);
        }
        if let Some(relation) = python::sentence(bare) {
            self.state = State::Sentence(relation);
            return Some(true);
        }
        if let Some((at, title)) = python::title(bare) {
            if title != Title::Exception || (at == 0 && !python::leads_to_quotation(self.said)) {
                return None;
            }
            self.quote(if at == 0 { column } else { 0 });
            return Some(true);
        }
        // At the beginning of a message it opens a text, and its lines are the message's.
        if python::is_quote(bare) && (self.rest.is_some() || !self.said.ends_with(':')) {
            self.quotes = self.quotes.saturating_sub(1);
            self.state = State::After;
            return Some(true);
        }
        let rest = *self.rest.get_or_insert(line.start);
        self.said = bare;
        if let Some(exception) = self.links.last_mut().and_then(|link| link.exception.as_mut()) {
            exception.rest = &self.body[rest..line.end];
        }
        Some(true)
    }

    /// A line behind the last message: whether it goes on with the chain.
    fn take_after(&mut self, bare: &str) -> Option<bool> {
        if let Some(relation) = python::sentence(bare) {
            self.state = State::Sentence(relation);
            return Some(true);
        }
        if python::is_quote(bare) && self.quotes > 0 {
            self.quotes -= 1;
            return Some(true);
        }
        // Another traceback: of several in one text the first explains.
        python::title(bare).is_none().then_some(false)
    }

    /// A line after a chain's sentence.
    fn take_next(&mut self, bare: &'a str, column: usize, relation: Relation) -> Option<bool> {
        if bare.is_empty() {
            return Some(false);
        }
        if let Some((at, title)) = python::title(bare) {
            self.begin(relation);
            self.entitle(bare, at, column, title);
            return Some(true);
        }
        if let Some(called) = python::frame(bare) {
            self.begin(relation);
            self.call(called, column);
            return Some(true);
        }
        // It was never raised.
        let exception = Exception::of(bare).filter(Exception::is_plain)?;
        self.begin(relation);
        self.show(exception, bare);
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
        self.layout = Layout::default();
    }

    /// A title at this offset of a line that is so far indented.
    fn entitle(&mut self, bare: &str, at: usize, column: usize, title: Title) {
        self.title = Some(title);
        let head = bare[..at].trim_end();
        if title == Title::Group && head.ends_with('+') {
            // Behind a message the margin's column is Python's own.
            self.groups.open(if head == "+" { column } else { 2 });
        }
        self.layout.base = if head.is_empty() { column } else { 0 };
    }

    fn call(&mut self, called: Frame<'a>, column: usize) {
        let base = column.saturating_sub(2);
        self.layout = Layout { base, is_flush: column == 0, ..Layout::default() };
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

    fn show(&mut self, exception: Exception<'a>, said: &'a str) {
        if let Some(link) = self.links.last_mut() {
            link.exception = Some(exception);
        }
        self.rest = None;
        self.said = said;
        self.state = State::Message;
    }

    /// The message goes on with the title of a traceback that is so far indented.
    fn quote(&mut self, column: usize) {
        self.quotes += 1;
        self.begin(Relation::Quoted);
        self.layout.base = column;
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
