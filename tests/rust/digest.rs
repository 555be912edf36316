//! Many new problems at once are one ticket, and single ones as they recur.

use std::io::{Cursor, Read};

use tk_incident_core::Agent;
use tk_incident_core::spool::{Delivery, SpoolReader, now_ms};

use super::support::{Home, append, occurrences, record, stop};

/// Longer than a storm is waited for, and than what failed first.
const OVER_MS: i64 = 10_000;

fn message(number: usize) -> String {
    // Numbers are values, and tell no problem from another.
    let letter = |at: usize| {
        char::from(b'a' + u8::try_from(number / 26_usize.pow(at.try_into().unwrap()) % 26).unwrap())
    };
    format!("problem {}{}{} is new", letter(2), letter(1), letter(0))
}

/// An agent that has found so many problems, with their evidence.
fn found(home: &Home, problems: usize) -> Agent {
    let agent = home.agent();
    let level = |number| if number == problems / 2 { "CRITICAL" } else { "ERROR" };
    let text: String = (0..problems).map(|number| record(level(number), &message(number))).collect();
    append(&home.log("tk-maya.log"), text);
    occurrences(&agent, problems);
    captured(&agent);
    agent
}

fn captured(agent: &Agent) {
    while agent.spool().unwrap().next_evidence_ms(now_ms()).unwrap().is_some() {
        std::thread::yield_now();
    }
}

fn due(agent: &Agent, wait_ms: i64) -> Option<Delivery> {
    agent.spool().unwrap().delivery_due(now_ms() + wait_ms).unwrap()
}

fn books(home: &Home) -> (i64, i64, i64) {
    let status = SpoolReader::open(&home.state()).unwrap().status().unwrap();
    let book = |name: &str| status["books"][name].as_i64().unwrap();
    (book("captured"), book("delivered"), book("waiting"))
}

#[test]
fn a_storm_of_problems_is_one_delivery() {
    let home = Home::new();
    let agent = found(&home, 60);
    assert!(due(&agent, 0).is_none(), "it may not be over");
    let next = agent.spool().unwrap().next_delivery_ms(now_ms()).unwrap().unwrap();
    assert!((1..=OVER_MS).contains(&(next - now_ms())), "nor is anybody kept busy until then");
    let digest = due(&agent, OVER_MS).unwrap();
    assert!(digest.id < 0);
    assert_eq!((digest.members.len(), digest.incident.count), (60, 60));
    assert_eq!(digest.incident.title, "60 new problems at once");
    assert_eq!(digest.members[0].message, message(30), "the most severe comes first");
    assert_eq!(digest.members[1].message, message(0), "then the oldest");
    assert!(digest.evidence_name().starts_with("incident-digest-"));

    let packed = agent.spool().unwrap().evidence(digest.id).unwrap().unwrap();
    let mut archive = zip::ZipArchive::new(Cursor::new(packed)).unwrap();
    let mut list = String::new();
    archive.by_name("incidents.json").unwrap().read_to_string(&mut list).unwrap();
    assert!(list.contains(&message(59)));
    assert!(archive.len() > 1, "and what was kept of each");

    assert_eq!(books(&home), (60, 0, 60));
    let waiting = SpoolReader::open(&home.state()).unwrap().deliveries(100).unwrap();
    assert_eq!(waiting.len(), 1, "{waiting:?}");
    assert_eq!(
        (&waiting[0]["title"], &waiting[0]["untold"]),
        (&"60 new problems at once".into(), &60.into())
    );
    stop(&agent);
}

#[test]
fn its_steps_are_kept_and_then_each_goes_on_alone() {
    let home = Home::new();
    let agent = found(&home, 60);
    let digest = due(&agent, OVER_MS).unwrap();
    let spool = agent.spool().unwrap();
    assert!(spool.ticket_asked(digest.id).unwrap());
    assert!(spool.retry_later(digest.id, "no answer", None, true).unwrap() >= 10_000);
    assert!(due(&agent, 1_000).is_none());
    drop(spool);
    stop(&agent);

    let agent = home.agent();
    let again = due(&agent, 60_000).unwrap();
    assert_eq!((again.id, again.attempts), (digest.id, 1));
    assert_eq!(again.incident.signature, digest.incident.signature);
    let spool = agent.spool().unwrap();
    assert!(spool.ticket_created(again.id, 42, true).unwrap());
    assert!(spool.evidence_attached(again.id).unwrap());
    let attached = due(&agent, 60_000).unwrap();
    assert_eq!((attached.ticket_id, attached.attached, attached.is_settled), (Some(42), true, false));
    // One of them is seen again before the site has taken it all.
    append(&home.log("tk-maya.log"), record("ERROR", &message(7)));
    occurrences(&agent, 61);
    assert!(spool.ack(again.id, again.incident.count, 0, true).unwrap());
    assert_eq!(books(&home), (61, 60, 1));
    assert_eq!(spool.take_unsettled(now_ms() + 60_000).unwrap()[0].id, digest.id);
    assert!(spool.settled(digest.id).unwrap());

    let alone = due(&agent, 1).unwrap();
    assert_eq!((alone.incident.message, alone.ticket_id, alone.incident.count), (message(7), None, 2));
    spool.ack(alone.id, 2, 0, true).unwrap();
    assert!(due(&agent, OVER_MS).is_none());
    assert_eq!(books(&home), (61, 61, 0));
    drop(spool);
    stop(&agent);
}

#[test]
fn fewer_problems_have_a_ticket_each() {
    let home = Home::new();
    let agent = found(&home, 49);
    let first = due(&agent, 0).unwrap();
    assert!(first.members.is_empty());
    assert_eq!(first.incident.message, message(24), "the critical one");
    stop(&agent);
}

#[test]
fn a_hook_that_wants_no_ticket_discards() {
    let home = Home::new();
    let agent = found(&home, 2);
    let first = due(&agent, 0).unwrap();
    assert!(agent.spool().unwrap().discard(first.id, 1, 0).unwrap());
    let status = SpoolReader::open(&home.state()).unwrap().status().unwrap();
    assert_eq!(status["books"]["discarded"], serde_json::json!({"vetoed": 1}));
    assert_eq!(books(&home), (2, 0, 1));
    stop(&agent);
}

#[test]
fn a_new_ticket_has_no_archive() {
    let home = Home::new();
    let agent = found(&home, 1);
    let spool = agent.spool().unwrap();
    let id = due(&agent, 0).unwrap().id;
    spool.ticket_created(id, 42, true).unwrap();
    spool.evidence_attached(id).unwrap();
    spool.ticket_created(id, 42, false).unwrap();
    assert!(due(&agent, 0).unwrap().attached, "it was found again");
    spool.ticket_created(id, 43, true).unwrap();
    assert!(!due(&agent, 0).unwrap().attached);
    drop(spool);
    stop(&agent);
}
