"""What an earlier, interrupted run left of a case: recognised when it was finished, kept under another name when not."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from crawler.batch.aside import put_aside
from crawler.session.case import judge_again
from evidence.errors import EvidenceError
from evidence.keys import SigningKey
from evidence.record import CLOSING_FILE, RECORD, SEAL_FILE
from evidence.seal import seal
from evidence.verify import verify

__all__ = ["resume", "set_aside"]


def resume(directory: Path, key: SigningKey) -> str | None:
    """Whether a case was inspected to its end before: then what was incomplete in it ("" for nothing), else None.

    A record that was sealed is never made again; a judgement that is missing or no longer fits is. Everything else is set
    aside, also what somebody closed by hand after the inspection was killed. Raises StorageFailed.
    """
    if not directory.exists():
        return None
    if (directory / RECORD / CLOSING_FILE).exists():
        set_aside(directory, key)
        return None
    faults = verify(directory).faults if (directory / RECORD / SEAL_FILE).is_file() else None
    if faults is None or any(fault.place.startswith(f"{RECORD}/") or fault.place == "." for fault in faults):
        set_aside(directory, key)
        return None
    if faults or not (directory / "findings.json").is_file():
        judge_again(directory, key)
    return _incomplete(directory / "findings.json")


def set_aside(directory: Path, key: SigningKey) -> None:
    """Keep what an interrupted inspection left, under a name of its own, sealed as what it is. Raises StorageFailed."""
    aside = put_aside(directory, "interrupted")
    if aside is None:
        return
    # Nothing rests on this record. Sealed or not, it is kept; a disk too full for a seal is met again soon enough.
    with suppress(EvidenceError):
        seal(aside, key)


def _incomplete(findings: Path) -> str:
    sessions = json.loads(findings.read_text(encoding="utf-8"))["sessions"]
    return "; ".join(f"{row['session']}: {row['why_incomplete']}" for row in sessions if not row["complete"])
