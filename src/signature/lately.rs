//! The modules of the files that were asked for lately: the frames of a log are of a few hundred files, over and over, and
//! to find a module takes ten times as long as to see that a path is the same.

use std::cell::RefCell;

use super::module::{self, Owner};

/// So many are remembered for each thread.
const MOST: usize = 1 << 10;

/// Bytes of a path that is remembered, at most.
const LONGEST: usize = 256;

/// Bytes at its end that say where it is remembered: there paths differ.
const TAIL: usize = 24;

thread_local! {
    static LATELY: RefCell<Vec<Known>> = const { RefCell::new(Vec::new()) };
}

#[derive(Clone)]
struct Known {
    place: String,
    module: String,
    owner: Owner,
}

/// The same as [`module::module`].
pub fn module(place: &str, out: &mut String) -> Owner {
    let Some(slot) = slot(place) else { return module::module(place, out) };
    let known = LATELY.try_with(|lately| {
        let mut lately = lately.try_borrow_mut().ok()?;
        lately.resize(MOST, Known { place: String::new(), module: String::new(), owner: Owner::Own });
        let known = lately.get_mut(slot)?;
        if known.place != place {
            known.module.clear();
            known.owner = module::module(place, &mut known.module);
            known.place.clear();
            known.place.push_str(place);
        }
        out.push_str(&known.module);
        Some(known.owner)
    });
    // A thread that ends remembers nothing.
    known.ok().flatten().unwrap_or_else(|| module::module(place, out))
}

/// Where a path is remembered, if it is.
fn slot(place: &str) -> Option<usize> {
    let tail: &[u8; TAIL] = place.as_bytes().last_chunk()?;
    let (words, _) = tail.as_chunks();
    let mix = words.iter().fold(0_u64, |mix, word| {
        (mix ^ u64::from_le_bytes(*word)).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29)
    });
    let slot = usize::try_from(mix % MOST as u64).ok()?;
    (place.len() <= LONGEST).then_some(slot)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With so many paths each is put in the place of another, and comes again when it is not there any more.
    #[test]
    fn a_module_is_the_same_however_often_it_is_asked_for() {
        let paths: Vec<_> = (0..4 * MOST)
            .flat_map(|number| {
                let version = format!("v1.{}", number % 7);
                let file = format!("app_{number}.py");
                ["/x/tk-multi-x", "/usr/lib/python3.9", "P:\\tools", ""]
                    .map(|root| format!("{root}/{version}/hooks/{file}"))
            })
            .chain(["a.py".to_owned(), String::new(), format!("/{}/x.py", "long/".repeat(LONGEST))])
            .collect();
        for place in paths.iter().chain(&paths).chain(paths.iter().rev()) {
            let (mut have, mut want) = ("x".to_owned(), "x".to_owned());
            let owners = (module(place, &mut have), module::module(place, &mut want));
            assert_eq!((have, owners.0), (want, owners.1), "{place}");
        }
    }
}
