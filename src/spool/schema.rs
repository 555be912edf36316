//! The tables of the spool, and how an older spool becomes a newer one.

use rusqlite::Connection;

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
];

/// Brings the tables up to date.
pub fn migrate(connection: &mut Connection) -> Result<()> {
    let version = version(connection)?;
    let mut reached = 0;
    for step in STEPS {
        reached += 1;
        if reached <= version {
            continue;
        }
        let transaction = connection.transaction()?;
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "user_version", reached)?;
        transaction.commit()?;
    }
    if version > reached { Err(Error::new(ErrorKind::NewerSpool(version))) } else { Ok(()) }
}

/// Version of the tables; 0 for an empty file.
pub fn version(connection: &Connection) -> Result<i64> {
    Ok(connection.pragma_query_value(None, "user_version", |row| row.get(0))?)
}
