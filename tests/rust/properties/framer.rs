//! Lines are the same however their bytes come, and no more than asked for is held.

use tk_incident_core::record::Framer;

use super::Steered;

/// What the framer may keep when it holds no line.
const KEPT_FOR_THE_NEXT: usize = 64 << 10;

/// A line that has left its framer.
#[derive(Debug, PartialEq)]
struct Given {
    start: u64,
    end: u64,
    text: Vec<u8>,
    cut_bytes: u64,
}

/// Checks one input.
pub fn holds(input: &[u8]) {
    let steered = Steered::of(input);
    for offset in [0, 5_000_000_000] {
        let pieces: Vec<_> = steered.fed().into_iter().map(|(piece, _)| piece).collect();
        let lines = read(&pieces, offset, steered.most);
        assert_eq!(lines, expected(steered.body, offset, steered.most), "in pieces");
        assert_eq!(read(&[steered.body], offset, steered.most), lines, "whole");
    }
}

fn read(pieces: &[&[u8]], offset: u64, most: usize) -> Vec<Given> {
    let mut framer = Framer::new(offset, most);
    let mut lines: Vec<Given> = Vec::new();
    let mut position = offset;
    for piece in pieces {
        framer.push(piece, |line| lines.push(given(line)));
        position += piece.len() as u64;
        let line_start = lines.last().map_or(offset, |line| line.end);
        assert_eq!((framer.position(), framer.line_start()), (position, line_start));
        assert_eq!(framer.has_partial_line(), line_start < position);
        let bound = if framer.has_partial_line() { most } else { most.min(KEPT_FOR_THE_NEXT) };
        assert!(
            framer.held_bytes() <= bound,
            "{} bytes are held, and {most} were asked for",
            framer.held_bytes()
        );
    }
    framer.finish(|line| lines.push(given(line)));
    assert_eq!((framer.line_start(), framer.has_partial_line()), (position, false));
    lines
}

fn given(line: tk_incident_core::record::Line<'_>) -> Given {
    let (start, end, text, cut_bytes) = (line.start, line.end, line.text.to_vec(), line.cut_bytes);
    Given { start, end, text, cut_bytes }
}

/// The lines, found in the plainest way: they follow one another and cover every byte.
fn expected(body: &[u8], offset: u64, most: usize) -> Vec<Given> {
    let mut start = offset;
    let mut lines = Vec::new();
    for whole in body.split_inclusive(|byte| *byte == b'\n') {
        // A hole in the file is no text.
        let nuls = whole.iter().position(|byte| *byte != 0).unwrap_or(whole.len());
        let kept = &whole[nuls..(nuls + most).min(whole.len())];
        let text = kept.strip_suffix(b"\n").unwrap_or(kept);
        let text = text.strip_suffix(b"\r").unwrap_or(text).to_vec();
        let end = start + whole.len() as u64;
        lines.push(Given { start, end, text, cut_bytes: (whole.len() - nuls - kept.len()) as u64 });
        start = end;
    }
    lines
}
