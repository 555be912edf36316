//! What is in the archive of an incident, from the log to the spool.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Cursor, Read};

use serde_json::{Value, json};
use tk_incident_core::agent::Facts;
use tk_incident_core::capture::{Capture, LogSnapshot, Others};
use tk_incident_core::incident::{Incident, IncidentState};
use tk_incident_core::record::{Assembler, Dialect, Framer, Parts};
use tk_incident_core::signature::{Studio, signature};
use tk_incident_core::{Agent, Config, Occurrence, Redactor};

use super::support::{Home, agent_with, append, caught_up, next_delivery, occurrences, replace, stop};

const SECOND: &str = "2026-11-22 00:21:";

/// A record of a process, so many thousandths after the minute.
fn line(ms: usize, pid: u32, level: &str, text: &str) -> String {
    format!("{SECOND}{:02},{:03} [{pid} {level} sgtk.env.project] {text}\n", ms / 1_000, ms % 1_000)
}

/// The members of an archive, in their order.
fn in_order(archive: &[u8]) -> Vec<(String, String)> {
    let mut zip = zip::ZipArchive::new(Cursor::new(archive)).unwrap();
    let count = zip.len();
    let member = |at| {
        let mut text = String::new();
        let mut member = zip.by_index(at).unwrap();
        member.read_to_string(&mut text).unwrap();
        (member.name().unwrap().into_owned(), text)
    };
    (0..count).map(member).collect()
}

fn members(archive: &[u8]) -> BTreeMap<String, String> {
    in_order(archive).into_iter().collect()
}

/// The archive of what is due next.
fn next(agent: &Agent) -> Vec<u8> {
    let delivery = next_delivery(agent);
    agent.spool().unwrap().evidence(delivery.id).unwrap().unwrap()
}

/// Text that does not pack.
fn noise(bytes: usize, mut state: u64) -> String {
    let mut next = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        char::from(b' ' + u8::try_from((state >> 33) % 95).unwrap())
    };
    (0..bytes).map(|at| if at % 200 == 199 { '\n' } else { next() }).collect()
}

#[test]
fn an_archive_holds_what_explains_the_error() {
    let home = Home::new();
    let (maya, nuke) = (home.log("tk-maya.log"), home.log("tk-nuke.log"));
    append(&maya, line(1_000, 7, "INFO", "before the roll"));
    append(&nuke, line(2_000, 9, "INFO", "a minute long it counts, token=abcdef0123456789"));
    append(&home.log("tk-old.log"), "2026-11-22 00:10:00,000 [9 INFO sgtk.x] long ago\n");
    let agent = home.agent();
    fs::rename(&maya, home.log("tk-maya.log.1")).unwrap();
    let text = line(3_000, 7, "INFO", "the first line")
        + &line(3_001, 8, "INFO", "of another Maya")
        + &line(3_002, 7, "ERROR", "the problem, password=hunter22")
        + &line(3_003, 8, "INFO", "of another Maya, too")
        + &line(3_004, 7, "INFO", "what came after");
    append(&maya, text);
    let found = occurrences(&agent, 1);
    let archive = next(&agent);
    let names: Vec<_> = in_order(&archive).into_iter().map(|(name, _)| name).collect();
    let want = [
        "incident.json",
        "environment.json",
        "record.txt",
        "context.log",
        "others.log",
        "tk-maya.log",
        "tk-maya.log.1",
    ];
    assert_eq!(names, want);
    let members = members(&archive);
    for (name, text) in &members {
        assert!(!text.contains("hunter22") && !text.contains("abcdef0123456789"), "{name} leaks");
    }

    let context: Vec<_> =
        members["context.log"].lines().map(|line| line.rsplit("] ").next().unwrap()).collect();
    assert_eq!(context, ["the first line", "the problem, password=[redacted:secret]", "what came after"]);
    let others = &members["others.log"];
    assert!(others.starts_with("== tk-nuke\n") && others.contains("a minute long it counts"), "{others}");
    assert!(!others.contains("long ago") && !others.contains("Maya"), "{others}");
    assert!(members["tk-maya.log"].contains("of another Maya, too"));
    assert!(members["tk-maya.log.1"].contains("before the roll"));

    let told: Value = serde_json::from_str(&members["incident.json"]).unwrap();
    let signed = signature(&found[0].record);
    let why = json!({"kind": "message", "normal_form": signed.normal_form, "why": signed.why});
    assert_eq!((&told["why_grouped"], &told["occurrence"]["signature"]), (&why, &json!(signed.key)));
    stop(&agent);
}

#[test]
fn a_log_that_is_rolled_before_the_evidence_is_taken_is_read_all_the_same() {
    let home = Home::new();
    let (log, backup) = (home.log("tk-maya.log"), home.log("tk-maya.log.1"));
    append(&backup, line(0, 7, "INFO", "the oldest"));
    let agent = home.agent();
    append(&log, line(1_000, 7, "INFO", "before") + &line(1_001, 7, "ERROR", "the problem"));
    occurrences(&agent, 1);
    replace(&log, &backup);
    append(&log, line(1_002, 7, "INFO", "the newest"));
    let members = members(&next(&agent));
    assert!(members["context.log"].contains("before\n"), "{members:?}");
    assert!(members["tk-maya.log"].contains("the problem") && !members["tk-maya.log"].contains("newest"));
    // Its predecessor has no name any more. Wine cannot replace what is open: there it is away.
    if !super::support::is_wine() {
        assert!(members["tk-maya.log.1"].contains("the oldest"), "{members:?}");
    }
    stop(&agent);
}

/// The archive is made from them later; until then they lie in the spool and its journal.
#[test]
fn what_the_host_says_is_redacted_before_it_is_kept() {
    let home = Home::new();
    let agent = agent_with(Config { redact_patterns: vec!["project-[a-z]+".into()], ..home.config() });
    let environment = json!({"args": "--password hunter22 in /home/anna/project-moon"}).to_string();
    agent.set_facts(Facts { user_login: "artist".into(), project_id: None, environment });
    append(&home.log("tk-maya.log"), line(1, 7, "ERROR", "failed"));
    occurrences(&agent, 1);
    let kept: Vec<u8> = fs::read_dir(home.state())
        .unwrap()
        .filter_map(|entry| fs::read(entry.unwrap().path()).ok())
        .flatten()
        .collect();
    let has = |text: &str| kept.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(has("--password [redacted:secret]"), "it is there");
    for secret in ["hunter22", "anna", "project-moon"] {
        assert!(!has(secret), "{secret}");
    }
    stop(&agent);
}

#[test]
fn the_environment_holds_what_was_asked_for_and_no_secret() {
    let home = Home::new();
    let agent =
        agent_with(Config { environment_variables: vec!["PATH".into(), "NOT_SET".into()], ..home.config() });
    let environment =
        json!({"host_application": "Maya", "proxy": "http://anna:hunter22@proxy:80"}).to_string();
    agent.set_facts(Facts { user_login: "artist".into(), project_id: None, environment });
    append(&home.log("tk-maya.log"), line(1_000, 7, "ERROR", "the problem"));
    let members = members(&next(&agent));
    let found: Value = serde_json::from_str(&members["environment.json"]).unwrap();
    assert_eq!((&found["host_application"], &found["user"]), (&json!("Maya"), &json!("artist")));
    assert_eq!(found["proxy"], "http://[redacted:url-password]@proxy:80");
    let variables: Vec<_> = found["variables"].as_object().unwrap().keys().collect();
    assert_eq!(variables, ["PATH"]);
    for part in ["gpu", "displays"] {
        assert!(found[part].is_array() || cfg!(not(target_os = "linux")), "{part}: {found:#}");
    }
    for (part, field) in [("time_zone", "offset"), ("os", "name"), ("cpu", "count")] {
        assert!(!found[part][field].is_null(), "{part}.{field}: {found:#}");
    }
    stop(&agent);
}

#[test]
fn an_agent_keeps_to_the_size_it_is_given() {
    let home = Home::new();
    let config = Config { max_evidence_kib: 64, ..home.config() };
    append(&home.log("tk-maya.log.1"), line(0, 7, "INFO", &noise(200 << 10, 1)));
    append(&home.log("tk-nuke.log"), line(1_000, 9, "INFO", &noise(100 << 10, 2)));
    let agent = agent_with(config);
    let text = line(1_000, 7, "INFO", &noise(200 << 10, 3)) + &line(1_001, 7, "ERROR", &noise(100 << 10, 4));
    append(&home.log("tk-maya.log"), text);
    caught_up(&agent);
    let archive = next(&agent);
    assert!(archive.len() <= 64 << 10, "{} bytes", archive.len());
    assert!(archive.len() >= 40 << 10, "{} bytes", archive.len());
    let members = members(&archive);
    serde_json::from_str::<Value>(&members["environment.json"]).unwrap();
    serde_json::from_str::<Value>(&members["incident.json"]).unwrap();
    assert!(members["record.txt"].contains(" bytes here]\n"));
    stop(&agent);
}

/// What capture is given.
struct Case {
    log: String,
    predecessor: String,
    other: String,
    occurrence: Occurrence,
}

impl Case {
    /// An error in the middle of a log, between lines that pack well or badly.
    fn new(filler: impl Fn(usize) -> String) -> Self {
        let lines = |count: usize, pid: u32| -> String {
            (0..count).map(|at| line(at * 59_000 / count, pid, "INFO", &filler(at))).collect()
        };
        let error = line(30_000, 7, "ERROR", "the problem");
        let before = lines(1_500, 7);
        let mut record = None;
        let (mut framer, mut assembler) =
            (Framer::new(before.len() as u64, 1 << 20), Assembler::new(Dialect::Toolkit, 1 << 20));
        framer.push(error.as_bytes(), |line| {
            assembler.push(line, |_| ());
        });
        assembler.flush(|each| record = Some(each));
        let path = std::path::Path::new("logs/tk-maya.log").into();
        let occurrence =
            Occurrence::new(&record.unwrap(), &Parts::of(&error), &error, &path, &Studio::default());
        let log = before + &error + &lines(60, 7);
        Self { log, predecessor: lines(1_500, 7), other: lines(500, 9), occurrence }
    }

    fn archive(&self, most_bytes: usize) -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let open = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            let file = fs::File::open(&path).unwrap();
            (path, file)
        };
        let (log, predecessor) = (open("log", &self.log).1, open("predecessor", &self.predecessor).1);
        let other = open("tk-nuke.log", &self.other);
        let (redactor, studio) = (Redactor::default(), Studio::default());
        let capture = Capture { redactor: &redactor, studio: &studio, most_bytes };
        let mut incident = Incident::new(&self.occurrence, IncidentState::Waiting);
        incident.add(&self.occurrence, Some("artist"));
        let mut snapshot =
            LogSnapshot::take(&self.occurrence.path, Some(&log), Some(&predecessor), &redactor);
        let others = Others::read([(&*other.0, &other.1)], [&self.occurrence]);
        let environment = json!({"host": "ws1"}).as_object().unwrap().clone();
        capture
            .take(&incident, &self.occurrence, Some(&log), &mut snapshot, &others, &environment)
            .unwrap()
            .archive
    }
}

fn is_cut(member: &str) -> bool {
    member.contains("[cut: ")
}

#[test]
fn what_is_furthest_from_the_error_goes_first() {
    let case = Case::new(|at| noise(150, at as u64 + 1).replace('\n', " "));
    let whole = members(&case.archive(5 << 20));
    assert!(whole.values().all(|member| !is_cut(member)), "there is room for all");
    // The order in which they are cut, or gone, as the room becomes less.
    let order = ["tk-maya.log.1", "tk-maya.log", "others.log"];
    let mut hit = [false; 3];
    let mut firsts = Vec::new();
    for kib in (64..=800).rev().step_by(48) {
        let archive = case.archive(kib << 10);
        assert!(archive.len() <= kib << 10, "{} bytes in {kib} KiB", archive.len());
        assert_eq!(archive, case.archive(kib << 10), "the same bytes");
        let found = members(&archive);
        for name in ["incident.json", "environment.json", "record.txt"] {
            assert_eq!(found[name], whole[name], "{name} in {kib} KiB");
        }
        for (at, name) in order.iter().enumerate() {
            if !hit[at] && found.get(*name).is_none_or(|member| is_cut(member)) {
                hit[at] = true;
                firsts.push(*name);
            }
        }
        // What is left of a log is its end.
        if let Some(log) = found.get("tk-maya.log") {
            let end = &whole["tk-maya.log"][whole["tk-maya.log"].len() - 100..];
            assert!(log.ends_with(end) || !is_cut(end) && log.len() < 100, "{kib} KiB");
        }
    }
    assert_eq!(firsts, order);
}

#[test]
fn text_that_packs_well_fills_its_room() {
    let case = Case::new(|at| {
        format!("loading plug-in number {} of the show {}", at * 7919 % 1_000, noise(12, at as u64))
    });
    let (whole, archive) = (case.archive(5 << 20), case.archive(64 << 10));
    assert!(whole.len() > 70 << 10, "{} bytes are no reason to cut", whole.len());
    assert!((50 << 10..=64 << 10).contains(&archive.len()), "{} bytes", archive.len());
}
