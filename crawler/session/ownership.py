"""Who works on a case: held for as long as the process lives, however it ends; and who still writes into one."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

import psutil

from evidence.errors import EvidenceError, RecordUnreadable
from evidence.record import RECORD

__all__ = ["CaseInUse", "owned", "writers_of"]


class CaseInUse(EvidenceError):
    """A living process works on this case."""

    exit_code: ClassVar[int] = 75
    retryable: ClassVar[bool] = True
    default_mend = "Wait until it has ended, or end it; then try again."


@contextmanager
def owned(case_dir: Path) -> Iterator[None]:
    """Be the only one that works on a case. CaseInUse when somebody does. The kernel lets go when the process dies."""
    try:
        handle = os.open(case_dir, os.O_RDONLY)
    except OSError as error:
        raise RecordUnreadable(case_dir, f"cannot be opened: {error.strerror or error}") from error
    try:
        _take(handle, case_dir)
        yield
    finally:
        os.close(handle)


def _take(handle: int, case_dir: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise CaseInUse(f"another process is working on {case_dir}") from error
    except OSError:
        # Some network folders know no locks. An inspection must not fail for that; writers_of still sees who writes here.
        return


def writers_of(case_dir: Path) -> tuple[str, ...]:
    """Processes of this host that have a file of the record open for writing, as far as we may see: those of other users
    may be missed, and where the system does not tell how a file was opened, readers count as well.

    The capture outlives a killed inspection by the moment it takes to close its lane.
    """
    record = f"{(case_dir / RECORD).resolve()}{os.sep}"
    found = []
    for process in psutil.process_iter():
        try:
            open_files = process.open_files() if process.pid != os.getpid() else ()
            if any(file.path.startswith(record) and getattr(file, "mode", "a") != "r" for file in open_files):
                found.append(f"process {process.pid} ({process.name()})")
        except (psutil.Error, OSError):
            continue
    return tuple(found)
