//! What becomes of files: appended, renamed, truncated, replaced, half written.

use std::fs;
use std::time::Instant;

use tk_incident_core::notes::Notes;
use tk_incident_core::stats::Stats;
use tk_incident_core::tail::{Beginning, Tailer};

#[cfg(target_os = "linux")]
use super::support::wait_until;
use super::support::{
    Home, agent_with, append, caught_up, error, messages, occurrences, record, remove, replace, stop,
    truncate,
};

#[test]
fn old_news_is_passed_over_and_what_comes_is_found() {
    let home = Home::new();
    append(&home.log("tk-maya.log"), error("old"));
    let agent = home.agent();
    caught_up(&agent);
    append(&home.log("tk-maya.log"), error("new") + &record("INFO", "an ERROR in words"));
    append(&home.log("tk-nuke.log"), error("a new file from its first byte"));
    append(&home.log("other.log"), error("not a Toolkit log"));
    let mut found = occurrences(&agent, 2);
    caught_up(&agent);
    found.sort_by(|a, b| a.engine.cmp(&b.engine));
    assert_eq!(messages(&occurrences(&agent, 2)).len(), 2);
    assert_eq!(messages(&found), ["new", "a new file from its first byte"]);
    assert_eq!((found[0].engine.as_str(), found[0].pid), ("tk-maya", Some(14106)));
    stop(&agent);
}

#[test]
fn a_roll_loses_and_doubles_nothing() {
    let home = Home::new();
    let (log, backup) = (home.log("tk-maya.log"), home.log("tk-maya.log.1"));
    let agent = home.agent();
    for round in 0..5 {
        append(&log, error(&format!("before {round}")));
        // As tk-core's handler does: away to a uuid, back, then the roll.
        let away = home.log("tk-maya.log.0a8d6c5e");
        fs::rename(&log, &away).unwrap();
        fs::rename(&away, &log).unwrap();
        replace(&log, &backup);
        append(&log, error(&format!("after {round}")));
        occurrences(&agent, 2 * (round + 1));
    }
    caught_up(&agent);
    let found = occurrences(&agent, 10);
    let mut names = messages(&found);
    names.sort_unstable();
    let mut want: Vec<_> = (0..5).flat_map(|n| [format!("after {n}"), format!("before {n}")]).collect();
    want.sort_unstable();
    assert_eq!(names, want);
    stop(&agent);
}

#[test]
fn what_a_late_writer_adds_to_a_renamed_file_is_found() {
    let home = Home::new();
    let log = home.log("tk-maya.log");
    append(&log, record("INFO", "start"));
    let agent = home.agent();
    caught_up(&agent);
    let mut late = fs::OpenOptions::new().append(true).open(&log).unwrap();
    fs::rename(&log, home.log("tk-maya.log.1")).unwrap();
    append(&log, error("first in the new file"));
    occurrences(&agent, 1);
    std::io::Write::write_all(&mut late, error("late").as_bytes()).unwrap();
    assert_eq!(messages(&occurrences(&agent, 2)), ["first in the new file", "late"]);
    // Not even a name is needed, as long as it is open.
    remove(&home.log("tk-maya.log.1"));
    std::io::Write::write_all(&mut late, error("later").as_bytes()).unwrap();
    assert_eq!(messages(&occurrences(&agent, 3))[2], "later");
    stop(&agent);
}

#[test]
fn a_truncated_file_begins_a_new_life() {
    let home = Home::new();
    let log = home.log("tk-maya.log");
    append(&log, "");
    let agent = home.agent();
    caught_up(&agent);
    append(&log, error("one"));
    occurrences(&agent, 1);
    truncate(&log);
    // Of the same length: the size alone shows nothing.
    append(&log, error("two"));
    occurrences(&agent, 2);
    // Regrown past the place where reading stood.
    truncate(&log);
    append(&log, error("six") + &error("seven") + &error("eight"));
    let found = occurrences(&agent, 5);
    assert_eq!(messages(&found), ["one", "two", "six", "seven", "eight"]);
    stop(&agent);
}

#[test]
fn a_line_is_read_once_it_is_whole() {
    let home = Home::new();
    let log = home.log("tk-maya.log");
    let agent = home.agent();
    let whole = error("cut in the middle");
    let (head, rest) = whole.split_at(70);
    append(&log, head);
    append(&home.log("tk-nuke.log"), error("beside"));
    assert_eq!(messages(&occurrences(&agent, 1)), ["beside"]);
    append(&log, rest);
    assert_eq!(messages(&occurrences(&agent, 2)), ["beside", "cut in the middle"]);
    stop(&agent);
}

#[test]
fn a_record_keeps_its_lines_and_the_next_header_ends_it() {
    let home = Home::new();
    let log = home.log("tk-maya.log");
    let config = tk_incident_core::Config { idle_flush_ms: 60_000, ..home.config() };
    let agent = agent_with(config);
    append(&log, error("App failed"));
    append(&log, "Traceback (most recent call last):\n  File \"a.py\", line 1, in f\n    g()\n");
    append(&log, "ValueError: no\n");
    append(&log, record("INFO", "next"));
    let found = occurrences(&agent, 1);
    assert_eq!(found[0].record.lines().count(), 5);
    assert_eq!((found[0].title.as_str(), found[0].message.as_str()), ("ValueError: no", "App failed"));
    assert_eq!(found[0].exception.as_deref(), Some("ValueError"));
    stop(&agent);
}

#[test]
fn nobody_loses_or_doubles_over_a_restart() {
    let home = Home::new();
    let log = home.log("tk-maya.log");
    append(&log, "");
    for round in 0..4 {
        let agent = home.agent();
        append(&log, error(&format!("while up {round}")));
        occurrences(&agent, 2 * round + 1);
        stop(&agent);
        append(&log, error(&format!("while down {round}")));
        if round == 2 {
            fs::rename(&log, home.log("tk-maya.log.1")).unwrap();
        }
    }
    let agent = home.agent();
    let found = occurrences(&agent, 8);
    caught_up(&agent);
    let want: Vec<_> = (0..4).flat_map(|n| [format!("while up {n}"), format!("while down {n}")]).collect();
    let mut names = messages(&found);
    names.sort_by_key(|name| name.chars().last());
    assert_eq!(names, want);
    assert_eq!(occurrences(&agent, 8).len(), 8);
    stop(&agent);
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_that_never_had_a_name_for_us_is_read_through_its_writer() {
    let home = Home::new();
    let log = home.log("tk-maya.log");
    let mut writer = fs::OpenOptions::new().create(true).append(true).open(&log).unwrap();
    std::io::Write::write_all(&mut writer, error("old").as_bytes()).unwrap();
    fs::remove_file(&log).unwrap();
    let agent = home.agent();
    std::io::Write::write_all(&mut writer, error("into nowhere").as_bytes()).unwrap();
    let found = occurrences(&agent, 1);
    assert_eq!(messages(&found), ["into nowhere"]);
    assert_eq!(found[0].engine, "tk-maya");
    stop(&agent);
}

#[test]
fn what_is_replaced_while_nobody_looks_is_read_at_the_next_start() {
    let home = Home::new();
    let (log, backup) = (home.log("tk-maya.log"), home.log("tk-maya.log.1"));
    let agent = home.agent();
    append(&log, error("seen"));
    occurrences(&agent, 1);
    stop(&agent);
    append(&log, error("before two rolls"));
    replace(&log, &backup);
    append(&log, error("between two rolls"));
    replace(&log, &backup);
    append(&log, error("after two rolls"));
    let agent = home.agent();
    let mut names = messages(&occurrences(&agent, 4)).iter().map(ToString::to_string).collect::<Vec<_>>();
    names.sort_unstable();
    assert_eq!(names, ["after two rolls", "before two rolls", "between two rolls", "seen"]);
    caught_up(&agent);
    stop(&agent);
}

/// Elsewhere nobody can tell who writes to a file, and it takes a minute.
#[cfg(target_os = "linux")]
#[test]
fn what_has_no_name_and_no_writer_any_more_does_not_fill_the_disk() {
    let home = Home::new();
    let (log, backup) = (home.log("tk-maya.log"), home.log("tk-maya.log.1"));
    let agent = home.agent();
    for round in 0..3 {
        append(&log, error("rolled"));
        occurrences(&agent, round + 1);
        replace(&log, &backup);
    }
    let held = || fs::read_dir(home.state().join("held")).unwrap().count();
    let deadline = std::time::Instant::now() + super::support::LONGEST;
    while held() > 1 {
        assert!(std::time::Instant::now() < deadline, "{} are held", held());
        std::thread::yield_now();
    }
    stop(&agent);
}

#[cfg(target_os = "linux")]
#[test]
fn what_is_read_from_a_file_without_a_name_is_not_lost_with_us() {
    let home = Home::new();
    let log = home.log("tk-maya.log");
    // The record stays open, and is not in the spool when we end.
    let config = tk_incident_core::Config { idle_flush_ms: 60_000, ..home.config() };
    let agent = agent_with(config.clone());
    let mut writer = fs::OpenOptions::new().create(true).append(true).open(&log).unwrap();
    let held = home.state().join("held");
    wait_until("it is seen", || fs::read_dir(&held).is_ok_and(|mut held| held.next().is_some()));
    stop(&agent);
    // As if nobody had been quick enough to give it a second name.
    fs::remove_dir_all(&held).unwrap();
    fs::remove_file(&log).unwrap();
    let agent = agent_with(config.clone());
    std::io::Write::write_all(&mut writer, error("nowhere else").as_bytes()).unwrap();
    let copied =
        || fs::read_dir(&held).into_iter().flatten().flatten().any(|copy| copy.metadata().unwrap().len() > 0);
    wait_until("it is copied", copied);
    stop(&agent);

    // While it is open, it is read on, and the copy with it.
    let agent = agent_with(config.clone());
    std::io::Write::write_all(&mut writer, (error("and more") + &record("INFO", "end")).as_bytes()).unwrap();
    assert_eq!(messages(&occurrences(&agent, 2)), ["nowhere else", "and more"]);
    std::io::Write::write_all(&mut writer, error("the last").as_bytes()).unwrap();
    let length = writer.metadata().unwrap().len();
    wait_until("it is copied", || {
        fs::read_dir(&held).unwrap().flatten().any(|copy| copy.metadata().unwrap().len() == length)
    });
    stop(&agent);

    drop(writer);
    let agent = agent_with(config);
    assert_eq!(messages(&occurrences(&agent, 3)), ["nowhere else", "and more", "the last"]);
    wait_until("the copy is gone", || fs::read_dir(&held).unwrap().next().is_none());
    stop(&agent);
}

#[test]
fn a_copy_beside_its_log_is_read_once_and_what_only_the_copy_has_is_read_there() {
    let home = Home::new();
    let (log, copy) = (home.log("tk-maya.log"), home.log("tk-maya.log.1"));
    let agent = home.agent();
    let padding = "x".repeat(400);
    append(&log, error(&format!("one {padding}")) + &error("two"));
    occurrences(&agent, 2);
    // As logrotate does with copytruncate.
    fs::copy(&log, &copy).unwrap();
    append(&log, error("three"));
    occurrences(&agent, 3);
    truncate(&log);
    append(&log, error("four"));
    occurrences(&agent, 4);
    append(&home.log("tk-maya.log.2"), error("a log of its own"));
    occurrences(&agent, 5);
    caught_up(&agent);
    stop(&agent);

    // A copy that was made while nobody looked has more than was read of the log.
    append(&log, error("five"));
    fs::remove_file(&copy).unwrap();
    fs::copy(&log, &copy).unwrap();
    truncate(&log);
    let agent = home.agent();
    let found = occurrences(&agent, 6);
    caught_up(&agent);
    append(&log, error("six"));
    let found = [found, occurrences(&agent, 7).split_off(6)].concat();
    let mut names: Vec<_> = messages(&found).iter().map(|title| title.split(' ').next().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["a", "five", "four", "one", "six", "three", "two"]);
    stop(&agent);
}

#[test]
fn a_refill_that_begins_as_the_log_did_is_told_by_what_was_read_last() {
    let home = Home::new();
    let log = home.log("tk-maya.log");
    let head = record("INFO", &"x".repeat(600));
    let mut tailer = Tailer::new(&home.config(), Vec::new(), Beginning::Start);
    let (now, mut stats, mut found) = (Instant::now(), Stats::default(), Vec::new());
    // The first error is still open when the log is emptied; no time passes.
    for text in [head.clone() + &error("one"), head + &error("another") + &record("INFO", "next")] {
        truncate(&log);
        append(&log, text);
        tailer.reconcile(now, &Notes::default(), &mut stats).unwrap();
        while tailer
            .read(now, &mut stats, |read, _| found.push((read.generation, read.record.text().into_owned())))
        {
        }
    }
    found.retain(|(_, text)| text.contains("ERROR"));
    let want =
        [(0, error("one")), (1, error("another"))].map(|(life, text)| (life, text.trim_end().to_owned()));
    assert_eq!(found, want);
    let [loss] = &tailer.take_losses()[..] else { panic!("one life is over") };
    assert_eq!((loss.generation, loss.from), (0, loss.seen_to));
}

#[test]
fn a_copy_that_is_written_over_the_one_before_is_no_log_either() {
    let home = Home::new();
    let (log, copy) = (home.log("tk-maya.log"), home.log("tk-maya.log.1"));
    let agent = home.agent();
    append(&log, record("INFO", "begins"));
    caught_up(&agent);
    for round in 1..=3 {
        // Each begins otherwise, and is longer than the one before.
        append(&log, error(&format!("in round {round}{}", ", and more".repeat(40 * round))));
        append(&log, record("INFO", "ends"));
        assert_eq!(occurrences(&agent, round).len(), round);
        fs::copy(&log, &copy).unwrap();
        truncate(&log);
    }
    append(&log, error("the last"));
    let found = occurrences(&agent, 4);
    caught_up(&agent);
    assert_eq!((found.len(), agent.last_occurrence_id().unwrap()), (4, 4), "{:?}", messages(&found));
    stop(&agent);
}

/// Descriptors of this process on what lies in a home.
#[cfg(target_os = "linux")]
fn open_files(home: &Home) -> usize {
    let root = home.logs().parent().unwrap().to_path_buf();
    let opened = fs::read_dir("/proc/self/fd").unwrap().flatten();
    opened.filter_map(|entry| fs::read_link(entry.path()).ok()).filter(|path| path.starts_with(&root)).count()
}

#[cfg(target_os = "linux")]
#[test]
fn what_is_quiet_takes_no_handle_and_loses_nothing() {
    let home = Home::new();
    let (now, mut stats, mut found) = (Instant::now(), Stats::default(), Vec::new());
    let mut tailer = Tailer::new(&home.config(), Vec::new(), Beginning::Start);
    let (hint, hints) = crossbeam_channel::bounded(1);
    tailer.listen(hint);
    let mut turn = |at: Instant| {
        tailer.reconcile(at, &Notes::default(), &mut stats).unwrap();
        while tailer.read(at, &mut stats, |read, _| found.push(read.record.text().into_owned())) {}
        tailer.take_checkpoints();
        tailer.committed();
        std::mem::take(&mut found)
    };
    let log = |number: usize| home.log(&format!("tk-engine{number}.log"));
    let text = |message: &str| error(message) + &record("INFO", "next");
    for number in 0..300 {
        append(&log(number), record("INFO", "begins"));
        // What has just changed can change again unseen, and keeps its handle.
        let long_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(3600);
        fs::OpenOptions::new().append(true).open(log(number)).unwrap().set_modified(long_ago).unwrap();
    }
    turn(now);
    // By then the open records are given out.
    let later = now + std::time::Duration::from_secs(10);
    turn(later);
    turn(later);
    let many = open_files(&home);
    assert!(many <= 128, "{many} of 300");
    let quiet = later + std::time::Duration::from_secs(60);
    turn(quiet);
    turn(quiet);
    assert_eq!(open_files(&home), 0);

    while hints.try_recv().is_ok() {}
    append(&log(0), text("appended"));
    append(&log(1), text("rolled"));
    fs::rename(log(1), home.log("tk-engine1.log.1")).unwrap();
    append(&log(1), text("in its place"));
    append(&log(2), text("deleted"));
    remove(&log(2));
    truncate(&log(3));
    append(&log(3), text("refilled with more than there was"));
    let mut late = fs::OpenOptions::new().append(true).open(log(4)).unwrap();
    remove(&log(4));
    std::io::Write::write_all(&mut late, text("without a name").as_bytes()).unwrap();
    let mut all = Vec::new();
    while all.len() < 6 {
        hints.recv_timeout(super::support::LONGEST).unwrap();
        // No time passes: each is asked because something was told of it.
        all.extend(turn(quiet).into_iter().filter(|text| text.contains("ERROR")));
    }
    all.sort_unstable();
    let want = [
        "appended",
        "deleted",
        "in its place",
        "refilled with more than there was",
        "rolled",
        "without a name",
    ];
    assert_eq!(all, want.map(|message| error(message).trim_end().to_owned()));
}
