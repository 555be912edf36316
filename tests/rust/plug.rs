//! The plug is pulled at every sync of a spool's life, on both kinds of drive.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use proptest::prelude::*;
use tk_incident_core::Config;
use tk_incident_core::spool::{Bounds, Drive, SpoolReader};

use super::books::make_room;
use super::disk::{Disk, Event, cut_power, syncs};
use super::session::{Session, Site, Written, books, books_balance, counted};
use super::support::{Home, append, config_of_a_property, record};

/// A life of a spool that has ended, with the account of its drive.
struct Life {
    home: Home,
    drive: Drive,
    /// Whether room was made in it: a record has then a count, and not always a row.
    is_folded: bool,
    events: Vec<Event>,
    written: Written,
    ends: Vec<(PathBuf, u64)>,
    /// What it goes on with: a drive that does nothing but hold files.
    idle: Disk,
}

impl Life {
    fn new(drive: Drive, is_folded: bool) -> Self {
        let home = Home::new();
        let disk = Disk::new();
        let place = disk.place(&home.state(), drive);
        let (mut written, mut site) = (Written::default(), Site::default());
        let acked = |key: &str, count| disk.note(Event::Acked(key.to_owned(), count));
        let mut session = Session::open(&home.config(), &place).unwrap();
        session.pass().unwrap();
        disk.note(Event::Looked);
        for round in 0..5 {
            for (name, problem) in [("tk-maya.log", round % 4), ("tk-nuke.log", 0), ("tk-maya.log", 1)] {
                written.error(&home.log(name), problem);
                append(&home.log(name), record("INFO", "nothing"));
            }
            session.pass().unwrap();
            session.capture().unwrap();
            match round {
                // An orderly end brings the WAL into the database.
                0 => {
                    drop(session);
                    session = Session::open(&home.config(), &place).unwrap();
                }
                1 | 4 => session.deliver(&mut site, acked).unwrap(),
                2 => fs::rename(home.log("tk-maya.log"), home.log("tk-maya.log.1")).unwrap(),
                _ if is_folded => make_room(&session.spool, &mut Bounds::new(16 << 10)),
                _ => {}
            }
        }
        drop(session);
        let folded = books(&home.state())["folded"].as_u64().unwrap();
        assert_eq!(folded > 0, is_folded, "{folded} rows were folded");
        let logs = ["tk-maya.log", "tk-maya.log.1", "tk-nuke.log"].map(|name| home.log(name));
        let ends = logs.into_iter().map(|log| (log.clone(), fs::metadata(log).unwrap().len())).collect();
        Self { home, drive, is_folded, events: disk.events(), written, ends, idle: Disk::new() }
    }

    /// Starts again from what the drive held after sync `n`.
    fn resume(&self, n: usize, survives: impl FnMut() -> bool) {
        let state = tempfile::tempdir_in(self.home.state()).unwrap();
        cut_power(&self.events, n, state.path(), survives);
        let mut before = Vec::new();
        let mut seen = 0;
        for event in &self.events {
            seen += usize::from(matches!(event, Event::Sync(_)));
            // What comes before the sync that was not reached was told to be done.
            if seen > n {
                break;
            }
            before.push(event);
        }
        let acked: BTreeMap<_, _> = before
            .iter()
            .filter_map(|event| match event {
                Event::Acked(key, count) => Some((key.clone(), *count)),
                _ => None,
            })
            .collect();
        let has_looked = before.iter().any(|event| matches!(event, Event::Looked));

        let config = Config { state_folder: Some(state.path().to_owned()), ..self.home.config() };
        let place = self.idle.place(state.path(), self.drive);
        let mut session = Session::open(&config, &place).unwrap();
        let notes = session.notes.take();
        assert!(notes.is_empty(), "a power cut is no damage: {notes:?}");
        session.pass().unwrap();
        let mut written = self.written.clone();
        written.error(&self.home.log("tk-nuke.log"), 2);
        let fresh = written.messages.last().cloned();
        for _ in 0..2 {
            session.pass().unwrap();
        }
        session.capture().unwrap();
        let mut again = Vec::new();
        session.deliver(&mut Site::default(), |key, count| again.push((key.to_owned(), count))).unwrap();
        for (key, count) in again {
            let known = acked.get(&key).copied().unwrap_or(0);
            assert!(count > known, "{key} was acked with {known} and is delivered again");
        }
        drop(session);

        let reader = SpoolReader::open(state.path()).unwrap();
        let mut found: Vec<_> =
            reader.occurrences(0).unwrap().into_iter().map(|occurrence| occurrence.message).collect();
        found.sort_unstable();
        let counts = written.counts();
        let mut all = written.messages;
        all.sort_unstable();
        // Where not even the first look was on the drive, all that lay there is old news.
        let is_start = !has_looked && found == Vec::from_iter(fresh);
        if self.is_folded && !is_start {
            assert_eq!(counted(state.path()), counts, "{:?} after sync {n}", self.drive);
            let is_known = |message| all.binary_search(message).is_ok();
            let is_once = found.windows(2).all(|pair| pair[0] < pair[1]);
            assert!(is_once && found.iter().all(is_known), "{:?} after sync {n}: {found:?}", self.drive);
        } else {
            assert!(is_start || found == all, "{:?} after sync {n}: {found:?}", self.drive);
        }
        drop(reader);
        books_balance(state.path());
        for (log, end) in &self.ends {
            fs::OpenOptions::new().write(true).open(log).unwrap().set_len(*end).unwrap();
        }
    }
}

#[test]
fn every_sync_can_be_the_last_one() {
    for (drive, is_folded) in
        [(Drive::Local, false), (Drive::Network, false), (Drive::Local, true), (Drive::Network, true)]
    {
        let life = Life::new(drive, is_folded);
        let count = syncs(&life.events);
        assert!(count > 20, "only {count} syncs on {drive:?}");
        for n in 0..=count {
            life.resume(n, || false);
            if n % 5 == 0 {
                life.resume(n, || true);
            }
        }
    }
}

proptest! {
    #![proptest_config(config_of_a_property(24))]

    #[test]
    fn a_drive_may_write_in_any_order(
        is_network in any::<bool>(),
        is_folded in any::<bool>(),
        cuts in prop::collection::vec((any::<prop::sample::Index>(), any::<u64>()), 4),
    ) {
        let life = Life::new(if is_network { Drive::Network } else { Drive::Local }, is_folded);
        for (n, seed) in cuts {
            let mut random = seed;
            life.resume(n.index(syncs(&life.events)), || {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                random >> 63 == 1
            });
        }
    }
}
