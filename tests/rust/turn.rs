//! Whose turn it is at the site, and when it is nobody's.

use tk_incident_core::Agent;
use tk_incident_core::spool::{Delivery, SpoolReader, now_ms};

use super::support::{Home, append, next_delivery, occurrences, record, stop};

/// No wait after a failure is longer.
const HOUR_MS: i64 = 3_600_000;

/// An agent with these problems, all of them due.
fn problems(home: &Home, levels: &[&str]) -> Agent {
    let agent = home.agent();
    let text: String =
        levels.iter().zip('a'..).map(|(level, name)| record(level, &format!("problem {name}"))).collect();
    append(&home.log("tk-maya.log"), text);
    next_delivery(&agent);
    all_captured(&agent);
    agent
}

fn all_captured(agent: &Agent) {
    while agent.spool().unwrap().next_evidence_ms(now_ms()).unwrap().is_some() {
        std::thread::yield_now();
    }
}

fn due(agent: &Agent, wait_ms: i64) -> Option<Delivery> {
    agent.spool().unwrap().delivery_due(now_ms() + wait_ms).unwrap()
}

fn name(delivery: &Delivery) -> &str {
    &delivery.incident.message
}

#[test]
fn the_most_severe_comes_first_and_then_the_oldest() {
    let home = Home::new();
    let agent = problems(&home, &["ERROR", "CRITICAL", "ERROR", "CRITICAL"]);
    let mut turns = Vec::new();
    while let Some(delivery) = due(&agent, 0) {
        turns.push(name(&delivery).to_owned());
        agent.spool().unwrap().ack(delivery.id, delivery.incident.count, 0, true).unwrap();
    }
    assert_eq!(turns, ["problem b", "problem d", "problem a", "problem c"]);

    let again = format!("{}{}", record("CRITICAL", "problem b"), record("ERROR", "problem new"));
    append(&home.log("tk-maya.log"), again);
    occurrences(&agent, 6);
    all_captured(&agent);
    assert_eq!(name(&due(&agent, 0).unwrap()), "problem new", "the site knows of the other one");
    stop(&agent);
}

#[test]
fn a_site_that_is_away_holds_up_all_and_lets_all_go() {
    let home = Home::new();
    let agent = problems(&home, &["CRITICAL", "ERROR", "ERROR"]);
    let spool = agent.spool().unwrap();
    let mut failed = Vec::new();
    for _ in 0..2 {
        // The next one finds out whether the site is back.
        let delivery = due(&agent, 10_000 * i64::from(!failed.is_empty())).unwrap();
        failed.push(name(&delivery).to_owned());
        spool.retry_later(delivery.id, "no route, api_key=abcdef12", None, true).unwrap();
        assert!(due(&agent, 0).is_none(), "all wait with it");
        assert!(spool.is_held_up(now_ms()).unwrap());
        assert!(spool.next_delivery_ms(now_ms()).unwrap().unwrap() > now_ms());
        assert!(due(&agent, -HOUR_MS).is_some(), "a clock set back ends the wait");
    }
    let told = SpoolReader::open(&home.state()).unwrap().deliveries(10).unwrap();
    let waits: Vec<_> = told.iter().filter_map(|each| each["outage"].as_str()).collect();
    assert!(
        !waits.is_empty() && waits.iter().all(|why| *why == "no route, api_key=[redacted:secret]"),
        "{told:?}"
    );

    let back = due(&agent, HOUR_MS).unwrap();
    spool.ack(back.id, back.incident.count, 0, true).unwrap();
    assert!(!spool.is_held_up(now_ms()).unwrap());
    assert!(due(&agent, 1).is_some(), "whatever failed with it is tried again at once");
    drop(spool);
    stop(&agent);
}

#[test]
fn a_failure_of_its_own_holds_up_nobody_else() {
    let home = Home::new();
    let agent = problems(&home, &["CRITICAL", "ERROR", "ERROR"]);
    let spool = agent.spool().unwrap();
    let first = due(&agent, 0).unwrap();
    spool.retry_later(first.id, "refused", None, false).unwrap();
    let second = due(&agent, 0).unwrap();
    assert_ne!(second.id, first.id);
    // Said to be the site's fault; but what comes next gets through.
    spool.retry_later(second.id, "down", None, true).unwrap();
    assert_eq!(due(&agent, HOUR_MS).unwrap().id, first.id);
    spool.ack(first.id, 1, 0, true).unwrap();
    assert_eq!(name(&due(&agent, 0).unwrap()), "problem c", "the second one waits as long as it has to");
    drop(spool);
    stop(&agent);
}

#[test]
fn what_the_site_asks_for_holds_up_all() {
    let home = Home::new();
    let agent = problems(&home, &["ERROR", "ERROR"]);
    let first = due(&agent, 0).unwrap();
    agent.spool().unwrap().retry_later(first.id, "too many requests", Some(120_000), true).unwrap();
    assert!(due(&agent, 115_000).is_none());
    assert!(due(&agent, 120_000).is_some());
    stop(&agent);
}

#[test]
fn a_reporter_is_known_by_one_name() {
    let home = Home::new();
    let agent = problems(&home, &["ERROR"]);
    let known = due(&agent, 0).unwrap().reporter_id;
    assert_eq!(known.len(), 10);
    agent.spool().unwrap().ack(1, 1, 0, true).unwrap();
    stop(&agent);
    for suffix in ["", "-wal", "-shm"] {
        std::fs::remove_file(home.state().join(format!("spool.sqlite{suffix}"))).unwrap_or_default();
    }
    let agent = problems(&home, &["CRITICAL"]);
    assert_eq!(due(&agent, 0).unwrap().reporter_id, known, "the ledger knows it");
    stop(&agent);
    let other = Home::new();
    let agent = problems(&other, &["ERROR"]);
    assert_ne!(due(&agent, 0).unwrap().reporter_id, known);
    stop(&agent);
}
