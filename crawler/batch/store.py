"""Where a batch stands: one SQLite file that survives the death of every process that uses it.

The rows own the invariants: a row is claimed in one transaction, only a claimed row can be finished or given back, and
a row that is done is never pending again. One that failed is, when its user asks for that.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol

from crawler.batch.catalogue import CatalogueRow, FaultyRow
from evidence.clock import Clock
from evidence.errors import EvidenceError, StorageFailed, StorageFull, StorageRefused

__all__ = ["ENDED", "MAX_ATTEMPTS", "BatchRow", "SqliteStore", "Store", "StoreUnusable", "give_back", "read_rows"]

ENDED = frozenset({"done", "failed", "set_aside"})
"""What a row can be when nothing more will be done about it."""
MAX_ATTEMPTS = 2
"""How often an app is begun that nobody's inspection survives."""

_FORMAT = 2
_SCHEMA = """
CREATE TABLE IF NOT EXISTS apps (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
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
    listed INTEGER NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS one_row_an_app ON apps (package, apk) WHERE status <> 'set_aside';
CREATE INDEX IF NOT EXISTS apps_by_status ON apps (status, id);
"""
_LIST = """
INSERT INTO apps (line, package, apk, label, status, listed)
VALUES (:line, :package, :apk, :label, 'pending', :listed)
ON CONFLICT (package, apk) WHERE status <> 'set_aside'
DO UPDATE SET line = excluded.line, label = excluded.label, listed = excluded.listed
"""
_SET_ASIDE = """
INSERT INTO apps (line, package, apk, label, status, reason, listed)
VALUES (:line, :text, '', '', 'set_aside', :reason, :listed)
"""
_CLAIM = """
UPDATE apps SET status = 'claimed', device = ?, attempts = attempts + 1, started_wall = ?, stage = 'starting'
WHERE id = (SELECT id FROM apps WHERE status = 'pending' ORDER BY attempts, id LIMIT 1) RETURNING *
"""
_FINISH = """
UPDATE apps SET status = ?, reason = ?, case_directory = ?, finished_wall = ?, stage = ''
WHERE id = ? AND status = 'claimed'
"""
_RELEASE = """
UPDATE apps SET status = 'pending', reason = ?, device = '', stage = '' WHERE id = ? AND status = 'claimed'
"""
_FAILED = "SELECT * FROM apps WHERE status = 'failed' AND listed = (SELECT max(listed) FROM apps) ORDER BY line, id"
_RETRY = """
UPDATE apps SET status = 'pending', reason = '', device = '', stage = '', attempts = 0, case_directory = '',
finished_wall = NULL WHERE id = ? AND status = 'failed'
"""
_BUSY_SECONDS = 30.0
_LEAST_ROOM = 256 * 1024
_FULL = ("SQLITE_FULL",)
_INPUT_OUTPUT = ("SQLITE_IOERR",)
_REFUSED = ("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")
_FOREIGN = ("SQLITE_NOTADB", "SQLITE_CORRUPT", "SQLITE_SCHEMA", "SQLITE_ERROR")


class StoreUnusable(EvidenceError):
    """The file is there, but no batch of ours can be read from it."""

    exit_code: ClassVar[int] = 65
    default_mend = "Choose another folder with --out; the cases in this one stay as they are."


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRow:
    """One app of the batch and where it stands."""

    id: int
    """Never used twice in one batch; the case's folder is named after it."""
    line: int
    """In the catalogue as it was read last."""
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
    """Relative to the batch's folder; "" until it is finished."""


class Store(Protocol):
    """What a batch needs to remember."""

    def add(self, rows: Sequence[CatalogueRow], faulty: Sequence[FaultyRow]) -> None: ...

    def claim(self, device: str, started_wall: int) -> BatchRow | None: ...

    def note(self, row_id: int, stage: str) -> None: ...

    def finish(self, row_id: int, status: str, reason: str, case_directory: str, finished_wall: int) -> None: ...

    def release(self, row_id: int, reason: str) -> None: ...

    def rows(self) -> tuple[BatchRow, ...]: ...


class SqliteStore:
    """A batch in one SQLite file. Safe to open from several processes at once. Raises StorageFailed, StoreUnusable."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._connect() as connection:
            if connection.execute("PRAGMA user_version").fetchone()[0] == _FORMAT:
                return
            _write_ahead(connection)
            with _transaction(connection):
                _make(connection, path)

    @contextmanager
    def _connect(self) -> Iterator[sqlite3.Connection]:
        with _in_words(self._path):
            connection = sqlite3.connect(self._path, timeout=_BUSY_SECONDS, isolation_level=None)
            try:
                connection.row_factory = sqlite3.Row
                connection.execute("PRAGMA synchronous = FULL")
                yield connection
            finally:
                connection.close()

    def add(self, rows: Sequence[CatalogueRow], faulty: Sequence[FaultyRow]) -> None:
        """Make the batch what the catalogue lists now.

        An app that stands there already keeps its state, wherever its line has moved to: starting again goes on. One
        that was never begun and is no longer listed is forgotten; one that was inspected stays.
        """
        with self._connect() as connection, _transaction(connection):
            listed = connection.execute("SELECT coalesce(max(listed), 0) + 1 FROM apps").fetchone()[0]
            connection.execute("DELETE FROM apps WHERE status = 'set_aside'")
            connection.executemany(_LIST, [_listed(row, listed) for row in rows])
            connection.execute("DELETE FROM apps WHERE status = 'pending' AND listed < ?", (listed,))
            connection.executemany(
                _SET_ASIDE,
                [
                    {"line": row.line, "text": row.text, "reason": "; ".join(row.reasons)[:2000], "listed": listed}
                    for row in faulty
                ],
            )

    def claim(self, device: str, started_wall: int) -> BatchRow | None:
        """Take the next app for a device; None when nothing is left. No two devices get the same one.

        What was tried before comes last: an app that kills its inspection does not hold up the others.
        """
        with self._connect() as connection, _transaction(connection):
            found = connection.execute(_CLAIM, (device, started_wall)).fetchall()
        return _row(found[0]) if found else None

    def note(self, row_id: int, stage: str) -> None:
        """Say what is being done to an app, for whoever watches."""
        with self._connect() as connection:
            connection.execute("UPDATE apps SET stage = ? WHERE id = ? AND status = 'claimed'", (stage[:200], row_id))

    def finish(self, row_id: int, status: str, reason: str, case_directory: str, finished_wall: int) -> None:
        """Record the end of a claimed app: done or failed."""
        with self._connect() as connection:
            connection.execute(_FINISH, (status, reason[:2000], case_directory, finished_wall, row_id))

    def release(self, row_id: int, reason: str) -> None:
        """Give a claimed app back: whoever had it could not finish it."""
        with self._connect() as connection:
            connection.execute(_RELEASE, (reason[:2000], row_id))

    def failed(self) -> tuple[BatchRow, ...]:
        """Failed apps that the catalogue still lists."""
        with self._connect() as connection:
            return tuple(_row(found) for found in connection.execute(_FAILED))

    def retry(self, row_id: int) -> None:
        """Let a failed app be inspected as if it never had been. What it left must have been put aside before."""
        with self._connect() as connection:
            connection.execute(_RETRY, (row_id,))

    def rows(self) -> tuple[BatchRow, ...]:
        """All apps in the order of the catalogue."""
        with self._connect() as connection:
            return _all_rows(connection)


def give_back(store: Store, row: BatchRow, reason: str, clock: Clock) -> None:
    """Let a row be tried again, unless it has been tried often enough."""
    if row.attempts < MAX_ATTEMPTS:
        store.release(row.id, reason)
    else:
        store.finish(row.id, "failed", reason, "", clock.now().wall_ns)


def read_rows(path: Path) -> tuple[BatchRow, ...]:
    """All apps of a batch, read without writing anything: the folder may be read-only or somebody else's.

    Raises StorageFailed, StoreUnusable.
    """
    address = f"{path.resolve().as_uri()}?mode=ro"
    with _in_words(path):
        try:
            return _rows_at(address)
        except sqlite3.OperationalError as error:
            # WAL needs a file beside it even for reading; where none can be made, nobody is writing either.
            if error.sqlite_errorname not in ("SQLITE_CANTOPEN", "SQLITE_READONLY_DIRECTORY"):
                raise
            return _rows_at(f"{address}&immutable=1")


def _rows_at(address: str) -> tuple[BatchRow, ...]:
    connection = sqlite3.connect(address, uri=True, timeout=_BUSY_SECONDS, isolation_level=None)
    try:
        connection.row_factory = sqlite3.Row
        return _all_rows(connection)
    finally:
        connection.close()


def _all_rows(connection: sqlite3.Connection) -> tuple[BatchRow, ...]:
    return tuple(_row(found) for found in connection.execute("SELECT * FROM apps ORDER BY line, id"))


def _write_ahead(connection: sqlite3.Connection) -> None:
    """With a write-ahead log whoever looks at a batch never keeps its workers waiting.

    SQLite does not wait for this one switch, whatever the timeout: it is refused while another process makes it, for all of them.
    """
    try:
        connection.execute("PRAGMA journal_mode = WAL")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
            raise


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All or nothing. Writing is asked for at once: two that read first and then want to write would block each other."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.rollback()
        raise
    connection.execute("COMMIT")


def _make(connection: sqlite3.Connection, path: Path) -> None:
    """The tables, unless another process was quicker. Inside a transaction."""
    found = connection.execute("PRAGMA user_version").fetchone()[0]
    if found == _FORMAT:
        return
    if found or connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        raise StoreUnusable(f"{path} holds no batch that this version of AppWitness knows")
    for statement in filter(str.strip, _SCHEMA.split(";")):
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {_FORMAT}")


@contextmanager
def _in_words(path: Path) -> Iterator[None]:
    """What SQLite raises, as a sentence with something to do about it."""
    try:
        yield
    except sqlite3.Error as error:
        name = str(getattr(error, "sqlite_errorname", ""))
        what = f"cannot use {path}: {error}"
        if name.startswith(_FULL) or (name.startswith(_INPUT_OUTPUT) and _no_room(path)):
            raise StorageFull(what) from error
        if name.startswith(_REFUSED):
            raise StorageRefused(what) from error
        if name.startswith(_FOREIGN):
            raise StoreUnusable(f"{path} holds no batch that can be read: {error}") from error
        raise StorageFailed(what) from error


def _no_room(path: Path) -> bool:
    """SQLite calls it an I/O error when the file beside a WAL cannot grow."""
    try:
        return shutil.disk_usage(path.parent).free < _LEAST_ROOM
    except OSError:
        return False


def _listed(row: CatalogueRow, listed: int) -> dict[str, object]:
    return {"line": row.line, "package": row.package, "apk": row.apk, "label": row.label, "listed": listed}


def _row(found: sqlite3.Row) -> BatchRow:
    return BatchRow(**{name: found[name] for name in BatchRow.__slots__})
