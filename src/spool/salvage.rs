//! Carries over from a damaged database whatever can still be read, and makes it whole.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, ErrorCode, OptionalExtension, Row, params_from_iter};

use super::ledger::Account;
use super::mend::mend;
use super::schema;
use super::sums::{self, TABLES, Table};

/// Bytes of a database's page.
const PAGE: usize = 4096;

/// How each spool begins: the name, pages of 4096 bytes, two versions, and what never differs.
const FORMAT: &[u8; 24] = b"SQLite format 3\0\x10\0\x01\x01\0\x40\x20\x20";

/// Whether a file begins as a spool does; an empty one is not begun.
pub fn begins_well(path: &Path) -> io::Result<bool> {
    let mut header = [0; 60];
    let mut file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
        file => file?,
    };
    if file.metadata()?.len() == 0 {
        return Ok(true);
    }
    match file.read_exact(&mut header) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(false),
        read => read?,
    }
    let versions = &header[18..20];
    Ok(versions.iter().all(|version| (1..=2).contains(version))
        && header[..18] == FORMAT[..18]
        && header[20..24] == FORMAT[20..]
        // The format of the schema and the encoding of text; neither is there before the first table.
        && [[0; 4], [0, 0, 0, 4]].iter().any(|format| header[44..48] == *format)
        && [[0; 4], [0, 0, 0, 1]].iter().any(|encoding| header[56..60] == *encoding))
}

/// Copies the rows of a damaged database into an empty one, as far as they can be read and their sums hold; then adds
/// what the site is known to know. True if nothing was lost.
pub fn salvage(damaged: &Path, fresh: &mut Connection, account: &Account) -> rusqlite::Result<bool> {
    fresh.pragma_update(None, "foreign_keys", false)?;
    let transaction = fresh.transaction()?;
    let mut lost = Vec::new();
    let (source, is_first_page_lost) = match open(damaged) {
        Err(_) if transplant(&transaction, damaged).is_ok() => (open(damaged), true),
        opened => (opened, false),
    };
    if let Ok(source) = source {
        for table in &TABLES {
            if !copy(table, &source, &transaction)? {
                lost.push(table.name);
            }
        }
        // Nothing hangs on these if they cannot be read, for the ledger knows more; and in a spool of an older version
        // they begin elsewhere.
        let told =
            Table { name: "told", key: "incident_id, identity, generation", summed: None, spare: None };
        let used = Table { name: "used_ids", key: "incident_id", summed: None, spare: None };
        for table in [told, used].iter().filter(|_| !is_first_page_lost) {
            copy(table, &source, &transaction)?;
        }
    } else {
        lost.extend(TABLES.iter().map(|table| table.name));
    }
    let is_whole = lost.is_empty();
    mend(&transaction, account, &lost)?;
    transaction.commit()?;
    Ok(is_whole)
}

fn open(damaged: &Path) -> rusqlite::Result<Connection> {
    let open = |mode: &str| {
        let source = Connection::open(damaged)?;
        sums::register(&source)?;
        source.pragma_update(None, "locking_mode", mode)?;
        source.pragma_update(None, "cell_size_check", true)?;
        source.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0))?;
        Ok(source)
    };
    // The WAL's index, too, would be shared memory. Where a reader still has it, it is shared already.
    let source = match open("exclusive") {
        Err(rusqlite::Error::SqliteFailure(error, _)) if error.code == ErrorCode::DatabaseBusy => {
            open("normal")
        }
        opened => opened,
    }?;
    if schema::is_intact(&source).unwrap_or(false) { Ok(source) } else { Err(rusqlite::Error::InvalidQuery) }
}

/// The first pages say what the tables are and where they begin, which is the same in each spool: damaged ones do
/// not hide the pages behind them.
fn transplant(fresh: &Connection, damaged: &Path) -> io::Result<()> {
    let mut from = File::open(fresh.path().unwrap_or_default())?;
    let mut file = OpenOptions::new().write(true).open(damaged)?;
    let mut first = vec![0; PAGE];
    from.read_exact(&mut first)?;
    let number = |at: usize| u32::from_be_bytes([first[at], first[at + 1], first[at + 2], first[at + 3]]);
    // Behind the file's header lies the page's own. One that has pages below it names the last of them there, and
    // the others in its cells.
    let is_interior = first[100] == 5;
    let mut pages = Vec::new();
    if is_interior {
        let cells = usize::from(u16::from_be_bytes([first[103], first[104]]));
        pages.push(number(108));
        for at in (112..).step_by(2).take(cells) {
            pages.push(number(usize::from(u16::from_be_bytes([first[at], first[at + 1]]))));
        }
    }
    for page in pages {
        let at = u64::from(page.saturating_sub(1)) * PAGE as u64;
        let mut bytes = vec![0; PAGE];
        from.seek(SeekFrom::Start(at))?;
        from.read_exact(&mut bytes)?;
        file.seek(SeekFrom::Start(at))?;
        file.write_all(&bytes)?;
    }
    // Where these two differ, the size of the file counts, and not the one that is written here.
    for at in 0..4 {
        first[92 + at] = !first[24 + at];
    }
    file.seek(SeekFrom::Start(0))?;
    file.write_all(&first)?;
    file.sync_all()
}

/// One table on its way.
struct Copy<'a> {
    table: &'a Table,
    source: &'a Connection,
    fresh: &'a Connection,
    columns: Vec<String>,
    is_whole: bool,
}

/// Copies the rows of a table; false if one was lost.
fn copy(table: &Table, source: &Connection, fresh: &Connection) -> rusqlite::Result<bool> {
    let Ok(there) = columns(source, table.name) else { return Ok(false) };
    if there.is_empty() {
        // An older schema has no such table.
        return Ok(true);
    }
    // What the older schema does not have gets its default value.
    let columns = columns(fresh, table.name)?
        .into_iter()
        .filter(|column| column != "sum" && there.contains(column))
        .collect();
    let table =
        if there.iter().any(|column| column == "sum") { table } else { &Table { summed: None, ..*table } };
    let mut copy = Copy { table, source, fresh, columns, is_whole: true };
    copy.run()?;
    Ok(copy.is_whole)
}

impl Copy<'_> {
    /// Forwards to the bad page, backwards to it from the end, then row by row what lies between two of them.
    fn run(&mut self) -> rusqlite::Result<()> {
        if self.read(&format!("ORDER BY {}", self.table.key), None)? {
            return Ok(());
        }
        self.is_whole = false;
        let order: Vec<_> = self.table.key.split(", ").map(|key| format!("{key} DESC")).collect();
        self.read(&format!("ORDER BY {}", order.join(", ")), None)?;
        if self.table.name == "occurrences" || self.table.key.ends_with("id") {
            self.read_between()?;
        }
        Ok(())
    }

    /// Reads rows until one cannot be read. True if there was none such.
    fn read(&mut self, behind: &str, without: Option<&str>) -> rusqlite::Result<bool> {
        let columns: Vec<_> =
            self.columns.iter().map(String::as_str).filter(|column| Some(*column) != without).collect();
        let holds = self.table.summed.map_or("1".to_owned(), |summed| format!("sum IS row_sum({summed})"));
        let Table { name, .. } = self.table;
        let sql = format!("SELECT {holds}, {} FROM {name} {behind}", columns.join(", "));
        let places: Vec<_> = (1..=columns.len()).map(|at| format!("?{at}")).collect();
        let into =
            format!("INSERT OR IGNORE INTO {name} ({}) VALUES ({})", columns.join(", "), places.join(", "));
        let mut into = self.fresh.prepare_cached(&into)?;
        let Ok(mut statement) = self.source.prepare_cached(&sql) else { return Ok(false) };
        let Ok(mut rows) = statement.query([]) else { return Ok(false) };
        loop {
            match rows.next() {
                Ok(None) => return Ok(true),
                Ok(Some(row)) => {
                    let Ok((holds, values)) = values(row, columns.len()) else { return Ok(false) };
                    if !holds {
                        self.is_whole = false;
                    } else if into.execute(params_from_iter(values))? == 0 {
                        // From the other end this one was reached, or it is not what the schema wants.
                        self.is_whole &= behind.contains("DESC");
                    }
                }
                Err(_) => return Ok(false),
            }
        }
    }

    fn read_between(&mut self) -> rusqlite::Result<()> {
        let Table { name, key, spare, .. } = *self.table;
        let bound = |end: &str| -> Option<i64> {
            let sql = format!("SELECT {end}({key}) FROM {name}");
            self.fresh.query_row(&sql, [], |row| row.get(0)).ok().flatten()
        };
        let last = bound("max").unwrap_or(0).max(self.last_known()?);
        for id in 1..=last {
            let sql = format!("SELECT 1 FROM {name} WHERE {key} = ?1");
            if !self.fresh.prepare_cached(&sql)?.exists([id])? {
                let at = format!("WHERE {key} = {id}");
                if !self.read(&at, None)? && spare.is_some() {
                    self.read(&at, spare)?;
                }
            }
        }
        Ok(())
    }

    /// The last row that others speak of.
    fn last_known(&self) -> rusqlite::Result<i64> {
        if self.table.name == "occurrences" {
            let sql = "SELECT seq FROM sqlite_sequence WHERE name = 'occurrences'";
            let known = self.source.query_row(sql, [], |row| row.get(0)).optional();
            return Ok(known.ok().flatten().unwrap_or(0));
        }
        self.fresh.query_row("SELECT coalesce(max(id), 0) FROM incidents", [], |row| row.get(0))
    }
}

fn columns(connection: &Connection, table: &str) -> rusqlite::Result<Vec<String>> {
    connection
        .prepare("SELECT name FROM pragma_table_info(?1)")?
        .query_map([table], |row| row.get(0))?
        .collect()
}

fn values(row: &Row<'_>, count: usize) -> rusqlite::Result<(bool, Vec<Value>)> {
    let mut values = Vec::with_capacity(count);
    for at in 1..=count {
        values.push(match row.get_ref(at)? {
            ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
            ValueRef::Null => Value::Null,
            ValueRef::Integer(value) => Value::Integer(value),
            ValueRef::Real(value) => Value::Real(value),
            ValueRef::Blob(bytes) => Value::Blob(bytes.to_vec()),
        });
    }
    Ok((row.get(0)?, values))
}
