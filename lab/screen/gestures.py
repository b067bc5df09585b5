"""Fingers: a tap, a drag and a free touch, made of single touch events."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

__all__ = ["Gestures"]

_STEP_SECONDS = 0.012
_MOST_STEPS = 60
_REST_SECONDS = 0.1
"""A finger that rests this long before it lifts does not fling, so the page stands still at once."""
_ACTIONS = {"down": "touchStart", "move": "touchMove", "up": "touchEnd", "cancel": "touchCancel"}
TouchEvent = Callable[[str, float, float, float], Awaitable[None]]
"""kind, x, y, seconds since 1970"""


class Gestures:
    """One finger at a time: gestures queue, as they would on glass."""

    def __init__(self, send: TouchEvent) -> None:
        self._send = send
        self._finger = asyncio.Lock()

    async def tap(self, x: float, y: float, duration_ms: int) -> None:
        async with self._finger:
            await self._send("touchStart", x, y, time.time())
            await asyncio.sleep(max(duration_ms, 0) / 1000)
            await self._send("touchEnd", x, y, time.time())

    async def touch(self, action: str, x: float, y: float) -> None:
        """One event of a gesture somebody else composes."""
        await self._send(_ACTIONS[action], x, y, time.time())

    async def swipe(self, x1: float, y1: float, x2: float, y2: float, duration_ms: int) -> None:
        seconds = max(duration_ms, 10) / 1000
        steps = min(_MOST_STEPS, max(2, round(seconds / _STEP_SECONDS)))
        async with self._finger:
            await self._send("touchStart", x1, y1, time.time())
            for step in range(1, steps + 1):
                await asyncio.sleep(seconds / steps)
                share = step / steps
                await self._send("touchMove", x1 + (x2 - x1) * share, y1 + (y2 - y1) * share, time.time())
            # The rest is told, not waited for: on a busy machine waiting would be no proof of it.
            await self._send("touchEnd", x2, y2, time.time() + _REST_SECONDS)
