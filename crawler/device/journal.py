"""What was changed on a device, kept on the host so that it can be undone after any death of the program.

A change is written down, and is on the disk, before the device is touched. One process at a time may change a device.
"""

import fcntl
import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from crawler.device.errors import DeviceBusy, PreparationFailed

__all__ = ["Change", "Journal"]

_FORMAT = 1
_MAX_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that was changed, with everything that its undoing needs."""

    kind: str
    """Which undoing: see crawler.device.undo."""
    detail: Mapping[str, str | None]


class Journal:
    """The changes of one device that are in force. Entering locks the device for this process."""

    def __init__(self, directory: Path, serial: str):
        mark = hashlib.sha256(serial.encode("utf-8", "replace")).hexdigest()[:8]
        name = f"{re.sub(r'[^A-Za-z0-9.-]', '_', serial)[:60]}-{mark}"
        self._directory = directory
        self._path = directory / f"{name}.json"
        self._serial = serial
        self._lock_path = directory / f"{name}.lock"
        self._lock: int | None = None
        self._changes: list[Change] = []

    def __enter__(self) -> Self:
        """Raises DeviceBusy, PreparationFailed."""
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            lock = os.open(self._lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise self._unwritable(error) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(lock)
            raise DeviceBusy(
                f"device {self._serial} is being inspected by another process",
                mend="Wait until that inspection has ended, or end it; then run again.",
            ) from error
        self._lock = lock
        try:
            self._changes = self._read()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let another process have the device. Closing twice is harmless."""
        # The lock file stays: removing it would let two processes lock two files of one name.
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    @property
    def changes(self) -> tuple[Change, ...]:
        """Oldest first."""
        return tuple(self._changes)

    def note(self, change: Change) -> None:
        """Call before the device is touched."""
        self._changes.append(change)
        self._write()

    def forget(self, change: Change) -> None:
        """Call when the change is undone."""
        self._changes.remove(change)
        self._write()

    def _read(self) -> list[Change]:
        try:
            with self._path.open("rb") as stream:
                document = json.loads(stream.read(_MAX_BYTES))
            return [Change(kind=str(row["kind"]), detail=dict(row["detail"])) for row in document["changes"]]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise self._unwritable(error) from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise PreparationFailed(
                f"the list of what was changed on {self._serial} cannot be read: {error}",
                mend=f"Look through the device's settings (proxy, certificates, contacts), then delete {self._path}.",
            ) from error

    def _write(self) -> None:
        rows = [{"kind": change.kind, "detail": dict(change.detail)} for change in self._changes]
        content = json.dumps({"format": _FORMAT, "serial": self._serial, "changes": rows}, ensure_ascii=False, indent=1)
        temporary = self._path.with_suffix(".new")
        try:
            if not rows:
                self._path.unlink(missing_ok=True)
                return
            with temporary.open("w", encoding="utf-8") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            temporary.replace(self._path)
        except OSError as error:
            raise self._unwritable(error) from error

    def _unwritable(self, error: OSError) -> PreparationFailed:
        return PreparationFailed(
            f"what is changed on {self._serial} cannot be noted in {self._directory}: {error.strerror or error}",
            mend="Make that folder writable (or free some disk space); without the note nothing is changed.",
        )
