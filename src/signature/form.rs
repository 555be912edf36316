//! What a problem is, as one text: what is hashed.

use super::clip::{beginning, end};
use super::lately;
use super::module::{self, Owner};
use super::normal::{self, Mask, Reading};
use super::{SignatureKind, Studio, class, family};
use crate::record::Parts;
use crate::record::traceback::{Exception, Frame, Language, Link, Relation, Traceback};

/// Frames that count, from the innermost one on: what is further out is the host's way in.
const MOST_FRAMES: usize = 16;

/// Exceptions of a chain or members of a group that count.
const MOST_LINKS: usize = 8;

/// Bytes of an exception's further lines that count.
const MOST_REST: usize = 512;

/// Bytes of a name that count: no program gives longer ones, and a broken text may.
const MOST_NAME: usize = 512;

/// The text, and what it was made from.
pub struct Form {
    pub text: String,
    pub kind: SignatureKind,
    pub why: &'static str,
}

/// What was decided on the way, for [`super::explain`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact<'a> {
    /// A piece of a text was taken for a value.
    Masked(Mask, &'a str),
    /// A frame was looked at; its module, and what became of it.
    Frame(&'a Frame<'a>, &'a str, Verdict),
}

/// What became of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It counts.
    Kept,
    /// It does not, for this reason.
    Dropped(&'static str),
}

/// Makes the form of a text that was taken apart. Each decision is told.
pub fn form(parts: &Parts<'_>, studio: &Studio, tell: impl FnMut(Fact<'_>)) -> Form {
    if let Some(key) = studio.overriding(parts) {
        let text = format!("override {key}");
        return Form {
            text,
            kind: SignatureKind::Override,
            why: "a rule of signature_overrides names its key",
        };
    }
    let mut writer = Writer { studio, out: String::with_capacity(256), tell };
    match &parts.traceback {
        Some(traceback) if traceback.explaining().is_some() => {
            writer.traceback(traceback);
            let why = "the text shows an exception: its class, what it says without values, and the calls that led to it count";
            Form { text: writer.out, kind: SignatureKind::Exception, why }
        }
        // The line with the exception was lost: what was logged with it says more than the calls alone.
        Some(traceback) => {
            writer.message(parts);
            writer.frames(&traceback.links[0].frames);
            let why =
                "the text shows calls, but no exception: the message without values and the calls count";
            Form { text: writer.out, kind: SignatureKind::Message, why }
        }
        None => {
            writer.message(parts);
            let why = "the text shows no exception: the logger's family and the message without values count";
            Form { text: writer.out, kind: SignatureKind::Message, why }
        }
    }
}

struct Writer<'s, F> {
    studio: &'s Studio,
    out: String,
    tell: F,
}

impl<F: FnMut(Fact<'_>)> Writer<'_, F> {
    fn message(&mut self, parts: &Parts<'_>) {
        self.out.push_str("message ");
        // A proxied record has the logger of the process that handed it on.
        if let Some(logger) = parts.logger.filter(|_| !parts.is_proxied) {
            self.out.push_str(&family::family(beginning(logger, MOST_NAME)));
        }
        self.out.push_str(": ");
        self.normal(&parts.message, Reading::Message);
    }

    fn traceback(&mut self, traceback: &Traceback<'_>) {
        let links = &traceback.links;
        if links.iter().any(|link| link.relation == Relation::Member) {
            self.group(links);
            return;
        }
        let root = traceback.explaining_link().filter(|link| link.exception.is_some());
        let Some(root) = root.or_else(|| links.iter().find(|link| link.exception.is_some())) else { return };
        self.link(root);
        for further in links.iter().filter(|link| !std::ptr::eq(*link, root)).take(MOST_LINKS) {
            if let Some(exception) = &further.exception {
                self.out.push_str("\nthen ");
                self.out.push_str(class::canonical(end(exception.name, MOST_NAME)));
            }
        }
    }

    /// Of a group its members count, in whatever order they failed.
    fn group(&mut self, links: &[Link<'_>]) {
        let mut members = Vec::new();
        let begins = |at: &usize| links[*at].relation == Relation::Member;
        let is_group = |at: usize| links.get(at + 1).is_some_and(|next| next.depth > links[at].depth);
        for at in (0..links.len()).filter(begins).filter(|at| !is_group(*at)).take(MOST_LINKS * 2) {
            let outer = std::mem::take(&mut self.out);
            self.link(&links[at]);
            members.push(std::mem::replace(&mut self.out, outer));
        }
        members.sort_unstable();
        members.dedup();
        self.out.push_str("group\n");
        self.out.push_str(&members.join("\nand "));
    }

    fn link(&mut self, link: &Link<'_>) {
        if let Some(Exception { name, message, rest }) = link.exception {
            let class = class::canonical(end(name, MOST_NAME));
            self.out.push_str(class);
            self.out.push_str(": ");
            let reading = if class::is_about_code(class) { Reading::Code } else { Reading::Message };
            self.normal(class::said(class, &normal::with_plain_quotes(message)), reading);
            let rest = beginning(rest, MOST_REST);
            if !rest.trim().is_empty() {
                self.out.push(' ');
                self.normal(rest, reading);
            }
        }
        self.frames(&link.frames);
    }

    /// A studio's own calls count, in their order. Only where there are none do all of them.
    fn frames(&mut self, frames: &[Frame<'_>]) {
        let begin = self.out.len();
        for only_own in [true, false] {
            for frame in &frames[frames.len().saturating_sub(MOST_FRAMES)..] {
                self.frame(frame, only_own);
            }
            if self.out.len() > begin {
                return;
            }
        }
    }

    fn frame(&mut self, frame: &Frame<'_>, only_own: bool) {
        let start = self.out.len();
        self.out.push_str("\nin ");
        let module = self.out.len();
        let place = end(frame.place, MOST_NAME);
        let owner = match frame.language {
            Language::Native => native(place, &mut self.out),
            Language::Python | Language::Mel => lately::module(place, &mut self.out),
        };
        let verdict = match owner {
            Owner::Framework(whose) if only_own => Verdict::Dropped(whose),
            _ => Verdict::Kept,
        };
        (self.tell)(Fact::Frame(frame, &self.out[module..], verdict));
        if verdict != Verdict::Kept {
            self.out.truncate(start);
            return;
        }
        if let Some(function) = frame.function {
            self.out.push_str(" : ");
            self.out.push_str(function_name(beginning(function, MOST_NAME), frame.language));
        }
    }

    fn normal(&mut self, text: &str, reading: Reading) {
        let text = normal::with_plain_quotes(text);
        let fixed = self.studio.fixed(&text);
        let tell = &mut self.tell;
        normal::normal_form(&text, reading, &fixed, &mut self.out, |mask, value| {
            tell(Fact::Masked(mask, value));
        });
    }
}

/// The library that a native frame is in, without the version of its file.
fn native(place: &str, out: &mut String) -> Owner {
    let owner = module::module(place.rsplit(['/', '\\']).next().unwrap_or(place), out);
    let name = out.rsplit(' ').next().unwrap_or_default();
    let system = [
        "libc",
        "libpthread",
        "ld-linux",
        "ntdll",
        "kernel32",
        "kernelbase",
        "libsystem",
        "libdyld",
        "dyld",
        "ucrtbase",
    ];
    if system.iter().any(|library| name.starts_with(library)) {
        return Owner::Framework("the system's library");
    }
    owner
}

/// A function without what differs from build to build: arguments stay, an offset and an address go.
fn function_name(function: &str, language: Language) -> &str {
    if language != Language::Native {
        return function;
    }
    let end = function.find("+0x").or_else(|| function.find(" + ")).unwrap_or(function.len());
    function[..end].trim_end()
}
