"""The log daemon: ring buffers of entries, and readers that wait for new ones."""

import asyncio
from collections import deque
from dataclasses import dataclass

from lab.system.clock import DeviceClock

__all__ = ["BUFFERS", "LogEntry", "Logs"]

BUFFERS = ("main", "system", "events", "crash", "radio")
CAPACITY = 8192
SYSTEM_UID = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """One log record; `sequence` orders entries of all buffers."""

    sequence: int
    buffer: str
    wall_ns: int
    uid: int
    pid: int
    tid: int
    level: str
    tag: str
    text: str


class Logs:
    """Writers append; readers take what is there and await more."""

    def __init__(self, clock: DeviceClock, *, system_pid: int) -> None:
        self._clock = clock
        self._system_pid = system_pid
        self._buffers: dict[str, deque[LogEntry]] = {name: deque(maxlen=CAPACITY) for name in BUFFERS}
        self._next = 0
        self._arrived = asyncio.Event()

    def write(
        self,
        tag: str,
        text: str,
        *,
        buffer: str = "main",
        level: str = "I",
        pid: int = 0,
        tid: int = 0,
        uid: int = SYSTEM_UID,
    ) -> None:
        """Append one entry; without a pid the system server speaks."""
        process = pid or self._system_pid
        entry = LogEntry(
            sequence=self._next,
            buffer=buffer,
            wall_ns=self._clock.wall_ns(),
            uid=uid,
            pid=process,
            tid=tid or process + (0 if pid else 47),
            level=level,
            tag=tag,
            text=text,
        )
        self._next += 1
        self._buffers[buffer].append(entry)
        self._arrived.set()
        self._arrived = asyncio.Event()

    def event(self, tag: str, text: str, *, pid: int = 0) -> None:
        """Append to the events buffer; several values are printed inside brackets, a single one is not."""
        self.write(tag, f"[{text}]" if "," in text else text, buffer="events", pid=pid)

    def entries(self, buffers: tuple[str, ...], *, since: int = 0) -> list[LogEntry]:
        """Entries of the named buffers with sequence >= since, in order."""
        chosen = [entry for name in buffers for entry in _after(self._buffers[name], since)]
        return sorted(chosen, key=lambda entry: entry.sequence) if len(buffers) > 1 else chosen

    def clear(self, buffers: tuple[str, ...]) -> None:
        """Forget the named buffers."""
        for name in buffers:
            self._buffers[name].clear()

    @property
    def next_sequence(self) -> int:
        """What the next entry will be numbered."""
        return self._next

    async def more(self) -> None:
        """Return once another entry has been written."""
        await self._arrived.wait()


def _after(buffer: deque[LogEntry], since: int) -> list[LogEntry]:
    recent: list[LogEntry] = []
    for entry in reversed(buffer):
        if entry.sequence < since:
            break
        recent.append(entry)
    recent.reverse()
    return recent
