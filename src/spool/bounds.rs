//! Keeps the spool within its cap: a small step at a time, between two looks at the logs.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::{Connection, params};
use serde::Serialize;

use super::commit::count_up;
use super::room::{Cursor, LADDER};
use super::{FILE, Spool};
use crate::error::{Error, Result};
use crate::stats::SpoolStats;

/// A step ends after this long: the logs are looked at in between.
const LONGEST_STEP: Duration = Duration::from_millis(30);

/// Longer where reading fills the disk faster than that.
const LONGEST_URGENT_STEP: Duration = Duration::from_millis(300);

/// Pages that are moved to the end of the file and cut off in one go: 1 MiB.
const VACUUM_PAGES: u32 = 256;

/// A WAL above this is written into the database, and its file emptied; under a small cap, an eighth of that.
pub const WAL_BYTES: u32 = 4 << 20;

/// Where everything was given up that can be, this is how long it is until the next try: deliveries make room, too.
const EXHAUSTED_FOR: Duration = Duration::from_secs(30);

/// What the spool takes on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Size {
    /// Bytes of pages that hold something.
    pub used_bytes: u64,
    /// Bytes of the database, with pages that are free to be used again.
    pub file_bytes: u64,
    /// Bytes of its journal.
    pub wal_bytes: u64,
}

impl Size {
    /// The size of the database in this folder.
    pub(super) fn of(connection: &Connection, folder: &Path) -> rusqlite::Result<Self> {
        let number =
            |name| connection.pragma_query_value(None, name, |row| row.get::<_, u32>(0)).map(u64::from);
        let (pages, free, page) = (number("page_count")?, number("freelist_count")?, number("page_size")?);
        let wal = std::fs::metadata(folder.join(format!("{FILE}-wal"))).map_or(0, |metadata| metadata.len());
        Ok(Self { used_bytes: pages.saturating_sub(free) * page, file_bytes: pages * page, wal_bytes: wal })
    }
}

/// How far the spool is with making room.
#[derive(Debug)]
pub struct Bounds {
    cap: u64,
    /// The rung of [`LADDER`] that is being worked on, and how far.
    at: Option<(usize, Cursor)>,
    /// All was given up that can be: the size that was left, and when.
    exhausted: Option<(u64, Instant)>,
    /// Whether there are free pages that are to go.
    shrinks: bool,
    /// Whether the spool knows the cap.
    is_told: bool,
    /// Whether a database that cannot shrink was made one that can.
    is_converted: bool,
}

impl Bounds {
    /// Bounds of so many bytes.
    #[must_use]
    pub fn new(cap: u64) -> Self {
        Self { cap, at: None, exhausted: None, shrinks: false, is_told: false, is_converted: false }
    }

    /// Whether there is more to do at once.
    #[must_use]
    pub fn is_working(&self) -> bool {
        self.at.is_some() || self.shrinks
    }

    /// Whether the spool is above its cap although all was given up that can be.
    #[must_use]
    pub fn is_exhausted(&self) -> bool {
        self.exhausted.is_some()
    }

    /// There is something new that can be given up.
    pub fn try_again(&mut self) {
        self.exhausted = None;
    }

    fn wal_most(&self) -> u64 {
        u64::from(WAL_BYTES).min(self.cap / 8)
    }

    /// What the pages may take, so that there is room for a WAL.
    fn most(&self) -> u64 {
        self.cap - self.wal_most()
    }

    /// Room is made down to this, so that it is not made again at once.
    fn goal(&self) -> u64 {
        self.most() / 10 * 9
    }

    /// So much is let be while there is something to read: the logs come first, as long as the disk bears it.
    fn is_pressing(&self, size: Size) -> bool {
        size.used_bytes > self.cap + self.cap / 10
    }

    fn begin_or_end(&mut self, size: Size) {
        if size.used_bytes <= self.goal() {
            self.at = None;
        }
        if size.used_bytes <= self.most() {
            self.exhausted = None;
        } else if self.at.is_none() {
            let waits = self.exhausted.is_some_and(|(left, since)| {
                size.used_bytes <= left + self.cap / 20 && since.elapsed() < EXHAUSTED_FOR
            });
            self.at = (!waits).then(|| (0, Cursor::default()));
        }
    }
}

impl Spool {
    /// What the spool takes on disk.
    pub fn size(&self) -> Result<Size> {
        self.read(|connection| Size::of(connection, self.folder()))
    }

    /// Takes a small step to get back within the bounds, where that is needed. While the tail is busy reading, only
    /// where it cannot wait.
    pub fn make_room(&self, bounds: &mut Bounds, tail_is_busy: bool) -> Result<()> {
        let began = Instant::now();
        let mut size = self.size()?;
        if tail_is_busy && !bounds.is_pressing(size) {
            return Ok(());
        }
        if !bounds.is_told {
            self.tell_cap(bounds.cap)?;
            bounds.is_told = true;
        }
        bounds.begin_or_end(size);
        while let Some((rung, mut cursor)) = bounds.at.take() {
            let Some(way) = LADDER.get(rung) else {
                bounds.exhausted = Some((size.used_bytes, Instant::now()));
                break;
            };
            let is_more = self.write(|transaction| {
                let mut stats = SpoolStats::default();
                let is_more = way.step(transaction, &mut cursor, &mut stats)?;
                count_up(transaction, &stats.named())?;
                Ok(is_more)
            })?;
            bounds.at = Some(if is_more { (rung, cursor) } else { (rung + 1, Cursor::default()) });
            size = self.size()?;
            bounds.begin_or_end(size);
            let is_urgent = tail_is_busy && bounds.is_pressing(size);
            if began.elapsed() > if is_urgent { LONGEST_URGENT_STEP } else { LONGEST_STEP } {
                break;
            }
        }
        let most = if bounds.at.is_some() { u64::from(WAL_BYTES) } else { bounds.wal_most() };
        if size.wal_bytes > most {
            self.empty_wal()?;
        }
        bounds.shrinks = false;
        if bounds.at.is_none() && size.file_bytes > bounds.most() && size.used_bytes < size.file_bytes {
            self.shrink(bounds)?;
            bounds.shrinks = self.size()?.file_bytes < size.file_bytes;
        }
        Ok(())
    }

    fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(&self.path)
    }

    /// Lets the readers of the spool know what it may take.
    fn tell_cap(&self, cap: u64) -> Result<()> {
        let cap = i64::try_from(cap).unwrap_or(i64::MAX);
        let told = self.read(|connection| {
            connection.prepare("SELECT 1 FROM bounds WHERE cap_bytes = ?1")?.exists([cap])
        })?;
        if told {
            return Ok(());
        }
        self.write(|transaction| {
            transaction.execute("DELETE FROM bounds", [])?;
            transaction.execute("INSERT INTO bounds VALUES (?1)", params![cap]).map(drop)
        })
    }

    /// Writes the WAL into the database. A reader that still needs it is not waited for: there is a next time.
    fn empty_wal(&self) -> Result<()> {
        self.read(|connection| {
            connection.busy_timeout(Duration::ZERO)?;
            let done = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
            connection.busy_timeout(super::connect::BUSY)?;
            done
        })
    }

    /// Gives free pages back to the file system.
    fn shrink(&self, bounds: &mut Bounds) -> Result<()> {
        self.read(|connection| {
            let mode: u32 = connection.pragma_query_value(None, "auto_vacuum", |row| row.get(0))?;
            if mode == 0 && !bounds.is_converted {
                // A spool of an early version: it is written anew, once, now that there is little left in it.
                bounds.is_converted = true;
                connection.pragma_update(None, "auto_vacuum", "incremental")?;
                return connection.execute_batch("VACUUM");
            }
            let mut statement = connection.prepare(&format!("PRAGMA incremental_vacuum({VACUUM_PAGES})"))?;
            let mut rows = statement.query([])?;
            // Each row is one page that was given back.
            while rows.next()?.is_some() {}
            Ok(())
        })
        .map_err(|error: Error| error.at(&self.path))?;
        // The file itself shrinks when the WAL is written into it.
        self.empty_wal()
    }
}
