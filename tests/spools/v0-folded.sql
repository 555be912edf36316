PRAGMA foreign_keys = 0;
PRAGMA auto_vacuum = 2;
PRAGMA user_version = 4;
PRAGMA application_id = 1953169412;
BEGIN TRANSACTION;
CREATE TABLE bounds (
    cap_bytes INTEGER NOT NULL          -- what the last leader let the spool take on disk
);
INSERT INTO "bounds" VALUES(1024);
CREATE TABLE counters (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
, sum INTEGER) WITHOUT ROWID;
INSERT INTO "counters" VALUES('archives_removed',10,-7669480384660344198);
INSERT INTO "counters" VALUES('matched',20,782559068051764558);
INSERT INTO "counters" VALUES('occurrences_folded',10,4162936719774694075);
INSERT INTO "counters" VALUES('records_read',20,1622757709326773813);
INSERT INTO "counters" VALUES('records_shortened',2,5769327791079528668);
INSERT INTO "counters" VALUES('shortened_bytes',1060,1959569304282267892);
CREATE TABLE deliveries (
    incident_id INTEGER PRIMARY KEY REFERENCES incidents (id),
    ticket_id INTEGER,
    attached INTEGER NOT NULL DEFAULT 0,
    delivered_count INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    next_try_ms INTEGER NOT NULL DEFAULT 0,
    last_error TEXT
, sum INTEGER, set_ms INTEGER NOT NULL DEFAULT 0);
INSERT INTO "deliveries" VALUES(1,1001,1,5,0,1795338007161,NULL,-1510141506274785335,1795338007161);
INSERT INTO "deliveries" VALUES(2,1002,1,1,0,1795338007164,NULL,-91805601693804837,1795338007164);
INSERT INTO "deliveries" VALUES(3,1003,1,2,0,1795338007167,NULL,8990879345695002382,1795338007167);
INSERT INTO "deliveries" VALUES(4,1004,1,1,0,1795338007173,NULL,-350307988460340434,1795338007173);
INSERT INTO "deliveries" VALUES(5,1005,1,1,0,1795338007185,NULL,-3491376180529863449,1795338007185);
INSERT INTO "deliveries" VALUES(6,1006,1,5,0,1795338007187,NULL,8744997400782313567,1795338007187);
INSERT INTO "deliveries" VALUES(7,1007,1,1,0,1795338007189,NULL,-4657853275786119322,1795338007189);
INSERT INTO "deliveries" VALUES(8,1008,1,2,0,1795338007191,NULL,-8043479347799300188,1795338007191);
INSERT INTO "deliveries" VALUES(9,1009,1,1,0,1795338007195,NULL,-3271140560485712520,1795338007195);
INSERT INTO "deliveries" VALUES(10,NULL,0,0,0,0,NULL,6134693763897453655,0);
CREATE TABLE evidence (
    incident_id INTEGER PRIMARY KEY REFERENCES incidents (id),
    due_ms INTEGER NOT NULL,            -- Unix time: from then on the lines behind the record are there
    environment TEXT NOT NULL,          -- JSON: what the host knew, and once it is taken, all that is known
    archive BLOB
, has_log INTEGER NOT NULL DEFAULT 1);
INSERT INTO "evidence" VALUES(1,0,'{}',X'',1);
INSERT INTO "evidence" VALUES(2,0,'{}',X'',1);
INSERT INTO "evidence" VALUES(3,0,'{}',X'',1);
INSERT INTO "evidence" VALUES(4,0,'{}',X'',1);
INSERT INTO "evidence" VALUES(5,0,'{}',X'',1);
INSERT INTO "evidence" VALUES(6,0,'{}',X'',1);
INSERT INTO "evidence" VALUES(7,0,'{}',X'',1);
INSERT INTO "evidence" VALUES(8,0,'{}',X'',1);
INSERT INTO "evidence" VALUES(9,0,'{}',X'',1);
INSERT INTO "evidence" VALUES(10,0,'{}',X'',1);
CREATE TABLE files (                    -- checkpoints
    identity TEXT PRIMARY KEY,
    generation INTEGER NOT NULL,
    offset INTEGER NOT NULL,
    anchor TEXT NOT NULL,
    path TEXT NOT NULL,
    followed INTEGER NOT NULL           -- a file that was let go stays: its identity can be used again
, sum INTEGER) WITHOUT ROWID;
INSERT INTO "files" VALUES('1:1',0,3297,'','logs/tk-maya.log',0,-1988676788703065632);
INSERT INTO "files" VALUES('1:2',0,3297,'','logs/tk-maya.log',0,-5876861759973003763);
CREATE TABLE folded (                   -- file lives in which rows of occurrences were folded into counts
    identity TEXT NOT NULL,
    generation INTEGER NOT NULL,
    up_to INTEGER NOT NULL, sum INTEGER,             -- offset of the last such row: all before it was counted
    PRIMARY KEY (identity, generation)
) WITHOUT ROWID;
INSERT INTO "folded" VALUES('1:1',0,2855,-4339564191574397420);
INSERT INTO "folded" VALUES('1:2',0,2855,-5500863162922913054);
CREATE TABLE folders (
    path TEXT PRIMARY KEY               -- log folders that were looked at before
, sum INTEGER) WITHOUT ROWID;
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
    project_id INTEGER, sum INTEGER,
    UNIQUE (signature, ticket_user)
);
INSERT INTO "incidents" VALUES(1,'v0-afe2082dc681e57bc9077d83','artist','KeyError','ERROR','["tk-maya"]','["artist"]',5,'2026-11-22T10:21:30.207','2026-11-22T10:21:30.207','KeyError','publish failed','artist',1,8231384355314309527);
INSERT INTO "incidents" VALUES(2,'v0-f838b14cebc426e449fe217d','artist','the farm did not answer after 3 s','ERROR','["tk-maya"]','["artist"]',1,'2026-11-22T10:21:30.207','2026-11-22T10:21:30.207',NULL,'the farm did not answer after 3 s','artist',1,4782568311540606314);
INSERT INTO "incidents" VALUES(3,'v0-ab90921e11e04acd227a4a29','artist','LicenceError','ERROR','["tk-maya"]','["artist"]',2,'2026-11-22T10:21:30.207','2026-11-22T10:21:30.207','studio.LicenceError','publish failed','artist',1,-2245958238047766239);
INSERT INTO "incidents" VALUES(4,'v0-e637574429097714b17e0777','artist','the farm did not answer after 4 s','ERROR','["tk-maya"]','["artist"]',1,'2026-11-22T10:21:30.207','2026-11-22T10:21:30.207',NULL,'the farm did not answer after 4 s','artist',1,4259786862135305557);
INSERT INTO "incidents" VALUES(5,'v0-799eb04ff9e7c4752446d4b7','artist','no space is left for the cache','ERROR','["tk-maya"]','["artist"]',1,'2026-11-22T10:21:30.207','2026-11-22T10:21:30.207',NULL,'no space is left for the cache','artist',1,-4948419604408197268);
INSERT INTO "incidents" VALUES(6,'v0-afe2082dc681e57bc9077d83','','KeyError','ERROR','["tk-maya"]','["artist"]',5,'2026-11-22T10:21:30.207','2026-11-22T10:21:30.207','KeyError','publish failed','artist',1,-7597739219809179589);
INSERT INTO "incidents" VALUES(7,'v0-f838b14cebc426e449fe217d','','the farm did not answer after 3 s','ERROR','["tk-maya"]','["artist"]',1,'2026-11-22T10:21:30.207','2026-11-22T10:21:30.207',NULL,'the farm did not answer after 3 s','artist',1,2004700641246350144);
INSERT INTO "incidents" VALUES(8,'v0-ab90921e11e04acd227a4a29','','LicenceError','ERROR','["tk-maya"]','["artist"]',2,'2026-11-22T10:21:30.207','2026-11-22T10:21:30.207','studio.LicenceError','publish failed','artist',1,-1086203155955760753);
INSERT INTO "incidents" VALUES(9,'v0-e637574429097714b17e0777','','the farm did not answer after 4 s','ERROR','["tk-maya"]','["artist"]',1,'2026-11-22T10:21:30.207','2026-11-22T10:21:30.207',NULL,'the farm did not answer after 4 s','artist',1,5177516292105830546);
INSERT INTO "incidents" VALUES(10,'v0-799eb04ff9e7c4752446d4b7','','no space is left for the cache','ERROR','["tk-maya"]','["artist"]',1,'2026-11-22T10:21:30.207','2026-11-22T10:21:30.207',NULL,'no space is left for the cache','artist',1,-1025860525775041757);
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
    record TEXT NOT NULL, shortened INTEGER NOT NULL DEFAULT 0, sum INTEGER, signature TEXT, ticket_user TEXT,
    UNIQUE (identity, generation, offset)
);
INSERT INTO "occurrences" VALUES(1,1,'1:1',0,0,220,'logs/tk-maya.log','2026-11-22T10:21:30.207',4711,'ERROR','tk-maya','sgtk.env.project.tk-maya.tk-multi-publish2','publish failed','KeyError',NULL,NULL,'2026-11-22 10:21:30,207 [4711 ERROR sgtk.env.project.tk-maya.tk-multi-publish2] publish failed
Traceback (most recent call last):
  File "/studio/tools/collect.py", line 7, in collect
    collect(scene)
KeyError: ''shot''',0,1906631732211851610,'v0-afe2082dc681e57bc9077d83','artist');
INSERT INTO "occurrences" VALUES(4,2,'1:1',0,657,114,'logs/tk-maya.log','2026-11-22T10:21:30.207',4711,'ERROR','tk-maya','sgtk.env.project.tk-maya.tk-multi-publish2','the farm did not answer after 3 s',NULL,NULL,NULL,'2026-11-22 10:21:30,207 [4711 ERROR sgtk.env.project.tk-maya.tk-multi-publish2] the farm did not answer after 3 s',0,5425954857652177751,'v0-f838b14cebc426e449fe217d','artist');
INSERT INTO "occurrences" VALUES(5,3,'1:1',0,771,932,'logs/tk-maya.log','2026-11-22T10:21:30.207',4711,'ERROR','tk-maya','sgtk.env.project.tk-maya.tk-multi-publish2','publish failed','studio.LicenceError',NULL,NULL,'2026-11-22 10:21:30,207 [4711 ERROR sgtk.env.project.tk-maya.tk-multi-publish2] publish failed
Traceback (most recent call last):
  File "/studio/tools/licence.py", line 7, in ask
    ask(scene)
studi
[cut: 530 bytes here]
nder render render render render render render render render render render render render render render render render render render render render render render render render render render render render',530,6323953738483064560,'v0-ab90921e11e04acd227a4a29','artist');
INSERT INTO "occurrences" VALUES(9,4,'1:1',0,3072,114,'logs/tk-maya.log','2026-11-22T10:21:30.207',4711,'ERROR','tk-maya','sgtk.env.project.tk-maya.tk-multi-publish2','the farm did not answer after 4 s',NULL,NULL,NULL,'2026-11-22 10:21:30,207 [4711 ERROR sgtk.env.project.tk-maya.tk-multi-publish2] the farm did not answer after 4 s',0,9107941191094849737,'v0-e637574429097714b17e0777','artist');
INSERT INTO "occurrences" VALUES(10,5,'1:1',0,3186,111,'logs/tk-maya.log','2026-11-22T10:21:30.207',4711,'ERROR','tk-maya','sgtk.env.project.tk-maya.tk-multi-publish2','no space is left for the cache',NULL,NULL,NULL,'2026-11-22 10:21:30,207 [4711 ERROR sgtk.env.project.tk-maya.tk-multi-publish2] no space is left for the cache',0,2082492790089865080,'v0-799eb04ff9e7c4752446d4b7','artist');
INSERT INTO "occurrences" VALUES(11,6,'1:2',0,0,220,'logs/tk-maya.log','2026-11-22T10:21:30.207',4711,'ERROR','tk-maya','sgtk.env.project.tk-maya.tk-multi-publish2','publish failed','KeyError',NULL,NULL,'2026-11-22 10:21:30,207 [4711 ERROR sgtk.env.project.tk-maya.tk-multi-publish2] publish failed
Traceback (most recent call last):
  File "/studio/tools/collect.py", line 7, in collect
    collect(scene)
KeyError: ''shot''',0,-5566181162545426528,'v0-afe2082dc681e57bc9077d83','');
INSERT INTO "occurrences" VALUES(14,7,'1:2',0,657,114,'logs/tk-maya.log','2026-11-22T10:21:30.207',4711,'ERROR','tk-maya','sgtk.env.project.tk-maya.tk-multi-publish2','the farm did not answer after 3 s',NULL,NULL,NULL,'2026-11-22 10:21:30,207 [4711 ERROR sgtk.env.project.tk-maya.tk-multi-publish2] the farm did not answer after 3 s',0,-2932233612154910581,'v0-f838b14cebc426e449fe217d','');
INSERT INTO "occurrences" VALUES(15,8,'1:2',0,771,932,'logs/tk-maya.log','2026-11-22T10:21:30.207',4711,'ERROR','tk-maya','sgtk.env.project.tk-maya.tk-multi-publish2','publish failed','studio.LicenceError',NULL,NULL,'2026-11-22 10:21:30,207 [4711 ERROR sgtk.env.project.tk-maya.tk-multi-publish2] publish failed
Traceback (most recent call last):
  File "/studio/tools/licence.py", line 7, in ask
    ask(scene)
studi
[cut: 530 bytes here]
nder render render render render render render render render render render render render render render render render render render render render render render render render render render render render',530,4790076768392734801,'v0-ab90921e11e04acd227a4a29','');
INSERT INTO "occurrences" VALUES(19,9,'1:2',0,3072,114,'logs/tk-maya.log','2026-11-22T10:21:30.207',4711,'ERROR','tk-maya','sgtk.env.project.tk-maya.tk-multi-publish2','the farm did not answer after 4 s',NULL,NULL,NULL,'2026-11-22 10:21:30,207 [4711 ERROR sgtk.env.project.tk-maya.tk-multi-publish2] the farm did not answer after 4 s',0,2184772500899938176,'v0-e637574429097714b17e0777','');
INSERT INTO "occurrences" VALUES(20,10,'1:2',0,3186,111,'logs/tk-maya.log','2026-11-22T10:21:30.207',4711,'ERROR','tk-maya','sgtk.env.project.tk-maya.tk-multi-publish2','no space is left for the cache',NULL,NULL,NULL,'2026-11-22 10:21:30,207 [4711 ERROR sgtk.env.project.tk-maya.tk-multi-publish2] no space is left for the cache',0,4214028434332988747,'v0-799eb04ff9e7c4752446d4b7','');
CREATE TABLE recounted (                -- incidents whose own rows were lost: what was folded is not in their counts
    incident_id INTEGER PRIMARY KEY
);
CREATE TABLE terms (
    term INTEGER PRIMARY KEY AUTOINCREMENT,
    began_ms INTEGER NOT NULL,
    host TEXT NOT NULL,
    pid INTEGER NOT NULL,
    after_occurrence INTEGER NOT NULL,  -- the last one of the terms before
    last_occurrence INTEGER NOT NULL    -- the last one of this term
, sum INTEGER);
INSERT INTO "terms" VALUES(1,1795338007151,'ws042',6493,0,20,-4756596083902546541);
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
CREATE INDEX occurrences_of_incident ON occurrences (incident_id, id);
CREATE INDEX evidence_to_take ON evidence (due_ms, incident_id) WHERE archive IS NULL;
CREATE INDEX deliveries_in_turn ON deliveries (next_try_ms, incident_id);
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
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('terms',1);
INSERT INTO "sqlite_sequence" VALUES('occurrences',20);
COMMIT;
