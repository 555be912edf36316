//! What was read and what became of it. Every record that is not kept is counted here.

use std::ops::AddAssign;

use serde::Serialize;

macro_rules! counters {
    ($(#[$about:meta])* $kind:ident { $($(#[$doc:meta])* $name:ident,)+ }) => {
        $(#[$about])*
        #[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
        pub struct $kind { $($(#[$doc])* pub $name: u64,)+ }

        impl $kind {
            /// Each counter with its name.
            #[must_use]
            pub fn named(&self) -> Vec<(&'static str, u64)> {
                vec![$((stringify!($name), self.$name),)+]
            }

            /// True if nothing was counted.
            #[must_use]
            pub fn is_empty(&self) -> bool {
                *self == Self::default()
            }
        }

        impl AddAssign for $kind {
            fn add_assign(&mut self, other: Self) { $(self.$name += other.$name;)+ }
        }
    };
}

counters! {
    /// Counters of the tail; the spool adds them up over restarts.
    ///
    /// They commit together with the checkpoints behind what they count, so that nothing counts twice after a kill.
    Stats {
        /// Bytes of whole records and orphan lines: `record_bytes + orphan_bytes`. What a kill makes us read again counts once.
        bytes_read,
        /// Bytes of whole records, with those that were cut.
        record_bytes,
        /// Bytes of orphan lines.
        orphan_bytes,
        /// Bytes that lay in the log folder when it was first looked at: old news.
        bytes_skipped,
        /// Whole records read: `matched + not_matched`.
        records_read,
        /// Further records that became part of these: each told of a failure that the one before had told of.
        records_joined,
        /// Records that the rules chose: the spool captured them, or knew them already.
        matched,
        /// Records that the rules left.
        not_matched,
        /// Of those: records that the rules chose, and that are known to be no problem.
        known_noise,
        /// Records, matched or not, that were longer than `max_record_bytes` and were cut.
        records_cut,
        /// Bytes that were cut off from them.
        cut_bytes,
        /// Lines that belong to no record: before a file's first header, or behind one that was given up waiting for.
        orphan_lines,
        /// Bytes that were seen to be there and gone before they could be read.
        bytes_lost,
        /// Times a file began a new life: truncated, or its identity given to another file.
        generations,
    }
}

counters! {
    /// Counters of the spool: what it knew already, and what it gave up to stay under `max_spool_mib`.
    SpoolStats {
        /// Matched records whose address was in the spool already: read again, and not captured again.
        records_known,
        /// Occurrences whose rows are gone; their incidents' counts hold them.
        occurrences_folded,
        /// Evidence archives removed: the site has them, or there was no room for one that waits.
        archives_removed,
        /// Evidence archives that wait and have lost the engine's log, not what is around the record.
        archives_reduced,
        /// Occurrences whose text was cut in its middle.
        records_shortened,
        /// Bytes that were cut out of them.
        shortened_bytes,
    }
}
