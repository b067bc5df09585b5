"""Inspects one app: its sessions one after the other, the seal, the judgement, the report.

The record is sealed before anybody judges it; the judgement is written beside it and can be written again.
"""

from __future__ import annotations

import importlib.metadata
import json
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from crawler.device.driver import DeviceDriver
from crawler.device.model import DeviceLost, PackageInfo
from crawler.judge.judgement import Judgement, findings_document, judge_case
from crawler.report.bundle.readings import write_readings
from crawler.report.page import write_report
from crawler.session.equipment import Equipment
from crawler.session.ownership import owned
from crawler.session.pace import Pace
from crawler.session.reading_cache import ReadingCache
from crawler.session.run import SessionOutcome, SessionPlan, run_session
from crawler.session.scenarios import SCENARIOS
from evidence.blobs import BlobStore
from evidence.canonical import Json
from evidence.clock import Clock
from evidence.files import write_whole
from evidence.keys import SigningKey
from evidence.record import blobs_directory, read_case, session_directory, write_case
from evidence.seal import seal, seal_derived
from screenshots.reading import ScreenReading, read_screen

__all__ = ["CaseResult", "EarlierRound", "InspectionSettings", "Target", "inspect_case", "judge_again", "tool_versions"]

_TOOLS = (
    "appwitness",
    "uiautomator2",
    "adbutils",
    "mitmproxy",
    "opencv-python",
    "pytesseract",
    "rapidocr",
    "onnxruntime",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierRound:
    """The case that a retest follows."""

    case: str
    record_seal: str
    """SHA-256 of its record/seal.json: a name alone may be given twice."""
    round: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The app to inspect: installed already, or an APK to install first."""

    package: str
    apk: Path | None = None
    label: str = ""
    retest_of: EarlierRound | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionSettings:
    """How to inspect."""

    pace: Pace
    scenarios: tuple[str, ...] = tuple(SCENARIOS)
    confdir: Path
    upstream: str | None = None
    upstream_ca: Path | None = None
    key: SigningKey


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseResult:
    """What came of a case. A case with an incomplete session is still sealed and judged."""

    directory: Path
    package: str
    judgement: Judgement
    outcomes: tuple[SessionOutcome, ...]

    @property
    def complete(self) -> bool:
        """Every session ran to its end."""
        return all(outcome.complete for outcome in self.outcomes)


def inspect_case(
    driver: DeviceDriver,
    target: Target,
    directory: Path,
    settings: InspectionSettings,
    clock: Clock,
    equipment: Equipment,
    say: Callable[[str], None] = lambda _: None,
) -> CaseResult:
    """Inspect an app and leave a sealed, judged case in `directory`, which must not exist yet.

    Raises DeviceError before any session when the app cannot be had; later failures are recorded and, when the device is
    gone, raised after what there is has been sealed.
    """
    if target.apk is not None:
        say("installing")
        driver.install(target.apk)
    app = driver.package_info(target.package)
    write_case(directory, _case(directory.name, target, app, clock.now().wall_ns))
    with owned(directory):
        read = ReadingCache()
        outcomes = _play_all(driver, target, app, directory, settings, clock, equipment, say, read)
        say("sealing and judging")
        seal(directory, settings.key)
        judgement = judge_again(directory, settings.key, say, read=read)
    result = CaseResult(directory=directory, package=target.package, judgement=judgement, outcomes=tuple(outcomes))
    lost = outcomes[-1].failure if outcomes else None
    if isinstance(lost, DeviceLost):
        raise lost
    return result


def _play_all(
    driver: DeviceDriver,
    target: Target,
    app: PackageInfo,
    directory: Path,
    settings: InspectionSettings,
    clock: Clock,
    equipment: Equipment,
    say: Callable[[str], None],
    read: ReadingCache,
) -> list[SessionOutcome]:
    """One session for each scenario; none after the device is lost."""
    blobs = BlobStore(blobs_directory(directory))
    outcomes: list[SessionOutcome] = []
    for scenario_id in settings.scenarios:
        scenario = SCENARIOS[scenario_id]
        say(f"{scenario.id} {scenario.en}")
        plan = SessionPlan(
            scenario=scenario,
            package=target.package,
            label=target.label or app.label or "",
            app=app,
            pace=settings.pace,
            directory=session_directory(directory, f"{scenario.id}-{scenario.slug}"),
            blobs=blobs,
            blobs_directory=blobs_directory(directory),
            confdir=settings.confdir,
            upstream=settings.upstream,
            upstream_ca=settings.upstream_ca,
            tools=tool_versions(),
            read=read,
        )
        outcomes.append(
            run_session(driver, plan, clock, equipment.begin, lambda lane: equipment.conclude(lane, target.package))
        )
        if isinstance(outcomes[-1].failure, DeviceLost):
            break
    return outcomes


def judge_again(
    directory: Path,
    key: SigningKey,
    say: Callable[[str], None] = lambda _: None,
    *,
    read: Callable[..., ScreenReading] = read_screen,
) -> Judgement:
    """Judge a sealed case with the rules of today and write what follows beside its untouched record."""
    record = read_case(directory)
    judgement = judge_case(record, read=read, progress=say)
    _write_json(directory / "findings.json", findings_document(judgement, tool_versions()))
    write_readings(judgement.sessions, directory)
    write_report(judgement, record, directory / "report.html")
    seal_derived(directory, key)
    return judgement


def _case(name: str, target: Target, app: PackageInfo, opened_wall: int) -> dict[str, Json]:
    earlier = target.retest_of
    follows = {"retest_of": {"case": earlier.case, "record_seal": earlier.record_seal}} if earlier is not None else {}
    return {
        "case": name,
        "package": target.package,
        "label": target.label or app.label or "",
        "version_name": app.version_name,
        "version_code": app.version_code,
        "apk_sha256": app.apk_sha256,
        "round": 1 if earlier is None else earlier.round + 1,
        "opened_wall": opened_wall,
        **follows,
    }


def _write_json(path: Path, document: Mapping[str, object]) -> None:
    write_whole(path, [json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True).encode("utf-8", "replace")])


def tool_versions(names: Sequence[str] = _TOOLS) -> dict[str, str]:
    """The versions that took part, as they are recorded in every session."""
    versions = {"python": platform.python_version()}
    for name in names:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = "absent"
    return versions
