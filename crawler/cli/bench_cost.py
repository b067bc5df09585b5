"""What inspecting costs: memory of the session processes and their captures, and where the sessions' time went."""

from __future__ import annotations

import statistics
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from crawler.session.effort import Effort, effort_of
from evidence.errors import EvidenceError
from evidence.record import read_case

__all__ = ["MemoryWatch", "cost_of_sessions", "watch_memory"]

_SAMPLE_SECONDS = 0.5
_WORKER = "crawler.batch.worker"
_CAPTURE = "traffic.capture"
_MB = 1_000_000


class MemoryWatch:
    """The highest resident memory seen so far, sampled twice a second, in MB (10^6 bytes). Shared pages count in each process."""

    def __init__(self) -> None:
        self.session_mb = 0.0
        self.capture_mb = 0.0
        self.together_mb = 0.0
        """The highest sum of one session process and its capture at one moment."""

    def sample(self) -> None:
        """Look once at every session process below this one."""
        for process in psutil.Process().children(recursive=True):
            with suppress(psutil.Error, OSError):
                if _WORKER not in process.cmdline():
                    continue
                session = process.memory_info().rss / _MB
                capture = max(
                    (child.memory_info().rss / _MB for child in process.children() if _captures(child)), default=0.0
                )
                self.session_mb = max(self.session_mb, session)
                self.capture_mb = max(self.capture_mb, capture)
                self.together_mb = max(self.together_mb, session + capture)

    def as_json(self) -> dict[str, float]:
        """Peaks, rounded to a MB."""
        return {
            "session_mb": round(self.session_mb),
            "capture_mb": round(self.capture_mb),
            "together_mb": round(self.together_mb),
        }


def _captures(process: psutil.Process) -> bool:
    return any(_CAPTURE in word for word in process.cmdline())


@contextmanager
def watch_memory() -> Iterator[MemoryWatch]:
    """Sample in a thread for as long as the block runs."""
    watch, ended = MemoryWatch(), threading.Event()

    def go_on() -> None:
        while not ended.wait(_SAMPLE_SECONDS):
            with suppress(psutil.Error):
                watch.sample()

    thread = threading.Thread(target=go_on, name="memory watch", daemon=True)
    thread.start()
    try:
        yield watch
    finally:
        ended.set()
        thread.join(timeout=10)


def cost_of_sessions(cases: Sequence[Path]) -> dict[str, float | int]:
    """Median and 9th decile of what sessions and steps cost over the least they could; empty where no session says.

    `session_ratio`: whole session over its waits plus the device's own answers. `step_ratio`: looking and deciding over looking.
    """
    efforts = [effort for case in cases for effort in _efforts(case)]
    if not efforts:
        return {}
    sessions = sorted(effort.session_ratio for effort in efforts)
    steps = sorted(effort.step_ratio for effort in efforts)
    waits = sum(effort.device + effort.waited for effort in efforts)
    looking = sum(effort.looking for effort in efforts)
    return {
        "sessions": len(efforts),
        "session_ratio": round(sum(effort.total for effort in efforts) / waits, 3),
        "session_ratio_median": round(statistics.median(sessions), 3),
        "session_ratio_p90": round(sessions[int(0.9 * (len(sessions) - 1))], 3),
        "step_ratio": round((looking + sum(effort.reading for effort in efforts)) / looking, 3),
        "step_ratio_median": round(statistics.median(steps), 3),
        "step_ratio_p90": round(steps[int(0.9 * (len(steps) - 1))], 3),
        "waited_seconds": round(sum(effort.waited for effort in efforts)),
        "device_seconds": round(sum(effort.device for effort in efforts)),
        "reading_seconds": round(sum(effort.reading for effort in efforts)),
        "total_seconds": round(sum(effort.total for effort in efforts)),
    }


def _efforts(case: Path) -> Iterator[Effort]:
    try:
        record = read_case(case)
    except EvidenceError:
        return
    for session in record.sessions:
        lane = session.lanes.get("ui")
        effort = effort_of(lane.entries) if lane is not None and lane.entries else None
        if effort is not None:
            yield effort
