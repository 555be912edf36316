//! The tables of the spool, and how an older spool becomes a newer one.

use rusqlite::Connection;

use super::sums;
use crate::error::{Error, ErrorKind, Result};

/// Each step takes the schema one version on; the version is the database's `user_version`.
const STEPS: &[&str] = &[
    r"
CREATE TABLE folders (
    path TEXT PRIMARY KEY               -- log folders that were looked at before
) WITHOUT ROWID;

CREATE TABLE files (                    -- checkpoints
    identity TEXT PRIMARY KEY,
    generation INTEGER NOT NULL,
    offset INTEGER NOT NULL,
    anchor TEXT NOT NULL,
    path TEXT NOT NULL,
    followed INTEGER NOT NULL           -- a file that was let go stays: its identity can be used again
) WITHOUT ROWID;

CREATE TABLE counters (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE incidents (
    id INTEGER PRIMARY KEY,
    signature TEXT NOT NULL,
    ticket_user TEXT NOT NULL,          -- whose ticket it is; '' where all users share one
    title TEXT NOT NULL,
    level TEXT NOT NULL,
    engines TEXT NOT NULL,              -- JSON list
    users TEXT NOT NULL,                -- JSON list
    count INTEGER NOT NULL,
    first_seen TEXT NOT NULL,
    last_seen TEXT NOT NULL,
    exception TEXT,
    message TEXT NOT NULL,
    user_login TEXT NOT NULL,           -- who met it first
    project_id INTEGER,
    UNIQUE (signature, ticket_user)
);

CREATE TABLE occurrences (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    incident_id INTEGER NOT NULL REFERENCES incidents (id),
    identity TEXT NOT NULL,
    generation INTEGER NOT NULL,
    offset INTEGER NOT NULL,
    length INTEGER NOT NULL,
    path TEXT NOT NULL,
    time TEXT NOT NULL,
    pid INTEGER,
    level TEXT NOT NULL,
    engine TEXT NOT NULL,
    logger TEXT NOT NULL,
    message TEXT NOT NULL,
    exception TEXT,
    context_id TEXT,
    request_id TEXT,
    record TEXT NOT NULL,
    UNIQUE (identity, generation, offset)
);
CREATE INDEX occurrences_of_incident ON occurrences (incident_id, id);

CREATE TABLE evidence (
    incident_id INTEGER PRIMARY KEY REFERENCES incidents (id),
    due_ms INTEGER NOT NULL,            -- Unix time: from then on the lines behind the record are there
    environment TEXT NOT NULL,          -- JSON: what the host knew, and once it is taken, all that is known
    archive BLOB
);

CREATE TABLE deliveries (
    incident_id INTEGER PRIMARY KEY REFERENCES incidents (id),
    ticket_id INTEGER,
    attached INTEGER NOT NULL DEFAULT 0,
    delivered_count INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    next_try_ms INTEGER NOT NULL DEFAULT 0,
    last_error TEXT
);
",
    r"
CREATE TABLE bounds (
    cap_bytes INTEGER NOT NULL          -- what the last leader let the spool take on disk
);

CREATE TABLE folded (                   -- file lives in which rows of occurrences were folded into counts
    identity TEXT NOT NULL,
    generation INTEGER NOT NULL,
    up_to INTEGER NOT NULL,             -- offset of the last such row: all before it was counted
    PRIMARY KEY (identity, generation)
) WITHOUT ROWID;

ALTER TABLE occurrences ADD COLUMN shortened INTEGER NOT NULL DEFAULT 0;   -- bytes cut out of its record
ALTER TABLE evidence ADD COLUMN has_log INTEGER NOT NULL DEFAULT 1;        -- an empty archive: it was removed

-- In a storm there are a hundred thousand of each.
CREATE INDEX evidence_to_take ON evidence (due_ms, incident_id) WHERE archive IS NULL;
CREATE INDEX deliveries_in_turn ON deliveries (next_try_ms, incident_id);

-- What was known already was not counted until now.
INSERT INTO counters SELECT 'records_known', value - (SELECT count(*) FROM occurrences)
    FROM counters WHERE name = 'matched' AND value > (SELECT count(*) FROM occurrences);
",
    r"
CREATE TABLE terms (
    term INTEGER PRIMARY KEY AUTOINCREMENT,
    began_ms INTEGER NOT NULL,
    host TEXT NOT NULL,
    pid INTEGER NOT NULL,
    after_occurrence INTEGER NOT NULL,  -- the last one of the terms before
    last_occurrence INTEGER NOT NULL    -- the last one of this term
);
",
    r"
-- A row carries a sum over what decides what is read again and what is delivered: a flipped bit is then damage,
-- and not another offset. Triggers keep it, so that no statement can forget to.
ALTER TABLE folders ADD COLUMN sum INTEGER;
ALTER TABLE files ADD COLUMN sum INTEGER;
ALTER TABLE counters ADD COLUMN sum INTEGER;
ALTER TABLE incidents ADD COLUMN sum INTEGER;
ALTER TABLE deliveries ADD COLUMN sum INTEGER;
ALTER TABLE deliveries ADD COLUMN set_ms INTEGER NOT NULL DEFAULT 0;  -- what the clock showed when next_try_ms was set
ALTER TABLE folded ADD COLUMN sum INTEGER;
ALTER TABLE terms ADD COLUMN sum INTEGER;
ALTER TABLE occurrences ADD COLUMN sum INTEGER;
ALTER TABLE occurrences ADD COLUMN signature TEXT;      -- its incident's, from which a lost one is made again
ALTER TABLE occurrences ADD COLUMN ticket_user TEXT;

CREATE TABLE told (                     -- what the site knows, though its occurrences were lost with a damaged file
    incident_id INTEGER NOT NULL,
    identity TEXT NOT NULL,
    generation INTEGER NOT NULL,
    offset INTEGER NOT NULL,            -- up to the record that begins here
    PRIMARY KEY (incident_id, identity, generation)
) WITHOUT ROWID;

CREATE TABLE used_ids (                 -- incident rows of a damaged file: a delivery under way may still name them
    incident_id INTEGER PRIMARY KEY
);

CREATE TABLE recounted (                -- incidents whose own rows were lost: what was folded is not in their counts
    incident_id INTEGER PRIMARY KEY
);

CREATE INDEX deliveries_as_set ON deliveries (set_ms);

CREATE TRIGGER folders_new AFTER INSERT ON folders BEGIN
    UPDATE folders SET sum = row_sum(path) WHERE path = NEW.path;
END;
CREATE TRIGGER folders_changed AFTER UPDATE ON folders BEGIN
    UPDATE folders SET sum = row_sum(path) WHERE path = NEW.path;
END;
CREATE TRIGGER files_new AFTER INSERT ON files BEGIN
    UPDATE files SET sum = row_sum(identity, generation, offset, anchor, followed) WHERE identity = NEW.identity;
END;
CREATE TRIGGER files_changed AFTER UPDATE ON files BEGIN
    UPDATE files SET sum = row_sum(identity, generation, offset, anchor, followed) WHERE identity = NEW.identity;
END;
CREATE TRIGGER counters_new AFTER INSERT ON counters BEGIN
    UPDATE counters SET sum = row_sum(name, value) WHERE name = NEW.name;
END;
CREATE TRIGGER counters_changed AFTER UPDATE ON counters BEGIN
    UPDATE counters SET sum = row_sum(name, value) WHERE name = NEW.name;
END;
CREATE TRIGGER incidents_new AFTER INSERT ON incidents BEGIN
    UPDATE incidents SET sum = row_sum(id, signature, ticket_user, count) WHERE id = NEW.id;
END;
CREATE TRIGGER incidents_changed AFTER UPDATE ON incidents BEGIN
    UPDATE incidents SET sum = row_sum(id, signature, ticket_user, count) WHERE id = NEW.id;
END;
CREATE TRIGGER deliveries_new AFTER INSERT ON deliveries BEGIN
    UPDATE deliveries SET sum = row_sum(incident_id, ticket_id, attached, delivered_count)
    WHERE incident_id = NEW.incident_id;
END;
CREATE TRIGGER deliveries_changed AFTER UPDATE ON deliveries BEGIN
    UPDATE deliveries SET sum = row_sum(incident_id, ticket_id, attached, delivered_count)
    WHERE incident_id = NEW.incident_id;
END;
CREATE TRIGGER occurrences_new AFTER INSERT ON occurrences BEGIN
    UPDATE occurrences SET (signature, ticket_user) =
        (SELECT i.signature, i.ticket_user FROM incidents i WHERE i.id = NEW.incident_id)
    WHERE id = NEW.id AND signature IS NULL;
    UPDATE occurrences
    SET sum = row_sum(id, incident_id, identity, generation, offset, signature, ticket_user)
    WHERE id = NEW.id;
END;
-- Making room changes words and moves rows. Whatever else changes none is not to be slowed down.
CREATE TRIGGER occurrences_changed
AFTER UPDATE OF id, incident_id, identity, generation, offset, signature, ticket_user ON occurrences BEGIN
    UPDATE occurrences
    SET sum = row_sum(id, incident_id, identity, generation, offset, signature, ticket_user)
    WHERE id = NEW.id;
END;
CREATE TRIGGER folded_new AFTER INSERT ON folded BEGIN
    UPDATE folded SET sum = row_sum(identity, generation, up_to)
    WHERE identity = NEW.identity AND generation = NEW.generation;
END;
CREATE TRIGGER folded_changed AFTER UPDATE ON folded BEGIN
    UPDATE folded SET sum = row_sum(identity, generation, up_to)
    WHERE identity = NEW.identity AND generation = NEW.generation;
END;
CREATE TRIGGER terms_new AFTER INSERT ON terms BEGIN
    UPDATE terms SET sum = row_sum(term) WHERE term = NEW.term;
END;

UPDATE folders SET sum = NULL;
UPDATE files SET sum = NULL;
UPDATE counters SET sum = NULL;
UPDATE incidents SET sum = NULL;
UPDATE deliveries SET sum = NULL;
UPDATE folded SET sum = NULL;
UPDATE terms SET sum = row_sum(term);
UPDATE occurrences SET (signature, ticket_user, sum) =
    (SELECT i.signature, i.ticket_user,
        row_sum(occurrences.id, incident_id, identity, generation, offset, i.signature, i.ticket_user)
    FROM incidents i WHERE i.id = occurrences.incident_id);
",
    r"
CREATE TABLE keys (                     -- by which an incident is found beside its own signature
    signature TEXT NOT NULL,
    ticket_user TEXT NOT NULL,
    incident_id INTEGER NOT NULL,
    sum INTEGER,
    PRIMARY KEY (signature, ticket_user)
) WITHOUT ROWID;
CREATE INDEX keys_of_incident ON keys (incident_id);

CREATE TABLE signed (                   -- the rules by which the incidents were signed
    version TEXT PRIMARY KEY
) WITHOUT ROWID;

CREATE TRIGGER keys_new AFTER INSERT ON keys BEGIN
    UPDATE keys SET sum = row_sum(signature, ticket_user, incident_id)
    WHERE signature = NEW.signature AND ticket_user = NEW.ticket_user;
END;
CREATE TRIGGER keys_changed AFTER UPDATE ON keys BEGIN
    UPDATE keys SET sum = row_sum(signature, ticket_user, incident_id)
    WHERE signature = NEW.signature AND ticket_user = NEW.ticket_user;
END;
",
    r"
ALTER TABLE deliveries ADD COLUMN asked_ms INTEGER;  -- since when a ticket may be there that the site has not named
ALTER TABLE deliveries ADD COLUMN twins_ms INTEGER;  -- when it is looked for twins of the ticket; NULL: there is no need
CREATE INDEX deliveries_unsettled ON deliveries (twins_ms) WHERE twins_ms IS NOT NULL;
",
    r"
CREATE TABLE reporter (                 -- who this is, at a site where several count
    id TEXT PRIMARY KEY,
    sum INTEGER
) WITHOUT ROWID;
CREATE TRIGGER reporter_new AFTER INSERT ON reporter BEGIN
    UPDATE reporter SET sum = row_sum(id) WHERE id = NEW.id;
END;

CREATE TABLE outage (                   -- one row at most: until when the site is left alone
    began_ms INTEGER NOT NULL,
    until_ms INTEGER NOT NULL,
    set_ms INTEGER NOT NULL,            -- what the clock showed then
    attempts INTEGER NOT NULL,
    reason TEXT NOT NULL
);

CREATE TABLE digests (                  -- tickets that list many new problems; columns as in deliveries
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL,
    ticket_id INTEGER,
    attached INTEGER NOT NULL DEFAULT 0,
    is_done INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    next_try_ms INTEGER NOT NULL DEFAULT 0,
    set_ms INTEGER NOT NULL DEFAULT 0,
    last_error TEXT,
    asked_ms INTEGER,
    twins_ms INTEGER,
    sum INTEGER
);
CREATE TRIGGER digests_new AFTER INSERT ON digests BEGIN
    UPDATE digests SET sum = row_sum(id, key, ticket_id, attached, is_done) WHERE id = NEW.id;
END;
CREATE TRIGGER digests_changed AFTER UPDATE ON digests BEGIN
    UPDATE digests SET sum = row_sum(id, key, ticket_id, attached, is_done) WHERE id = NEW.id;
END;

CREATE TABLE digest_members (
    incident_id INTEGER PRIMARY KEY,
    digest_id INTEGER NOT NULL,
    count INTEGER NOT NULL,             -- occurrences by the time it was listed
    sum INTEGER
);
CREATE INDEX members_of_digest ON digest_members (digest_id);
CREATE TRIGGER digest_members_new AFTER INSERT ON digest_members BEGIN
    UPDATE digest_members SET sum = row_sum(incident_id, digest_id, count) WHERE incident_id = NEW.incident_id;
END;

ALTER TABLE deliveries ADD COLUMN discarded_count INTEGER NOT NULL DEFAULT 0;  -- of those delivered: a hook wanted no ticket
",
    r"
-- A batch brings its sums along, so that no row is written twice.
DROP TRIGGER occurrences_new;
CREATE TRIGGER occurrences_new AFTER INSERT ON occurrences WHEN NEW.sum IS NULL BEGIN
    UPDATE occurrences SET (signature, ticket_user) =
        (SELECT i.signature, i.ticket_user FROM incidents i WHERE i.id = NEW.incident_id)
    WHERE id = NEW.id AND signature IS NULL;
    UPDATE occurrences
    SET sum = row_sum(id, incident_id, identity, generation, offset, signature, ticket_user)
    WHERE id = NEW.id;
END;
",
];

/// The header says the version twice, so that a flipped bit is neither an older spool nor a newer one.
const APPLICATION: i64 = 0x746b_0000;

/// Earlier versions did not say it.
const FIRST_SAID_TWICE: i64 = 4;

/// Says of a file what can only be said before its first page is written: else pages are never given back.
pub fn prepare(connection: &Connection) -> Result<()> {
    Ok(connection.pragma_update(None, "auto_vacuum", "incremental")?)
}

/// Brings the tables up to date.
pub fn migrate(connection: &mut Connection) -> Result<()> {
    let version = version(connection)?;
    let application: i64 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let last = i64::try_from(STEPS.len()).unwrap_or(i64::MAX);
    let says_it_once = application == 0 && !(FIRST_SAID_TWICE..=last).contains(&version);
    if application != APPLICATION + version && !says_it_once {
        return Err(Error::new(ErrorKind::SpoolDamaged));
    }
    let mut reached = 0;
    for step in STEPS {
        reached += 1;
        if reached <= version {
            continue;
        }
        let transaction = connection.transaction()?;
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "user_version", reached)?;
        transaction.pragma_update(None, "application_id", APPLICATION + reached)?;
        transaction.commit()?;
    }
    if version > reached { Err(Error::new(ErrorKind::NewerSpool(version))) } else { Ok(()) }
}

/// Whether the tables are declared as they were made: a flipped bit in a declaration can rename a column.
pub fn is_intact(connection: &Connection) -> Result<bool> {
    let version = version(connection)?;
    let model = Connection::open_in_memory()?;
    sums::register(&model)?;
    for step in STEPS.iter().take(usize::try_from(version).unwrap_or(0)) {
        model.execute_batch(step)?;
    }
    Ok(version > 0 && declared(connection)? == declared(&model)?)
}

fn declared(connection: &Connection) -> Result<Vec<[Option<String>; 4]>> {
    let sql = "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name";
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map([], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?]))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Version of the tables; 0 for an empty file.
pub fn version(connection: &Connection) -> Result<i64> {
    Ok(connection.pragma_query_value(None, "user_version", |row| row.get(0))?)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::notes::Notes;
    use crate::signature::Studio;
    use crate::spool::{FILE, Place, Spool, SpoolReader};

    #[test]
    fn a_spool_of_the_first_version_keeps_its_rows_and_balances() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        let early = Connection::open(&path).unwrap();
        early.execute_batch(STEPS[0]).unwrap();
        // As it was left then, with two records read once more after a kill.
        early
            .execute_batch(
                "PRAGMA user_version = 1;
                 INSERT INTO folders VALUES ('/logs');
                 INSERT INTO files VALUES ('1:2', 3, 400, 'anchor', '/logs/tk-maya.log', 1);
                 INSERT INTO counters VALUES ('records_read', 9), ('matched', 4), ('not_matched', 5);
                 INSERT INTO incidents VALUES (5, 'v0-abc', 'ann', 'title', 'ERROR', '[]', '[]', 2, '', '', NULL,
                     'message', 'ann', NULL);
                 INSERT INTO occurrences (incident_id, identity, generation, offset, length, path, time, level,
                     engine, logger, message, record)
                     VALUES (5, '1:2', 3, 100, 50, '', '', 'ERROR', '', '', '', ''),
                         (5, '1:2', 3, 200, 50, '', '', 'ERROR', '', '', '', '');
                 INSERT INTO evidence VALUES (5, 0, '{}', NULL);
                 INSERT INTO deliveries (incident_id, ticket_id, delivered_count) VALUES (5, 42, 1);",
            )
            .unwrap();
        drop(early);
        let notes = Notes::default();
        drop(Spool::open(&Place::local(folder.path()), &Studio::default(), &notes).unwrap());
        assert!(notes.take().is_empty());

        let books = SpoolReader::open(folder.path()).unwrap().status().unwrap()["books"].clone();
        let book = |name: &str| books[name].as_i64().unwrap_or_else(|| panic!("{name}: {books}"));
        assert_eq!((book("read"), book("matched"), book("not_matched")), (9, 4, 5));
        assert_eq!((book("known"), book("captured"), book("kept"), book("folded")), (2, 2, 2, 0));
        assert_eq!(
            (book("delivered"), book("waiting"), &books["discarded"]),
            (1, 1, &Value::Object([].into_iter().collect()))
        );

        let connection = Connection::open(&path).unwrap();
        sums::register(&connection).unwrap();
        assert_eq!(version(&connection).unwrap(), i64::try_from(STEPS.len()).unwrap());
        assert!(is_intact(&connection).unwrap() && sums::hold(&connection).unwrap());
        let kept: (i64, i64, String) = connection
            .query_row(
                "SELECT f.offset, d.ticket_id, o.signature FROM files f, deliveries d, occurrences o LIMIT 1",
                [],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
            )
            .unwrap();
        assert_eq!(kept, (400, 42, "v0-abc".into()));

        connection.execute_batch("DROP TRIGGER files_changed; UPDATE files SET offset = 401").unwrap();
        assert!(!sums::hold(&connection).unwrap(), "a changed offset is seen");
    }
}
