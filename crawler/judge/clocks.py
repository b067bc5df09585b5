"""How the device's clock stands to the host's, and how far that is certain: for times that apps wrote into what they sent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from evidence.lanes import Entry

__all__ = ["DeviceClock", "read_clock"]

_STEADY_NS = 1_000_000_000
"""More than this between two samples, beyond their own errors, is a clock that was set: no time of it is used."""
_LARGEST = 2**63


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceClock:
    """The offset of the sample that came back soonest, and what the others say against it."""

    offset_ns: int
    """Device minus host, both wall clocks, at the best sample."""
    error_ns: int
    """The true offset lies within this of it: half the best round trip, and whatever the other samples disagree."""
    best_round_trip_ns: int
    samples: int
    steady: bool
    """False where the device's clock was set during the session."""
    to_mono_ns: int
    """What is added to a time of the device to have the host's monotonic time."""

    def mono_of(self, device_wall_ns: int) -> int:
        """The host's monotonic time of a time by the device's clock, within `error_ns`."""
        return device_wall_ns + self.to_mono_ns

    def device_of(self, mono_ns: int) -> int:
        """The other way round."""
        return mono_ns - self.to_mono_ns


@dataclass(frozen=True, slots=True)
class _Sample:
    device_ns: int
    mono_ns: int
    host_ns: int
    round_trip_ns: int

    @property
    def stand_ns(self) -> int:
        """Against the host's monotonic clock, which nobody sets."""
        return self.device_ns - self.mono_ns


def read_clock(facts: Iterable[Entry]) -> DeviceClock | None:
    """From the ClockSampled facts of a session; None without any that can be read."""
    samples = [sample for entry in facts if entry.kind == "ClockSampled" and (sample := _sample(entry)) is not None]
    if not samples:
        return None
    best = min(samples, key=lambda sample: sample.round_trip_ns)
    apart = max(
        max(0, abs(sample.stand_ns - best.stand_ns) - (sample.round_trip_ns + best.round_trip_ns) // 2)
        for sample in samples
    )
    return DeviceClock(
        offset_ns=best.device_ns - best.host_ns,
        error_ns=(best.round_trip_ns + 1) // 2 + apart,
        best_round_trip_ns=best.round_trip_ns,
        samples=len(samples),
        steady=apart <= _STEADY_NS,
        to_mono_ns=-best.stand_ns,
    )


def _sample(entry: Entry) -> _Sample | None:
    values = [entry.data.get(name) for name in ("device_wall_ns", "host_mono_ns", "host_wall_ns", "rtt_ns")]
    numbers = [value for value in values if isinstance(value, int) and not isinstance(value, bool)]
    if len(numbers) != len(values) or not all(0 <= number < _LARGEST for number in numbers):
        return None
    return _Sample(*numbers)
