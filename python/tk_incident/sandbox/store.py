"""Rows and added fields in SQLite, attached files beside it: what survives a restart."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..errors import ConfigError
from .schema import ENTITY_TYPES, AddedFields, EntityType, Field, field_from, reporter_fields, with_added

SCHEMA_VERSION = 2
# One that has just been asked to end may still be at it.
LOCK_TIMEOUT_S = 5.0

_TABLES = (
    """
CREATE TABLE IF NOT EXISTS rows (
    type    TEXT    NOT NULL,
    id      INTEGER NOT NULL,
    retired INTEGER NOT NULL DEFAULT 0,
    fields  TEXT    NOT NULL,
    PRIMARY KEY (type, id)
) WITHOUT ROWID
""",
    """
CREATE TABLE IF NOT EXISTS fields (
    type       TEXT NOT NULL,
    name       TEXT NOT NULL,
    definition TEXT NOT NULL,
    PRIMARY KEY (type, name)
) WITHOUT ROWID
""",
    "CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
)
_PLAIN = "begun without the reporter's fields"


@dataclass(frozen=True)
class Row:
    """One entity. A retired one is what a site calls deleted: it can come back."""

    type: str
    id: int
    fields: Mapping[str, Any]
    retired: bool = False

    @property
    def link(self) -> dict[str, Any]:
        """The row as another row refers to it."""
        return {"type": self.type, "id": self.id}


class Store:
    """The rows, fields and files of one data folder. Every method may be called from any thread.

    A search looks at each row, so all are in memory as well, and one process has the folder to itself.
    """

    def __init__(self, data: Path, *, is_plain: bool = False) -> None:
        """Open the folder, make it if need be; a new site that is plain has none of the reporter's fields.

        Raises ``OSError`` where it cannot be used, and ``ConfigError`` where its database is not ours, or
        is of a site that is to be plain and was not begun so.
        """
        self.files = data / "files"
        """Where the bytes of attachments lie."""
        self._lock = threading.RLock()
        # By type and rising id. A row is replaced, never changed: whoever reads one may keep it.
        self._rows: dict[str, dict[int, Row]] = {}
        self._types: Mapping[str, EntityType] = ENTITY_TYPES
        # What the open transaction has changed: rows of these types, fields.
        self._touched: set[str] = set()
        self._are_fields_touched = False
        try:
            self.files.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _unusable(data, error) from error
        database = data / "sandbox.sqlite3"
        try:
            # Only ever used under the lock, so the check for the opening thread may go.
            self._connection = sqlite3.connect(
                database, timeout=LOCK_TIMEOUT_S, isolation_level=None, check_same_thread=False
            )
        except sqlite3.OperationalError as error:
            raise _unusable(data, error) from error
        try:
            self._prepare(database, is_plain=is_plain)
        except sqlite3.OperationalError as error:
            self._connection.close()
            raise _unusable(data, error) from error
        except sqlite3.DatabaseError as error:
            self._connection.close()
            raise ConfigError(
                f"{database} is not a database of the sandbox ({error}): "
                "move it away, or give another folder with --data"
            ) from error
        except BaseException:
            self._connection.close()
            raise

    def _prepare(self, database: Path, *, is_plain: bool) -> None:
        execute = self._connection.execute
        execute("PRAGMA locking_mode = EXCLUSIVE")
        (version,) = execute("PRAGMA user_version").fetchone()
        if version > SCHEMA_VERSION:
            raise ConfigError(
                f"{database} was written by a newer tk-incident: "
                "update this one, or give another folder with --data"
            )
        execute("PRAGMA journal_mode = WAL")
        execute("PRAGMA synchronous = NORMAL")
        with self.transaction():
            for table in _TABLES:
                execute(table)
            # The first version had the reporter's fields without a word about them.
            if version == 1 or (version == 0 and not is_plain):
                self._insert_fields(reporter_fields())
            elif version == 0:
                execute("INSERT INTO facts VALUES (?, '')", (_PLAIN,))
            execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        if is_plain and not execute("SELECT name FROM facts WHERE name = ?", (_PLAIN,)).fetchall():
            raise ConfigError(
                f"{database} is of a site that was begun with the reporter's fields: "
                "for one without them give a new folder with --data"
            )
        self._load_types()
        for (entity_type,) in execute("SELECT DISTINCT type FROM rows").fetchall():
            self._load_rows(entity_type)

    def close(self) -> None:
        """Close the database; what was committed stays."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing of what is written inside; inner ones are part of the outermost."""
        with self._lock:
            if self._connection.in_transaction:
                yield
                return
            self._touched.clear()
            self._are_fields_touched = False
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                for entity_type in self._touched:
                    self._load_rows(entity_type)
                if self._are_fields_touched:
                    self._load_types()
                raise

    def insert(self, entity_type: str, fields: Mapping[str, Any]) -> Row:
        """Add a row under the next id; ids are never used again."""
        with self.transaction():
            rows = self._writable(entity_type)
            row = Row(entity_type, next(reversed(rows), 0) + 1, fields)
            self._connection.execute(
                "INSERT INTO rows (type, id, fields) VALUES (?, ?, ?)",
                (entity_type, row.id, json.dumps(fields)),
            )
            rows[row.id] = row
        return row

    def replace(self, row: Row) -> None:
        """Write the fields and the retired flag of a row that is there."""
        with self.transaction():
            rows = self._writable(row.type)
            self._connection.execute(
                "UPDATE rows SET fields = ?, retired = ? WHERE type = ? AND id = ?",
                (json.dumps(row.fields), row.retired, row.type, row.id),
            )
            rows[row.id] = row

    def keep_newest(self, entity_type: str, count: int) -> None:
        """Forget the oldest rows of a type for good: ``count`` are left at most, and one at least."""
        with self.transaction():
            rows = self._writable(entity_type)
            while len(rows) > max(count, 1):
                row_id = next(iter(rows))
                self._connection.execute("DELETE FROM rows WHERE type = ? AND id = ?", (entity_type, row_id))
                del rows[row_id]

    def get(self, entity_type: str, row_id: int) -> Row | None:
        """The row, also a retired one."""
        with self._lock:
            return self._rows.get(entity_type, {}).get(row_id)

    def rows(self, entity_type: str, *, retired: bool = False) -> list[Row]:
        """All rows of a type that are in use (or all that are retired), by rising id."""
        with self._lock:
            return [row for row in self._rows.get(entity_type, {}).values() if row.retired == retired]

    @property
    def types(self) -> Mapping[str, EntityType]:
        """The entity types, with the fields that were added to them."""
        return self._types

    def add_field(self, entity_type: str, name: str, field: Field) -> None:
        """Add a field, or put it in the place of an added one of this name."""
        with self.transaction():
            self._insert_fields({(entity_type, name): field})
            self._load_types()

    def remove_field(self, entity_type: str, name: str) -> bool:
        """Remove an added field with all its values; False if there is no such one."""
        with self.transaction():
            removed = self._connection.execute(
                "DELETE FROM fields WHERE type = ? AND name = ?", (entity_type, name)
            ).rowcount
            for row in list(self._rows.get(entity_type, {}).values()) if removed else ():
                rest = {key: value for key, value in row.fields.items() if key != name}
                self.replace(Row(row.type, row.id, rest, row.retired))
            self._load_types()
        return bool(removed)

    def file(self, attachment_id: int) -> Path:
        """Where the bytes of an attachment lie."""
        return self.files / str(attachment_id)

    def _writable(self, entity_type: str) -> dict[int, Row]:
        self._touched.add(entity_type)
        return self._rows.setdefault(entity_type, {})

    def _load_rows(self, entity_type: str) -> None:
        found = self._connection.execute(
            "SELECT id, fields, retired FROM rows WHERE type = ? ORDER BY id", (entity_type,)
        )
        self._rows[entity_type] = {
            row_id: Row(entity_type, row_id, json.loads(fields), bool(retired))
            for row_id, fields, retired in found
        }

    def _insert_fields(self, fields: AddedFields) -> None:
        self._connection.executemany(
            "INSERT OR REPLACE INTO fields VALUES (?, ?, ?)",
            [(*where, json.dumps(asdict(field))) for where, field in fields.items()],
        )

    def _load_types(self) -> None:
        self._are_fields_touched = True
        found = self._connection.execute("SELECT type, name, definition FROM fields ORDER BY type, name")
        added = {(entity_type, name): field_from(json.loads(text)) for entity_type, name, text in found}
        self._types = with_added(ENTITY_TYPES, added)


def _unusable(data: Path, error: Exception) -> OSError:
    number = error.errno if isinstance(error, OSError) else None
    reason = error.strerror if isinstance(error, OSError) else str(error)
    if "locked" in str(reason):
        reason = "another sandbox uses it"
    message = f"cannot keep tickets in this folder ({reason}): give another with --data"
    # With a number, Python picks the fitting subclass; without one, only the text can hold the path.
    return OSError(number, message, str(data)) if number is not None else OSError(f"{data}: {message}")
