//! A member that takes no more than it may once it is packed.

use super::archive;
use crate::error::Result;

/// So many sizes are tried by what the last one came to; then the text is cut to what fits however badly it packs.
const GUESSES: usize = 2;

/// Packs one member into an archive of at most `most` bytes. If it takes more, `cut` makes it shorter: it is given the
/// bytes that may be left, and returns no more. Nothing where there is not even room for an empty member.
pub fn fit(name: &str, text: &str, most: usize, cut: impl Fn(usize) -> String) -> Result<Vec<u8>> {
    let around = around(name);
    if most < around {
        return Ok(Vec::new());
    }
    let mut packed = archive::pack(&[(name, text)])?;
    let (mut bytes, mut guesses) = (text.len(), 0);
    while packed.len() > most {
        if guesses > GUESSES {
            // It cannot be: but no archive is too long because of it.
            return Ok(Vec::new());
        }
        let kept = if guesses < GUESSES {
            // The end of a log packs as its whole does, more or less: a sixteenth is for less.
            let share = bytes as u64 * (most - around) as u64 / (packed.len() as u64).max(1);
            usize::try_from(share / 16 * 15).unwrap_or(bytes)
        } else {
            at_worst(most - around)
        };
        guesses += 1;
        let shorter = cut(kept);
        bytes = shorter.len();
        packed = archive::pack(&[(name, &shorter)])?;
    }
    Ok(packed)
}

/// What an archive takes around its one member: its two headers, each with the name, and the directory's end.
fn around(name: &str) -> usize {
    128 + 2 * name.len()
}

/// What surely fits: what cannot be packed is stored in blocks, each with five bytes around it.
fn at_worst(room: usize) -> usize {
    room - room / 512 - room.min(64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::cut;

    fn noise(bytes: usize) -> String {
        let mut state = 1u64;
        let mut next = move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            char::from(b' ' + u8::try_from((state >> 33) % 95).unwrap())
        };
        (0..bytes).map(|at| if at % 80 == 79 { '\n' } else { next() }).collect()
    }

    #[test]
    fn what_fits_is_whole_and_what_does_not_loses_its_beginning() {
        let plain = "the same line again and again\n".repeat(20_000);
        // At first it packs well, at its end not at all: each guess is wrong.
        let worse = plain.clone() + &noise(100_000);
        for text in [&plain, &worse, &noise(300_000), ""] {
            let whole = archive::pack(&[("a.log", text)]).unwrap();
            assert_eq!(fit("a.log", text, whole.len().max(200), |_| unreachable!()).unwrap(), whole);
            for most in [138, 500, 1_000, 4_000, 20_000, 60_000] {
                let packed = fit("a.log", text, most, |kept| cut::beginning(text, kept, 0)).unwrap();
                assert!(packed.len() <= most, "{} of {most}", packed.len());
                assert!(
                    packed.len() * 3 / 2 > most.min(whole.len()) || most <= 4_000,
                    "{} of {most}",
                    packed.len()
                );
            }
            assert!(fit("a.log", text, 137, |_| unreachable!()).unwrap().is_empty());
        }
    }
}
