"""A session leaves a closed record behind, whatever happens in it; and an honest one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from crawler.device.model import DeviceLost, PackageInfo, ServerDied
from crawler.session import run as run_module
from crawler.session.pace import load_pace
from crawler.session.run import SessionOutcome, SessionPlan, run_session
from crawler.session.scenarios import SCENARIOS, Scenario
from crawler.session.stage import SessionBroken, Stage
from evidence.blobs import BlobStore
from evidence.clock import FrozenClock
from evidence.errors import StorageFull
from evidence.lanes import LaneWriter
from evidence.record import SessionRecord, blobs_directory, read_session, session_directory, write_case
from evidence.seal import seal
from evidence.verify import verify
from screenshots.reading import read_screen
from tests.crawler.session.storyboard import PACKAGE, Paper, RushingClock, consent, page
from tests.evidence.cases import KEY

APP = PackageInfo(
    package=PACKAGE, version_name="1.0", version_code=1, target_sdk=33, uid=10123, label=None, apk_paths=(),
    apk_sha256=None, requested_permissions=(), permissions=(), signer=None, system=False,
)  # fmt: skip


class Capture:
    """Stands in for the capture process: writes a lane, and dies when told to."""

    dead = False
    port = 1

    def __init__(self, *, session_dir: Path, **_: object) -> None:
        self._path = session_dir / "traffic.jsonl"

    def __enter__(self) -> Capture:
        self._lane = LaneWriter(self._path, "traffic", FrozenClock(step_ns=3))
        self._lane.append("CaptureStarted", {"port": 1})
        return self

    def __exit__(self, *_: object) -> None:
        if not Capture.dead:
            self._lane.append("LaneClosed", {"count": self._lane.head.count, "reason": "told to"})
        self._lane.close()

    def await_ready(self) -> None: ...

    def alive(self) -> bool:
        return not Capture.dead


class Instruments:
    def __init__(self, *_: object) -> None: ...

    def __enter__(self) -> Instruments:
        return self

    def __exit__(self, *_: object) -> None: ...

    def sample_ops(self) -> None: ...


Run = Callable[..., tuple[SessionOutcome, SessionRecord]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setattr(run_module, "CaptureProcess", Capture)
    monkeypatch.setattr(run_module, "Instruments", Instruments)
    monkeypatch.setattr(Capture, "dead", False)
    case = tmp_path / "case"
    write_case(case, {"case": "case", "package": PACKAGE, "opened_wall": 1})

    def play(
        scenario: Callable[[Stage], str], device: Paper | None = None, prepare: Callable[..., None] = lambda *_: None
    ) -> tuple[SessionOutcome, SessionRecord]:
        plan = SessionPlan(
            scenario=Scenario(id="S01", slug="test", zh="", en="", play=scenario),
            package=PACKAGE,
            label="",
            app=APP,
            pace=load_pace("quick", prompt_watch_seconds=1, quiet_seconds=1),
            directory=session_directory(case, "S01-test"),
            blobs=BlobStore(blobs_directory(case), durable=False),
            blobs_directory=blobs_directory(case),
            confdir=tmp_path,
            upstream=None,
            upstream_ca=None,
            tools={},
            read=read_screen,
        )
        paper = device or Paper({"start": consent(), "page": page()})
        outcome = run_session(cast(Any, paper), plan, RushingClock(), prepare, lambda lane: None)
        record = read_session(plan.directory)
        seal(case, KEY)
        assert verify(case).ok
        return outcome, record

    return play


def raising(error: BaseException) -> Callable[[Stage], str]:
    def scenario(stage: Stage) -> str:
        stage.launch()
        stage.look()
        raise error

    return scenario


def test_a_whole_session(run: Run) -> None:
    outcome, record = run(SCENARIOS["S01"].play)
    assert outcome.complete
    assert (record.closed, record.outcome) == (True, "complete")
    last = record.lanes["ui"].entries[-1]
    assert last.kind == "SessionClosed"
    assert last.data["counts"] == {"ui": last.seq, "device": record.lanes["device"].head.count, "traffic": 2}


def test_the_app_is_reset_before_and_stopped_after(run: Run) -> None:
    device = Paper({"start": consent()})
    run(SCENARIOS["S01"].play, device)
    assert device.done == [f"stop {PACKAGE}", f"clear {PACKAGE}", f"launch {PACKAGE}", f"stop {PACKAGE}"]


@pytest.mark.parametrize(
    "error",
    [
        DeviceLost("unplugged"),
        ServerDied("died"),
        SessionBroken("too many looks"),
        StorageFull("full"),
        KeyError("ours"),
        OSError(5, "Input/output error"),
    ],
)
def test_whatever_goes_wrong_is_recorded_and_the_record_closed(run: Run, error: Exception) -> None:
    outcome, record = run(raising(error))
    assert not outcome.complete
    assert outcome.failure is error
    assert (record.closed, record.outcome) == (True, "incomplete")
    (trouble,) = [entry for entry in record.lanes["ui"].entries if entry.kind == "Trouble"]
    assert type(error).__name__ in str(trouble.data["what"])


def test_a_capture_that_died_makes_the_session_incomplete_however_well_it_went(run: Run) -> None:
    def scenario(stage: Stage) -> str:
        Capture.dead = True
        return "played"

    outcome, record = run(scenario)
    assert not outcome.complete
    assert record.outcome == "incomplete"


def test_a_preparation_that_fails_touches_no_app(run: Run) -> None:
    device = Paper({"start": consent()})

    def prepare(*_: object) -> None:
        raise DeviceLost("unplugged")

    outcome, _ = run(SCENARIOS["S01"].play, device, prepare)
    assert isinstance(outcome.failure, DeviceLost)
    assert not [what for what in device.done if what.startswith("launch")]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(143)])
def test_an_interrupted_session_is_closed_as_incomplete(run: Run, tmp_path: Path, error: BaseException) -> None:
    with pytest.raises(type(error)):
        run(raising(error))
    case = tmp_path / "case"
    record = read_session(session_directory(case, "S01-test"))
    assert (record.closed, record.outcome) == (True, "incomplete")
    seal(case, KEY)
    assert verify(case).ok
