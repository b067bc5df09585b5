"""A case as exports need it: its findings with what people made of them, its requests with their consent phases.

Phases, owners and recipients come from readings/, which were derived when the case was judged; requests and their bodies from
the record. Where a reading is missing the value is unknown, never guessed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from crawler.report.bundle.readings import READINGS
from crawler.report.casework.judged import FindingsUnreadable, JudgedCase, read_judged
from crawler.report.casework.review import FindingState, ReviewedFinding, review_state
from crawler.report.casework.settings import CaseworkSettings
from evidence.canonical import Json
from evidence.decisions import DECISIONS_FILE, read_decisions
from evidence.errors import EvidenceError
from evidence.files import digest_file, open_regular
from evidence.record import RECORD, SEAL_FILE, read_case
from traffic.record import CapturedRequest, read_requests

__all__ = ["ExportCase", "ExportRefused", "ExportRequest", "read_export"]

UNKNOWN = "unknown"
_MAX_READING = 256 * 1024 * 1024


class ExportRefused(EvidenceError):
    """Nothing was written."""

    exit_code = 65
    default_mend = "Verify the case, and judge it with `appwitness judge CASE`."


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRequest:
    """One message that left the app, where it stands, and what was derived about it."""

    session: str
    request: CapturedRequest
    phase: str
    """Consent phase in which it began; "unknown" where no reading says."""
    owner: str
    """app, other, ambiguous or unknown: whose connection it was."""
    recipient: Mapping[str, object]
    found: tuple[Mapping[str, object], ...]
    """Known values that were found in it: kind, form, where."""

    @property
    def facts(self) -> tuple[str, ...]:
        """The facts that tell of it: session/lane:seq."""
        return tuple(f"{self.session}/{entry.lane}:{entry.seq}" for entry in self.request.entries)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportCase:
    """One case. Every string of `info` and of the findings may come from the app, and is hostile."""

    name: str
    directory: Path
    record_seal: str
    """SHA-256 of the record's seal: what every reference is below."""
    info: Mapping[str, Json]
    judged: JudgedCase
    findings: tuple[ReviewedFinding, ...]
    requests: tuple[ExportRequest, ...]

    @property
    def counting(self) -> tuple[ReviewedFinding, ...]:
        """Findings that speak against the app and that no person dismissed."""
        return tuple(at for at in self.findings if at.finding.accuses and at.state is not FindingState.DISMISSED)


def read_export(case_dir: Path, settings: CaseworkSettings, *, requests: bool) -> ExportCase:
    """Read a judged case. Damaged decisions are refused, not half counted. Raises ExportRefused, RecordUnreadable."""
    try:
        seal = digest_file(case_dir / RECORD / SEAL_FILE)[0]
        judged = read_judged(case_dir)
    except OSError as error:
        raise ExportRefused(f"{case_dir} is not sealed") from error
    except FindingsUnreadable as error:
        raise ExportRefused(str(error)) from error
    decided = read_decisions(case_dir / DECISIONS_FILE, record_seal=seal)
    if decided.faults:
        raise ExportRefused(
            f"the decisions of {case_dir} are damaged: {decided.faults[0]}", mend=decided.faults[0].mend
        )
    record = read_case(case_dir)
    found: list[ExportRequest] = []
    for session in record.sessions if requests else ():
        reading = _reading(case_dir, session.name)
        lane = session.lanes.get("traffic")
        found += _requests(session.name, read_requests(lane.entries if lane else (), record.blobs), reading)
    return ExportCase(
        name=case_dir.resolve().name,
        directory=case_dir,
        record_seal=seal,
        info=record.info,
        judged=judged,
        findings=review_state(judged.findings, decided.decisions, settings.second_person),
        requests=tuple(found),
    )


def _requests(
    session: str, requests: Iterable[CapturedRequest], reading: Mapping[str, object]
) -> Iterator[ExportRequest]:
    sent = {(str(row.get("flow")), row.get("message")): row for row in _rows(reading, "transmissions")}
    spans = _rows(reading, "phases")
    for request in requests:
        row = sent.get((request.flow, request.message), {})
        recipient = row.get("recipient")
        yield ExportRequest(
            session=session,
            request=request,
            phase=_phase(spans, request.started.mono_ns),
            owner=str(row.get("owner") or UNKNOWN),
            recipient=recipient if isinstance(recipient, dict) else {},
            found=tuple(_rows(row, "found")),
        )


def _phase(spans: Iterable[Mapping[str, object]], mono_ns: int) -> str:
    """The last phase that had begun by then, as the judge folded them."""
    begun = [
        str(span.get("phase"))
        for span in spans
        if isinstance(start := span.get("from_mono"), int) and not isinstance(start, bool) and start <= mono_ns
    ]
    return begun[-1] if begun else UNKNOWN


def _reading(case_dir: Path, session: str) -> Mapping[str, object]:
    try:
        with open_regular(case_dir / READINGS / f"{session}.json") as stream:
            content = stream.read(_MAX_READING)
        value = json.loads(content)
    except (OSError, ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _rows(value: Mapping[str, object], name: str) -> list[Mapping[str, object]]:
    rows = value.get(name)
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
