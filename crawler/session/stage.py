"""The stage of one session: the only thing that looks at the device and touches it, and records both.

Say it before doing it: StepIntended is written before the device moves, ActionDone after, Settled when the screen has come to
rest. Every look becomes a ScreenSeen fact with its blobs. Nothing here judges.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from crawler.device.driver import DeviceDriver, Key
from crawler.device.model import DeviceError, Observation
from crawler.device.settle import wait_for
from crawler.session.consent import PlannedTap
from crawler.session.effort import EffortMeter
from crawler.session.lane_tail import LaneTail
from crawler.session.pace import Pace
from evidence.blobs import BlobStore
from evidence.canonical import Json
from evidence.clock import Clock, Deadline
from evidence.lanes import LaneWriter
from screenshots.reading import ScreenReading, read_screen

__all__ = ["Seen", "SessionBroken", "Stage"]

_MAX_LOOKS = 4000
_REACTION_LOOK_SECONDS = 0.25


class SessionBroken(RuntimeError):
    """The session cannot go on: the capture died or the record is full. The reason is the message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One look: the number of its fact, what the device gave, and what was read on it."""

    screen: int
    observation: Observation
    reading: ScreenReading
    fingerprint: str

    @property
    def running(self) -> bool | None:
        """Whether the app's process is there; None when the device did not say."""
        return self.observation.app_running


class Stage:
    """Looks and acts for one session on one app."""

    def __init__(
        self,
        *,
        driver: DeviceDriver,
        package: str,
        pace: Pace,
        clock: Clock,
        ui: LaneWriter,
        device: LaneWriter,
        blobs: BlobStore,
        traffic: LaneTail,
        alive: Callable[[], bool],
        read: Callable[..., ScreenReading] = read_screen,
    ) -> None:
        self.driver = driver
        self.package = package
        self.pace = pace
        self.clock = clock
        self.ui = ui
        self._device = device
        self._blobs = blobs
        self._traffic = traffic
        self._alive = alive
        self._read = read
        self.effort = EffortMeter(clock)
        self._steps = 0
        self._screens = 0
        self._by_fingerprint: dict[str, tuple[int, ScreenReading]] = {}
        self.last: Seen | None = None
        self.advanced = 0
        """How many pages of guides were left."""

    # ------------------------------------------------------------------ looking

    def look(self) -> Seen:
        """Observe the device once and record it. Raises DeviceError when it is gone, SessionBroken when the capture is."""
        if not self._alive():
            raise SessionBroken("the capture process ended during the session; its traffic is incomplete")
        if self._screens >= _MAX_LOOKS:
            raise SessionBroken(f"more than {_MAX_LOOKS} looks in one session")
        with self.effort.span("looking"):
            observation = self.driver.observe(self.package)
        number = self._screens
        self._screens += 1
        fingerprint = _fingerprint(observation)
        known = self._by_fingerprint.get(fingerprint)
        self.ui.append("ScreenSeen", self._screen_fact(number, observation, known[0] if known else None))
        with self.effort.span("reading"):
            reading = known[1] if known else self._read(observation.shot, observation.hierarchy, package=self.package)
        if not known:
            self._by_fingerprint[fingerprint] = (number, reading)
        self.last = Seen(screen=number, observation=observation, reading=reading, fingerprint=fingerprint)
        return self.last

    def look_until(self, enough: Callable[[Seen], bool], seconds: float) -> Seen | None:
        """Look again and again until `enough` holds; None when the deadline passed first."""
        deadline = Deadline(self.clock, seconds)
        while True:
            seen = self.look()
            if enough(seen):
                return seen
            if deadline.passed():
                return None
            self._rest(deadline)

    def quiet(self, seconds: int, why: str, stop: Callable[[Seen], bool] | None = None) -> bool:
        """A mandated wait: nothing is touched, but looked at. True when it ran its full length."""
        deadline = Deadline(self.clock, float(seconds))
        while not deadline.passed():
            self._rest(deadline)
            seen = self.look()
            if stop is not None and stop(seen):
                return False
        self.ui.append("QuietWaited", {"seconds": seconds, "why": why})
        return True

    def _rest(self, deadline: Deadline) -> None:
        """Until the next look is due."""
        self.rest(min(self.pace.look_interval_ms / 1000, deadline.remaining()))

    def rest(self, seconds: float) -> None:
        """Wait without looking; shorter only when the capture dies."""
        with self.effort.span("waited"):
            wait_for(lambda: not self._alive(), clock=self.clock, seconds=seconds, pause_seconds=0.2)

    # ------------------------------------------------------------------ acting

    def tap(self, planned: PlannedTap) -> Seen:
        """Do a planned tap and wait until the screen has come to rest."""
        x, y = planned.point
        target: dict[str, Json] = {
            "text": planned.text[:500],
            "role": planned.role,
            "resource_id": planned.resource_id[:300],
            "box": list(planned.box),
        }
        touched = self.last.fingerprint if self.last and planned.purpose != "explore" else None
        with self._step("tap", planned.purpose, bears=planned.bears_on_consent, target=target, point=(x, y)):
            self.driver.tap(x, y)
        self.advanced += planned.purpose == "advance"
        return self._settled(touched)

    def press(self, key: Key, purpose: str) -> Seen:
        """Press back, home or recents."""
        with self._step(key, purpose, bears=False, target=None, point=None):
            self.driver.press(key)
        return self._settled()

    def swipe(self, start: tuple[int, int], end: tuple[int, int], purpose: str) -> Seen:
        """Swipe across the screen."""
        with self._step("swipe", purpose, bears=False, target=None, point=start):
            self.driver.swipe(start, end)
        return self._settled()

    def launch(self) -> None:
        """Open the app by its launcher intent. Looking at it is the caller's business: nothing is waited for here."""
        with self._step("launch", "open", bears=False, target=None, point=None):
            self.driver.launch(self.package)
        self.ui.append("Settled", {"step": self._steps - 1, "reason": "stable", "screen": None})

    def stop(self) -> None:
        """End the app at the end of the session."""
        with self._step("stop", "stop", bears=False, target=None, point=None):
            self.driver.stop(self.package)
        self.ui.append("Settled", {"step": self._steps - 1, "reason": "process_gone", "screen": None})

    @contextmanager
    def _step(
        self,
        action: str,
        purpose: str,
        *,
        bears: bool,
        target: Mapping[str, Json] | None,
        point: tuple[int, int] | None,
    ) -> Iterator[None]:
        """Intent, act, outcome. A failed act is a fact and goes on to the caller."""
        step = self._steps
        self._steps += 1
        self.anchor()
        self.ui.append(
            "StepIntended",
            {
                "step": step,
                "action": action,
                "purpose": purpose,
                "bears_on_consent": bears,
                "target": dict(target) if target is not None else None,
                "screen": self.last.screen if self.last else None,
            },
        )
        started = self.clock.monotonic_ns()
        x, y = point if point is not None else (None, None)
        error: str | None = None
        try:
            with self.effort.span("device"):
                yield
        except DeviceError as failure:
            error = str(failure)[:500]
            raise
        finally:
            self.ui.append(
                "ActionDone",
                {
                    "step": step,
                    "ok": error is None,
                    "x": x,
                    "y": y,
                    "started": started,
                    "finished": self.clock.monotonic_ns(),
                    "error": error,
                },
            )
            if error is not None:
                self.ui.append("Settled", {"step": step, "reason": "failed", "screen": None})

    def _settled(self, touched: str | None = None) -> Seen:
        """Wait for two equal screens in a row, or the deadline, or the app's end; record which.

        `touched` is the screen that was answered: while it stands unchanged, a slow device is given time to react before
        its answer counts as one without effect.
        """
        deadline = Deadline(self.clock, float(self.pace.settle_seconds))
        reaction = Deadline(self.clock, self.pace.reaction_ms / 1000)
        before = self.look()
        while True:
            if before.running is False:
                reason = "process_gone"
                break
            now = self.look()
            waiting = now.fingerprint == touched and not reaction.passed()
            if now.fingerprint == before.fingerprint and now.reading.readable and not waiting:
                before, reason = now, "stable"
                break
            before = now
            if waiting:
                self.rest(min(_REACTION_LOOK_SECONDS, reaction.remaining()))
            if deadline.passed():
                reason = "deadline"
                break
        self.ui.append("Settled", {"step": self._steps - 1, "reason": reason, "screen": before.screen})
        self.anchor()
        return before

    # ------------------------------------------------------------------ record

    def anchor(self) -> None:
        """Record the heads of the other lanes, so that cutting their tails shows."""
        count, digest = self._traffic.follow()
        if count:
            self.ui.append("LaneHead", {"lane": "traffic", "count": count, "digest": digest})
        head = self._device.head
        if head.count:
            self.ui.append("LaneHead", {"lane": "device", "count": head.count, "digest": head.digest})

    def trouble(self, where: str, what: str, mend: str = "") -> None:
        """Record that something failed. Never evidence against the app."""
        self.ui.append("Trouble", {"where": where, "what": what[:2000], "mend": mend[:2000]})

    def _screen_fact(self, number: int, seen: Observation, same_as: int | None) -> dict[str, Json]:
        foreground = seen.foreground
        return {
            "screen": number,
            "shot": self._blob(seen.shot),
            "shot_failure": seen.shot_failure,
            "hierarchy": self._blob(seen.hierarchy.encode("utf-8", "surrogatepass") if seen.hierarchy else None),
            "hierarchy_failure": seen.hierarchy_failure,
            "foreground": None
            if foreground is None
            else {
                "package": foreground.package,
                "activity": foreground.activity,
                "task_package": foreground.task_package,
            },
            "app_running": seen.app_running,
            "secure": seen.secure,
            "width": seen.width,
            "height": seen.height,
            "started": seen.started_mono,
            "finished": seen.finished_mono,
            "same_as": same_as,
        }

    def _blob(self, content: bytes | None) -> dict[str, Json] | None:
        if content is None:
            return None
        return {"blob": self._blobs.put(content), "size": len(content)}


def _fingerprint(seen: Observation) -> str:
    """Equal exactly when picture and hierarchy are equal byte for byte."""
    digest = hashlib.sha256(seen.shot or b"")
    digest.update(b"|")
    digest.update((seen.hierarchy or "").encode("utf-8", "surrogatepass"))
    return digest.hexdigest()
