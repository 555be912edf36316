//! Bytes → whole lines, whatever the pieces in which they come.

use memchr::memchr;

/// A whole line, without its line end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'a> {
    /// Offset of its first byte.
    pub start: u64,
    /// Offset behind its newline.
    pub end: u64,
    /// Its bytes without NUL bytes before them; a carriage return before the newline is taken off.
    pub text: &'a [u8],
    /// Bytes that did not fit and are not in `text`.
    pub cut_bytes: u64,
}

/// Cuts a stream of bytes into lines.
#[derive(Debug)]
pub struct Framer {
    /// The beginning of a line whose end has not come; never longer than `most`.
    held: Vec<u8>,
    /// NUL bytes before them.
    nuls: u64,
    /// Offset of the first byte of that line.
    start: u64,
    /// Offset of the next byte to come. `next - start` can be more than `held` holds.
    next: u64,
    most: usize,
}

impl Framer {
    /// A framer for bytes from this offset on, that keeps at most `most` bytes of a line.
    #[must_use]
    pub fn new(offset: u64, most: usize) -> Self {
        Self { held: Vec::new(), nuls: 0, start: offset, next: offset, most }
    }

    /// Begins anew, from this offset on, in the memory that it has.
    pub fn begin_anew(&mut self, offset: u64) {
        self.held.clear();
        *self = Self { held: std::mem::take(&mut self.held), ..Self::new(offset, self.most) };
    }

    /// Offset of the next byte to come.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.next
    }

    /// Offset behind the last whole line.
    #[must_use]
    pub fn line_start(&self) -> u64 {
        self.start
    }

    /// Whether the beginning of a line is held whose end has not come.
    #[must_use]
    pub fn has_partial_line(&self) -> bool {
        self.start < self.next
    }

    /// Bytes of memory that are held.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.held.capacity()
    }

    /// Takes the next bytes and gives out each line that they complete.
    pub fn push(&mut self, mut bytes: &[u8], mut give: impl FnMut(Line<'_>)) {
        while let Some(at) = memchr(b'\n', bytes) {
            let (head, rest) = bytes.split_at(at + 1);
            if self.has_partial_line() {
                self.hold(head);
                self.give_held(&mut give);
            } else {
                let end = self.start + head.len() as u64;
                let text = &head[leading_nuls(head)..];
                let nuls = (head.len() - text.len()) as u64;
                give(line(self.start, end, nuls, &text[..text.len().min(self.most)]));
                self.start = end;
                self.next = end;
            }
            bytes = rest;
        }
        self.hold(bytes);
    }

    /// The bytes have come to an end: what is held is the last line.
    pub fn finish(&mut self, mut give: impl FnMut(Line<'_>)) {
        if self.has_partial_line() {
            self.give_held(&mut give);
        }
    }

    fn hold(&mut self, bytes: &[u8]) {
        // Not whether anything is held: of a line that may have no bytes at all nothing ever is.
        let is_hole = self.nuls == self.next - self.start;
        self.next += bytes.len() as u64;
        let nuls = if is_hole { leading_nuls(bytes) } else { 0 };
        self.nuls += nuls as u64;
        let text = &bytes[nuls..];
        let kept = text.len().min(self.most - self.held.len());
        if self.held.capacity() - self.held.len() < kept {
            // By itself it would grow to twice what it needs, past `most` too.
            let capacity = (self.held.len() + kept).max(2 * self.held.capacity()).min(self.most);
            self.held.reserve_exact(capacity - self.held.len());
        }
        self.held.extend_from_slice(&text[..kept]);
    }

    fn give_held(&mut self, give: &mut impl FnMut(Line<'_>)) {
        give(line(self.start, self.next, self.nuls, &self.held));
        self.nuls = 0;
        // One long line must not keep its memory for the life of the file.
        self.held.clear();
        self.held.shrink_to(64 << 10);
        self.start = self.next;
    }
}

/// The NUL bytes that a line begins with: its file was truncated under its writer, which leaves a hole of any length
/// (logrotate #286). Held, they would take the place of the record behind them.
fn leading_nuls(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| **byte == 0).count()
}

fn line(start: u64, end: u64, nuls: u64, kept: &[u8]) -> Line<'_> {
    let text = kept.strip_suffix(b"\n").unwrap_or(kept);
    let text = text.strip_suffix(b"\r").unwrap_or(text);
    Line { start, end, text, cut_bytes: (end - start) - nuls - kept.len() as u64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(pieces: &[&[u8]], most: usize) -> (Vec<(u64, u64, String, u64)>, Framer) {
        let mut out = Vec::new();
        let mut framer = Framer::new(10, most);
        for piece in pieces {
            framer.push(piece, |line| {
                out.push((line.start, line.end, String::from_utf8_lossy(line.text).into(), line.cut_bytes));
            });
        }
        (out, framer)
    }

    #[test]
    fn a_line_is_given_once_it_is_whole() {
        let (out, framer) = lines(&[b"one\r\ntw", b"o\n", b"thr"], 99);
        assert_eq!(out, [(10, 15, "one".into(), 0), (15, 19, "two".into(), 0)]);
        assert!(framer.has_partial_line());
        assert_eq!((framer.line_start(), framer.position()), (19, 22));
    }

    #[test]
    fn a_long_line_is_cut_and_the_next_is_whole() {
        for pieces in [vec![&b"0123456789\nab\n"[..]], vec![b"012", b"34567", b"89\na", b"b\n"]] {
            let (out, _) = lines(&pieces, 4);
            assert_eq!(out, [(10, 21, "0123".into(), 7), (21, 24, "ab".into(), 0)]);
        }
    }

    #[test]
    fn a_hole_takes_nothing_of_the_line_behind_it() {
        for pieces in [vec![&b"\0\0\0\0\0\0ab\nc\n"[..]], vec![b"\0\0\0", b"\0\0\0", b"ab", b"\nc\n"]] {
            let (out, _) = lines(&pieces, 4);
            assert_eq!(out, [(10, 19, "ab".into(), 0), (19, 21, "c".into(), 0)]);
        }
    }

    #[test]
    fn nul_bytes_within_a_line_are_no_hole() {
        for most in [0, 1, 99] {
            let whole = lines(&[b"a\0\0b\n"], most).0;
            for at in 1..4 {
                let (head, rest) = b"a\0\0b\n".split_at(at);
                assert_eq!(lines(&[head, rest], most).0, whole, "{most} {at}");
            }
        }
    }

    #[test]
    fn the_end_completes_the_last_line() {
        let (mut out, mut framer) = lines(&[b"last"], 99);
        framer.finish(|line| out.push((line.start, line.end, "x".into(), line.cut_bytes)));
        assert_eq!(out, [(10, 14, "x".into(), 0)]);
        assert!(!framer.has_partial_line());
    }
}
