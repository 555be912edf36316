//! What the site has been told, once more and outside of the database: whatever happens to that file, no ticket
//! is filed or counted up for what was delivered before.
//!
//! A line for each delivery, each with a hash of its own, so that a damaged line is one line. The last word on an
//! incident is the one that counts most.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};

use super::{keys, reporter, rows};

/// Its name in the state folder.
pub const FILE: &str = "told.jsonl";

/// Characters of a line's hash.
const HASH: usize = 16;

/// Keys beside its own that are kept of an incident.
const MOST_KEYS: usize = 100;

/// It is written anew when it has so many more lines than things to say.
const MOST_SPARE_LINES: usize = 1_000;

#[derive(Debug, Serialize, Deserialize)]
enum Line {
    /// A log folder that was looked at before.
    Folder(String),
    /// An incident that was delivered.
    Told(Box<Told>),
    /// Who this reporter is.
    Reporter(String),
}

/// What the site knows of an incident, and what it takes to go on with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Told {
    id: i64,
    signature: String,
    ticket_user: String,
    /// By which it is found as well. An earlier line may be under one of these.
    #[serde(default)]
    keys: Vec<String>,
    ticket_id: Option<i64>,
    attached: bool,
    count: i64,
    /// How many were found by then: more than were delivered, where rows were folded and nobody can tell which.
    found: i64,
    /// In each file life (identity, generation), the offset of the last record of it among these.
    lives: BTreeMap<String, BTreeMap<u32, i64>>,
    /// The rest of its row, in the order of [`ROW`].
    row: Vec<Option<String>>,
    project_id: Option<i64>,
}

/// Columns of an incident that are words.
const ROW: [&str; 9] =
    ["title", "level", "engines", "users", "first_seen", "last_seen", "exception", "message", "user_login"];

/// The file.
#[derive(Debug)]
pub struct Ledger {
    path: PathBuf,
}

/// All that it says.
#[derive(Debug, Default)]
pub struct Account {
    reporter: Option<String>,
    folders: BTreeSet<String>,
    told: BTreeMap<(String, String), Told>,
    lines: usize,
}

impl Ledger {
    /// The ledger in this state folder.
    #[must_use]
    pub fn new(state_folder: &Path) -> Self {
        Self { path: state_folder.join(FILE) }
    }

    /// Reads it. Lines that are damaged are left out.
    pub fn read(&self) -> io::Result<Account> {
        let text = match fs::read(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            read => read?,
        };
        let mut account = Account::default();
        for line in text.split(|byte| *byte == b'\n').filter_map(checked) {
            account.add(line);
        }
        Ok(account)
    }

    /// A log folder is known from now on.
    pub fn folder(&self, path: &str) -> io::Result<()> {
        self.append(&[Line::Folder(path.to_owned())])
    }

    /// The site has been told of these incidents: as the database has them.
    pub fn told(&self, connection: &Connection, incident_ids: &[i64]) -> io::Result<()> {
        let mut lines = Vec::new();
        for id in incident_ids {
            lines.extend(
                told(connection, *id).map_err(io::Error::other)?.map(|told| Line::Told(Box::new(told))),
            );
        }
        self.append(&lines)
    }

    /// Adds what the database says and the ledger does not, and drops lines that say nothing new.
    pub fn catch_up(&self, connection: &Connection, account: &mut Account) -> io::Result<()> {
        let all = || -> rusqlite::Result<(Vec<i64>, Vec<String>)> {
            let mut statement =
                connection.prepare("SELECT incident_id FROM deliveries WHERE delivered_count > 0")?;
            let ids = statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
            let mut statement = connection.prepare("SELECT path FROM folders")?;
            let folders = statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
            Ok((ids, folders))
        };
        let (ids, folders) = all().map_err(io::Error::other)?;
        let who = reporter::known(connection).map_err(io::Error::other)?;
        let is_new = |folder: &String| !account.folders.contains(folder);
        let mut lines: Vec<_> = folders.into_iter().filter(is_new).map(Line::Folder).collect();
        lines.extend(who.filter(|who| account.reporter.as_ref() != Some(who)).map(Line::Reporter));
        for id in ids {
            let Some(told) = told(connection, id).map_err(io::Error::other)? else { continue };
            let known = account.told.get(&(told.signature.clone(), told.ticket_user.clone()));
            if known.is_none_or(|known| known.count < told.count) {
                lines.push(Line::Told(Box::new(told)));
            }
        }
        // After an upgrade each incident has another key: they are written at once.
        self.append(&lines)?;
        for line in lines {
            account.add(line);
        }
        if account.lines > 1 + account.folders.len() + account.told.len() + MOST_SPARE_LINES {
            self.write_anew(account)?;
        }
        Ok(())
    }

    fn append(&self, lines: &[Line]) -> io::Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        let mut file = OpenOptions::new().create(true).append(true).open(&self.path)?;
        // It begins on a line of its own, whatever became of the one before.
        let text: String = lines.iter().map(written).collect::<io::Result<_>>()?;
        file.write_all(format!("\n{text}").as_bytes())?;
        file.sync_data()
    }

    fn write_anew(&self, account: &Account) -> io::Result<()> {
        let fresh = self.path.with_extension("new");
        let mut file = File::create(&fresh)?;
        if let Some(reporter) = &account.reporter {
            file.write_all(written(&Line::Reporter(reporter.clone()))?.as_bytes())?;
        }
        for folder in &account.folders {
            file.write_all(written(&Line::Folder(folder.clone()))?.as_bytes())?;
        }
        for told in account.told.values() {
            file.write_all(written(&Line::Told(Box::new(told.clone())))?.as_bytes())?;
        }
        file.sync_all()?;
        drop(file);
        fs::rename(fresh, &self.path)
    }
}

impl Account {
    /// Who this reporter is, where the ledger says so.
    pub fn reporter(&self) -> Option<&str> {
        self.reporter.as_deref()
    }

    /// Brings the database up to what the site knows; true if it was behind. After a loss, also says which records
    /// were delivered, so that they can be read again.
    pub fn apply(&self, connection: &Connection, after_loss: bool) -> rusqlite::Result<bool> {
        let mut was_behind = false;
        for folder in &self.folders {
            was_behind |=
                connection.execute("INSERT OR IGNORE INTO folders (path) VALUES (?1)", [folder])? > 0;
        }
        for told in self.told.values() {
            let known = told.known(connection)?;
            let is_behind = known.is_none_or(|(_, delivered)| delivered < told.count);
            if is_behind || after_loss {
                let id = known.map_or_else(|| told.insert(connection), |(id, _)| Ok(id))?;
                for key in &told.keys {
                    keys::add(connection, key, &told.ticket_user, id)?;
                }
                told.keep_lives(connection, id)?;
                if is_behind {
                    told.keep_delivery(connection, id)?;
                }
                told.count_anew(connection, id)?;
            }
            was_behind |= is_behind;
        }
        Ok(was_behind)
    }

    fn add(&mut self, line: Line) {
        self.lines += 1;
        match line {
            Line::Folder(path) => drop(self.folders.insert(path)),
            Line::Reporter(id) => self.reporter = Some(id),
            Line::Told(mut told) => {
                let key = |signature: &String| (signature.clone(), told.ticket_user.clone());
                let own = key(&told.signature);
                let all: Vec<_> = std::iter::once(own.clone()).chain(told.keys.iter().map(key)).collect();
                for earlier in all.iter().filter_map(|key| self.told.remove(key)).collect::<Vec<_>>() {
                    let (signature, mut keys) = (told.signature.clone(), told.keys.clone());
                    keys.extend(earlier.keys.iter().filter(|key| !told.keys.contains(key)).cloned());
                    let (mut more, less) =
                        if earlier.count > told.count { (earlier, *told) } else { (*told, earlier) };
                    // It is called as it was called last.
                    (more.signature, more.keys) = (signature, keys);
                    for (identity, generations) in less.lives {
                        let known = more.lives.entry(identity).or_default();
                        for (generation, offset) in generations {
                            let at = known.entry(generation).or_insert(offset);
                            *at = offset.max(*at);
                        }
                    }
                    more.found = more.found.max(less.found);
                    *told = more;
                }
                self.told.insert(own, *told);
            }
        }
    }
}

impl Told {
    /// Its row in the database, whichever of its keys that has, and how often the site was told by that.
    fn known(&self, connection: &Connection) -> rusqlite::Result<Option<(i64, i64)>> {
        for key in std::iter::once(&self.signature).chain(&self.keys) {
            if let Some(id) = keys::owner(connection, key, &self.ticket_user)? {
                let sql = "SELECT coalesce(max(delivered_count), 0) FROM deliveries WHERE incident_id = ?1";
                let delivered = connection.prepare_cached(sql)?.query_row([id], |row| row.get(0))?;
                return Ok(Some((id, delivered)));
            }
        }
        Ok(None)
    }

    fn insert(&self, connection: &Connection) -> rusqlite::Result<i64> {
        let is_free =
            !connection.prepare_cached("SELECT 1 FROM incidents WHERE id = ?1")?.exists([self.id])?;
        let word = |at: usize| self.row.get(at).cloned().flatten();
        connection
            .prepare_cached(
                "INSERT INTO incidents (id, signature, ticket_user, title, level, engines, users, first_seen, \
                 last_seen, exception, message, user_login, count, project_id) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
            )?
            .execute(params![
                is_free.then_some(self.id),
                self.signature,
                self.ticket_user,
                word(0).unwrap_or_default(),
                word(1).unwrap_or_default(),
                word(2).unwrap_or_default(),
                word(3).unwrap_or_default(),
                word(4).unwrap_or_default(),
                word(5).unwrap_or_default(),
                word(6),
                word(7).unwrap_or_default(),
                word(8).unwrap_or_default(),
                self.found,
                self.project_id,
            ])?;
        let id = connection.last_insert_rowid();
        // Its evidence is on the site.
        connection.execute(
            "INSERT OR IGNORE INTO evidence (incident_id, due_ms, environment, archive) VALUES (?1, 0, '{}', x'')",
            [id],
        )?;
        Ok(id)
    }

    fn keep_lives(&self, connection: &Connection, id: i64) -> rusqlite::Result<()> {
        for (identity, generations) in &self.lives {
            for (generation, offset) in generations {
                connection
                    .prepare_cached("INSERT OR REPLACE INTO told VALUES (?1, ?2, ?3, ?4)")?
                    .execute(params![id, identity, generation, offset])?;
            }
        }
        Ok(())
    }

    fn keep_delivery(&self, connection: &Connection, id: i64) -> rusqlite::Result<()> {
        connection.execute("INSERT OR IGNORE INTO deliveries (incident_id) VALUES (?1)", [id])?;
        connection.execute(
            "UPDATE deliveries SET delivered_count = ?2, ticket_id = ?3, attached = ?4, attempts = 0, \
             next_try_ms = 0, last_error = NULL WHERE incident_id = ?1",
            params![id, self.count, self.ticket_id, self.attached],
        )?;
        Ok(())
    }

    /// Counts what was found when the site was told, and what is there beyond that.
    fn count_anew(&self, connection: &Connection, id: i64) -> rusqlite::Result<()> {
        connection
            .prepare_cached(
                "UPDATE incidents SET count = max(count, ?2 + (SELECT count(*) FROM occurrences o \
                 WHERE o.incident_id = ?1 AND NOT EXISTS \
                 (SELECT 1 FROM told t WHERE t.incident_id = ?1 AND t.identity = o.identity \
                 AND t.generation = o.generation AND t.offset >= o.offset))) WHERE id = ?1",
            )?
            .execute([id, self.found])
            .map(drop)
    }
}

fn told(connection: &Connection, incident_id: i64) -> rusqlite::Result<Option<Told>> {
    let sql = format!(
        "SELECT i.signature, i.ticket_user, d.ticket_id, d.attached, min(d.delivered_count, i.count), i.project_id, \
         i.count - d.delivered_count, i.count, \
         i.count > (SELECT count(*) FROM occurrences o WHERE o.incident_id = i.id) AND EXISTS (SELECT 1 FROM folded), \
         {} FROM incidents i JOIN deliveries d ON d.incident_id = i.id \
         WHERE i.id = ?1 AND d.delivered_count > 0",
        ROW.map(|column| format!("i.{column}")).join(", ")
    );
    let (mut waiting, mut is_folded) = (0_i64, false);
    let told = connection
        .prepare_cached(&sql)?
        .query_row([incident_id], |row| {
            is_folded = row.get(8)?;
            // Which of those that were folded wait, no row says: all of them stand for what was found.
            waiting = if is_folded { 0 } else { row.get(6)? };
            Ok(Told {
                id: incident_id,
                signature: row.get(0)?,
                ticket_user: row.get(1)?,
                keys: Vec::new(),
                ticket_id: row.get(2)?,
                attached: row.get(3)?,
                count: row.get(4)?,
                found: if is_folded { row.get(7)? } else { row.get(4)? },
                project_id: rows::number_or_null(row, 5)?,
                lives: BTreeMap::new(),
                row: (0..ROW.len())
                    .map(|at| rows::text_or_null(row, at + 9))
                    .collect::<rusqlite::Result<_>>()?,
            })
        })
        .optional()?;
    let Some(mut told) = told else { return Ok(None) };
    told.keys = keys::further(connection, incident_id, MOST_KEYS)?;
    // What waits is what was found last.
    let mut statement = connection.prepare_cached(
        "SELECT identity, generation, max(offset) FROM (SELECT identity, generation, offset FROM occurrences \
         WHERE incident_id = ?1 ORDER BY id DESC LIMIT -1 OFFSET ?2) GROUP BY identity, generation \
         UNION ALL SELECT identity, generation, offset FROM told WHERE incident_id = ?1 \
         UNION ALL SELECT identity, generation, up_to FROM folded WHERE ?3",
    )?;
    let mut lives = statement.query(params![incident_id, waiting.max(0), is_folded])?;
    while let Some(life) = lives.next()? {
        // What was told before an earlier loss has no sum, and is in the ledger already.
        let Ok(generation) = life.get(1) else { continue };
        let at = told.lives.entry(rows::text(life, 0)?).or_default().entry(generation).or_insert(0);
        *at = rows::number(life, 2)?.max(*at);
    }
    Ok(Some(told))
}

fn written(line: &Line) -> io::Result<String> {
    let text = serde_json::to_string(line)?;
    Ok(format!("{} {text}\n", hash(text.as_bytes())))
}

fn checked(line: &[u8]) -> Option<Line> {
    let (sum, text) = line.split_at_checked(HASH)?;
    let text = text.strip_prefix(b" ")?;
    if sum != hash(text).as_bytes() {
        return None;
    }
    serde_json::from_slice(text).ok()
}

fn hash(text: &[u8]) -> String {
    blake3::hash(text).to_hex()[..HASH].to_owned()
}
