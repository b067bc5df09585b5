"""The only place that reads a clock.

Every fact carries two integers: the host's monotonic time (orders events, shared by all processes of the host) and
its wall time (tells a person when). Everything else takes a Clock, so that a test can hand in one that stands still.
"""

import time
from dataclasses import dataclass
from typing import Protocol

__all__ = ["Clock", "Deadline", "FrozenClock", "Instant", "SystemClock"]

_NS_PER_SECOND = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Instant:
    """One moment on the host's two clocks, in nanoseconds."""

    mono_ns: int
    """CLOCK_MONOTONIC: comparable between processes of one boot of one host, meaningless elsewhere."""
    wall_ns: int
    """Since 1970-01-01 UTC. May jump when the host's clock is set; never used to order facts."""


class Clock(Protocol):
    """Where the time comes from."""

    def now(self) -> Instant: ...

    def monotonic_ns(self) -> int: ...


class SystemClock:
    """The host's own clocks."""

    def now(self) -> Instant:
        return Instant(mono_ns=time.monotonic_ns(), wall_ns=time.time_ns())  # noqa: TID251  this is evidence.clock

    def monotonic_ns(self) -> int:
        return time.monotonic_ns()  # noqa: TID251  this is evidence.clock


class FrozenClock:
    """A clock for tests: it moves when told to, or by `step_ns` after each reading."""

    def __init__(self, *, mono_ns: int = 1_000_000_000, wall_ns: int = 1_700_000_000_000_000_000, step_ns: int = 0):
        self._mono_ns = mono_ns
        self._wall_ns = wall_ns
        self._step_ns = step_ns

    def now(self) -> Instant:
        instant = Instant(mono_ns=self._mono_ns, wall_ns=self._wall_ns)
        self.advance_ns(self._step_ns)
        return instant

    def monotonic_ns(self) -> int:
        return self.now().mono_ns

    def advance(self, seconds: float) -> None:
        self.advance_ns(round(seconds * _NS_PER_SECOND))

    def advance_ns(self, nanoseconds: int) -> None:
        self._mono_ns += nanoseconds
        self._wall_ns += nanoseconds


class Deadline:
    """A moment after which waiting is over. Starts when it is made."""

    def __init__(self, clock: Clock, seconds: float):
        self._clock = clock
        self._end_ns = clock.monotonic_ns() + round(seconds * _NS_PER_SECOND)

    def remaining(self) -> float:
        """Seconds left, never below zero: fit to be handed on as a timeout."""
        return max(0, self._end_ns - self._clock.monotonic_ns()) / _NS_PER_SECOND

    def passed(self) -> bool:
        return self._clock.monotonic_ns() >= self._end_ns
