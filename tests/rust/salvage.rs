//! What is carried over from a damaged spool, and what cannot hold that up.

use std::fs;
use std::path::Path;

use rusqlite::Connection;
use tk_incident_core::spool::{Drive, Place};

use super::damage::{DATABASE, Story};
use super::session::{Session, Site, Written, copy_spool};
use super::support::{Home, is_long};

/// Spoils a spool whose logs are gone, and goes on with it: all that it held is delivered.
fn carried_over(spoil: impl FnOnce(&Path)) {
    let home = Home::new();
    let place = Place::local(&home.state());
    let log = home.log("tk-maya.log");
    let (mut written, mut site) = (Written::default(), Site::default());
    let mut session = Session::open(&home.config(), &place).unwrap();
    session.pass().unwrap();
    for problem in 0..4 {
        written.error(&log, problem);
    }
    session.pass().unwrap();
    session.pass().unwrap();
    drop(session);
    fs::remove_file(&log).unwrap();
    fs::remove_dir_all(home.state().join("held")).unwrap();
    spoil(&home.state().join(DATABASE));
    let mut session = Session::open(&home.config(), &place).unwrap();
    let notes = session.notes.take();
    assert_eq!(notes.len(), 1, "{notes:?}");
    assert!(notes[0].text.contains("was damaged"), "{}", notes[0].text);
    session.pass().unwrap();
    session.capture().unwrap();
    session.deliver(&mut site, |_, _| ()).unwrap();
    assert_eq!(site.told, written.counts());
}

#[test]
fn a_changed_number_is_damage_and_costs_its_row_only() {
    carried_over(|path| {
        let harm =
            "UPDATE files SET offset = offset + 1; UPDATE incidents SET signature = 'v0-0' WHERE id = 2";
        change(path, harm);
    });
}

/// Changes rows as a flipped bit would: no trigger sees it.
fn change(path: &Path, harm: &str) {
    let connection = Connection::open(path).unwrap();
    let sql = "SELECT group_concat('DROP TRIGGER ' || name, '; '), group_concat(sql, '; ') \
         FROM sqlite_schema WHERE type = 'trigger'";
    let (drop, make): (String, String) =
        connection.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    connection.execute_batch(&format!("{drop}; {harm}; {make}")).unwrap();
}

/// Columns whose change neither a sum nor an index shows.
fn unwatched(path: &Path) -> Vec<(String, String)> {
    let connection = Connection::open(path).unwrap();
    let sql = "SELECT t.name, c.name, coalesce(s.sql, '') FROM sqlite_schema t \
         JOIN pragma_table_info(t.name) c ON c.pk = 0 AND c.name NOT IN ('sum', 'next_try_ms', 'set_ms') \
         LEFT JOIN sqlite_schema s ON s.type = 'trigger' AND s.name = t.name || '_new' \
         WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%'";
    let mut statement = connection.prepare(sql).unwrap();
    let all = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    let is_summed = |column: &str, trigger: &str| {
        let sum = trigger.split_once("row_sum(").and_then(|(_, rest)| rest.split_once(')'));
        sum.is_some_and(|(columns, _)| columns.split(", ").any(|each| each == column))
    };
    let all = all.map(Result::unwrap);
    all.filter(|(_, column, trigger): &(String, String, String)| !is_summed(column, trigger))
        .map(|(table, column, _)| (table, column))
        .collect()
}

/// All of them together, each by itself in the long form: as they are, and where the spool has to be salvaged.
#[test]
fn no_value_without_a_sum_holds_up_the_others() {
    for is_folded in [false, true] {
        let story = Story::new(Drive::Local, is_folded);
        let unwatched = unwatched(&story.closed.join(DATABASE));
        assert!(unwatched.iter().any(|(_, column)| column == "length"), "{unwatched:?}");
        for value in ["-1", "1.5", "'none'", "x'ff'", "9223372036854775807"] {
            let harms =
                unwatched.iter().map(|(table, column)| format!("UPDATE {table} SET {column} = {value}"));
            let harms: Vec<_> = harms.collect();
            let each_alone = if is_long() { harms.chunks(1) } else { harms.chunks(harms.len()) };
            for harm in each_alone {
                for and in ["", "; UPDATE incidents SET sum = 0 WHERE id = 2"] {
                    let state = story.home.logs().with_file_name("value");
                    copy_spool(&story.closed, &state);
                    change(&state.join(DATABASE), &format!("{}{and}", harm.join("; ")));
                    story.go_on(&state, &[]);
                }
            }
        }
    }
}

/// The look at the index finds it, and the salvage does not believe it.
#[test]
fn no_wait_without_sense_holds_up_a_delivery() {
    for value in ["1.5", "'none'", "x'ff'", "9223372036854775807"] {
        for column in ["next_try_ms", "set_ms"] {
            carried_over(|path| {
                let harm = format!("UPDATE deliveries SET {column} = {value}; UPDATE terms SET sum = 0");
                change(path, &harm);
            });
        }
    }
}

#[test]
fn a_lost_first_page_does_not_hide_the_others() {
    carried_over(|path| {
        let mut bytes = fs::read(path).unwrap();
        bytes[..4096].fill(0);
        fs::write(path, bytes).unwrap();
    });
}
