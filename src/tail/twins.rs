//! Copies of logs that lie beside them, as logrotate's `copytruncate` makes them: they hold no records of their own.
//!
//! A record begins with its time and its process, so that two logs of one engine that begin with the same bytes are
//! one log and its copy. A copy has another name than the log: whoever rolls a log by renaming it gives the
//! log's own name to the new file.

use std::collections::{BTreeMap, VecDeque};
use std::ffi::OsStr;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use compact_str::CompactString;

use super::checkpoint::{ANCHOR_BYTES, anchor, bytes_at};
use super::{Checkpoint, FileIdentity, Harvester, Tailer};
use crate::folders::engine_of;
use crate::stats::Stats;

/// More lives than this are not remembered when they are over.
const MOST_PAST: usize = 64;

/// A file that is so short that its beginning tells too little is taken for a log of its own after this long.
const SHORT_FOR: Duration = Duration::from_secs(1);

/// What is known of lives that are over, and which files may be copies.
#[derive(Debug, Default)]
pub(super) struct Twins {
    past: VecDeque<Past>,
    /// New files, and their engines: nothing is read of them until they are known to be logs of their own.
    pub(super) unsettled: BTreeMap<FileIdentity, CompactString>,
}

/// A life that is over.
#[derive(Debug)]
struct Past {
    engine: CompactString,
    /// Its first bytes; none where it ended while no reporter ran.
    head: Vec<u8>,
    /// How far it was read, and the hash of the bytes before that.
    end: u64,
    anchor: String,
}

/// What a new file is.
enum Verdict {
    /// A log of its own.
    Own,
    /// Not known yet.
    Unknown,
    /// A copy, of which so much was read in the file that it is a copy of. True if nothing more will be read there.
    ReadTo(u64, bool),
}

/// Whether a file has another name than a log has that is written to: a copy has.
pub(super) fn may_be_copy(path: &Path) -> bool {
    path.file_name() != Some(OsStr::new(&format!("{}.log", engine_of(path))))
}

impl Twins {
    /// Takes in a new file, if it may be a copy.
    pub(super) fn consider(&mut self, identity: FileIdentity, path: &Path) {
        if may_be_copy(path) {
            self.unsettled.insert(identity, engine_of(path));
        }
    }

    /// Whether there are new files that may be copies of a log of this engine.
    pub(super) fn are_awaited(&self, engine: &str) -> bool {
        self.unsettled.values().any(|of| of == engine)
    }

    /// The life of a file is over: this is how it began, and how far it was read.
    pub(super) fn remember(&mut self, engine: CompactString, head: &[u8], end: u64, anchor: String) {
        if end > 0 {
            self.past.truncate(MOST_PAST - 1);
            self.past.push_front(Past { engine, head: head.to_vec(), end, anchor });
        }
    }

    /// A life was over when a reporter came.
    pub(super) fn remember_checkpoint(&mut self, point: &Checkpoint) {
        self.remember(engine_of(&point.path), &[], point.offset, point.anchor.clone());
    }
}

impl Tailer {
    /// Finds out which new files are copies, and passes over what was read elsewhere.
    pub(super) fn settle_twins(&mut self, now: Instant, stats: &mut Stats) {
        for (identity, engine) in std::mem::take(&mut self.twins.unsettled) {
            // What cannot be looked at now is looked at again.
            let verdict = self.verdict(identity, now).unwrap_or(Verdict::Unknown);
            let Some(harvester) = self.harvesters.get_mut(&identity) else { continue };
            let is_settled = match verdict {
                Verdict::Own => true,
                Verdict::Unknown => false,
                Verdict::ReadTo(offset, is_over) => {
                    let offset = offset.min(harvester.length().unwrap_or(0));
                    let is_there = offset <= harvester.position();
                    (is_there || harvester.skip_to(offset, stats).is_ok()) && is_over
                }
            };
            if !is_settled {
                self.twins.unsettled.insert(identity, engine);
            }
        }
    }

    fn verdict(&mut self, identity: FileIdentity, now: Instant) -> io::Result<Verdict> {
        let Some(new) = self.harvesters.remove(&identity) else { return Ok(Verdict::Own) };
        let verdict = self.verdict_of(&new, now);
        self.harvesters.insert(identity, new);
        verdict
    }

    fn verdict_of(&self, new: &Harvester, now: Instant) -> io::Result<Verdict> {
        let length = new.length()?;
        if length == 0 {
            return Ok(Verdict::Unknown);
        }
        let engine = engine_of(&new.path);
        let file = new.handle.file()?;
        let head = bytes_at(&file, 0, ANCHOR_BYTES)?;
        let is_short_for_long = now.duration_since(new.followed_since) > SHORT_FOR;
        let mut is_like_another = false;
        for past in self.twins.past.iter().filter(|past| past.engine == engine) {
            let is_copy = match likeness(&past.head, &head) {
                Likeness::Same => true,
                Likeness::None if past.head.is_empty() => {
                    length >= past.end && anchor(&file, past.end)? == past.anchor
                }
                Likeness::None => false,
                Likeness::TooShort => {
                    is_like_another = true;
                    false
                }
            };
            if is_copy {
                return Ok(Verdict::ReadTo(past.end, true));
            }
        }
        for harvester in self.all() {
            if self.twins.unsettled.contains_key(&harvester.identity) || engine_of(&harvester.path) != engine
            {
                continue;
            }
            match likeness(harvester.head(), &head) {
                Likeness::None => {}
                Likeness::TooShort => is_like_another = true,
                Likeness::Same => {
                    let position = harvester.position();
                    // The other one is read first: then it is known how much of this one is left.
                    let is_read =
                        length <= position && harvester.length()? >= position && harvester.is_same_life();
                    return Ok(if is_read { Verdict::ReadTo(length, false) } else { Verdict::Unknown });
                }
            }
        }
        Ok(if is_like_another && !is_short_for_long { Verdict::Unknown } else { Verdict::Own })
    }
}

enum Likeness {
    None,
    /// They are the same as far as they go.
    TooShort,
    Same,
}

fn likeness(one: &[u8], other: &[u8]) -> Likeness {
    let common = one.len().min(other.len());
    if common == 0 || one[..common] != other[..common] {
        Likeness::None
    } else if common == ANCHOR_BYTES || one.len() == other.len() {
        Likeness::Same
    } else {
        Likeness::TooShort
    }
}
