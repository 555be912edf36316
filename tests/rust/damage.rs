//! A spool whose bytes have changed: it is said, nothing is delivered twice, and what the logs hold is found again.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use rusqlite::Connection;
use tk_incident_core::Config;
use tk_incident_core::config::StateDrive;
use tk_incident_core::notes::Notes;
use tk_incident_core::signature::Studio;
use tk_incident_core::spool::{Bounds, Drive, Place};

use super::books::make_room;
use super::session::{PROBLEMS, Session, Site, Written, books_balance, copy_spool, counted};
use super::support::{
    Home, LONGEST, agent_with, append, config_of_a_property, error, is_long, leads, next_delivery,
    occurrences, stop,
};

pub const DATABASE: &str = "spool.sqlite";
const LOGS: [&str; 2] = ["tk-maya.log", "tk-nuke.log"];

/// What happens to a file.
#[derive(Debug, Clone)]
pub enum Harm {
    Flip(prop::sample::Index, u8),
    ZeroPage(prop::sample::Index),
    CutOff(prop::sample::Index),
    Header(prop::sample::Index, u8),
    Garbage,
    Nothing,
}

impl Harm {
    fn any() -> impl Strategy<Value = Self> {
        let at = any::<prop::sample::Index>;
        prop_oneof![
            8 => (at(), 0..8u8).prop_map(|(at, bit)| Self::Flip(at, bit)),
            3 => at().prop_map(Self::ZeroPage),
            2 => at().prop_map(Self::CutOff),
            2 => (at(), any::<u8>()).prop_map(|(at, byte)| Self::Header(at, byte)),
            1 => Just(Self::Garbage),
            1 => Just(Self::Nothing),
        ]
    }

    fn strike(&self, path: &Path) {
        let mut bytes = fs::read(path).unwrap();
        if bytes.is_empty() {
            return;
        }
        match self {
            Self::Flip(at, bit) => {
                let at = at.index(bytes.len());
                bytes[at] ^= 1 << bit;
            }
            Self::ZeroPage(at) => {
                let page = at.index(bytes.len()) / 4096 * 4096;
                let end = bytes.len().min(page + 4096);
                bytes[page..end].fill(0);
            }
            Self::CutOff(at) => bytes.truncate(at.index(bytes.len())),
            Self::Header(at, byte) => {
                let at = at.index(bytes.len().min(100));
                bytes[at] = *byte;
            }
            Self::Garbage => bytes.fill(b'x'),
            Self::Nothing => bytes.clear(),
        }
        fs::write(path, bytes).unwrap();
    }
}

/// A spool with problems that the site knows, one that it knows in part, and one that it does not know.
pub struct Story {
    pub home: Home,
    drive: Drive,
    written: Written,
    site: Site,
    /// As it was left by an orderly end, and by a kill.
    pub closed: PathBuf,
    killed: PathBuf,
    ends: Vec<u64>,
}

impl Story {
    pub fn new(drive: Drive, is_folded: bool) -> Self {
        let home = Home::new();
        let place = Place { drive, ..Place::local(&home.state()) };
        let (mut written, mut site) = (Written::default(), Site::default());
        let mut session = Session::open(&home.config(), &place).unwrap();
        session.pass().unwrap();
        let mut write = |session: &mut Session, problems: &[usize]| {
            for problem in problems {
                for log in LOGS {
                    written.error(&home.log(log), *problem);
                }
            }
            session.pass().unwrap();
            session.pass().unwrap();
            session.capture().unwrap();
        };
        write(&mut session, &[0, 1, 0, 1, 0, 0, 1, 0]);
        session.deliver(&mut site, |_, _| ()).unwrap();
        let fold = |session: &Session| {
            if is_folded {
                make_room(&session.spool, &mut Bounds::new(16 << 10));
            }
        };
        fold(&session);
        write(&mut session, &[2, 1, 2]);
        fold(&session);
        let (killed, closed) = (home.logs().with_file_name("killed"), home.logs().with_file_name("closed"));
        copy_spool(&home.state(), &killed);
        drop(session);
        copy_spool(&home.state(), &closed);
        let ends = LOGS.map(|log| fs::metadata(home.log(log)).unwrap().len()).into();
        Self { home, drive, written, site, closed, killed, ends }
    }

    /// What comes of it, and what was said.
    pub fn go_on(&self, from: &Path, harm: &[(&str, Harm)]) -> (BTreeMap<String, u64>, bool) {
        let state = tempfile::tempdir_in(self.home.logs().parent().unwrap()).unwrap();
        copy_spool(from, &state.path().to_path_buf());
        for (file, harm) in harm {
            harm.strike(&state.path().join(file));
        }
        let config = Config { state_folder: Some(state.path().to_owned()), ..self.home.config() };
        let place = Place { drive: self.drive, ..Place::local(state.path()) };
        let (mut written, mut site) = (self.written.clone(), self.site.clone());
        let mut session = Session::open(&config, &place).unwrap();
        session.pass().unwrap();
        for problem in 0..PROBLEMS.len() {
            written.error(&self.home.log(LOGS[0]), problem);
        }
        for _ in 0..2 {
            session.pass().unwrap();
        }
        session.capture().unwrap();
        // The site does not answer at first.
        if let Some(delivery) = session.spool.delivery_due(i64::MAX).unwrap() {
            session.spool.retry_later(delivery.id, "away", None, false).unwrap();
        }
        session.deliver(&mut site, |_, _| ()).unwrap();
        make_room(&session.spool, &mut Bounds::new(16 << 10));
        let was_said = session.notes.take().iter().any(|note| note.code == "spool_damaged");
        assert!(!session.spool.is_damaged());
        drop(session);
        books_balance(state.path());
        assert_eq!(counted(state.path()), written.counts());
        assert_eq!(site.told, written.counts(), "what the site knows is what was written");
        for (log, end) in LOGS.iter().zip(&self.ends) {
            fs::OpenOptions::new().write(true).open(self.home.log(log)).unwrap().set_len(*end).unwrap();
        }
        (site.told, was_said)
    }
}

proptest! {
    #![proptest_config(config_of_a_property(6))]

    #[test]
    fn any_byte_can_be_wrong(
        is_network in any::<bool>(),
        is_folded in any::<bool>(),
        harms in prop::collection::vec((any::<bool>(), any::<bool>(), Harm::any()), 8),
    ) {
        let story = Story::new(if is_network { Drive::Network } else { Drive::Local }, is_folded);
        for (was_killed, is_journal, harm) in harms {
            let journal = if is_network { "spool.sqlite-journal" } else { "spool.sqlite-wal" };
            let from = if was_killed { &story.killed } else { &story.closed };
            let file = if is_journal && from.join(journal).exists() { journal } else { DATABASE };
            story.go_on(from, &[(file, harm)]);
        }
    }
}

#[test]
fn every_bit_of_the_header_can_be_wrong() {
    let story = Story::new(Drive::Local, false);
    for bit in (0..100 * 8).step_by(if is_long() { 1 } else { 7 }) {
        let state = story.home.logs().with_file_name("header");
        copy_spool(&story.closed, &state);
        let mut bytes = fs::read(state.join(DATABASE)).unwrap();
        bytes[bit / 8] ^= 1 << (bit % 8);
        fs::write(state.join(DATABASE), bytes).unwrap();
        story.go_on(&state, &[]);
    }
}

#[test]
fn every_page_can_be_lost() {
    for is_folded in [false, true] {
        let story = Story::new(Drive::Local, is_folded);
        let pages = fs::metadata(story.closed.join(DATABASE)).unwrap().len() / 4096;
        for number in 0..pages {
            let state = story.home.logs().with_file_name("page");
            copy_spool(&story.closed, &state);
            let mut bytes = fs::read(state.join(DATABASE)).unwrap();
            let at = usize::try_from(number * 4096).unwrap();
            bytes[at..at + 4096].fill(0);
            fs::write(state.join(DATABASE), bytes).unwrap();
            story.go_on(&state, &[]);
        }
    }
}

#[test]
fn a_spool_that_is_gone_is_not_told_again() {
    let story = Story::new(Drive::Local, false);
    for harm in [Harm::Nothing, Harm::Garbage] {
        let (_, was_said) = story.go_on(&story.closed, &[(DATABASE, harm)]);
        assert!(was_said);
    }
    fs::remove_file(story.closed.join(DATABASE)).unwrap();
    let (_, was_said) = story.go_on(&story.closed, &[]);
    assert!(was_said);
}

#[test]
fn an_agent_goes_on_with_what_is_left() {
    let home = Home::new();
    let agent = home.agent();
    let log = home.log("tk-maya.log");
    append(&log, error("told before"));
    let first = next_delivery(&agent);
    agent.spool().unwrap().ticket_created(first.id, 42, true).unwrap();
    agent.spool().unwrap().ack(first.id, 1, 0, true).unwrap();
    append(&log, error("found before"));
    let second = next_delivery(&agent);

    // What another connection writes makes the agent's read the file again; by then it is spoilt.
    let path = home.state().join(DATABASE);
    let other = Connection::open(&path).unwrap();
    other.pragma_update(None, "wal_checkpoint", "truncate").unwrap_or_default();
    let mut bytes = fs::read(&path).unwrap();
    bytes[4096..].fill(0xA5);
    fs::write(&path, bytes).unwrap();
    other.pragma_update(None, "user_version", 4).unwrap();
    // On Windows a file that anybody has open in SQLite cannot be set aside.
    drop(other);
    append(&log, error("found after"));

    let mut titles = Vec::new();
    for _ in 0..2 {
        let deadline = std::time::Instant::now() + LONGEST;
        let delivery = loop {
            // Until the tail has noticed, a look at it fails.
            if let Ok(Some(delivery)) = agent.next_delivery(std::time::Duration::from_millis(100)) {
                break delivery;
            }
            assert!(std::time::Instant::now() < deadline, "{:?}", agent.take_notes());
        };
        titles.push(delivery.incident.title.clone());
        assert!(agent.spool().unwrap().ack(delivery.id, delivery.incident.count, 0, true).unwrap());
    }
    titles.sort_unstable();
    assert_eq!(titles, ["found after", "found before"], "and what was told is not told again");
    assert!(
        !agent.spool().unwrap().ack(second.id, 1, 0, true).unwrap()
            || second.incident.title == "found before"
    );
    assert!(agent.take_notes().iter().any(|note| note.code == "spool_damaged"));
    stop(&agent);
    books_balance(&home.state());
}

#[test]
fn a_recovery_keeps_the_lead_and_leaves_the_old_file_alone() {
    for state_drive in [StateDrive::Local, StateDrive::Network] {
        let home = Home::new();
        let on_drive = || agent_with(Config { state_drive, ..home.config() });
        let first = on_drive();
        append(&home.log("tk-maya.log"), error("one"));
        let delivery = next_delivery(&first);
        let second = on_drive();
        // As a courier has it, which knows nothing of a damage.
        let held = first.spool().unwrap();
        held.recover(&Studio::default(), &Notes::default()).unwrap();
        assert!(first.is_leader() && !second.is_leader());
        assert!(held.ticket_created(delivery.id, 42, true).unwrap());
        append(&home.log("tk-maya.log"), error("two"));
        occurrences(&first, 2);
        drop(held);
        stop(&first);
        leads(&second);
        stop(&second);

        let names = fs::read_dir(home.state()).unwrap().map(|entry| entry.unwrap().path());
        let aside = names.filter(|path| path.to_string_lossy().contains(".damaged-")).collect::<Vec<_>>();
        assert_eq!(aside.len(), 1, "{aside:?}");
        let read = |path: &Path| -> (i64, Option<i64>) {
            let sql = "SELECT (SELECT max(term) FROM terms), ticket_id FROM deliveries WHERE incident_id = 1";
            let connection = Connection::open(path).unwrap();
            connection.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap()
        };
        let (before, after) = (read(&aside[0]), read(&home.state().join(DATABASE)));
        assert_eq!((before, after), ((1, None), (3, Some(42))), "{state_drive:?}");
        books_balance(&home.state());
    }
}
