"""Fingers: a tap, a drag and a free touch, made of single touch events.

Events go out at their time, whether or not the page has taken the one before: a page that is slow to answer a
touch would otherwise turn a tap into a long press, which clicks nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from lab.screen.page import Page

__all__ = ["Gestures"]

_STEP_SECONDS = 0.012
_MOST_STEPS = 60
_REST_SECONDS = 0.1
"""A finger that rests this long before it lifts does not fling, so the page stands still at once."""
_LONGEST_TAP_SECONDS = 0.4
_ACTIONS = {"down": "touchStart", "move": "touchMove", "up": "touchEnd", "cancel": "touchCancel"}
Grab = Callable[[], Awaitable[Page]]
Send = Callable[[Page, str, float, float, float], Awaitable[None]]
"""page, kind, x, y, seconds since 1970"""


class Gestures:
    """One finger at a time: gestures queue, as they would on glass. The page that is touched gets the whole gesture."""

    def __init__(self, grab: Grab, send: Send) -> None:
        self._grab = grab
        self._send = send
        self._finger = asyncio.Lock()
        self._page: Page | None = None
        self._sent: list[asyncio.Task[None]] = []

    def _event(self, page: Page, kind: str, x: float, y: float, at: float) -> None:
        self._sent.append(asyncio.ensure_future(self._send(page, kind, x, y, at)))

    async def _taken(self) -> None:
        """Waits until the page has taken everything."""
        sent, self._sent = self._sent, []
        await asyncio.gather(*sent)

    async def tap(self, x: float, y: float, duration_ms: int) -> None:
        seconds = max(duration_ms, 0) / 1000
        async with self._finger:
            page = await self._grab()
            began = time.time()
            self._event(page, "touchStart", x, y, began)
            if seconds > _LONGEST_TAP_SECONDS:
                await asyncio.sleep(seconds)
            self._event(page, "touchEnd", x, y, max(time.time(), began + seconds))
            await self._taken()

    async def touch(self, action: str, x: float, y: float) -> None:
        """One event of a gesture somebody else composes."""
        if action == "down" or self._page is None:
            self._page = await self._grab()
        self._event(self._page, _ACTIONS[action], x, y, time.time())
        if action in ("up", "cancel"):
            self._page = None
            await self._taken()

    async def swipe(self, x1: float, y1: float, x2: float, y2: float, duration_ms: int) -> None:
        seconds = max(duration_ms, 10) / 1000
        steps = min(_MOST_STEPS, max(2, round(seconds / _STEP_SECONDS)))
        async with self._finger:
            page = await self._grab()
            self._event(page, "touchStart", x1, y1, time.time())
            for step in range(1, steps + 1):
                await asyncio.sleep(seconds / steps)
                share = step / steps
                self._event(page, "touchMove", x1 + (x2 - x1) * share, y1 + (y2 - y1) * share, time.time())
            # The rest is told, not waited for: on a busy machine waiting would be no proof of it.
            self._event(page, "touchEnd", x2, y2, time.time() + _REST_SECONDS)
            await self._taken()
