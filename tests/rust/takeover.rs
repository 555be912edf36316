//! Two reporters in two processes, and the end of the one that leads.

use std::collections::BTreeMap;
use std::env;
use std::io::{BufRead, BufReader};
use std::mem;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, unbounded};
use tk_incident_core::spool::SpoolReader;
use tk_incident_core::{Agent, Config};

use super::support::{Home, LONGEST, Raised, append, error};

/// What is promised: from the end of the one to the lead of the other.
const TAKEOVER: Duration = Duration::from_secs(5);

const LOGS: &str = "TK_INCIDENT_TEST_LOGS";
const STATE: &str = "TK_INCIDENT_TEST_STATE";

/// A reporter in a process of its own, which says whether it leads.
struct Reporter {
    process: Child,
    says: Receiver<String>,
}

impl Reporter {
    fn start(home: &Home) -> Self {
        let mut process = Command::new(env::current_exe().unwrap())
            .args(["--exact", "takeover::reporter", "--ignored", "--nocapture"])
            .env(LOGS, home.logs())
            .env(STATE, home.state())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let (say, says) = unbounded();
        thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| say.send(line)));
        Self { process, says }
    }

    fn waits_to_say(&self, what: &str, longest: Duration) {
        let deadline = Instant::now() + longest;
        // The test's own lines are among them.
        while self.says.recv_deadline(deadline).unwrap_or_else(|_| panic!("it never said: {what}")) != what {}
    }
}

impl Drop for Reporter {
    /// Kills it: it has no chance to say good-bye.
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

#[test]
#[ignore = "it is the other process of the test below, which starts it"]
fn reporter() {
    let folder = |name| Some(env::var_os(name).expect("only the test below starts this").into());
    let config = Config { log_folder: folder(LOGS), state_folder: folder(STATE), ..Config::default() };
    let agent = Agent::new(config);
    agent.start().unwrap();
    let mut said = None;
    loop {
        let leads = agent.is_leader();
        if said != Some(leads) {
            println!("{}", if leads { "\nleads" } else { "\nstands by" });
            said = Some(leads);
        }
        assert_eq!(agent.failure(), None);
        // Until it is killed; this returns at once when the lead changes.
        agent.wait_occurrences(i64::MAX, Duration::from_millis(50)).unwrap();
    }
}

#[test]
fn a_stand_by_in_another_process_takes_over_from_a_killed_leader() {
    let home = Home::new();
    let log = home.log("tk-maya.log");
    let mut leader = Reporter::start(&home);
    leader.waits_to_say("leads", LONGEST);
    let done = AtomicBool::new(false);
    let written = thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut written = 0;
            while !done.load(Ordering::Relaxed) {
                append(&log, error(&format!("record {written}")));
                written += 1;
                // Its pace.
                thread::sleep(Duration::from_millis(5));
            }
            written
        });
        let end = Raised(&done);
        for _ in 0..3 {
            let next = Reporter::start(&home);
            next.waits_to_say("stands by", LONGEST);
            drop(mem::replace(&mut leader, next));
            leader.waits_to_say("leads", TAKEOVER);
        }
        drop(end);
        writer.join().unwrap()
    });
    let mut found: BTreeMap<String, usize> = BTreeMap::new();
    let mut last = 0;
    let deadline = Instant::now() + LONGEST;
    while found.len() < written {
        assert!(Instant::now() < deadline, "only {} of {written} came", found.len());
        for occurrence in SpoolReader::open(&home.state()).unwrap().occurrences(last).unwrap() {
            last = occurrence.id;
            *found.entry(occurrence.message).or_default() += 1;
        }
        thread::yield_now();
    }
    drop(leader);
    let want: BTreeMap<_, _> = (0..written).map(|n| (format!("record {n}"), 1)).collect();
    assert_eq!(found, want);
}
