//! The steps of a delivery, and where the next attempt goes on.

use std::time::{Duration, Instant};

use serde_json::Value;
use tk_incident_core::spool::{Delivery, SpoolReader, now_ms};
use tk_incident_core::{Agent, Config};

use super::support::{
    Home, LONGEST, agent_with, append, error, next_delivery, occurrences, stop, wait_until,
};

/// The site shows what it was told by then.
const SITE_LAG_MS: i64 = 10_000;

/// Longer than anything here takes.
const SLACK_MS: i64 = 5_000;

fn one(home: &Home) -> (Agent, Delivery) {
    let agent = home.agent();
    append(&home.log("tk-maya.log"), error("the problem"));
    let delivery = next_delivery(&agent);
    (agent, delivery)
}

#[test]
fn a_ticket_that_may_be_there_is_not_asked_for_before_the_site_can_show_it() {
    let home = Home::new();
    let (agent, delivery) = one(&home);
    let spool = agent.spool().unwrap();
    let due_in = |wait_ms| spool.delivery_due(now_ms() + wait_ms).unwrap();
    assert!(due_in(0).is_some());
    assert!(spool.ticket_asked(delivery.id).unwrap());
    assert!(due_in(SITE_LAG_MS - SLACK_MS).is_none());
    assert_eq!(due_in(SITE_LAG_MS).unwrap().ticket_id, None);
    // What is a second or two after any other failure.
    let delay = spool.retry_later(delivery.id, "no answer", None, false).unwrap();
    assert!(delay >= SITE_LAG_MS.unsigned_abs(), "{delay}");
    assert!(due_in(SITE_LAG_MS - SLACK_MS).is_none());
    assert!(spool.ticket_created(delivery.id, 42, false).unwrap());
    // Nor an archive, whose upload may have succeeded.
    let delay = spool.retry_later(delivery.id, "no upload", None, false).unwrap();
    assert!(delay >= SITE_LAG_MS.unsigned_abs(), "{delay}");
    spool.evidence_attached(delivery.id).unwrap();
    spool.ack(delivery.id, 0, 0, true).unwrap();
    let delay = spool.retry_later(delivery.id, "no update", None, false).unwrap();
    assert!(delay < SITE_LAG_MS.unsigned_abs(), "{delay}");
    drop(spool);
    stop(&agent);
}

#[test]
fn nor_after_a_death_in_between() {
    let home = Home::new();
    let (agent, delivery) = one(&home);
    let spool = agent.spool().unwrap();
    spool.ticket_asked(delivery.id).unwrap();
    // The answer to what was asked then comes in the moment of the death, long after: whatever was waited is over.
    spool.ack(delivery.id, 0, 0, true).unwrap();
    assert!(spool.delivery_due(now_ms() + 1).unwrap().is_some());
    drop(spool);
    stop(&agent);
    let agent = home.agent();
    let spool = agent.spool().unwrap();
    assert!(spool.delivery_due(now_ms() + SITE_LAG_MS - SLACK_MS).unwrap().is_none());
    assert!(spool.delivery_due(now_ms() + SITE_LAG_MS).unwrap().is_some());
    drop(spool);
    stop(&agent);
}

#[test]
fn twins_are_looked_for_once_and_again_only_where_that_failed() {
    let home = Home::new();
    let (agent, delivery) = one(&home);
    let spool = agent.spool().unwrap();
    let unsettled = |wait_ms: i64| -> Vec<i64> {
        spool.take_unsettled(now_ms() + wait_ms).unwrap().iter().map(|each| each.id).collect()
    };
    assert!(spool.ticket_created(delivery.id, 42, true).unwrap());
    assert!(unsettled(SITE_LAG_MS - SLACK_MS).is_empty(), "the site may not show a twin yet");
    assert_eq!(unsettled(SITE_LAG_MS), [delivery.id]);
    assert!(unsettled(SITE_LAG_MS).is_empty(), "they are being looked for");
    assert_eq!(unsettled(SITE_LAG_MS * 10), [delivery.id]);
    assert!(spool.settled(delivery.id).unwrap());
    assert!(unsettled(SITE_LAG_MS * 100).is_empty());
    drop(spool);
    stop(&agent);
}

#[test]
fn they_are_looked_for_although_the_clock_was_set_back() {
    let home = Home::new();
    let (agent, delivery) = one(&home);
    let spool = agent.spool().unwrap();
    let a_day_ms = 24 * 3_600_000;
    let ids = |now_ms: i64| -> Vec<i64> {
        spool.take_unsettled(now_ms).unwrap().iter().map(|each| each.id).collect()
    };
    spool.ticket_created(delivery.id, 42, true).unwrap();
    assert_eq!(ids(now_ms() + a_day_ms), [delivery.id], "they are put off, in tomorrow's time");
    assert_eq!(ids(now_ms()), [delivery.id]);
    assert!(ids(now_ms()).is_empty());
    drop(spool);
    stop(&agent);
}

#[test]
fn after_a_look_that_failed_none_is_due_for_a_while() {
    let home = Home::new();
    let (agent, delivery) = one(&home);
    let spool = agent.spool().unwrap();
    spool.ticket_created(delivery.id, 42, true).unwrap();
    // What is put off so far was put off before the clock was set back: it is due.
    spool.take_unsettled(now_ms() + 24 * 3_600_000).unwrap();
    agent.settle_later(Duration::from_secs(3_600));
    assert!(agent.take_unsettled().unwrap().is_empty());
    agent.settle_later(Duration::ZERO);
    assert_eq!(agent.take_unsettled().unwrap()[0].id, delivery.id);
    drop(spool);
    stop(&agent);
}

#[test]
fn a_ticket_that_was_found_has_twins_only_if_one_was_asked_for() {
    let home = Home::new();
    let (agent, delivery) = one(&home);
    let spool = agent.spool().unwrap();
    spool.ticket_created(delivery.id, 42, false).unwrap();
    assert!(spool.take_unsettled(now_ms() + SITE_LAG_MS * 10).unwrap().is_empty());
    spool.ticket_asked(delivery.id).unwrap();
    spool.ticket_created(delivery.id, 42, false).unwrap();
    assert_eq!(spool.take_unsettled(now_ms() + SITE_LAG_MS).unwrap().len(), 1);
    drop(spool);
    stop(&agent);
}

#[test]
fn what_is_attached_is_so_at_one_ticket() {
    let home = Home::new();
    let (agent, delivery) = one(&home);
    let spool = agent.spool().unwrap();
    let attached = || spool.delivery_due(now_ms() + SITE_LAG_MS).unwrap().unwrap().attached;
    spool.ticket_created(delivery.id, 7, true).unwrap();
    spool.evidence_attached(delivery.id).unwrap();
    spool.ticket_created(delivery.id, 7, false).unwrap();
    assert!(attached());
    spool.ticket_created(delivery.id, 5, false).unwrap();
    assert!(!attached());
    drop(spool);
    stop(&agent);
}

#[test]
fn what_waits_for_its_hour_says_that_its_twins_are_looked_for_first() {
    let home = Home::new();
    let (agent, delivery) = one(&home);
    let spool = agent.spool().unwrap();
    spool.ticket_created(delivery.id, 42, true).unwrap();
    spool.evidence_attached(delivery.id).unwrap();
    spool.ack(delivery.id, 1, 3_600_000, true).unwrap();
    append(&home.log("tk-maya.log"), error("the problem"));
    occurrences(&agent, 2);
    let steps = || -> Vec<(String, u64)> {
        let listed = SpoolReader::open(&home.state()).unwrap().deliveries(10).unwrap();
        let step =
            |each: &Value| (each["step"].as_str().unwrap().to_owned(), each["untold"].as_u64().unwrap());
        listed.iter().map(step).collect()
    };
    assert_eq!(steps(), [("settling".to_owned(), 1)]);
    spool.settled(delivery.id).unwrap();
    assert_eq!(steps(), [("attached".to_owned(), 1)]);
    drop(spool);
    stop(&agent);
}

#[test]
fn it_is_known_when_tickets_are_to_be_looked_at_again() {
    let home = Home::new();
    let (agent, delivery) = one(&home);
    let spool = agent.spool().unwrap();
    let next = |now_ms| spool.next_settling_ms(now_ms).unwrap();
    assert_eq!(next(now_ms()), None);
    let before = now_ms();
    spool.ticket_created(delivery.id, 42, true).unwrap();
    let at = next(before).unwrap();
    assert!((before + SITE_LAG_MS..=now_ms() + SITE_LAG_MS).contains(&at), "{before} {at}");
    let long_ago = before - 10 * SITE_LAG_MS;
    assert_eq!(next(long_ago), Some(long_ago), "the clock was set back");
    spool.settled(delivery.id).unwrap();
    assert_eq!(next(now_ms()), None);
    drop(spool);
    stop(&agent);
}

/// Of a damaged spool only some of a problem's rows may be left.
#[test]
fn what_cannot_be_told_does_not_hold_up_the_twins_of_others() {
    let home = Home::new();
    let agent = home.agent();
    // As many as one look takes, and one more. Digits would be values.
    let problems = ('a'..='u').map(|letter| error(&format!("broken {}", String::from(letter).repeat(9))));
    append(&home.log("tk-maya.log"), problems.collect::<String>());
    assert_eq!(occurrences(&agent, 21).len(), 21);
    let spool = agent.spool().unwrap();
    let is_ready = |id| spool.evidence(id).unwrap().is_some();
    wait_until("their evidence is taken", || (1..=21).all(is_ready));
    for id in 1..=21 {
        assert!(spool.ticket_created(id, 100 + id, true).unwrap());
    }
    let damage = rusqlite::Connection::open(home.state().join("spool.sqlite")).unwrap();
    damage.execute("DELETE FROM occurrences WHERE incident_id <= 20", []).unwrap();
    let found = |wait_ms: i64| -> Vec<i64> {
        spool.take_unsettled(now_ms() + wait_ms).unwrap().iter().map(|each| each.id).collect()
    };
    assert!(found(SITE_LAG_MS).is_empty());
    assert_eq!(found(SITE_LAG_MS), [21]);
    drop((spool, damage));
    stop(&agent);
}

#[test]
fn who_waits_for_a_delivery_is_told_of_news_and_of_the_end() {
    let home = Home::new();
    let agent = home.agent();
    let began = Instant::now();
    std::fs::create_dir(home.log("tk-maya.log")).unwrap();
    assert!(agent.next_delivery(LONGEST).unwrap().is_none());
    let [note] = &agent.take_notes()[..] else { panic!("one thing is to be said") };
    assert!(note.text.contains("tk-maya.log"), "{note:?}");
    stop(&agent);

    let home = Home::new();
    let silent = agent_with(Config { deliver: false, ..home.config() });
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| silent.next_delivery(LONGEST));
        silent.drain();
        assert!(waiting.join().unwrap().unwrap().is_none());
    });
    assert!(began.elapsed() < LONGEST, "nobody has waited for the end of the time");
    stop(&silent);
}
