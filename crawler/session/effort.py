"""Where a session's time went: the device's own answers, the waits the scenario asks for, reading screens, and the rest.

Kept so that an operator can tell a slow phone from a slow inspector. It says nothing about the app.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from evidence.canonical import Json
from evidence.clock import Clock
from evidence.lanes import Entry

__all__ = ["Effort", "EffortMeter", "effort_of"]

_NS = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """One session's times in seconds, by the host's monotonic clock."""

    session: str
    total: float
    device: float
    """Waiting for the device to answer: looks, taps, resets, identifiers, trust."""
    looking: float
    """Of which for pictures and hierarchies."""
    waited: float
    """Waits that the scenario or the app asks for: quiet spans, and rests while a screen is awaited."""
    reading: float
    """Reading screens: hierarchy and OCR."""

    @property
    def session_ratio(self) -> float:
        """The whole session over its waits plus the device's answers; 1.0 is the least possible."""
        return self.total / max(self.device + self.waited, 1e-9)

    @property
    def step_ratio(self) -> float:
        """Looking and deciding over looking alone."""
        return (self.looking + self.reading) / max(self.looking, 1e-9)


@dataclass(slots=True)
class EffortMeter:
    """Adds up spans of one session. Spans are not nested."""

    clock: Clock
    _spent: dict[str, int] = field(default_factory=dict)

    @contextmanager
    def span(self, name: str) -> Iterator[None]:
        """Count the time until the block ends, also when it fails, under `name`."""
        started = self.clock.monotonic_ns()
        try:
            yield
        finally:
            self._spent[name] = self._spent.get(name, 0) + self.clock.monotonic_ns() - started

    def as_fact(self) -> dict[str, Json]:
        """The sums in ns, for the fact EffortSpent."""
        return {name: self._spent.get(name, 0) for name in ("device", "looking", "waited", "reading")}


def effort_of(entries: Sequence[Entry]) -> Effort | None:
    """What a session's ui lane says about its times; None when it does not (the session broke, or an older record)."""
    told = next((entry for entry in entries if entry.kind == "EffortSpent"), None)
    if told is None:
        return None
    spent: Mapping[str, float] = {name: value / _NS for name, value in told.data.items() if isinstance(value, int)}
    looking = spent.get("looking", 0.0)
    return Effort(
        session=str(entries[0].data.get("session", "")),
        total=(told.at.mono_ns - entries[0].at.mono_ns) / _NS,
        device=spent.get("device", 0.0) + looking,
        looking=looking,
        waited=spent.get("waited", 0.0),
        reading=spent.get("reading", 0.0),
    )
