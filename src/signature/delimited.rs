//! Values that a sign marks: what is quoted, what stands behind an equals sign, an object as Python prints it, a node of a
//! scene.

use super::chunk::{Class, class, is_word};
use super::normal::{Mask, Reading};
use super::shape;
use super::walk::{Before, Walk};
use super::words::Role;
use crate::redact::mark;

/// Bytes up to which the end of a quotation, an object or an assigned value is looked for.
const LONGEST_VALUE: usize = 512;

/// A quotation with so many blanks is a sentence, and its words count.
const SENTENCE_BLANKS: usize = 2;

impl<F: FnMut(Mask, &str)> Walk<'_, F> {
    /// `'…'`, `"…"`.
    pub(super) fn quotation(&mut self, quote: u8) {
        let start = self.at;
        self.at += 1;
        // An apostrophe within or behind a word opens nothing, but for Python's `u'…'`.
        if start > 0 && is_word(self.bytes[start - 1]) && !self.is_prefix(start - 1) {
            return;
        }
        let rest = &self.bytes[start + 1..self.limit];
        let ends = rest.iter().take(LONGEST_VALUE).position(|byte| *byte == quote || *byte == b'\n');
        let Some(length) = ends.filter(|at| rest[*at] == quote) else { return };
        // Neither does one that is followed by the rest of a word close anything.
        if quote == b'\'' && rest.get(length + 1).is_some_and(|byte| is_word(*byte)) {
            return;
        }
        let inside = &rest[..length];
        let is_sentence = memchr::memchr_iter(b' ', inside).nth(SENTENCE_BLANKS - 1).is_some();
        if is_sentence && !shape::begins_as_path(inside) {
            return;
        }
        let is_about_a_name = self.reading == Reading::Code || self.before == Before::A(Role::Thing);
        if is_about_a_name && inside.iter().all(|byte| is_word(*byte) || matches!(byte, b'.' | b'-')) {
            return;
        }
        let range = start..start + length + 2;
        if shape::begins_as_path(inside) {
            self.path(range, start + 1..start + 1 + length);
        } else {
            self.value(Mask::Quoted, range.clone());
        }
        self.at = start + length + 2;
    }

    /// `key=value`, `key = value`.
    pub(super) fn assignment(&mut self) {
        let start = self.at;
        self.at += 1;
        let before = start.checked_sub(1).map(|at| self.bytes[at]);
        // A comparison, or no key.
        if matches!(before, None | Some(b'=' | b'<' | b'>' | b'!'))
            || matches!(self.bytes.get(self.at), Some(b'=' | b'>'))
        {
            return;
        }
        if before == Some(b' ') && self.bytes.get(self.at) == Some(&b' ') {
            self.at += 1;
        }
        if self.before == Before::A(Role::Code) {
            return;
        }
        let end = self.value_end();
        // A value that is missing is another thing than one that is there.
        if end > self.at {
            self.value(Mask::Assigned, start..end);
            self.at = end;
        }
    }

    /// The end of the value that begins here: a quotation, or all up to a blank or a delimiter with what stands in
    /// brackets directly behind it.
    fn value_end(&mut self) -> usize {
        let mut end = self.at;
        while end < self.limit {
            let byte = self.bytes[end];
            match byte {
                b'[' if mark::end(self.bytes, end).is_some() => {
                    end = mark::end(self.bytes, end).unwrap_or(end + 1).min(self.limit);
                }
                b'{' | b'(' | b'[' if self.may_be_balanced => match self.balanced(end) {
                    Some(behind) => end = behind,
                    None => self.may_be_balanced = false,
                },
                b'"' | b'\'' if end == self.at => {
                    let rest = &self.bytes[end + 1..self.limit];
                    let Some(length) = rest.iter().take(LONGEST_VALUE).position(|next| *next == byte) else {
                        break;
                    };
                    end += length + 2;
                }
                _ if matches!(class(byte), Class::Blank | Class::Delimiter) => break,
                _ => end += 1,
            }
        }
        end
    }

    /// The end of the brackets that open here.
    fn balanced(&self, open: usize) -> Option<usize> {
        let mut depth = 0_usize;
        for (at, byte) in self.bytes[open..self.limit].iter().enumerate() {
            match byte {
                b'{' | b'(' | b'[' => depth += 1,
                b'}' | b')' | b']' => {
                    depth -= 1;
                    if depth == 0 {
                        return Some(open + at + 1);
                    }
                }
                _ => {}
            }
        }
        None
    }

    /// `<Engine 0x7f…: tk-maya, env: project>`: its class says what it is, and the rest which one.
    pub(super) fn object(&mut self) {
        let start = self.at;
        self.at += 1;
        let rest = &self.bytes[start + 1..self.limit];
        if !rest.first().is_some_and(u8::is_ascii_alphabetic) {
            return;
        }
        let (mut depth, mut is_object) = (0_usize, false);
        for (at, byte) in rest.iter().take(LONGEST_VALUE).enumerate() {
            match byte {
                b'0' => is_object |= at > 0 && rest[at - 1] == b' ' && rest.get(at + 1) == Some(&b'x'),
                b'<' => depth += 1,
                b'>' if depth > 0 => depth -= 1,
                b'>' if is_object => {
                    let class = rest.iter().take_while(|byte| is_word(**byte) || **byte == b'.').count();
                    self.word(start + 1..start + 1 + class);
                    self.value(Mask::Object, start..start + at + 2);
                    self.at = start + at + 2;
                    return;
                }
                b'>' | b'\n' => return,
                _ => {}
            }
        }
    }
}
