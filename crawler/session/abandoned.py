"""Closes a case whose inspection died before it could: sealed as what it is, judged, reported.

No fact is added to any lane. Who closed the case, when, and how each session was found stands in a document of its own,
record/closing.json, under the same seal.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from crawler.judge.judgement import Judgement
from crawler.session.case import judge_again, tool_versions
from crawler.session.ownership import CaseInUse, owned, writers_of
from evidence.canonical import Json, to_line
from evidence.clock import Clock
from evidence.files import write_whole
from evidence.keys import SigningKey
from evidence.record import CLOSING_FILE, RECORD, SEAL_FILE, CaseRecord, read_case, read_info
from evidence.seal import seal
from evidence.verify import verify

__all__ = ["Closed", "close_abandoned"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """What became of an abandoned case."""

    incomplete: tuple[tuple[str, str], ...]
    """(session, why) of those that were cut off."""
    sealed_now: bool
    """False: it was sealed before, and the seal was kept."""
    judgement: Judgement | None
    """None: it was judged before, and nothing had to be made again."""


def close_abandoned(
    case_dir: Path, key: SigningKey, clock: Clock, by: str, say: Callable[[str], None] = lambda _: None
) -> Closed:
    """Seal, judge and report a case that nobody works on any more. What was done before is kept.

    Raises RecordUnreadable when there is no case, CaseInUse while its inspection lives, SealRefused naming every fault of the
    record.
    """
    read_info(case_dir)
    with owned(case_dir):
        writers = writers_of(case_dir)
        if writers:
            raise CaseInUse(f"{case_dir} is still written to by {', '.join(writers)}")
        sealed_before = (case_dir / RECORD / SEAL_FILE).exists()
        record = read_case(case_dir)
        if not sealed_before:
            write_whole(case_dir / RECORD / CLOSING_FILE, [to_line(_closing(record, clock, by)) + b"\n"])
        say("sealing")
        seal(case_dir, key)
        judgement = None if sealed_before and _is_judged(case_dir) else judge_again(case_dir, key, say)
    return Closed(
        incomplete=tuple((one.name, one.reason) for one in record.sessions if one.outcome != "complete"),
        sealed_now=not sealed_before,
        judgement=judgement,
    )


def _closing(record: CaseRecord, clock: Clock, by: str) -> dict[str, Json]:
    return {
        "format": 1,
        "closed_by": by,
        "closed_wall": clock.now().wall_ns,
        "tools": tool_versions(("appwitness",)),
        "sessions": [
            {"session": one.name, "closed": one.closed, "outcome": one.outcome, "reason": one.reason}
            for one in record.sessions
        ],
    }


def _is_judged(case_dir: Path) -> bool:
    return (case_dir / "findings.json").is_file() and verify(case_dir).ok
