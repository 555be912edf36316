//! A spool of an earlier version's rules: its problems are found again, and no second ticket is opened.
//!
//! `tests/spools/` holds two as the last version with v0 left them: ten incidents, five of a user's tickets and five of the
//! site's. In `folded` room was made until nothing was left to give up.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use rusqlite::Connection;
use tk_incident_core::capture::Evidence;
use tk_incident_core::config::SignatureOverride;
use tk_incident_core::notes::Notes;
use tk_incident_core::pipeline::Pipeline;
use tk_incident_core::record::{Dialect, Parts, Records};
use tk_incident_core::signature::Studio;
use tk_incident_core::spool::{Batch, Delivery, Place, Spool};
use tk_incident_core::tail::FileIdentity;
use tk_incident_core::{Config, Occurrence};

use super::books::{balanced, batch, file, incidents};
use super::support::Home;

/// Whose tickets they are, and the row before the first of theirs.
const SCOPES: [(&str, i64); 2] = [("artist", 0), ("", 5)];

const AT: &str = "2026-11-23 09:00:00,000 [4712 ERROR sgtk.env.project.tk-maya.tk-multi-publish2] ";

/// A state folder with one of the spools.
fn early(name: &str) -> Home {
    let home = Home::new();
    fs::create_dir_all(home.state()).unwrap();
    let spools = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/spools");
    let sql = fs::read_to_string(spools.join(format!("v0-{name}.sql"))).unwrap();
    Connection::open(home.state().join("spool.sqlite")).unwrap().execute_batch(&sql).unwrap();
    fs::copy(spools.join(format!("v0-{name}.jsonl")), home.state().join("told.jsonl")).unwrap();
    home
}

fn open(home: &Home) -> Spool {
    open_with(home, &Studio::default())
}

fn open_with(home: &Home, studio: &Studio) -> Spool {
    Spool::open(&Place::local(&home.state()), studio, &Notes::default()).unwrap()
}

fn publish(module: &str, error: &str) -> String {
    format!(
        "{AT}publish failed\nTraceback (most recent call last):\n  File \"/studio/tools/{module}.py\", line 9, in {module}\n    \
         {module}(scene)\n{error}\n"
    )
}

fn shot() -> String {
    publish("collect", "KeyError: 'shot'")
}

fn task() -> String {
    publish("submit", "KeyError: 'task'")
}

fn no_answer(seconds: u32) -> String {
    format!("{AT}the farm did not answer after {seconds} s\n")
}

fn no_space() -> String {
    format!("{AT}no space is left for the cache\n")
}

fn no_licence() -> String {
    publish("licence", &format!("studio.LicenceError: no licence for {}", "render ".repeat(100)))
        .replace("in licence\n    licence", "in ask\n    ask")
}

/// What is found in a log that holds these records.
fn found(texts: &[String], start: u64, studio: &Studio) -> Vec<Occurrence> {
    let (mut records, mut out) = (Records::new(Dialect::Toolkit, start, 1 << 20), Vec::new());
    for text in texts {
        records.push(text.as_bytes(), |record| out.push(record));
    }
    records.finish(|record| out.push(record));
    let occurrence = |record| {
        let text = tk_incident_core::record::Record::text(record);
        Occurrence::new(record, &Parts::of(&text), &text, &Path::new("logs/tk-maya.log").into(), studio)
    };
    out.iter().map(occurrence).collect()
}

/// Finds these records in a log of today, and makes what is new ready for the site.
fn find(spool: &Spool, (log, ticket_user): (FileIdentity, &str), texts: &[String], studio: &Studio) {
    let found = found(texts, 0, studio);
    spool.commit(&Batch { ticket_user: ticket_user.into(), ..batch(log, found) }).unwrap();
    let due = spool.evidence_due(i64::MAX).unwrap();
    let taken: Vec<_> = due
        .iter()
        .map(|due| (due.incident_id, Evidence { environment: "{}".into(), archive: b"an archive".to_vec() }))
        .collect();
    spool.keep_evidence(&taken).unwrap();
}

/// Tells the site of all that is due; the deliveries by incident.
fn deliver(spool: &Spool) -> BTreeMap<i64, Delivery> {
    let mut all = BTreeMap::new();
    while let Some(delivery) = spool.delivery_due(i64::MAX).unwrap() {
        spool.ticket_created(delivery.id, delivery.ticket_id.unwrap_or(2000 + delivery.id), true).unwrap();
        spool.evidence_attached(delivery.id).unwrap();
        assert!(spool.ack(delivery.id, delivery.incident.count, 0, true).unwrap());
        all.insert(delivery.id, delivery);
    }
    all
}

/// Row, count and ticket of what is to be told.
fn told(spool: &Spool) -> Vec<(i64, u64, Option<i64>)> {
    deliver(spool)
        .into_values()
        .map(|delivery| (delivery.id, delivery.incident.count, delivery.ticket_id))
        .collect()
}

/// The problems of the spool, and which of its incidents they are; v0 took both `KeyError`s for one, and the two waits for two.
fn known() -> Vec<(String, i64)> {
    vec![
        (shot(), 1),
        (task(), 1),
        (no_answer(3), 2),
        (no_licence(), 3),
        (no_answer(4), 2),
        (no_answer(77), 2),
        (no_space(), 5),
    ]
}

#[test]
fn each_problem_is_counted_where_it_was() {
    for (index, (user, before)) in (7..).zip(SCOPES) {
        let home = early("whole");
        let spool = open(&home);
        deliver(&spool);
        let texts: Vec<_> = known().into_iter().map(|(text, _)| text).collect();
        find(&spool, (file(index), user), &texts, &Studio::default());
        assert_eq!(incidents(&home).len(), 10);
        let ticket = |id: i64| Some(if id == 10 { 2010 } else { 1000 + id });
        let expected =
            [(1, 7), (2, 4), (3, 3), (5, 2)].map(|(id, count)| (before + id, count, ticket(before + id)));
        assert_eq!(told(&spool), expected, "{user:?}");
        balanced(&home);
    }
}

#[test]
fn its_title_its_count_and_its_ticket_stay() {
    let home = early("whole");
    drop(open(&home));
    let all = incidents(&home);
    let first = &all[0];
    assert_eq!((first.title.as_str(), first.count, first.ticket), ("KeyError", 5, Some(1001)));
    assert_eq!(first.signature, found(&[shot()], 0, &Studio::default())[0].signature);
    // Its new key is the other wait's, which is the older one.
    assert!(all[3].signature.starts_with("v0-"), "{}", all[3].signature);
}

#[test]
fn what_was_never_found_is_a_problem_of_its_own() {
    for name in ["whole", "folded"] {
        let home = early(name);
        let spool = open(&home);
        let new = publish("submit", "KeyError: 'asset'");
        find(&spool, (file(7), "artist"), &[new], &Studio::default());
        let told = deliver(&spool);
        let delivery = &told[&11];
        assert_eq!((delivery.incident.count, delivery.ticket_id), (1, None), "{name}");
        // The ticket of the old key is another problem's, and known to be.
        assert!(delivery.former_signatures.is_empty(), "{name}: {:?}", delivery.former_signatures);
    }
}

#[test]
fn what_is_known_to_be_another_problem_is_not_taken_over() {
    let home = early("whole");
    let spool = open(&home);
    // The incident of this text has kept its old key, because the new one is that of the wait for 3 s.
    let elsewhere = no_answer(4).replace("tk-multi-publish2", "tk-multi-farm");
    find(&spool, (file(7), "artist"), &[elsewhere], &Studio::default());
    assert_eq!(deliver(&spool)[&11].incident.count, 1);
    assert_eq!(incidents(&home)[3].count, 1);
}

#[test]
fn a_text_that_is_gone_is_known_by_its_old_key_once() {
    for (index, (user, before)) in (7..).zip(SCOPES) {
        let home = early("folded");
        let spool = open(&home);
        deliver(&spool);
        assert!(incidents(&home)[2].signature.starts_with("v0-"));
        let texts = [no_licence(), shot(), no_licence()];
        find(&spool, (file(index), user), &texts, &Studio::default());
        let other = publish("ask", "studio.LicenceError: the licence is out of date");
        find(&spool, (file(index + 10), user), &[other], &Studio::default());
        let expected =
            [(before + 1, 6, Some(1001 + before)), (before + 3, 4, Some(1003 + before)), (11, 1, None)];
        assert_eq!(told(&spool), expected);
        let all = incidents(&home);
        let own = usize::try_from(before).unwrap() + 2;
        assert_eq!(all[own].signature, found(&[no_licence()], 0, &Studio::default())[0].signature);
        assert_eq!(all[own].title, "LicenceError");
        balanced(&home);
    }
}

#[test]
fn what_waited_says_what_it_was_called() {
    let home = early("whole");
    let waiting = &deliver(&open(&home))[&10];
    assert_eq!(waiting.incident.signature, found(&[no_space()], 0, &Studio::default())[0].signature);
    assert_eq!(waiting.former_signatures, ["v0-799eb04ff9e7c4752446d4b7"]);
}

#[test]
fn the_rules_of_the_settings_count() {
    let rule = SignatureOverride {
        key: "farm".into(),
        logger: None,
        module: None,
        text: Some("the farm did not answer".into()),
    };
    let config = Config { signature_overrides: vec![rule], ..Config::default() };
    let pipeline = Pipeline::new(&config).unwrap();
    let home = early("whole");
    let spool = open_with(&home, pipeline.studio());
    find(&spool, (file(7), "artist"), &[no_answer(5)], pipeline.studio());
    assert_eq!((incidents(&home).len(), incidents(&home)[1].count), (10, 2));
}

/// What the problems come to when they are found again behind some mishap: nothing that has a ticket gets another.
fn goes_on(home: &Home, spool: &Spool, because: &str) {
    let texts: Vec<_> = known().into_iter().map(|(text, _)| text).collect();
    find(spool, (file(9), "artist"), &texts, &Studio::default());
    for (id, delivery) in deliver(spool) {
        assert!(delivery.ticket_id.is_some() || id == 10, "{because}: {id} {:?}", delivery.incident);
    }
    assert_eq!(incidents(home).len(), 10, "{because}");
    balanced(home);
}

#[test]
fn a_page_can_be_lost_before_it_and_after() {
    for is_upgraded in [false, true] {
        let home = early("whole");
        if is_upgraded {
            drop(open(&home));
        }
        let (path, ledger) = (home.state().join("spool.sqlite"), home.state().join("told.jsonl"));
        let (whole, lines) = (fs::read(&path).unwrap(), fs::read(&ledger).unwrap());
        for page in 1..whole.len() / 4096 {
            let mut bytes = whole.clone();
            bytes[page * 4096..(page + 1) * 4096].fill(0);
            fs::write(&path, bytes).unwrap();
            fs::write(&ledger, &lines).unwrap();
            let spool = open(&home);
            deliver(&spool);
            let texts = [shot(), no_answer(3), no_licence()];
            find(&spool, (file(9), "artist"), &texts, &Studio::default());
            let told = deliver(&spool);
            let because = format!("upgraded: {is_upgraded}, page {page}: {told:?}");
            assert!(
                told.values().all(|delivery| delivery.ticket_id.is_some() || delivery.id == 10),
                "{because}"
            );
            // Where the older wait's text is lost, the problem is the other one's, which has a ticket as well.
            let is_told = |id| told.contains_key(&id);
            assert!(is_told(1) && is_told(3) && (is_told(2) || is_told(4)), "{because}");
            drop(spool);
            for name in ["spool.sqlite-wal", "spool.sqlite-shm"] {
                fs::remove_file(home.state().join(name)).unwrap_or_default();
            }
        }
    }
}

#[test]
fn a_spool_that_is_gone_is_made_again_from_the_ledger() {
    let lose = |home: &Home| fs::remove_file(home.state().join("spool.sqlite")).unwrap();
    // After the upgrade: the ledger has the new keys, all of them.
    let home = early("whole");
    let spool = open(&home);
    deliver(&spool);
    drop(spool);
    lose(&home);
    goes_on(&home, &open(&home), "after");
    // Before it: the ledger has old keys alone. The logs are read again, too.
    let home = early("whole");
    lose(&home);
    let spool = open(&home);
    find(&spool, (file(1), "artist"), &[shot(), shot(), task(), no_answer(3)], &Studio::default());
    assert!(deliver(&spool).is_empty(), "the site knows them");
    find(&spool, (file(9), "artist"), &[task(), shot()], &Studio::default());
    assert_eq!(told(&spool), [(1, 7, Some(1001))]);
    drop(spool);
    // And once more: the line under the new key goes before the one under the old.
    lose(&home);
    let spool = open(&home);
    find(&spool, (file(10), "artist"), &[task(), shot()], &Studio::default());
    assert_eq!(told(&spool), [(1, 9, Some(1001))]);
}

#[test]
fn an_upgrade_is_done_once() {
    let home = early("whole");
    drop(open(&home));
    let connection = Connection::open(home.state().join("spool.sqlite")).unwrap();
    let keys = || -> Vec<(String, String, i64)> {
        let mut statement = connection
            .prepare("SELECT signature, ticket_user, incident_id FROM keys UNION ALL SELECT signature, ticket_user, -id FROM incidents ORDER BY 1, 2, 3")
            .unwrap();
        statement
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .unwrap()
            .collect::<rusqlite::Result<_>>()
            .unwrap()
    };
    let once = keys();
    connection.execute("DELETE FROM signed", []).unwrap();
    drop(open(&home));
    assert_eq!(keys(), once, "what was signed is signed alike");
}
