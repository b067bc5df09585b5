"""Keeps idle connections for the next request, per uid and place, as OkHttp does."""

from __future__ import annotations

import asyncio
import ssl

from lab.net.outward import Dialer, Outward, Place

__all__ = ["Pool"]

_IDLE_SECONDS = 30.0
_MOST_IDLE = 5


class Pool:
    """A connection is either in use by one exchange or idle here. An idle one that the other side ends is dropped."""

    def __init__(self, dialer: Dialer) -> None:
        self._dialer = dialer
        self._idle: dict[Place, list[Outward]] = {}
        self._closing: set[asyncio.Task[None]] = set()

    async def acquire(self, place: Place, trust: str, *, fresh: bool = False) -> tuple[Outward, bool]:
        """A connection and whether it had been used before. Raises OSError or ssl.SSLError."""
        while not fresh and self._idle.get(place):
            outward = self._idle[place].pop()
            if await _wake(outward):
                return outward, True
            self.discard(outward)
        return await self._dialer.open(place, trust, tunnel=False), False

    def keep(self, outward: Outward) -> None:
        """Puts a connection aside for half a minute."""
        idle = self._idle.setdefault(outward.place, [])
        if len(idle) >= _MOST_IDLE:
            self.discard(idle.pop(0))
        loop = asyncio.get_running_loop()
        outward.idle = loop.call_later(_IDLE_SECONDS, self._expire, outward)
        outward.watch = loop.create_task(outward.stream.read(1))
        outward.watch.add_done_callback(lambda task: None if task.cancelled() else self._expire(outward))
        idle.append(outward)

    def _expire(self, outward: Outward) -> None:
        idle = self._idle.get(outward.place, [])
        if outward in idle:
            idle.remove(outward)
            self.discard(outward)

    def discard(self, outward: Outward) -> None:
        """Closes a connection without waiting for it."""
        task = asyncio.get_running_loop().create_task(_close(outward))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    def drop(self, uid: int | None = None) -> None:
        """The process ended, or (without a uid) the way to the network changed: idle connections are closed."""
        for place in [place for place in self._idle if uid is None or place.uid == uid]:
            for outward in self._idle.pop(place):
                self.discard(outward)

    async def close(self) -> None:
        self.drop()
        await asyncio.gather(*self._closing, return_exceptions=True)


async def _wake(outward: Outward) -> bool:
    """Stops watching; False when the connection has ended meanwhile, or sent something nobody asked for."""
    if outward.idle is not None:
        outward.idle.cancel()
        outward.idle = None
    watch, outward.watch = outward.watch, None
    if watch is None:
        return True
    watch.cancel()
    await asyncio.wait([watch])  # the reader is free only when the task is over
    return watch.cancelled()


async def _close(outward: Outward) -> None:
    try:
        await outward.close()
    except (OSError, ssl.SSLError):
        return
