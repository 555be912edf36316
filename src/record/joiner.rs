//! Records → records: two that a process wrote of one failure become one.
//!
//! - *A line, and its traceback.* An error says what went wrong, and the next record of its process is the
//!   traceback of it. tk-core does so where a download fails (`bootstrap/cached_configuration.py`: `log.error(…,
//!   e)`, then `log.exception(e)`).
//! - *A failure that is logged on its way out.* A failing core hook is logged where it was called
//!   (`pipelineconfig.py`, `execute_core_hook_internal`: `log.exception("Exception raised while executing hook
//!   …")`, then `raise`) and again by whoever catches it. A traceback begins with the call that caught the
//!   exception, so the second one shows the same calls and further ones around them, or the same exception as the
//!   cause of another. It cannot be another failure: that would have passed the first place, and would have been
//!   logged there before.
//!
//! Two tracebacks that are the same in every call say nothing of that kind: a loop that logs each failure writes
//! them as fast.

use std::collections::VecDeque;

use compact_str::CompactString;
use jiff::civil::DateTime;

use super::traceback::{self, Link};
use super::{Dialect, Exception, Level, Open, Parts, Record, Traceback};

/// More records than this do not wait for the next one of a process.
const MOST_WAITING: usize = 8;

/// Nor do more bytes: each file that is followed can have some.
const MOST_WAITING_BYTES: usize = 64 << 10;

/// Two records of one failure are no further apart.
const MOST_APART_MS: i128 = 1_000;

/// A message of fewer characters stands in another by chance.
const FEWEST_CHARACTERS: usize = 3;

/// Joins the records of one file.
///
/// What it gives out depends on the records from the first waiting one on, and on nothing before: a reporter that
/// goes on there gives out the same.
#[derive(Debug)]
pub struct Joiner {
    /// The first can be joined with a record to come, the others wait for it: records are given out in the order in
    /// which they begin.
    waiting: VecDeque<Waiting>,
    /// Whether something has come that may end a wait.
    has_changed: bool,
    most: usize,
}

#[derive(Debug)]
struct Waiting {
    record: Record,
    /// Whether the next record of its process can belong to it.
    is_open: bool,
    /// Whether a checkpoint can lie behind it: it did not come together with the next one.
    is_last: bool,
    /// Where its last part begins in its text, and when that was written.
    part: usize,
    time: CompactString,
}

impl Joiner {
    /// A joiner that keeps at most `most` bytes of a record.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self { waiting: VecDeque::new(), has_changed: false, most }
    }

    /// Begins anew, in the memory that it has.
    pub fn begin_anew(&mut self) {
        self.waiting.clear();
        *self = Self { waiting: std::mem::take(&mut self.waiting), ..Self::new(self.most) };
    }

    /// Takes the next record. [`Joiner::settle`] tells that no other came together with it.
    pub fn push(&mut self, record: Record) {
        self.has_changed = true;
        let fails = record.header.level >= Level::Error;
        let is_before =
            |waiting: &&mut Waiting| waiting.is_open && waiting.record.header.pid == record.header.pid;
        if let Some(before) = self.waiting.iter_mut().rev().find(is_before) {
            if fails && before.join(&record, self.most) {
                // What comes together with it may not be parted from it.
                if let Some(last) = self.waiting.back_mut() {
                    last.is_last = false;
                }
                self.limit();
                return;
            }
            before.is_open = false;
        }
        let time = record.header.time.clone();
        self.waiting.push_back(Waiting { record, is_open: fails, is_last: false, part: 0, time });
        self.limit();
    }

    /// Looks at the records that are not whole yet: where the next one of a process will not be joined, its last
    /// one need not wait.
    pub fn look_ahead(&mut self, open: &[Open]) {
        for waiting in self.waiting.iter_mut().filter(|waiting| waiting.is_open) {
            let pid = waiting.record.header.pid;
            let next = open.iter().map(|open| &open.record.header).find(|next| next.pid == pid);
            if next.is_some_and(|next| next.level < Level::Error || !is_soon(&waiting.time, &next.time)) {
                waiting.is_open = false;
                self.has_changed = true;
            }
        }
    }

    /// A checkpoint can lie behind the last record: gives out what waits for nothing.
    pub fn settle(&mut self, mut give: impl FnMut(Record)) {
        if !std::mem::take(&mut self.has_changed) {
            return;
        }
        if let Some(last) = self.waiting.back_mut() {
            last.is_last = true;
        }
        let (mut count, mut end) = (0, 0);
        for (at, waiting) in self.waiting.iter().enumerate().take_while(|(_, waiting)| !waiting.is_open) {
            end = waiting.record.end.max(end);
            // Nothing of what was given out may lie behind the first that still waits.
            if waiting.is_last && self.waiting.get(at + 1).is_none_or(|next| end <= next.record.start) {
                count = at + 1;
            }
        }
        self.waiting.drain(..count).for_each(|waiting| give(waiting.record));
    }

    /// Nothing will come that belongs to what waits: gives it out.
    pub fn flush(&mut self, mut give: impl FnMut(Record)) {
        self.waiting.drain(..).for_each(|waiting| give(waiting.record));
    }

    /// Offset of the first record that waits.
    #[must_use]
    pub fn start(&self) -> Option<u64> {
        self.waiting.front().map(|waiting| waiting.record.start)
    }

    /// Lets nothing wait where there is too much of it.
    fn limit(&mut self) {
        let bytes: usize = self.waiting.iter().map(|waiting| waiting.record.bytes.len()).sum();
        if self.waiting.len() > MOST_WAITING || bytes > MOST_WAITING_BYTES.min(self.most) {
            self.waiting.iter_mut().for_each(|waiting| waiting.is_open = false);
        }
    }

    /// Bytes of memory that are held.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.waiting.iter().map(|waiting| waiting.record.bytes.capacity()).sum()
    }
}

impl Waiting {
    /// Adds the next record of its process, if that tells of the same failure.
    fn join(&mut self, next: &Record, most: usize) -> bool {
        if self.record.cut_bytes > 0 || !is_soon(&self.time, &next.header.time) {
            return false;
        }
        let Some(kinship) = self.kinship(next) else { return false };
        let record = &mut self.record;
        match kinship {
            // What a host puts before each line says which lines belong together.
            Kinship::Traceback if matches!(next.header.dialect, Dialect::Maya | Dialect::Unreal) => {
                record.add(&next.bytes, most);
            }
            Kinship::Traceback => record.add(&next.bytes[next.header.message..], most),
            Kinship::Repetition => {
                // The exception's message would go on with the next line.
                record.add(b"", most);
                self.part = record.bytes.len() + 1;
                record.add(&next.bytes, most);
            }
        }
        record.cut_bytes += next.cut_bytes;
        record.end = record.end.max(next.end);
        record.length += next.length;
        record.joined += 1;
        self.time.clone_from(&next.header.time);
        true
    }

    /// Whether the next record can be told to be of another failure without taking both apart: it does not show the
    /// call that this one's traceback begins with. So it is with nearly all.
    fn is_surely_another(&self, next: &Record) -> bool {
        let own = self.record.bytes.get(self.record.header.message..).unwrap_or_default();
        if self.part > 0 || self.record.header.dialect != Dialect::Toolkit || own.starts_with(b"[PROXY]") {
            return false;
        }
        let Ok(own) = std::str::from_utf8(own) else { return false };
        // Its line and function are enough, and are sooner looked for than a path.
        let call = traceback::first_call(own).and_then(|call| call.get(call.rfind(", line ")?..));
        call.is_some_and(|call| memchr::memmem::find(&next.bytes, call.as_bytes()).is_none())
    }

    fn kinship(&self, next: &Record) -> Option<Kinship> {
        if self.is_surely_another(next) { None } else { self.kinship_by_parts(next) }
    }

    fn kinship_by_parts(&self, next: &Record) -> Option<Kinship> {
        let next_text = next.text();
        let other = Parts::of(&next_text);
        let outer = other.traceback.as_ref()?;
        let text = super::text_of(&self.record.bytes[self.part..]);
        let one = Parts::of(&text);
        match &one.traceback {
            None => {
                let is_of_it = is_line(&text) && is_bare(&other, outer) && tells_of(&one.message, outer);
                is_of_it.then_some(Kinship::Traceback)
            }
            Some(inner) => is_further_out(inner, outer).then_some(Kinship::Repetition),
        }
    }
}

/// What a record is to the one before it.
enum Kinship {
    /// The traceback of what that says in one line.
    Traceback,
    /// The same failure, logged once more.
    Repetition,
}

/// Whether a record says nothing but its traceback: its message is empty, or that of the exception.
fn is_bare(parts: &Parts<'_>, traceback: &Traceback<'_>) -> bool {
    let mut exceptions = traceback.links.iter().filter_map(|link| link.exception.as_ref());
    parts.message.is_empty() || exceptions.any(|exception| exception.message == parts.message)
}

fn is_line(text: &str) -> bool {
    !text.trim_end().contains('\n')
}

/// Whether a message is about an exception of this traceback: one names the other.
fn tells_of(message: &str, traceback: &Traceback<'_>) -> bool {
    let is_named = |exception: &Exception<'_>| {
        let said = exception.message.trim_matches(['\'', '"']);
        contains(message, exception.short_name()) || contains(message, said) || contains(said, message)
    };
    traceback.links.iter().filter_map(|link| link.exception.as_ref()).any(is_named)
}

/// Whether a text contains another as whole words.
fn contains(text: &str, part: &str) -> bool {
    let part = part.trim();
    let is_word = |next: Option<char>| next.is_some_and(|next| next == '_' || next.is_alphanumeric());
    let is_whole = |(at, _): (usize, &str)| {
        !is_word(text[..at].chars().next_back()) && !is_word(text[at + part.len()..].chars().next())
    };
    part.chars().nth(FEWEST_CHARACTERS - 1).is_some() && text.match_indices(part).any(is_whole)
}

/// Whether the second traceback is the first one, seen from further out: the same exceptions from the same calls,
/// with further calls around the last of them, or further exceptions behind it.
fn is_further_out(inner: &Traceback<'_>, outer: &Traceback<'_>) -> bool {
    let Some(last) = inner.links.len().checked_sub(1) else { return false };
    let is_same = |(at, (inner, outer)): (usize, (&Link<'_>, &Link<'_>))| {
        let (calls, around) = (&inner.frames, &outer.frames);
        inner.exception == outer.exception
            && inner.depth == outer.depth
            && if at == last { around.ends_with(calls) } else { around == calls }
    };
    let is_known = inner.links[last].exception.is_some() && !inner.links[0].frames.is_empty();
    is_known
        && outer.links.len() >= inner.links.len()
        && inner.links.iter().zip(&outer.links).enumerate().all(is_same)
        && (outer.links.len() > inner.links.len()
            || outer.links[last].frames.len() > inner.links[last].frames.len())
}

/// Whether a record was written right after another. Where no times are told, that it comes next has to do.
fn is_soon(time: &str, next: &str) -> bool {
    if time.is_empty() || next.is_empty() {
        return true;
    }
    if let (Some((minute, at)), Some((next_minute, next))) = (in_minute(time), in_minute(next))
        && minute == next_minute
    {
        return (0..=MOST_APART_MS).contains(&(next - at));
    }
    let (Ok(time), Ok(next)) = (time.parse::<DateTime>(), next.parse::<DateTime>()) else { return false };
    (0..=MOST_APART_MS).contains(&next.duration_since(time).as_millis())
}

/// The minute, and the milliseconds in it, of a time as headers give it. Most times that are compared share one, and
/// need not be read as a date.
fn in_minute(time: &str) -> Option<(&str, i128)> {
    let (minute, rest) = time.split_at_checked("0000-00-00T00:00".len())?;
    let (second, milliseconds) = rest.strip_prefix(':')?.split_once('.')?;
    let is_whole = second.len() == 2 && milliseconds.len() == 3;
    let number = |text: &str| text.parse::<u16>().ok().map(i128::from);
    let (second, milliseconds) = is_whole.then_some((second, milliseconds))?;
    Some((minute, 1_000 * number(second)? + number(milliseconds)?))
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;
    use crate::record::Records;

    const INNER: &str = "  File \"/core/pipelineconfig.py\", line 1212, in execute_core_hook_internal\n    hook.execute_hook()\n  \
                         File \"/hooks/pick.py\", line 4, in execute\n    return {}[name]\n";
    const OUTER: &str = "  File \"/core/commands.py\", line 9, in run\n    tk.execute_core_hook()\n";

    fn at(second: &str, pid: u32, text: &str) -> String {
        format!("2026-11-22 00:21:{second} [{pid} ERROR sgtk.x] {text}\n")
    }

    fn traceback(calls: &str, exception: &str) -> String {
        format!("Traceback (most recent call last):\n{calls}{exception}")
    }

    fn records(text: &str, most: usize) -> Vec<Record> {
        let (mut records, mut out) = (Records::new(Dialect::Toolkit, 0, most), Vec::new());
        records.push(text.as_bytes(), |record| out.push(record));
        records.finish(|record| out.push(record));
        let bytes: u64 = out.iter().map(|record| record.length).sum();
        assert_eq!(bytes, text.len() as u64, "each byte is in one record");
        out
    }

    fn count(text: &str) -> usize {
        records(text, 4096).len()
    }

    #[test]
    fn a_traceback_belongs_to_the_line_before_it() {
        let bare = traceback(INNER, "PublishError: no version folder");
        for line in ["cannot publish: no version folder", "PublishError in a hook", "version folder"] {
            let text = at("30,207", 1, line) + &at("30,209", 1, &bare);
            let [joined] = &records(&text, 4096)[..] else { panic!("{line}") };
            assert_eq!((joined.start, joined.end, joined.joined), (0, text.len() as u64, 1));
            assert!(joined.text().ends_with(&format!("{line}\n{bare}")), "{}", joined.text());
        }
        // As `log.error(…, e)` and `log.exception(e)` write it.
        let said = format!("no version folder\n{bare}");
        assert_eq!(count(&(at("30,207", 1, "failed: no version folder") + &at("30,209", 1, &said))), 1);
    }

    #[test]
    fn a_traceback_of_something_else_stays_alone() {
        let bare = traceback(INNER, "KeyError: 'in'");
        for line in ["a setting is missing", "it failed in a hook", "KeyErrors: 3", "two\nKeyError", ""] {
            assert_eq!(count(&(at("30,207", 1, line) + &at("30,209", 1, &bare))), 2, "{line}");
        }
        let line = at("30,207", 1, "KeyError");
        assert_eq!(count(&(line.clone() + &at("30,209", 2, &bare))), 2, "of another process");
        assert_eq!(count(&(line.clone() + &at("31,208", 1, &bare))), 2, "too late");
        assert_eq!(count(&(line.clone() + &at("30,206", 1, &bare))), 2, "the clock was set back");
        assert_eq!(count(&(line.clone() + &at("30,208", 1, "other") + &at("30,209", 1, &bare))), 3);
        let said = format!("it says something itself\n{bare}");
        assert_eq!(count(&(line + &at("30,208", 1, &said))), 2);
    }

    #[test]
    fn a_failure_that_is_logged_further_out_is_one() {
        let exception = "KeyError: 'x'";
        let inner = at("30,207", 1, &format!("Exception raised\n{}", traceback(INNER, exception)));
        let outer_calls = format!("{OUTER}{INNER}");
        let outer = at("31,207", 1, &format!("A general error\n{}", traceback(&outer_calls, exception)));
        let wrapped = format!(
            "{}\n\nDuring handling of the above exception, another exception occurred:\n\n{}",
            traceback(&outer_calls, exception),
            traceback(OUTER, "RuntimeError: no update")
        );
        let last = at("31,208", 1, &format!("no update\n{wrapped}"));
        let text = inner.clone() + &outer + &last;
        let [joined] = &records(&text, 4096)[..] else { panic!("{text}") };
        assert_eq!((joined.joined, joined.end), (2, text.len() as u64));
        let text = joined.text();
        let parts = Parts::of(&text);
        assert_eq!((&*parts.message, parts.traceback.unwrap().links.len()), ("Exception raised", 1));
        assert_eq!(parts.header.unwrap().time, "2026-11-22T00:21:30.207");
    }

    #[test]
    fn another_failure_is_another() {
        let exception = "KeyError: 'x'";
        let log = |second, pid, calls: &str, exception: &str| {
            at(second, pid, &format!("failed\n{}", traceback(calls, exception)))
        };
        let inner = log("30,207", 1, INNER, exception);
        let around = format!("{OUTER}{INNER}");
        for (why, next) in [
            ("the same again", log("30,208", 1, INNER, exception)),
            ("another message", log("30,208", 1, INNER, exception).replace("failed", "no")),
            ("another value", log("30,208", 1, &around, "KeyError: 'y'")),
            ("another class", log("30,208", 1, &around, "OSError: 'x'")),
            ("another line", log("30,208", 1, &around.replace("line 4", "line 5"), exception)),
            ("another way in", log("30,208", 1, &around.replace("line 1212", "line 1260"), exception)),
            ("further in", log("30,208", 1, &format!("{INNER}{OUTER}"), exception)),
            ("too late", log("31,208", 1, &around, exception)),
            ("another process", log("30,208", 2, &around, exception)),
        ] {
            assert_eq!(count(&(inner.clone() + &next)), 2, "{why}");
        }
        assert_eq!(count(&(inner.clone() + &log("30,208", 1, &around, exception))), 1);
    }

    #[test]
    fn others_wait_in_their_order_and_not_for_long() {
        let exception = "KeyError: 'x'";
        let inner = at("30,207", 1, &format!("one\n{}", traceback(INNER, exception)));
        let outer = at("30,208", 1, &format!("again\n{}", traceback(&format!("{OUTER}{INNER}"), exception)));
        let others = |count: u32| (10..10 + count).map(|pid| at("30,207", pid, "other")).collect::<String>();
        let found = records(&(inner.clone() + &others(3) + &outer), 4096);
        assert!(found.is_sorted_by_key(|record| record.start));
        assert_eq!((found.len(), found[0].joined, found[0].end), (4, 1, found[3].end + outer.len() as u64));
        let many = u32::try_from(MOST_WAITING).unwrap();
        assert_eq!(count(&(inner.clone() + &others(many) + &outer)), MOST_WAITING + 2);
        assert_eq!(
            records(&(inner.clone() + &others(3) + &outer), outer.len()).len(),
            5,
            "too many bytes wait"
        );
    }

    #[test]
    fn the_next_record_of_a_process_decides_and_not_its_last() {
        let broken_off = at("30,207", 2, "two\nTraceback (most recent call last):");
        let bare = at("30,207", 1, &traceback(INNER, "KeyError: 'x'"));
        let remark = at("30,207", 1, "three").replace("ERROR", "INFO");
        let found = records(&(at("30,207", 1, "KeyError") + &broken_off + &bare + &remark), 4096);
        assert_eq!(found.iter().map(|record| record.joined).collect::<Vec<_>>(), [1, 0, 0]);
    }

    #[test]
    fn what_is_too_long_is_cut() {
        let line = at("30,207", 1, "KeyError");
        let bare = at("30,207", 1, &traceback(INNER, "KeyError: 'x'"));
        let most = bare.len() + 4;
        let [joined] = &records(&(line.clone() + &bare), most)[..] else { panic!("{most}") };
        assert_eq!(joined.bytes.len(), most);
        assert!(joined.cut_bytes > 0);
    }

    /// A stack; what is logged further out shows more of it. A function calls itself, and a place looks like a call.
    const CALLS: [&str; 7] = [
        "  File \"/a.py\", line 1, in <module>\n    run()\n",
        "  File \"/a.py\", line 2, in größe\n    run()\n",
        "  File \"/b, line 2, in run.py\", line 2, in run\n    run()\n",
        "  File \"/b.py\", line 3, in run\n    run(\n    ^^^\n    )\n",
        "  File \"/b.py\", line 3, in run\n    run()\n  [Previous line repeated 3 more times]\n",
        "  File \"/c.pyx\", line 4, in init c.d\n",
        "  File \"/c.pyx\", line None, in gr\u{c3}\u{b6}\u{c3}\u{9f}e\n    raise\n",
    ];

    fn calls() -> impl Strategy<Value = String> {
        let further_in = prop_oneof![6 => Just(CALLS.len()), 1 => 1..CALLS.len()];
        (0..CALLS.len(), further_in).prop_map(|(from, to)| CALLS[from.min(to)..to].concat())
    }

    /// The traceback of one exception, in the ways in which a log can show it.
    fn shown() -> impl Strategy<Value = String> {
        let title = prop_oneof![
            12 => Just("Traceback (most recent call last):\n"),
            1 => Just("Traceback (most recent call last):\n\n"),
            1 => Just("Stack (most recent call last):\n"),
            1 => Just("Thread 0x7f (most recent call first):\n"),
            1 => Just("")
        ];
        let exception = prop_oneof![
            4 => Just("KeyError: 'x'"),
            1 => Just("a.Odd: it\nand more"),
            1 => Just("OSError: File \"/a.py\", line 1, in <module>")
        ];
        let group = "  + Exception Group Traceback (most recent call last):\n  |   File \"/a.py\", line 1, in <module>\n  \
                     | ExceptionGroup: two (2 sub-exceptions)\n  +-+---------------- 1 ----------------\n    | ";
        let alone =
            (title, calls(), exception).prop_map(|(title, calls, said)| format!("{title}{calls}{said}"));
        let each = |text: &str, mark: &str| mark.to_owned() + &text.replace('\n', &format!("\n{mark}"));
        (alone, 0..20).prop_map(move |(text, way)| match way {
            0 => each(&text, "# "),
            1 => each(&text, "LogPython: Error: "),
            2 => each(&text, "  "),
            3 => format!(
                "{group}{}\n    +------------------------------------",
                text.replace('\n', "\n    | ")
            ),
            _ => text,
        })
    }

    /// The message of a record, with its tracebacks.
    fn said() -> impl Strategy<Value = String> {
        let message = select(vec![
            "",
            "failed\n",
            "two\nlines!\n",
            "KeyError: 'x'\n",
            "a.Odd: it\n",
            "it failed: ",
            "# Error: no\n",
            "größe\n",
            "gr\u{c3}\u{b6}\u{c3}\u{9f}e\n",
            "see <x>\n",
            "[PROXY] ",
            "[PROXY] failed\n",
            "[PROXY]\n",
            // A blank that the grammar knows for none, in two bytes.
            "failed\nTraceback (most recent call last):\n\u{c2}\u{a0} File \"/z.py\", line 9, in z\n",
        ]);
        let between = select(vec![
            "\n\nDuring handling of the above exception, another exception occurred:\n\n",
            "\n\nThe above exception was the direct cause of the following exception:\n\n",
            "\n\n",
        ]);
        let chain = prop_oneof![
            6 => shown(),
            3 => (shown(), between, shown()).prop_map(|(one, between, other)| one + between + &other),
            1 => Just(String::new())
        ];
        let behind = select(vec!["", "", "", "\n", "\n\nthe end"]);
        (message, chain, behind).prop_map(|(message, chain, behind)| format!("{message}{chain}{behind}"))
    }

    /// One record with this message in Latin 1: some of it is no UTF-8.
    fn record(said: &str, most: usize) -> Record {
        let bytes: Vec<u8> = at("30,207", 1, said).chars().map(|next| u8::try_from(next).unwrap()).collect();
        let (mut records, mut out) = (Records::new(Dialect::Toolkit, 0, most), Vec::new());
        records.push(&bytes, |record| out.push(record));
        records.finish(|record| out.push(record));
        out.remove(0)
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 2_000, ..ProptestConfig::default() })]

        /// So that what is joined does not depend on what is told at a glance.
        #[test]
        fn what_is_surely_another_would_not_be_joined(
            texts in vec(said(), 2..8),
            most in prop_oneof![4 => Just(4096_usize), 1 => 100..1000_usize],
        ) {
            let mut joiner = Joiner::new(most);
            for text in texts {
                let next = record(&text, most);
                for before in &joiner.waiting {
                    prop_assert!(
                        !before.is_surely_another(&next) || before.kinship_by_parts(&next).is_none(),
                        "{}\n{}", before.record.text(), next.text()
                    );
                }
                joiner.push(next);
            }
        }
    }
}
