//! Records are the same however their bytes come, and when they are read again from a checkpoint.

use tk_incident_core::record::dialect::{self, Dialect, Reading};
use tk_incident_core::record::{Record, Records};

use super::Steered;

/// A file begins somewhere, and its records' offsets say where.
const OFFSET: u64 = 5_000_000_000;

/// Restarts that are tried for one input: each reads it once more.
const RESTARTS: usize = 16;

const DIALECTS: [Dialect; 5] =
    [Dialect::Toolkit, Dialect::Python, Dialect::Maya, Dialect::Unreal, Dialect::Plain];

/// Checks one input.
pub fn holds(input: &[u8]) {
    let steered = Steered::of(input);
    for line in steered.body.split(|byte| *byte == b'\n') {
        header_lies_in_its_line(dialect::trim(line));
    }
    for dialect in DIALECTS {
        holds_in(dialect, &steered);
    }
}

fn holds_in(dialect: Dialect, steered: &Steered<'_>) {
    let read = |pieces: &[(&[u8], bool)], most| read_from(Records::new(dialect, OFFSET, most), pieces);
    let whole = read(&[(steered.body, false)], steered.most);
    let without_quiet: Vec<_> = steered.fed().into_iter().map(|(piece, _)| (piece, false)).collect();
    let pieces = read(&without_quiet, steered.most);
    assert_eq!(pieces.records, whole.records, "in pieces and whole");
    assert_eq!(pieces.orphan_lines, whole.orphan_lines, "in pieces and whole");
    well_formed(dialect, &whole.records, steered);
    reads_on_from_checkpoints(dialect, &without_quiet, &pieces, steered.most);

    let fed = steered.fed();
    let course = read(&fed, steered.most);
    well_formed(dialect, &course.records, steered);
    reads_on_from_checkpoints(dialect, &fed, &course, steered.most);
}

fn header_lies_in_its_line(line: &[u8]) {
    let Some(header) = Dialect::find_header(line) else { return };
    assert!(header.logger.start <= header.logger.end);
    assert!(header.logger.end <= header.message && header.message <= line.len());
    if let Ok(line) = std::str::from_utf8(line) {
        assert!(line.get(header.logger.clone()).is_some(), "a logger's name is text");
        assert!(line.get(header.message..).is_some(), "a message is text");
    }
}

/// How a stream was read.
struct Course {
    records: Vec<Record>,
    orphan_lines: u64,
    /// After each piece: the offset to go on from, the offset read to, and how many records had been given out.
    checkpoints: Vec<(u64, u64, usize)>,
}

fn read_from(mut stream: Records, pieces: &[(&[u8], bool)]) -> Course {
    let (mut records, mut checkpoints) = (Vec::new(), Vec::new());
    for (piece, is_quiet) in pieces {
        stream.push(piece, |record| records.push(record));
        if *is_quiet {
            stream.flush(|record| records.push(record));
            assert!(!stream.has_open_record(), "nothing is open in a quiet moment");
        }
        checkpoints.push((stream.checkpoint(), stream.position(), records.len()));
    }
    stream.finish(|record| records.push(record));
    assert!(!stream.has_open_record() && !stream.has_partial_line());
    assert_eq!(stream.checkpoint(), stream.position(), "all is read at the end");
    Course { records, orphan_lines: stream.take_orphan_lines(), checkpoints }
}

fn well_formed(dialect: Dialect, records: &[Record], steered: &Steered<'_>) {
    let end = OFFSET + steered.body.len() as u64;
    assert!(records.is_sorted_by(|one, next| one.start < next.start), "starts rise");
    for record in records {
        assert!(OFFSET <= record.start && record.start < record.end && record.end <= end);
        assert!(record.bytes.len() <= steered.most, "no more is kept than asked for");
        // Of what the record's lines hold, each byte is kept or counted at most once.
        assert!(record.bytes.len() as u64 + record.cut_bytes <= record.end - record.start);
        let (first, _) = record
            .bytes
            .split_at(record.bytes.iter().position(|byte| *byte == b'\n').unwrap_or(record.bytes.len()));
        let begun = dialect.read(first, None);
        assert_eq!(begun, Reading::Begins(record.header.clone()), "a record begins by itself");
        let logger = String::from_utf8_lossy(&first[record.header.logger.clone()]);
        assert_eq!(record.logger(), logger);
        assert_eq!(record.text().ends_with(" more bytes]"), ends_with_mark(record), "a cut is said");
    }
}

fn ends_with_mark(record: &Record) -> bool {
    record.cut_bytes > 0 || record.bytes.trim_ascii_end().ends_with(b" more bytes]")
}

/// A reporter that dies after a piece goes on at the checkpoint, and finds what the first one had not given out.
fn reads_on_from_checkpoints(dialect: Dialect, pieces: &[(&[u8], bool)], course: &Course, most: usize) {
    let body: Vec<u8> = pieces.iter().flat_map(|(piece, _)| *piece).copied().collect();
    let mut last = OFFSET;
    let every = course.checkpoints.len().div_ceil(RESTARTS);
    for (at, &(checkpoint, position, given)) in course.checkpoints.iter().enumerate() {
        assert!(
            last <= checkpoint && checkpoint <= position,
            "a checkpoint goes on, and not past what was read"
        );
        last = checkpoint;
        let (before, behind) = course.records.split_at(given);
        assert!(before.iter().all(|record| record.start < checkpoint), "what was given out lies before it");
        assert!(behind.iter().all(|record| checkpoint <= record.start), "what was not lies behind it");
        if at % every == 0 {
            let index = |offset: u64| usize::try_from(offset - OFFSET).unwrap();
            let mut again = vec![(&body[index(checkpoint)..index(position)], false)];
            again.extend(&pieces[at + 1..]);
            let replay = read_from(Records::new(dialect, checkpoint, most), &again);
            assert_eq!(replay.records, behind, "after piece {at}, from {checkpoint}");
        }
    }
}
