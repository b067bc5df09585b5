"""Which blobs a request's number stands for, what else repeats them, and which cases are kept long enough."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from crawler.report.bundle.readings import READINGS
from evidence.blobs import is_digest
from evidence.clock import Clock, SystemClock
from evidence.crosscheck import references
from evidence.errors import NotCanonical, RedactionRefused, StorageFailed
from evidence.keys import SigningKey
from evidence.record import BLOBS, CUSTODY, RECORD, read_info, read_session, session_directory
from evidence.redaction import RETENTION_FILE, Redaction, read_retention, redact
from evidence.seal import seal_derived
from evidence.verify import Trust, verify_for

__all__ = ["Due", "due_cases", "purge", "remove", "request_blobs"]

_ANYBODY = Trust()
_DAY_NS = 86_400_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A case whose time is over."""

    case: Path
    until_wall_ns: int
    why: str
    blobs: int
    """How many are still there."""


def request_blobs(case_dir: Path, name: str) -> frozenset[str]:
    """The blobs of one exchange, named as SESSION:FLOW ("S01-cold-start:f3"). RedactionRefused when there are none."""
    session, _, flow = name.rpartition(":")
    known = {path.name for path in (case_dir / RECORD / "sessions").iterdir()}
    if session not in known:
        raise RedactionRefused(f"no such session: {name}", mend=f"Name one of: {', '.join(sorted(known))[:500]}")
    lanes = read_session(session_directory(case_dir, session)).lanes
    found = frozenset(
        digest
        for entry in (lanes["traffic"].entries if "traffic" in lanes else ())
        if entry.data.get("flow") == flow
        for digest, _ in references(dict(entry.data))
    )
    if not found:
        raise RedactionRefused(f"no request of this number has bytes that could be removed: {name}")
    return found


def remove(
    case_dir: Path, digests: Iterable[str], key: SigningKey, *, by: str, reason: str, trust: Trust = _ANYBODY
) -> Redaction:
    """Redact blobs of a case that verifies, and withdraw the report and the readings, which may repeat them.

    findings.json stays: it names facts and masks values. `trust`: other keys whose earlier word on removals counts. Raises
    RedactionRefused.
    """
    return _remove(case_dir, frozenset(digests), key, by, reason, "redaction", trust)


def purge(case_dir: Path, key: SigningKey, *, by: str, reason: str, trust: Trust = _ANYBODY) -> Redaction:
    """Remove every blob of a case that is still there. Lanes, seals, findings, decisions and the document stay."""
    return _remove(case_dir, _present(case_dir), key, by, reason, "purge", trust)


def due_cases(cases: Sequence[Path], *, older_than_days: int | None, clock: Clock | None = None) -> list[Due]:
    """The cases whose blobs need not be kept any longer: by their own date, else by their age when one is given."""
    now = (clock or SystemClock()).now().wall_ns
    found = []
    for case in cases:
        until, why = _until(case, older_than_days)
        blobs = len(_present(case))
        if until is not None and until <= now and blobs:
            found.append(Due(case=case, until_wall_ns=until, why=why, blobs=blobs))
    return found


def _until(case: Path, older_than_days: int | None) -> tuple[int | None, str]:
    """Until when a case is kept. A date that cannot be believed keeps the case: nothing is removed on a doubtful word."""
    try:
        retention = read_retention(case / CUSTODY / RETENTION_FILE)
    except FileNotFoundError:
        opened = read_info(case).get("opened_wall")
        if older_than_days is None or not isinstance(opened, int):
            return None, ""
        return opened + older_than_days * _DAY_NS, f"older than {older_than_days} days"
    except (OSError, NotCanonical):
        return None, ""
    return (retention.until_wall_ns, retention.reason) if retention.holds else (None, "")


def _present(case_dir: Path) -> frozenset[str]:
    root = case_dir / RECORD / BLOBS
    return frozenset(path.name for path in root.glob("*/*") if is_digest(path.name))


def _remove(
    case_dir: Path,
    digests: frozenset[str],
    key: SigningKey,
    by: str,
    reason: str,
    kind: Literal["redaction", "purge"],
    trust: Trust,
) -> Redaction:
    before = verify_for(case_dir, trust)
    if not before.ok:
        raise RedactionRefused(
            f"{case_dir} is not as it was sealed: {before.faults[0]}",
            mend="Only a case that verifies is redacted; else nobody could tell damage from redaction.",
        )
    repeats = [f"{READINGS}/{path.name}" for path in sorted((case_dir / READINGS).glob("*.json"))]
    made = redact(case_dir, digests, key, by=by, reason=reason, derived=["report.html", *repeats], kind=kind)
    _drop_empty(case_dir / READINGS)
    if (case_dir / "derived-seal.json").exists():
        seal_derived(case_dir, key)
    return made


def _drop_empty(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        try:
            folder.rmdir()
        except OSError as error:
            raise StorageFailed(f"cannot remove {folder}: {error.strerror or error}") from error
