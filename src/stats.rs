//! What was read and what became of it. Every record that is not kept is counted here.

use std::ops::AddAssign;

use serde::Serialize;

macro_rules! stats {
    ($($(#[$doc:meta])* $name:ident,)+) => {
        /// Counters of the tail; the spool adds them up over restarts.
        #[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
        pub struct Stats { $($(#[$doc])* pub $name: u64,)+ }

        impl Stats {
            /// Each counter with its name.
            #[must_use]
            pub fn named(&self) -> Vec<(&'static str, u64)> {
                vec![$((stringify!($name), self.$name),)+]
            }
        }

        impl AddAssign for Stats {
            fn add_assign(&mut self, other: Self) { $(self.$name += other.$name;)+ }
        }
    };
}

stats! {
    /// Bytes read from log files.
    bytes_read,
    /// Whole records read: `matched + not_matched`.
    records_read,
    /// Records that the rules chose.
    matched,
    /// Records that the rules left.
    not_matched,
    /// Records that were longer than `max_record_bytes` and were cut.
    records_cut,
    /// Lines that belong to no record: before a file's first header, or behind one that was given up waiting for.
    orphan_lines,
    /// Bytes that were seen to be there and gone before they could be read.
    bytes_lost,
    /// Times a file began a new life: truncated, or its identity given to another file.
    generations,
}

impl Stats {
    /// True if nothing was counted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
