"""The device's own clocks: a wall clock some seconds away from the host's, and the time since its boot."""

import time
from datetime import UTC, datetime, timedelta, timezone

__all__ = ["DeviceClock"]

NANOSECONDS = 1_000_000_000


class DeviceClock:
    """Wall time = host time + offset; it can be moved like a user moves a phone's clock."""

    def __init__(self, *, offset_ms: int, utc_offset_minutes: int, uptime_seconds: int) -> None:
        self.offset_ns = offset_ms * 1_000_000
        self.zone = timezone(timedelta(minutes=utc_offset_minutes))
        self._boot_mono_ns = time.monotonic_ns() - uptime_seconds * NANOSECONDS

    def wall_ns(self) -> int:
        """Nanoseconds since 1970 as the device believes."""
        return time.time_ns() + self.offset_ns

    def rebooted(self) -> None:
        """The time since boot begins anew."""
        self._boot_mono_ns = time.monotonic_ns()

    def uptime_ns(self) -> int:
        """Nanoseconds since the device booted."""
        return time.monotonic_ns() - self._boot_mono_ns

    def local(self, wall_ns: int | None = None) -> datetime:
        """The device's local time, now or at `wall_ns`."""
        moment = self.wall_ns() if wall_ns is None else wall_ns
        return datetime.fromtimestamp(moment // 1000 / 1_000_000, UTC).astimezone(self.zone)

    def stamp(self, wall_ns: int) -> str:
        """`2026-11-24 17:55:44.123`, the form dumps use."""
        return self.local(wall_ns).strftime("%Y-%m-%d %H:%M:%S.") + f"{wall_ns // 1_000_000 % 1000:03d}"
