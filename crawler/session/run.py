"""Runs one session: resets the app, starts the capture and the instruments, plays a scenario, closes the record.

The one boundary of the session process is here: whatever goes wrong is recorded as Trouble and ends the session as incomplete.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

from crawler.device.driver import DeviceDriver
from crawler.device.instruments import Instruments
from crawler.device.model import DeviceError, PackageInfo
from crawler.session.lane_tail import LaneTail
from crawler.session.pace import Pace
from crawler.session.scenarios import Scenario
from crawler.session.stage import SessionBroken, Stage
from evidence.blobs import BlobStore
from evidence.canonical import Json
from evidence.clock import Clock
from evidence.errors import EvidenceError
from evidence.lanes import LaneWriter, read_lane
from screenshots.reading import ScreenReading
from traffic.process import CaptureFailed, CaptureProcess

__all__ = ["Facts", "SessionOutcome", "SessionPlan", "run_session"]

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionPlan:
    """What one session is to do, and with what."""

    scenario: Scenario
    package: str
    label: str
    app: PackageInfo
    pace: Pace
    directory: Path
    """Of this session; made by run_session and never reused."""
    blobs: BlobStore
    blobs_directory: Path
    confdir: Path
    """Where the capture keeps its certificate authority."""
    upstream: str | None
    upstream_ca: Path | None
    tools: Mapping[str, str]
    read: Callable[..., ScreenReading]
    """Reads screens; the judge may know its answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOutcome:
    """How a session ended. An incomplete one is still a record."""

    name: str
    complete: bool
    reason: str
    failure: BaseException | None = None
    """What ended it, when something did; for the exit code and the message."""


Facts = Callable[[LaneWriter, Stage, CaptureProcess, Path], None]
"""Preparation that writes into the device lane once the capture listens: proxy, trust, identifiers."""


def run_session(
    driver: DeviceDriver, plan: SessionPlan, clock: Clock, prepare: Facts, conclude: Callable[[LaneWriter], None]
) -> SessionOutcome:
    """Play a scenario once and leave a closed record behind, whatever happens.

    `prepare` runs after the reset and before the app is opened; `conclude` when the app has been stopped.
    """
    name = plan.directory.name
    plan.directory.mkdir(parents=True)
    with ExitStack() as stack:
        ui = stack.enter_context(LaneWriter(plan.directory / "ui.jsonl", "ui", clock))
        device = stack.enter_context(LaneWriter(plan.directory / "device.jsonl", "device", clock))
        ui.append("SessionOpened", _opening(driver, plan))
        try:
            reason, failure = _play(driver, plan, clock, ui, device, prepare, conclude)
        except (KeyboardInterrupt, SystemExit) as ended:
            _close(plan, ui, device, "the inspection was told to end", ended)
            raise
        _close(plan, ui, device, reason, failure)
    return SessionOutcome(name=name, complete=failure is None, reason=reason, failure=failure)


def _play(
    driver: DeviceDriver,
    plan: SessionPlan,
    clock: Clock,
    ui: LaneWriter,
    device: LaneWriter,
    prepare: Facts,
    conclude: Callable[[LaneWriter], None],
) -> tuple[str, BaseException | None]:
    """The boundary: what ended the scenario, and what failed."""
    try:
        with CaptureProcess(
            session_dir=plan.directory,
            blobs_dir=plan.blobs_directory,
            confdir=plan.confdir,
            upstream=plan.upstream,
            upstream_ca=plan.upstream_ca,
            at_once=True,  # it starts while the device resets the app
        ) as capture:
            stage = Stage(
                driver=driver,
                package=plan.package,
                pace=plan.pace,
                clock=clock,
                ui=ui,
                device=device,
                blobs=plan.blobs,
                traffic=LaneTail(plan.directory / "traffic.jsonl"),
                alive=capture.alive,
                read=plan.read,
            )
            with stage.effort.span("device"):
                driver.stop(plan.package)
                driver.clear(plan.package)
                device.append("AppReset", {"how": "pm clear", "ok": True})
            capture.await_ready()
            with stage.effort.span("device"):
                prepare(device, stage, capture, plan.directory / "traffic.jsonl")
            with Instruments(driver, device, plan.blobs, clock, plan.package, plan.app.uid) as instruments:
                reason = plan.scenario.play(stage)
                instruments.sample_ops()
                stage.stop()
                with stage.effort.span("device"):
                    conclude(device)
            for recovery in driver.take_recoveries():
                stage.trouble("device", recovery.what)
            if not capture.alive():
                raise SessionBroken("the capture process ended during the session; its traffic is incomplete")
            ui.append("EffortSpent", stage.effort.as_fact())
        return reason, None
    except (DeviceError, CaptureFailed, EvidenceError, SessionBroken, OSError) as failure:
        return _record(ui, failure), failure
    except Exception as failure:  # the named boundary: an unforeseen fault ends the session honestly
        _LOG.exception("session %s", plan.directory.name)
        return _record(ui, failure), failure


def _record(ui: LaneWriter, failure: BaseException) -> str:
    """Write down what went wrong; a full disk may refuse even that."""
    reason = f"{type(failure).__name__}: {failure}"[:1000]
    mend = str(getattr(failure, "mend", "") or "")
    try:
        ui.append("Trouble", {"where": "session", "what": reason, "mend": mend[:1000]})
    except EvidenceError:
        _LOG.warning("the record takes no more facts: %s", reason)
    return reason


def _close(plan: SessionPlan, ui: LaneWriter, device: LaneWriter, reason: str, failure: BaseException | None) -> None:
    """End the lanes with their counts. What the disk refuses stays honestly open."""
    try:
        device.append("LaneClosed", {"count": device.head.count, "reason": "session ended"})
        traffic = read_lane(plan.directory / "traffic.jsonl").head
        for head in (traffic, device.head):
            if head.count:
                ui.append("LaneHead", {"lane": head.lane, "count": head.count, "digest": head.digest})
        ui.append(
            "SessionClosed",
            {
                "outcome": "complete" if failure is None else "incomplete",
                "reason": reason,
                "counts": {"ui": ui.head.count, "device": device.head.count, "traffic": traffic.count},
            },
        )
    except EvidenceError as error:
        _LOG.warning("the record could not be closed: %s", error)


def _opening(driver: DeviceDriver, plan: SessionPlan) -> dict[str, Json]:
    info = driver.info()
    return {
        "session": plan.directory.name,
        "scenario": plan.scenario.id,
        "package": plan.package,
        "label": plan.label,
        "device": asdict(info),
        "settings": dict(plan.pace.as_fact()),
        "tools": dict(plan.tools),
        "proxy": {
            "mode": "regular",
            "blind_spots": [
                "apps that ignore the system's proxy setting",
                "UDP and QUIC",
                "bodies encrypted by the app itself",
            ],
        },
        "app": {
            "version_name": plan.app.version_name,
            "version_code": plan.app.version_code,
            "target_sdk": plan.app.target_sdk,
            "apk_sha256": plan.app.apk_sha256,
            "uid": plan.app.uid,
            "signer": plan.app.signer,
            "links": list(plan.app.links),
        },
    }
