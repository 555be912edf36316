//! A clock that jumps by a day.

use tk_incident_core::spool::{Place, now_ms};

use super::session::{Session, Site, Written};
use super::support::Home;

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

fn session() -> (Home, Session) {
    let home = Home::new();
    let mut session = Session::open(&home.config(), &Place::local(&home.state())).unwrap();
    session.pass().unwrap();
    Written::default().error(&home.log("tk-maya.log"), 0);
    for _ in 0..2 {
        session.pass().unwrap();
    }
    (home, session)
}

#[test]
fn a_clock_set_back_delays_no_delivery() {
    let (_home, session) = session();
    session.capture().unwrap();
    let now = now_ms();
    let delivery = session.spool.delivery_due(now).unwrap().unwrap();
    session.spool.retry_later(delivery.id, "away", Some(3_600_000), false).unwrap();
    assert!(session.spool.delivery_due(now).unwrap().is_none(), "it waits by a clock that goes on");
    assert!(session.spool.next_delivery_ms(now).unwrap().unwrap() > now);

    let earlier = now - DAY_MS;
    assert!(session.spool.delivery_due(earlier).unwrap().is_some());
    assert_eq!(session.spool.next_delivery_ms(earlier).unwrap(), Some(earlier));
    assert!(session.spool.delivery_due(now + DAY_MS).unwrap().is_some(), "a clock set forward loses nothing");
    session.deliver(&mut Site::default(), |_, _| ()).unwrap();
}

#[test]
fn a_clock_set_back_delays_no_evidence() {
    let home = Home::new();
    let mut session = Session::open(&home.config(), &Place::local(&home.state())).unwrap();
    session.pass().unwrap();
    Written::default().error(&home.log("tk-maya.log"), 0);
    session.due_ms = now_ms() + 300;
    for _ in 0..2 {
        session.pass().unwrap();
    }
    let now = session.due_ms - 300;
    assert!(session.spool.evidence_due(now).unwrap().is_empty(), "the lines behind it are not there yet");
    assert_eq!(session.spool.next_evidence_ms(now).unwrap(), Some(session.due_ms));

    let earlier = now - DAY_MS;
    assert_eq!(session.spool.evidence_due(earlier).unwrap().len(), 1);
    assert_eq!(session.spool.next_evidence_ms(earlier).unwrap(), Some(earlier));
    assert_eq!(session.spool.evidence_due(now + DAY_MS).unwrap().len(), 1);
}
