//! The pass over a message: what it writes, and what it remembers. What stands in quotes, behind an equals sign or in angle
//! brackets is read in [`super::delimited`].

use std::ops::Range;

use super::chunk::{self, Class, Seen, class, is_word};
use super::normal::{Fixed, Mask, Reading, VALUE};
use super::shape::{self, Shape};
use super::words::{self, Role, Word};
use crate::redact::mark;

/// What stood before, as far as it says something about what comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Before {
    Nothing,
    Number,
    Path,
    A(Role),
}

/// The pass.
pub struct Walk<'a, F> {
    pub(super) text: &'a str,
    pub(super) bytes: &'a [u8],
    pub(super) reading: Reading,
    masked: F,
    pub(super) at: usize,
    pub(super) limit: usize,
    out: &'a mut String,
    /// Where in `out` the form begins.
    begin: usize,
    /// Words, with one blank between two, that are still to be written: all at once.
    pending: Range<usize>,
    pub(super) before: Before,
    is_date: bool,
    ends_in_value: bool,
    /// False once a bracket was found that nothing closes: it would be looked for again and again.
    pub(super) may_be_balanced: bool,
}

impl<'a, F: FnMut(Mask, &str)> Walk<'a, F> {
    /// A pass that appends the form to `out`, and hands each value to `masked`.
    pub fn new(text: &'a str, reading: Reading, out: &'a mut String, masked: F) -> Self {
        Self {
            text,
            bytes: text.as_bytes(),
            reading,
            masked,
            at: 0,
            limit: text.len(),
            begin: out.len(),
            out,
            pending: 0..0,
            before: Before::Nothing,
            is_date: false,
            ends_in_value: false,
            may_be_balanced: true,
        }
    }

    /// Goes through the text; what is fixed is taken as it says.
    pub fn through(mut self, fixed: &[Fixed]) {
        let end = self.text.len();
        for Fixed { range, is_kept } in fixed.iter().filter(|fixed| fixed.range.end <= end) {
            self.limit = range.start;
            self.go();
            if *is_kept {
                self.word(range.clone());
            } else {
                self.value(Mask::Studio, range.clone());
            }
            self.at = range.end;
        }
        self.limit = end;
        self.go();
        self.write_words();
    }

    fn go(&mut self) {
        while self.at < self.limit {
            let byte = self.bytes[self.at];
            match class(byte) {
                Class::Blank => self.at += 1,
                Class::Delimiter => match byte {
                    b'"' | b'\'' | b'`' => self.quotation(byte),
                    b'=' => self.assignment(),
                    b'<' => self.object(),
                    b'|' => self.node_path(),
                    // One that a studio's rule cuts is no mark.
                    b'[' if mark::end(self.bytes, self.at).is_some_and(|end| end <= self.limit) => {
                        self.chunk();
                    }
                    _ => self.at += 1,
                },
                Class::Letter | Class::Digit | Class::Inner => self.chunk(),
            }
        }
    }

    /// Whether the letter here only says of which type the quotation behind it is.
    pub(super) fn is_prefix(&self, at: usize) -> bool {
        matches!(self.bytes[at], b'u' | b'b' | b'r' | b'U' | b'B')
            && (at == 0 || !is_word(self.bytes[at - 1]))
            && matches!(self.bytes.get(at + 1), Some(b'\'' | b'"'))
    }

    /// `|hero|geo|body`: a node of Maya's scene.
    fn node_path(&mut self) {
        let start = self.at;
        self.at += 1;
        let is_first = start == 0 || matches!(class(self.bytes[start - 1]), Class::Blank | Class::Delimiter);
        let rest = &self.bytes[start..self.limit];
        let is_node = |byte: &&u8| is_word(**byte) || matches!(**byte, b'|' | b':' | b'.' | b'-');
        let length = rest.iter().take_while(is_node).count();
        if is_first && rest[1..length].iter().any(|byte| is_word(*byte)) {
            self.value(Mask::Path, start..start + length);
            self.at = start + length;
        }
    }

    fn chunk(&mut self) {
        let start = self.at;
        if self.is_prefix(start) {
            self.at += 1;
            return;
        }
        let chunk = chunk::chunk(self.bytes, start, self.limit);
        self.at = chunk.end;
        if chunk.is_word(self.bytes) {
            return self.letters(chunk.range, chunk.seen);
        }
        let is_behind_a_path = self.before == Before::Path && self.bytes[start - 1] == b' ';
        let shape = chunk.shape(self.text, is_behind_a_path);
        let range = chunk.range;
        match shape {
            Shape::Nothing => {}
            Shape::Url => self.value(Mask::Url, range),
            Shape::Email => self.value(Mask::Email, range),
            Shape::Path => self.path(range.clone(), range),
            Shape::Address => self.value(Mask::Address, range),
            Shape::Redacted => self.value(Mask::Redacted, range),
            Shape::Number => self.number(range),
            Shape::Words if chunk.seen.has(Seen::JOINT.and(Seen::DOT).and(Seen::MARK)) => {
                self.pieces(range, chunk.seen);
            }
            Shape::Words => self.piece(range, chunk.seen),
        }
    }

    /// Words that are joined by colons and the like.
    fn pieces(&mut self, range: Range<usize>, seen: Seen) {
        let (mut start, mut at) = (range.start, range.start);
        while at < range.end {
            if seen.has(Seen::MARK)
                && let Some(behind) = mark::end(self.bytes, at)
            {
                self.piece(start..at, seen);
                self.value(Mask::Redacted, at..behind);
                (start, at) = (behind, behind);
                continue;
            }
            let is_joint = match self.bytes[at] {
                b':' | b'@' | b'#' | b'/' | b'\\' | b'*' | b'!' | b'?' | b'&' | b'+' => true,
                // Dots that lead to a value: `enable..........0`.
                b'.' => self.bytes[at + 1..range.end].first() == Some(&b'.'),
                _ => false,
            };
            if is_joint {
                self.piece(start..at, seen);
                start = at + 1;
            }
            at += 1;
        }
        self.piece(start..range.end, seen);
    }

    fn piece(&mut self, mut range: Range<usize>, seen: Seen) {
        let is_edge = |edge: u8| matches!(edge, b'.' | b'-' | b'$' | b'%' | b'^' | b'~');
        while !range.is_empty() && is_edge(self.bytes[range.start]) {
            range.start += 1;
        }
        while !range.is_empty() && is_edge(self.bytes[range.end - 1]) {
            range.end -= 1;
        }
        if range.is_empty() {
            return;
        }
        let bytes = &self.bytes[range.clone()];
        let has_digit = seen.has(Seen::DIGIT);
        let Some(digit) = has_digit.then(|| bytes.iter().position(u8::is_ascii_digit)).flatten() else {
            return self.letters(range, seen);
        };
        // `10000ms`, `2k`, `3D`.
        if digit == 0 {
            return self.number(range);
        }
        // A short number at the end of a word leaves the word: `Qt5`, `frame12`. A version has no word.
        let (stem, number) = bytes.split_at(digit);
        // In code an underscore joins words; elsewhere it is one of the things that make an id.
        let is_letter =
            |byte: &u8| class(*byte) == Class::Letter && (self.reading == Reading::Code || *byte != b'_');
        let is_stem = stem.len() >= 2 && stem.iter().all(is_letter);
        // `ws042` is one of many, as its zeros say.
        if is_stem && number.len() <= 2 && number[0] != b'0' && number.iter().all(u8::is_ascii_digit) {
            let digit = range.start + digit;
            self.word(range.start..digit);
            self.write_words();
            self.out.push_str(VALUE);
            (self.masked)(Mask::Number, &self.text[digit..range.end]);
            return;
        }
        // `exr2mov`: the digit is a word.
        let is_tail = number.len() >= 3 && number[1..].iter().all(is_letter);
        if is_stem && is_tail && !bytes.iter().all(u8::is_ascii_hexdigit) {
            return self.word(range);
        }
        self.value(Mask::Identifier, range);
    }

    /// A word without a digit.
    fn letters(&mut self, range: Range<usize>, seen: Seen) {
        let word = &self.text[range.clone()];
        if self.before == Before::Number && words::is_unit(word) {
            self.before = Before::Nothing;
            return (self.masked)(Mask::Unit, word);
        }
        let role = Word::of(word).role();
        if role == Some(Role::Date)
            && (self.before == Before::Number || self.is_date || self.is_date_behind(range.end))
        {
            self.value(Mask::Number, range);
            self.is_date = true;
            return;
        }
        let is_name = match self.before {
            Before::A(Role::Name) => self.is_name(word, range.end),
            Before::A(Role::Account) => self.is_account(range.end),
            _ => false,
        };
        if is_name {
            return self.value(Mask::Name, range);
        }
        // In code a dotted name is that of a module.
        let may_be_dotted = seen.has(Seen::DOT) && self.reading == Reading::Message;
        if let Some(dot) = may_be_dotted.then(|| word.bytes().position(|byte| byte == b'.')).flatten() {
            if words::is_host(word) {
                return self.value(Mask::Host, range);
            }
            let is_dotted_twice = word[dot + 1..].contains('.');
            let says_what =
                word.ends_with("Error") || word.ends_with("Exception") || word.ends_with("Warning");
            if is_dotted_twice && !says_what && !self.is_empty() {
                return self.value(Mask::DottedName, range);
            }
        }
        self.word_with(range, role);
    }

    pub(super) fn path(&mut self, range: Range<usize>, name: Range<usize>) {
        let file_type =
            shape::file_type(&self.text[name]).filter(|_| self.before != Before::A(Role::Request));
        self.value(Mask::Path, range);
        if let Some(file_type) = file_type {
            self.out.push('.');
            self.out.extend(file_type.chars().map(|next| next.to_ascii_lowercase()));
            // Another path of another type is no more of the same list.
            self.ends_in_value = false;
        }
        self.before = Before::Path;
    }

    fn number(&mut self, range: Range<usize>) {
        let number = self.text[range.clone()].trim_start_matches('#');
        if self.before == Before::A(Role::Code) && is_code(number) {
            return self.word(range.end - number.len()..range.end);
        }
        self.value(Mask::Number, range);
        self.before = Before::Number;
    }

    pub(super) fn word(&mut self, range: Range<usize>) {
        let role = Word::of(&self.text[range.clone()]).role();
        self.word_with(range, role);
    }

    fn word_with(&mut self, range: Range<usize>, role: Option<Role>) {
        let word = &self.text[range.clone()];
        let is_next = self.pending.end + 1 == range.start && self.bytes[self.pending.end] == b' ';
        if !is_next || self.pending.is_empty() {
            self.write_words();
            self.pending.start = range.start;
        }
        self.pending.end = range.end;
        self.ends_in_value = false;
        self.is_date = false;
        let was_exit = self.before == Before::A(Role::Exit);
        self.before = match role.filter(|role| *role != Role::Date) {
            Some(role) => Before::A(role),
            None if word.ends_with("Error") || word.ends_with("Fault") => Before::A(Role::Code),
            None if was_exit && word == "status" => Before::A(Role::Code),
            None => Before::Nothing,
        };
    }

    pub(super) fn value(&mut self, mask: Mask, range: Range<usize>) {
        if !self.ends_in_value {
            self.write_words();
            if self.out.len() > self.begin {
                self.out.push(' ');
            }
            self.out.push_str(VALUE);
        }
        self.ends_in_value = true;
        self.is_date = false;
        self.before = Before::Nothing;
        (self.masked)(mask, &self.text[range]);
    }

    fn write_words(&mut self) {
        let words = &self.text[std::mem::take(&mut self.pending)];
        if !words.is_empty() {
            if self.out.len() > self.begin {
                self.out.push(' ');
            }
            self.out.push_str(words);
        }
    }

    /// Whether nothing was found yet.
    fn is_empty(&self) -> bool {
        self.out.len() == self.begin && self.pending.is_empty()
    }

    /// Whether a date goes on here.
    fn is_date_behind(&self, end: usize) -> bool {
        let rest = self.text[end..].trim_start_matches([',', ' ', '.']);
        rest.starts_with(|next: char| next.is_ascii_digit())
            || Word::of(first_word(rest)).role() == Some(Role::Date)
    }

    /// Whether the word behind `user` or `host` is a name: the sentence goes on with a small word, or ends.
    fn is_name(&self, word: &str, end: usize) -> bool {
        if Word::of(word).is_small() || Word::of(word).is_noun_behind_a_name() {
            return false;
        }
        let rest = &self.text[end..self.limit];
        let Some(rest) = rest.strip_prefix(' ') else { return true };
        let next = first_word(rest);
        Word::of(next).is_small() || rest.starts_with(['(', '[', '<', '-'])
    }

    /// `for anna from 10.1.2.3`: what logs in comes from an address.
    fn is_account(&self, end: usize) -> bool {
        let Some(rest) = self.text[end..self.limit].strip_prefix(" from ") else { return false };
        rest.starts_with(|next: char| next.is_ascii_digit())
    }
}

/// Whether a number is short enough for a code: `28`, `403`, `0x80004005`.
fn is_code(number: &str) -> bool {
    let digits = number.trim_start_matches('-');
    match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(hexadecimal) => hexadecimal.len() <= 8,
        None => digits.len() <= 5 && digits.bytes().all(|byte| byte.is_ascii_digit()),
    }
}

fn first_word(text: &str) -> &str {
    let end = text.bytes().position(|byte| !byte.is_ascii_alphabetic()).unwrap_or(text.len());
    &text[..end]
}
