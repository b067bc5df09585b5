"""One Android window: a Chromium page of the device's size, with touch instead of a mouse."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.screen.chromium import BrowserGone, Chromium, CommandFailed

__all__ = ["NotPainted", "Page", "PageFailed", "Viewport"]

SCRIPT = (Path(__file__).parent / "page.js").read_text(encoding="utf-8")
_SCREEN = "globalThis[Symbol.for('lab.screen')]"
_FIRST_PAINT_SECONDS = 3.0
_TWO_FRAMES = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))"
_FONTS = {
    "standard": "Noto Sans CJK SC",
    "sansSerif": "Noto Sans CJK SC",
    "serif": "Noto Serif CJK SC",
    "fixed": "Noto Sans Mono CJK SC",
}


class PageFailed(RuntimeError):
    """The page threw, or does not answer in time."""


class NotPainted(RuntimeError):
    """The page has a new document of which nothing was drawn yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewport:
    """The display: device pixels, and how many of them make one CSS pixel."""

    width: int
    height: int
    scale: float

    @property
    def css(self) -> tuple[int, int]:
        return round(self.width / self.scale), round(self.height / self.scale)


BindingHandler = Callable[[str, int], None]
"""payload, execution context"""


class Page:
    """Made by `open`. Coordinates are device pixels."""

    def __init__(self, chromium: Chromium, target: str, session: str, viewport: Viewport) -> None:
        self._chromium = chromium
        self._target = target
        self._session = session
        self._frame = target  # the main frame of a target bears the target's name
        self.viewport = viewport
        self.bindings: dict[str, BindingHandler] = {}
        self.on_crash: Callable[[], None] = lambda: None
        self._painted = asyncio.Event()
        self._patience = asyncio.get_running_loop().call_later(_FIRST_PAINT_SECONDS, self._painted.set)
        self._committed = asyncio.Event()
        """Of the document there is now; the next one sets it."""

    @classmethod
    async def open(
        cls,
        chromium: Chromium,
        viewport: Viewport,
        *,
        context: str,
        transparent: bool = False,
        user_agent: str = "",
        scripts: tuple[str, ...] = (),
        bindings: dict[str, BindingHandler] | None = None,
    ) -> Page:
        """A blank page in `context`. `scripts` run before the page's own ones, in every frame."""
        created = await chromium.send("Target.createTarget", url="about:blank", browserContextId=context)
        target = str(created["targetId"])
        attached = await chromium.send("Target.attachToTarget", targetId=target, flatten=True)
        page = cls(chromium, target, str(attached["sessionId"]), viewport)
        page.bindings.update(bindings or {})
        chromium.subscribe(page._session, page._heard)
        await page._prepare(transparent, user_agent, scripts)
        return page

    async def _prepare(self, transparent: bool, user_agent: str, scripts: tuple[str, ...]) -> None:
        width, height = self.viewport.css
        screen: dict[str, Any] = {"width": width, "height": height, "screenWidth": width, "screenHeight": height}
        # mobile=False: a page without a viewport tag is laid out 360 wide, as an Android WebView lays it out.
        commands = [
            self.send("Page.enable"),
            *([self.send("Runtime.enable")] if self.bindings else []),
            self.send("Page.setFontFamilies", fontFamilies=_FONTS),
            self.send(
                "Emulation.setDeviceMetricsOverride", **screen, deviceScaleFactor=self.viewport.scale, mobile=False
            ),
            self.send("Emulation.setTouchEmulationEnabled", enabled=True, maxTouchPoints=5),
            self.send("Emulation.setFocusEmulationEnabled", enabled=True),
            *(self.send("Runtime.addBinding", name=name) for name in self.bindings),
            *(self.send("Page.addScriptToEvaluateOnNewDocument", source=source) for source in (SCRIPT, *scripts)),
        ]
        if transparent:
            clear = {"r": 0, "g": 0, "b": 0, "a": 0}
            commands.append(self.send("Emulation.setDefaultBackgroundColorOverride", color=clear))
        if user_agent:
            commands.append(
                self.send("Emulation.setUserAgentOverride", userAgent=user_agent, acceptLanguage="zh-CN,zh;q=0.9")
            )
        await asyncio.gather(*commands)

    def send(self, method: str, **parameters: Any) -> Any:
        """An awaitable for one DevTools command of this page."""
        return self._chromium.send(method, self._session, **parameters)

    def send_later(self, method: str, **parameters: Any) -> None:
        """A command whose answer nobody waits for."""
        _in_background(self.send(method, **parameters))

    def _heard(self, method: str, parameters: dict[str, Any]) -> None:
        if method == "Runtime.bindingCalled":
            handler = self.bindings.get(parameters["name"])
            if handler is not None:
                handler(parameters["payload"], parameters["executionContextId"])
        elif method == "Page.javascriptDialogOpening":
            # A WebView without a chrome client swallows alert() and confirm().
            self.send_later("Page.handleJavaScriptDialog", accept=False)
        elif method == "Page.frameNavigated":
            if parameters["frame"]["id"] == self._target:
                self._arrived()
        elif method == "Page.domContentEventFired":
            _in_background(self._paint())
        elif method == "Inspector.targetCrashed":
            self.on_crash()

    async def navigate(self, url: str) -> str:
        """Starts loading; returns when the new document is there (not loaded). The answer is "" or Chromium's error."""
        self._wait_for_paint()
        result = await self.send("Page.navigate", url=url)
        return str(result.get("errorText", ""))

    async def drawn(self, seconds: float) -> None:
        """Waits until the document is parsed and has been painted once, at most `seconds`."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._painted.wait(), seconds)

    def _wait_for_paint(self) -> None:
        self._painted.clear()
        self._patience.cancel()
        # A document that never ends, or never comes, is looked at all the same.
        self._patience = asyncio.get_running_loop().call_later(_FIRST_PAINT_SECONDS, self._painted.set)

    def _arrived(self) -> None:
        """The main frame has another document now: pictures asked for before will never come."""
        self._wait_for_paint()
        self._committed.set()
        self._committed = asyncio.Event()

    async def _paint(self) -> None:
        document = self._committed
        with contextlib.suppress(PageFailed):
            await self.evaluate(_TWO_FRAMES, _FIRST_PAINT_SECONDS, wait=True)
        if document is self._committed:
            self._painted.set()

    def set_visible(self, visible: bool) -> None:
        """Tells the document that it is shown or hidden, without waiting for it."""
        self.send_later("Runtime.evaluate", expression=f"{_SCREEN}?.show({json.dumps(visible)})")

    async def back_from_foreign(self, home: str) -> bool:
        """Goes back one document if this one does not lie below `home`; False when there is nowhere to go."""
        history = await self.send("Page.getNavigationHistory")
        index = int(history["currentIndex"])
        if index <= 0 or str(history["entries"][index]["url"]).startswith(home):
            return False
        await self.send("Page.navigateToHistoryEntry", entryId=history["entries"][index - 1]["id"])
        return True

    async def set_content(self, html: str) -> None:
        """A document of the lab's own, without any request. The page's scripts run in it."""
        await self.navigate("about:blank")
        await self.send("Page.setDocumentContent", frameId=self._frame, html=html)
        await self.drawn(_FIRST_PAINT_SECONDS)

    async def evaluate(self, expression: str, seconds: float = 5.0, *, wait: bool = False) -> Any:
        """The value of an expression; with `wait`, of the promise it is. Raises PageFailed."""
        command = self.send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=wait)
        try:
            result = await asyncio.wait_for(command, seconds)
        except TimeoutError as error:
            raise PageFailed("the page does not answer") from error
        except CommandFailed as error:
            raise PageFailed(str(error)) from error
        if "exceptionDetails" in result:
            details = result["exceptionDetails"]
            raise PageFailed(str(details.get("exception", {}).get("description") or details.get("text")))
        return result["result"].get("value")

    async def answers(self, seconds: float = 1.0) -> bool:
        """Does its main thread run at all?"""
        try:
            await self.evaluate("1", seconds)
        except PageFailed as error:
            return not isinstance(error.__cause__, TimeoutError)
        return True

    async def evaluate_in(self, execution_context: int, expression: str) -> None:
        """Runs an expression in one frame; a frame that has gone is no error."""
        with contextlib.suppress(CommandFailed, BrowserGone, TimeoutError):
            await self.send("Runtime.evaluate", expression=expression, contextId=execution_context)

    async def capture(self, clip: tuple[int, int, int, int] | None = None) -> bytes:
        """PNG bytes of the page, or of a part of it in CSS pixels (left, top, width, height).

        Raises NotPainted while a new document is coming. Chromium never answers a capture that a change of documents
        overtakes, and the page it leaves behind now and then takes no touch any more.
        """
        if not self._painted.is_set():
            raise NotPainted
        parameters: dict[str, Any] = {"format": "png", "optimizeForSpeed": True}
        if clip is not None:
            left, top, width, height = clip
            parameters["clip"] = {"x": left, "y": top, "width": width, "height": height, "scale": 1}
        captured = asyncio.ensure_future(self.send("Page.captureScreenshot", **parameters))
        overtaken = asyncio.ensure_future(self._committed.wait())
        try:
            await asyncio.wait((captured, overtaken), return_when=asyncio.FIRST_COMPLETED)
            if not captured.done():
                raise NotPainted
            return base64.b64decode(captured.result()["data"])
        finally:
            captured.cancel()
            overtaken.cancel()

    async def touch(self, kind: str, x: float, y: float, at: float) -> None:
        """`kind` is touchStart, touchMove, touchEnd or touchCancel; `at` is its time in seconds since 1970."""
        point = {"x": x / self.viewport.scale, "y": y / self.viewport.scale}
        points = [] if kind in {"touchEnd", "touchCancel"} else [point]
        await self.send("Input.dispatchTouchEvent", type=kind, touchPoints=points, timestamp=at)

    async def insert_text(self, text: str) -> None:
        await self.send("Input.insertText", text=text)

    async def press(self, key: str, code: int) -> None:
        """A hardware key such as Enter or Backspace, down and up."""
        text = {"text": "\r"} if key == "Enter" else {}
        identity = {"key": key, "code": key, "windowsVirtualKeyCode": code, "nativeVirtualKeyCode": code}
        await self.send("Input.dispatchKeyEvent", type="keyDown", **identity, **text)
        await self.send("Input.dispatchKeyEvent", type="keyUp", **identity)

    async def close(self) -> None:
        self._chromium.unsubscribe(self._session)
        self._patience.cancel()
        self._painted.set()  # nobody need wait for it any longer
        with contextlib.suppress(CommandFailed, BrowserGone, TimeoutError):
            await self._chromium.send("Target.closeTarget", targetId=self._target)


_tasks: set[asyncio.Task[None]] = set()


def _in_background(command: Any) -> None:
    """Sends without waiting; the task is held until it ends."""

    async def run() -> None:
        with contextlib.suppress(CommandFailed, BrowserGone, TimeoutError):
            await command

    task = asyncio.create_task(run())
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)
