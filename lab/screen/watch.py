"""Knows whether a page has drawn anything since its last picture, so that an unchanged screen costs no capture.

Chromium's screencast reports every frame that changed a pixel, some ten milliseconds after it was drawn, and nothing
while the page stands still. The frames themselves (eight pixels wide) are thrown away.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from lab.screen.chromium import BrowserGone, CommandFailed

if TYPE_CHECKING:
    from lab.screen.page import Page

__all__ = ["Watch"]

_FIRST_FRAME_SECONDS = 0.2
_MOST_UNANSWERED = 2
"""Chromium holds further frames back when two are not acknowledged; then the page moves, and watching is a waste."""
_FORMAT = {"format": "jpeg", "quality": 1, "maxWidth": 8, "maxHeight": 8}
_NEXT_FRAME = "new Promise((done) => requestAnimationFrame(() => done(true)))"
_NEXT_FRAME_SECONDS = 0.3


class Watch:
    """`arm` before a capture; from then on `still` says whether the capture is still what one sees."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._running = False
        self._still = False
        self._unanswered: list[int] = []
        self._frame = asyncio.Event()

    def heard(self, number: int) -> None:
        """A frame changed something."""
        self._still = False
        self._unanswered.append(number)
        self._frame.set()
        if len(self._unanswered) >= _MOST_UNANSWERED and self._running:
            self._running = False
            self._page.send_later("Page.stopScreencast")

    def disturbed(self) -> None:
        """Something else happened after which a picture is worth taking."""
        self._still = False

    async def arm(self) -> None:
        if self._running:
            for number in self._unanswered:
                await self._page.send("Page.screencastFrameAck", sessionId=number)
        else:
            self._frame.clear()
            self._running = True
            await self._page.send("Page.startScreencast", **_FORMAT)
            # The first frame only says what is there; one that came after the capture would pass for a change.
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._frame.wait(), _FIRST_FRAME_SECONDS)
            for number in self._unanswered[-1:]:
                await self._page.send("Page.screencastFrameAck", sessionId=number)
        self._unanswered.clear()
        self._still = True

    async def still(self) -> bool:
        """True when nothing was drawn since `arm`, and nothing is about to be: the page has reached its next frame."""
        if not self._still:
            return False
        with contextlib.suppress(TimeoutError, CommandFailed, BrowserGone):
            async with asyncio.timeout(_NEXT_FRAME_SECONDS):
                await self._page.send("Runtime.evaluate", expression=_NEXT_FRAME, awaitPromise=True)
        return self._unchanged()

    def _unchanged(self) -> bool:
        return self._still
