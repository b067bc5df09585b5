"""One look at a device: picture, hierarchy and foreground at the same time, each with its own failure.

The three are asked for in parallel, so that a look costs about what the slowest of the device's answers costs.
"""

import re
import secrets
import shlex
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

from crawler.device.adb import AdbTransport
from crawler.device.automation import AnswerTooLarge, AutomationServer
from crawler.device.dumps import ACTIVITY_LINES, WINDOW_LINES, forbids_pictures, parse_foreground
from crawler.device.errors import CommandFailed, DeviceError, DeviceLost
from crawler.device.model import Foreground, Observation
from crawler.device.picture import check_png, mostly_black

__all__ = ["Looking", "Windows"]

_SHELL_SECONDS = 10
_PICTURE_SECONDS = 15
_HIERARCHY_SECONDS = 25
_MAX_PICTURE = 64 * 1024 * 1024
_MAX_DEPTH = 120
"""uiautomator2's own default of 50 cuts real pages off: a WebView inside nested containers is deeper."""
_SECURE = "a window on the screen forbids pictures of itself"

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """What one command line tells about activities, windows and a process."""

    foreground: Foreground | None
    secure: bool | None
    """A visible window has FLAG_SECURE. None: the device lists no windows."""
    running: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part(Generic[_Value]):
    """An answer or the reason why there is none, and how long the device took."""

    value: _Value | None
    failure: str | None
    elapsed_ns: int


class Looking:
    """Looks at one device."""

    def __init__(self, transport: AdbTransport, server: AutomationServer):
        self._transport = transport
        self._server = server
        self._clock = transport.clock
        # Unforeseeable: window titles are the apps' own words.
        self._separator = f"=={secrets.token_hex(8)}=="
        self._pool = ThreadPoolExecutor(max_workers=3, thread_name_prefix="look")

    def observe(self, package: str | None, size: tuple[int, int]) -> Observation:
        """`size` is told where there is no picture to measure."""
        started = self._clock.monotonic_ns()
        picture = self._pool.submit(self._part, self._picture)
        windows = self._pool.submit(self._part, lambda: self.windows(package))
        # In this thread: an error of the automation server's start belongs to the caller's stack.
        hierarchy = self._part(self._hierarchy)
        seen, listed = picture.result(), windows.result()
        state = listed.value
        shot, failure, secure, size = _judge_picture(seen, state.secure if state else None, size)
        return Observation(
            shot=shot,
            shot_failure=failure,
            hierarchy=hierarchy.value,
            hierarchy_failure=hierarchy.failure,
            foreground=state.foreground if state else None,
            foreground_failure=listed.failure,
            secure=secure,
            app_running=state.running if state else None,
            width=size[0],
            height=size[1],
            started_mono=started,
            finished_mono=self._clock.monotonic_ns(),
            device_ns=max(seen.elapsed_ns, listed.elapsed_ns, hierarchy.elapsed_ns),
        )

    def windows(self, package: str | None) -> Windows:
        """Activities, windows and the process of `package`, in one round trip; filtered on the device."""
        commands = [
            f"dumpsys activity activities | grep -E '{ACTIVITY_LINES}'",
            f"dumpsys window | grep -E '{WINDOW_LINES}'",
        ]
        if package is not None:
            commands.append(f"pidof {shlex.quote(package)}")
        result = self._transport.shell(f"; echo {self._separator}; ".join(commands), _SHELL_SECONDS)
        activities, windows, processes = ([*result.output.split(self._separator), "", "", ""])[:3]
        if not activities.strip() and not windows.strip():
            raise CommandFailed("the device lists neither activities nor windows")
        return Windows(
            foreground=parse_foreground(activities, windows),
            secure=forbids_pictures(windows),
            running=_is_running(processes) if package is not None else None,
        )

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _part(self, ask: Callable[[], _Value]) -> _Part[_Value]:
        """A lost device ends the look; everything else is told in its place."""
        started = self._clock.monotonic_ns()
        value, failure = None, None
        try:
            value = ask()
        except DeviceLost:
            raise
        except AnswerTooLarge as error:
            failure = f"too large: {error}"
        except DeviceError as error:
            failure = str(error)
        return _Part(value=value, failure=failure, elapsed_ns=self._clock.monotonic_ns() - started)

    def _picture(self) -> bytes:
        # Without its warnings (several displays), which would stand before the picture.
        return self._transport.execute("screencap -p 2>/dev/null", _PICTURE_SECONDS, max_output=_MAX_PICTURE)

    def _hierarchy(self) -> str:
        answer = self._server.read("dumpWindowHierarchy", False, _MAX_DEPTH, seconds=_HIERARCHY_SECONDS)
        if not isinstance(answer, str) or not answer:
            raise CommandFailed("the device has no window to describe")
        # Half a surrogate pair can be said in JSON, but neither written to a file nor hashed.
        return answer.encode("utf-8", "replace").decode("utf-8")


def _judge_picture(
    part: _Part[bytes], forbidden: bool | None, size: tuple[int, int]
) -> tuple[bytes | None, str | None, bool | None, tuple[int, int]]:
    """Shot, failure, secure and size. A black picture of a secure window is no picture of the screen."""
    if part.value is None:
        return None, part.failure, True if forbidden else None, size
    picture = check_png(part.value)
    if picture.fault is not None:
        return None, _SECURE if forbidden else picture.fault, True if forbidden else None, size
    size = (picture.width, picture.height)
    if forbidden and mostly_black(part.value):
        return None, _SECURE, True, size
    return part.value, None, False if forbidden is not None else None, size


def _is_running(text: str) -> bool | None:
    """`pidof` prints process ids, or nothing; where the device has no pidof nobody knows."""
    words = text.strip()
    if not words:
        return False
    return True if re.fullmatch(r"[\d\s]+", words) else None
