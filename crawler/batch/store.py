"""Where a batch stands: one SQLite file that survives the death of every process that uses it.

The rows own the invariants: a row is claimed in one statement, and a case that was sealed is never inspected again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from crawler.batch.catalogue import CatalogueRow, FaultyRow

__all__ = ["BatchRow", "SqliteStore", "Store"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS apps (
    id INTEGER PRIMARY KEY,
    line INTEGER NOT NULL,
    package TEXT NOT NULL,
    apk TEXT NOT NULL,
    label TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('pending', 'claimed', 'done', 'failed', 'set_aside')),
    reason TEXT NOT NULL DEFAULT '',
    device TEXT NOT NULL DEFAULT '',
    stage TEXT NOT NULL DEFAULT '',
    attempts INTEGER NOT NULL DEFAULT 0,
    case_directory TEXT NOT NULL DEFAULT '',
    started_wall INTEGER,
    finished_wall INTEGER,
    UNIQUE (package, apk, line)
);
CREATE INDEX IF NOT EXISTS apps_by_status ON apps (status, id);
"""
_BUSY_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRow:
    """One app of the batch and where it stands."""

    id: int
    line: int
    package: str
    apk: str
    label: str
    status: str
    """pending | claimed | done | failed | set_aside"""
    reason: str
    device: str
    stage: str
    """What is being done right now, for people."""
    attempts: int
    case_directory: str
    """Relative to the batch's folder; "" until claimed."""


class Store(Protocol):
    """What a batch needs to remember."""

    def add(self, rows: Sequence[CatalogueRow], faulty: Sequence[FaultyRow]) -> None: ...

    def claim(self, device: str, started_wall: int) -> BatchRow | None: ...

    def note(self, row_id: int, stage: str) -> None: ...

    def finish(self, row_id: int, status: str, reason: str, case_directory: str, finished_wall: int) -> None: ...

    def release(self, row_id: int, reason: str) -> None: ...

    def rows(self) -> tuple[BatchRow, ...]: ...


class SqliteStore:
    """A batch in one SQLite file. Safe to open from several processes at once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._connect() as connection:
            connection.executescript(_SCHEMA)

    @contextmanager
    def _connect(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self._path, timeout=_BUSY_SECONDS, isolation_level=None)
        connection.row_factory = sqlite3.Row
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            yield connection
        finally:
            connection.close()

    def add(self, rows: Sequence[CatalogueRow], faulty: Sequence[FaultyRow]) -> None:
        """Enter the catalogue. A row that stands there already keeps its state, so starting again goes on."""
        with self._connect() as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(
                "INSERT OR IGNORE INTO apps (line, package, apk, label, status) VALUES (?, ?, ?, ?, 'pending')",
                [(row.line, row.package, row.apk, row.label) for row in rows],
            )
            connection.executemany(
                "INSERT OR IGNORE INTO apps (line, package, apk, label, status, reason) VALUES (?, ?, '', '', 'set_aside', ?)",
                [(row.line, row.text, "; ".join(row.reasons)) for row in faulty],
            )
            connection.execute("COMMIT")

    def claim(self, device: str, started_wall: int) -> BatchRow | None:
        """Take the next app for a device; None when nothing is left. No two devices get the same one."""
        with self._connect() as connection:
            found = connection.execute(
                "UPDATE apps SET status = 'claimed', device = ?, attempts = attempts + 1, started_wall = ?, stage = 'starting'"
                " WHERE id = (SELECT id FROM apps WHERE status = 'pending' ORDER BY attempts, id LIMIT 1) RETURNING *",
                (device, started_wall),
            ).fetchone()
            return _row(found) if found is not None else None

    def note(self, row_id: int, stage: str) -> None:
        """Say what is being done to an app, for whoever watches."""
        with self._connect() as connection:
            connection.execute("UPDATE apps SET stage = ? WHERE id = ?", (stage[:200], row_id))

    def finish(self, row_id: int, status: str, reason: str, case_directory: str, finished_wall: int) -> None:
        """Record the end of an app: done or failed."""
        with self._connect() as connection:
            connection.execute(
                "UPDATE apps SET status = ?, reason = ?, case_directory = ?, finished_wall = ?, stage = '' WHERE id = ?",
                (status, reason[:2000], case_directory, finished_wall, row_id),
            )

    def release(self, row_id: int, reason: str) -> None:
        """Give an app back: whoever had it could not finish it."""
        with self._connect() as connection:
            connection.execute(
                "UPDATE apps SET status = 'pending', reason = ?, device = '', stage = '' WHERE id = ? AND status = 'claimed'",
                (reason[:2000], row_id),
            )

    def rows(self) -> tuple[BatchRow, ...]:
        """All apps in the order of the catalogue."""
        with self._connect() as connection:
            return tuple(_row(found) for found in connection.execute("SELECT * FROM apps ORDER BY line, id"))


def _row(found: sqlite3.Row) -> BatchRow:
    return BatchRow(**{name: found[name] for name in BatchRow.__slots__})
