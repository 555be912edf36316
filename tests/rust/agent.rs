//! The lead, deliveries and the books.

use std::io::{Cursor, Read};
use std::time::Duration;

use tk_incident_core::agent::Facts;
use tk_incident_core::spool::{Delivery, SpoolReader};
use tk_incident_core::{Agent, Config, ErrorKind};

use super::support::{
    Home, LONGEST, agent_with, append, caught_up, error, messages, next_delivery, occurrences, record, stop,
};

fn next(agent: &Agent) -> Delivery {
    next_delivery(agent)
}

#[test]
fn a_stand_by_takes_over_where_the_leader_stopped() {
    let home = Home::new();
    let log = home.log("tk-maya.log");
    let first = home.agent();
    let second = home.agent();
    assert!(first.is_leader() && !second.is_leader());
    append(&log, error("under the first"));
    occurrences(&first, 1);
    stop(&first);
    append(&log, error("under the second"));
    assert_eq!(messages(&occurrences(&second, 2)), ["under the first", "under the second"]);
    assert!(second.is_leader() && !first.is_leader());
    stop(&second);
}

#[test]
fn one_problem_is_one_delivery_with_its_evidence() {
    let home = Home::new();
    let log = home.log("tk-maya.log");
    let agent = home.agent();
    append(&log, record("INFO", "what went before"));
    append(&log, error("the problem, password=hunter22"));
    append(&log, record("INFO", "what came after"));
    append(&log, error("the problem, password=other33"));
    occurrences(&agent, 2);
    let delivery = next(&agent);
    assert_eq!((delivery.incident.count, delivery.attempts, delivery.ticket_id), (2, 0, None));
    assert_eq!(delivery.user_login, "artist");

    let archive = agent.spool().unwrap().evidence(delivery.id).unwrap().unwrap();
    let mut zip = zip::ZipArchive::new(Cursor::new(archive)).unwrap();
    let mut member = |name: &str| {
        let mut text = String::new();
        zip.by_name(name).unwrap().read_to_string(&mut text).unwrap();
        assert!(!text.contains("hunter22"), "{name} leaks");
        text
    };
    assert!(member("record.txt").contains("the problem, password=[redacted:secret]"));
    let context = member("context.log");
    assert!(context.contains("what went before") && context.contains("what came after"), "{context}");
    assert!(member("tk-maya.log").contains("the problem"));
    assert!(member("incident.json").contains(&delivery.incident.signature));
    assert_eq!(member("environment.json"), delivery.environment);
    stop(&agent);
}

#[test]
fn nothing_that_is_kept_holds_a_secret() {
    let home = Home::new();
    let log = home.log("tk-maya.log");
    let config = Config { redact_patterns: vec![r"\bPRJ-\d+\b".into()], ..home.config() };
    let agent = agent_with(config);
    // Made here, so that nobody takes this file for a leak.
    let token = format!("ghp_{}", "q7Rt2Lx9Bm4Z".repeat(3));
    let said = [
        format!("failed with {token}"),
        "api_key=xkq^zvbnmwrtplkjhgfdsa".to_owned(),
        "Cookie: _session_id=0123456789abcdef".to_owned(),
        "postgres://anna:swordfish9@db.example/x".to_owned(),
        "mail zebedee@studio.example".to_owned(),
        "read /home/zebedee/x.ma and C:\\Users\\zebedee\\x.ma".to_owned(),
        "of PRJ-4711".to_owned(),
        "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEF\n-----END PRIVATE KEY-----".to_owned(),
    ];
    let secrets = [
        &token,
        "xkq^zvbnmwrtplkjhgfdsa",
        "0123456789abcdef",
        "swordfish9",
        "zebedee",
        "PRJ-4711",
        "MIIEvQIBADANBg",
    ];
    append(&log, record("INFO", &format!("before: {}", said.join(" ; "))));
    append(&log, error(&said.join("\n")));
    let facts = Facts {
        user_login: "artist".into(),
        project_id: None,
        environment: format!("{{\"note\": \"{}\"}}", said[1]),
    };
    agent.set_facts(facts);
    let delivery = next(&agent);
    agent.spool().unwrap().retry_later(delivery.id, &said[..2].join(" "), None, false).unwrap();

    let mut kept = vec![
        delivery.incident.title.clone(),
        delivery.occurrence.record.clone(),
        delivery.environment.clone(),
    ];
    let archive = agent.spool().unwrap().evidence(delivery.id).unwrap().unwrap();
    let mut zip = zip::ZipArchive::new(Cursor::new(archive)).unwrap();
    for at in 0..zip.len() {
        let mut text = String::new();
        zip.by_index(at).unwrap().read_to_string(&mut text).unwrap();
        kept.push(text);
    }
    kept.extend(agent.take_notes().iter().map(|note| note.text.clone()));
    stop(&agent);
    for file in std::fs::read_dir(home.state())
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|path| path.is_file())
    {
        kept.push(String::from_utf8_lossy(&std::fs::read(file).unwrap()).into_owned());
    }
    assert!(kept.len() >= 9 && kept.iter().any(|text| text.contains("[redacted:studio]")), "{}", kept.len());
    for secret in secrets {
        for text in &kept {
            assert!(!text.contains(secret), "{secret} is kept in {text:.2000}");
        }
    }
}

#[test]
fn a_delivery_goes_on_where_it_stood_and_comes_again_when_more_happens() {
    let home = Home::new();
    let log = home.log("tk-maya.log");
    // A second, in which an upload without an answer may still come to its end.
    let agent = agent_with(Config { site_lag_s: 1, ..home.config() });
    append(&log, error("again and again"));
    let delivery = next(&agent);
    let spool = agent.spool().unwrap();
    spool.ticket_created(delivery.id, 42, true).unwrap();
    let delay = spool.retry_later(delivery.id, "the site is away, api_key=abcdef12", None, false).unwrap();
    assert!((1_000..=3_000).contains(&delay));
    assert!(agent.next_delivery(Duration::from_millis(10)).unwrap().is_none(), "it is not due yet");
    let status = SpoolReader::open(&home.state()).unwrap().status().unwrap();
    assert_eq!(status["deliveries"][0]["last_error"], "the site is away, api_key=[redacted:secret]");

    let again = next(&agent);
    assert_eq!((again.ticket_id, again.attached, again.attempts), (Some(42), false, 1));
    spool.evidence_attached(again.id).unwrap();
    spool.ack(again.id, again.incident.count, 100, true).unwrap();
    assert!(agent.next_delivery(Duration::from_millis(200)).unwrap().is_none(), "the site knows it all");

    append(&log, error("again and again"));
    let more = next(&agent);
    assert_eq!((more.incident.count, more.attached, more.attempts), (2, true, 0));
    stop(&agent);
}

#[test]
fn a_failed_delivery_survives_a_restart() {
    let home = Home::new();
    let agent = home.agent();
    append(&home.log("tk-maya.log"), error("kept"));
    let delivery = next(&agent);
    stop(&agent);
    let agent = home.agent();
    assert_eq!(next(&agent).id, delivery.id);
    stop(&agent);
}

#[test]
fn the_books_balance() {
    let home = Home::new();
    let agent = home.agent();
    let log = home.log("tk-maya.log");
    append(&log, "a line of nobody\n".to_owned() + &record("INFO", "one") + &error("two") + &error("three"));
    occurrences(&agent, 2);
    let delivery = next(&agent);
    agent.spool().unwrap().ack(delivery.id, 1, 1_000, true).unwrap();
    caught_up(&agent);
    stop(&agent);
    let reader = SpoolReader::open(&home.state()).unwrap();
    let status = reader.status().unwrap();
    let books = &status["books"];
    assert_eq!(
        (&books["captured"], &books["delivered"], &books["waiting"]),
        (&2.into(), &1.into(), &1.into())
    );
    let counters = &status["counters"];
    assert_eq!(
        (&counters["records_read"], &counters["matched"], &counters["not_matched"]),
        (&3.into(), &2.into(), &1.into())
    );
    assert_eq!(counters["orphan_lines"], 1);
    assert_eq!(counters["bytes_read"], std::fs::metadata(&log).unwrap().len());
    assert_eq!(status["files"][0]["lag_bytes"], 0);
    assert_eq!(status["log_folders"][0]["has_leader"], false);
}

#[test]
fn each_user_has_a_ticket_or_all_share_one() {
    for (scope, incidents) in [("user", 2), ("site", 1)] {
        let home = Home::new();
        let mut config = home.config();
        config.ticket_scope = serde_json::from_value(scope.into()).unwrap();
        for user in ["ann", "bob"] {
            let agent = agent_with(Config { user_login: Some(user.into()), ..config.clone() });
            let seen = agent.last_occurrence_id().unwrap();
            append(&home.log("tk-maya.log"), error("same"));
            assert!(!agent.wait_occurrences(seen, LONGEST).unwrap().is_empty());
            stop(&agent);
        }
        let found = SpoolReader::open(&home.state()).unwrap().incidents().unwrap();
        assert_eq!(found.len(), incidents, "{scope}");
        let users: Vec<_> = found.iter().flat_map(|incident| incident.users.clone()).collect();
        assert_eq!(users, ["ann", "bob"]);
    }
}

#[test]
fn what_cannot_work_is_said_at_the_start() {
    let home = Home::new();
    let missing = Config { log_folder: Some(home.logs().join("missing")), ..home.config() };
    let failed = Agent::new(missing).start().unwrap_err();
    assert_eq!(failed.kind(), &ErrorKind::LogFolder);
    assert!(failed.to_string().contains("missing"));
    append(&home.log("file"), "x");
    let blocked = Config { state_folder: Some(home.log("file").join("state")), ..home.config() };
    assert_eq!(Agent::new(blocked).start().unwrap_err().kind(), &ErrorKind::StateFolder);
}

#[test]
fn nothing_is_delivered_when_told_so() {
    let home = Home::new();
    let agent = agent_with(Config { deliver: false, ..home.config() });
    append(&home.log("tk-maya.log"), error("kept"));
    occurrences(&agent, 1);
    assert!(agent.next_delivery(Duration::from_millis(800)).unwrap().is_none());
    stop(&agent);
}
