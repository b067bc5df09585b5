"""One headless Chromium for a device, spoken to over the DevTools pipe.

The pipe needs no port and no websocket library, and Chromium leaves by itself when our end closes, however we die.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import itertools
import json
import os
import select
import shutil
import signal
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = ["BrowserGone", "Chromium", "CommandFailed", "EventHandler"]

EventHandler = Callable[[str, dict[str, Any]], None]

_EXECUTABLES = ("chromium-headless-shell", "chrome-headless-shell", "headless_shell")
_PIPE_BYTES = 1 << 20
_COMMAND_SECONDS = 30.0
_WITHOUT = (
    "Translate",
    "OptimizationHints",
    "MediaRouter",
    "IsolateOrigins",
    "site-per-process",
    "PaintHolding",
    "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable",
    "LocalNetworkAccessChecks",
    "AutoupgradeMixedContent",
)
_FLAGS = (
    "--remote-debugging-pipe",
    "--headless",
    "--no-sandbox",
    "--no-first-run",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--disable-breakpad",
    "--disable-blink-features=AutomationControlled",
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--disable-site-isolation-trials",
    f"--disable-features={','.join(_WITHOUT)}",
    "--disable-web-security",
    "--blink-settings=allowRunningOfInsecureContent=true",
    "--ignore-certificate-errors",
    "--hide-scrollbars",
    "--mute-audio",
    "--force-color-profile=srgb",
    "--disable-lcd-text",
    "--font-render-hinting=none",
    "--disable-smooth-scrolling",
)


class BrowserGone(ConnectionError):
    """The browser process ended, or never started."""


class CommandFailed(RuntimeError):
    """Chromium refused one DevTools command."""


class _Lines(asyncio.Protocol):
    """Cuts the stream into NUL-ended messages without searching a byte twice: screenshots are megabytes."""

    def __init__(self, on_message: Callable[[bytes], None], on_end: Callable[[], None]) -> None:
        self._on_message = on_message
        self._on_end = on_end
        self._pieces: list[bytes] = []

    def data_received(self, data: bytes) -> None:
        *whole, rest = data.split(b"\0")
        for piece in whole:
            self._pieces.append(piece)
            message = b"".join(self._pieces)
            self._pieces.clear()
            self._on_message(message)
        if rest:
            self._pieces.append(rest)

    def connection_lost(self, exc: Exception | None) -> None:
        self._on_end()


class Chromium:
    """A running browser. `send` speaks to it; `subscribe` hears the events of one session ("" is the browser's own)."""

    def __init__(self, *, arguments: tuple[str, ...] = (), executable: str | None = None) -> None:
        self._executable = executable or _find_executable()
        self._arguments = arguments
        self._numbers = itertools.count(1)
        self._waiting: dict[int, tuple[str, asyncio.Future[dict[str, Any]]]] = {}
        self._handlers: dict[str, EventHandler] = {}
        self._home: Path | None = None
        self._process = 0
        self._reading: asyncio.ReadTransport | None = None
        self._writing: asyncio.WriteTransport | None = None
        self._gone = asyncio.Event()

    async def start(self) -> None:
        self._home = Path(tempfile.mkdtemp(prefix="lab-screen-"))
        from_us, to_browser = _pipe()
        from_browser, to_us = _pipe()
        try:
            self._process = self._spawn(from_us, to_us)
        finally:
            os.close(from_us)
            os.close(to_us)
        loop = asyncio.get_running_loop()
        self._reading, _ = await loop.connect_read_pipe(
            lambda: _Lines(self._received, self._ended), os.fdopen(from_browser, "rb", 0)
        )
        self._writing, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, os.fdopen(to_browser, "wb", 0))
        await self.send("Browser.getVersion")

    def _spawn(self, from_us: int, to_us: int) -> int:
        environment = {**os.environ, "HOME": str(self._home), "TZ": "Asia/Shanghai", "LANG": "C.UTF-8"}
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            environment.pop(name, None)
        arguments = [self._executable, *_FLAGS, f"--user-data-dir={self._home}/profile", *self._arguments]
        actions = [
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
            (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
            (os.POSIX_SPAWN_DUP2, from_us, 3),
            (os.POSIX_SPAWN_DUP2, to_us, 4),
        ]
        try:
            # Only posix_spawn can put our pipe ends on descriptors 3 and 4 without running Python in the child.
            return os.posix_spawn(self._executable, arguments, environment, file_actions=actions)
        except OSError as error:
            raise BrowserGone(f"{self._executable} does not start: {error}") from error

    async def send(self, method: str, session: str = "", /, **parameters: Any) -> dict[str, Any]:
        """One command, its result. Raises CommandFailed, BrowserGone, or TimeoutError after half a minute."""
        if self._gone.is_set() or self._writing is None:
            raise BrowserGone("the browser has ended")
        number = next(self._numbers)
        message: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[number] = (session, future)
        self._writing.write(json.dumps(message, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\0")
        try:
            return await asyncio.wait_for(future, _COMMAND_SECONDS)
        finally:
            self._waiting.pop(number, None)

    def subscribe(self, session: str, handler: EventHandler) -> None:
        self._handlers[session] = handler

    def unsubscribe(self, session: str) -> None:
        """The session is over: whoever waits for an answer in it waits in vain."""
        self._handlers.pop(session, None)
        for of, future in list(self._waiting.values()):
            if of == session and not future.done():
                future.set_exception(CommandFailed("the page was closed"))

    def _received(self, message: bytes) -> None:
        document = json.loads(message.decode("utf-8", "replace"))
        number = document.get("id")
        if number is None:
            handler = self._handlers.get(document.get("sessionId", ""))
            if handler is not None:
                handler(document["method"], document.get("params", {}))
            return
        _, future = self._waiting.get(number, ("", None))
        if future is None or future.done():
            return
        if "error" in document:
            future.set_exception(CommandFailed(str(document["error"].get("message", document["error"]))))
        else:
            future.set_result(document.get("result", {}))

    def _ended(self) -> None:
        self._gone.set()
        for _, future in self._waiting.values():
            if not future.done():
                future.set_exception(BrowserGone("the browser has ended"))

    async def close(self) -> None:
        for transport in (self._writing, self._reading):
            if transport is not None:
                transport.close()
        if self._process:
            await asyncio.to_thread(_reap, self._process)
            self._process = 0
        if self._home is not None:
            await asyncio.to_thread(shutil.rmtree, self._home, True)


def _find_executable() -> str:
    for name in _EXECUTABLES:
        found = shutil.which(name)
        if found:
            return found
    raise BrowserGone("no headless Chromium on this machine: install the Debian package chromium-headless-shell")


def _pipe() -> tuple[int, int]:
    """Both ends above descriptor 9, so that putting one on 3 or 4 in the child cannot close the other."""
    ends = os.pipe()
    high = tuple(fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends)
    for end in ends:
        os.close(end)
    with contextlib.suppress(OSError):
        fcntl.fcntl(high[0], fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    return high[0], high[1]


def _reap(process: int) -> None:
    """Waits two seconds for the browser to leave by itself (our pipe end is closed), then kills it."""
    with contextlib.suppress(ProcessLookupError, ChildProcessError):
        descriptor = os.pidfd_open(process)
        ended, _, _ = select.select([descriptor], [], [], 2.0)
        os.close(descriptor)
        if not ended:
            os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
