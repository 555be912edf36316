//! What holds for every input of a stage: the fuzz targets look for one that breaks it, the test over the corpus
//! keeps what they found from coming back.
//!
//! An input is a line that steers, and the bytes behind it, so that one can be written by hand.

pub mod checkpoint;
pub mod framer;
pub mod record;
pub mod traceback;

/// The first line says how the rest is fed: `<most> <piece> <piece>! …`.
struct Steered<'a> {
    /// Bytes of a line or record that are kept.
    most: usize,
    /// Lengths of the pieces, again and again, and whether there is a quiet moment after each.
    pieces: Vec<(usize, bool)>,
    /// What is fed.
    body: &'a [u8],
}

impl<'a> Steered<'a> {
    fn of(input: &'a [u8]) -> Self {
        let (line, body) = steering(input);
        let mut words = line.split_whitespace();
        let most = words.next().and_then(|word| word.parse().ok()).unwrap_or(64);
        let piece = |word: &str| {
            let (length, is_quiet) = word.strip_suffix('!').map_or((word, false), |length| (length, true));
            Some((length.parse().ok()?, is_quiet))
        };
        Self { most, pieces: words.filter_map(piece).collect(), body }
    }

    /// The pieces, and whether there is a quiet moment after each.
    fn fed(&self) -> Vec<(&'a [u8], bool)> {
        let mut out = Vec::new();
        let mut rest = self.body;
        let moves = self.pieces.iter().any(|(length, _)| *length > 0);
        for &(length, is_quiet) in self.pieces.iter().cycle() {
            if rest.is_empty() || !moves {
                break;
            }
            let (piece, behind) = rest.split_at(length.min(rest.len()));
            out.push((piece, is_quiet));
            rest = behind;
        }
        out.push((rest, false));
        out
    }
}

/// The line that steers, and what is behind it.
fn steering(input: &[u8]) -> (&str, &[u8]) {
    let end = input.iter().position(|byte| *byte == b'\n').unwrap_or(input.len());
    let (line, rest) = input.split_at(end);
    (std::str::from_utf8(line).unwrap_or_default(), rest.get(1..).unwrap_or_default())
}
