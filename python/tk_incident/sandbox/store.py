"""Rows in SQLite, attached files beside it: what survives a restart."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import ConfigError

SCHEMA_VERSION = 1
# What SQLite can hold.
MAX_ID = 2**63 - 1

_TABLES = """
CREATE TABLE IF NOT EXISTS rows (
    type    TEXT    NOT NULL,
    id      INTEGER NOT NULL,
    retired INTEGER NOT NULL DEFAULT 0,
    fields  TEXT    NOT NULL,
    PRIMARY KEY (type, id)
) WITHOUT ROWID
"""


@dataclass(frozen=True)
class Row:
    """One entity. A retired one is what a site calls deleted: it can come back."""

    type: str
    id: int
    fields: dict[str, Any]
    retired: bool = False

    @property
    def link(self) -> dict[str, Any]:
        """The row as another row refers to it."""
        return {"type": self.type, "id": self.id}


class Store:
    """The rows and files of one data folder. Every method may be called from any thread."""

    def __init__(self, data: Path) -> None:
        """Open the folder, make it if need be.

        Raises ``OSError`` where it cannot be used, and ``ConfigError`` where its database is not ours.
        """
        self.files = data / "files"
        """Where the bytes of attachments lie."""
        self._lock = threading.RLock()
        try:
            self.files.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _unusable(data, error) from error
        database = data / "sandbox.sqlite3"
        try:
            # Only ever used under the lock, so the check for the opening thread may go.
            self._connection = sqlite3.connect(database, isolation_level=None, check_same_thread=False)
        except sqlite3.OperationalError as error:
            raise _unusable(data, error) from error
        try:
            self._prepare(database)
        except BaseException:
            self._connection.close()
            raise

    def _prepare(self, database: Path) -> None:
        execute = self._connection.execute
        try:
            (version,) = execute("PRAGMA user_version").fetchone()
            if version > SCHEMA_VERSION:
                raise ConfigError(
                    f"{database} was written by a newer tk-incident: "
                    "update this one, or give another folder with --data"
                )
            execute("PRAGMA journal_mode = WAL")
            execute("PRAGMA synchronous = NORMAL")
            execute(_TABLES)
            execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        except sqlite3.OperationalError as error:
            raise _unusable(database.parent, error) from error
        except sqlite3.DatabaseError as error:
            raise ConfigError(
                f"{database} is not a database of the sandbox ({error}): "
                "move it away, or give another folder with --data"
            ) from error

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
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def insert(self, entity_type: str, fields: dict[str, Any]) -> Row:
        """Add a row under the next id; ids are never used again."""
        with self.transaction():
            (row_id,) = self._connection.execute(
                "SELECT COALESCE(MAX(id), 0) + 1 FROM rows WHERE type = ?", (entity_type,)
            ).fetchone()
            self._connection.execute(
                "INSERT INTO rows (type, id, fields) VALUES (?, ?, ?)",
                (entity_type, row_id, json.dumps(fields)),
            )
        return Row(entity_type, row_id, fields)

    def replace(self, row: Row) -> None:
        """Write the fields and the retired flag of a row that is there."""
        with self.transaction():
            self._connection.execute(
                "UPDATE rows SET fields = ?, retired = ? WHERE type = ? AND id = ?",
                (json.dumps(row.fields), row.retired, row.type, row.id),
            )

    def get(self, entity_type: str, row_id: int) -> Row | None:
        """The row, also a retired one."""
        if not 0 < row_id <= MAX_ID:
            return None
        with self._lock:
            found = self._connection.execute(
                "SELECT id, fields, retired FROM rows WHERE type = ? AND id = ?", (entity_type, row_id)
            ).fetchone()
        return None if found is None else _row(entity_type, found)

    def rows(self, entity_type: str, *, retired: bool = False) -> list[Row]:
        """All rows of a type that are in use (or all that are retired), by rising id."""
        with self._lock:
            found = self._connection.execute(
                "SELECT id, fields, retired FROM rows WHERE type = ? AND retired = ? ORDER BY id",
                (entity_type, retired),
            ).fetchall()
        return [_row(entity_type, one) for one in found]

    def file(self, attachment_id: int) -> Path:
        """Where the bytes of an attachment lie."""
        return self.files / str(attachment_id)


def _row(entity_type: str, found: tuple[int, str, int]) -> Row:
    row_id, fields, retired = found
    return Row(entity_type, row_id, json.loads(fields), bool(retired))


def _unusable(data: Path, error: Exception) -> OSError:
    number = error.errno if isinstance(error, OSError) else None
    reason = error.strerror if isinstance(error, OSError) else str(error)
    message = f"cannot keep tickets in this folder ({reason}): give another with --data"
    # With a number, Python picks the fitting subclass; without one, only the text can hold the path.
    return OSError(number, message, str(data)) if number is not None else OSError(f"{data}: {message}")
