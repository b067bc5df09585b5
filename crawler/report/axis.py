"""The time axis of one session: from host monotonic nanoseconds to places on a page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from crawler.judge.phases import Phase
from crawler.judge.readings import SessionReadings

__all__ = ["Axis", "axis_of", "shown_time"]

_SECOND = 1_000_000_000
_BEFORE_NS = 300_000_000
"""A little room before the app is opened, so that the first mark is not cut."""
_STEPS = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600)
_MOST_TICKS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """A stretch of time; places on it are thousandths of its length."""

    start_ns: int
    opened_ns: int
    """When the app was opened: second zero."""
    end_ns: int

    @property
    def seconds(self) -> int:
        """Its length in whole seconds."""
        return (self.end_ns - self.opened_ns) // _SECOND

    def place(self, mono_ns: int) -> int:
        """Thousandths of the session, kept within it."""
        length = max(1, self.end_ns - self.start_ns)
        return max(0, min(1000, (mono_ns - self.start_ns) * 1000 // length))

    def second(self, mono_ns: int) -> str:
        """When it was, counted from the opening of the app."""
        tenths = (mono_ns - self.opened_ns) // (_SECOND // 10)
        return f"{'−' if tenths < 0 else ''}{abs(tenths) // 10}.{abs(tenths) % 10} s"

    def ticks(self) -> tuple[tuple[int, str], ...]:
        """Round seconds and their places. Never more than fit, however long a foreign record claims to be."""
        step = next((step for step in _STEPS if self.seconds // step < _MOST_TICKS), self.seconds // _MOST_TICKS + 1)
        seconds = range(0, self.seconds + 1, step)
        return tuple((self.place(self.opened_ns + second * _SECOND), f"{second} s") for second in seconds)


def axis_of(session: SessionReadings) -> Axis:
    """From a moment before the app was opened to the session's last fact."""
    first = session.facts[0].at.mono_ns if session.facts else 0
    opened = next((span.from_ns for span in session.spans if span.phase is Phase.PRE_CONSENT), first)
    last = session.facts[-1].at.mono_ns if session.facts else opened
    return Axis(start_ns=opened - _BEFORE_NS, opened_ns=opened, end_ns=max(last, opened + _SECOND))


def shown_time(wall_ns: int | None) -> str:
    """A moment for people, in UTC; "" for none, and for one that no calendar knows."""
    if wall_ns is None:
        return ""
    try:
        moment = datetime.fromtimestamp(wall_ns // _SECOND, UTC)
    except (OverflowError, ValueError, OSError):
        return ""
    return f"{moment:%Y-%m-%d %H:%M:%S}.{wall_ns // 1_000_000 % 1000:03d} UTC"
