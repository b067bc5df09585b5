"""Follows the device's event log: process starts and deaths, activities, crashes. Each becomes a fact at once."""

from collections import deque
from collections.abc import Iterator
from threading import Event

from crawler.device.driver import DeviceDriver, DeviceStream
from crawler.device.dumps import EVENT_TAGS, parse_log_line
from crawler.device.errors import DeviceError
from evidence.lanes import LaneWriter

__all__ = ["LogReader"]

_AGAIN_SECONDS = 2.0
_READ_SECONDS = 1.0
_MAX_LINE = 64 * 1024
_MAX_KEPT_LINE = 1000
_REMEMBERED = 500


class LogReader:
    """One log stream at a time; when it breaks, that is written down and a new one begins where it ended."""

    def __init__(self, driver: DeviceDriver, lane: LaneWriter, since_device_ns: int):
        self._driver = driver
        self._lane = lane
        self._since_ns = since_device_ns
        """By the device's clock: what is older belongs to somebody else's session."""
        self._recent: deque[str] = deque(maxlen=_REMEMBERED)
        self._stream: DeviceStream | None = None
        self._trouble = ""

    def run(self, stopping: Event) -> None:
        """Until `stopping` is set."""
        while not stopping.is_set():
            try:
                self._follow(stopping)
                what = "the device ended its log stream"
            except DeviceError as error:
                what = str(error)
            if stopping.wait(_AGAIN_SECONDS):
                return
            self._report(what)

    def interrupt(self) -> None:
        """Wake a waiting read. Call after setting `stopping`."""
        if self._stream is not None:
            self._stream.close()

    def _follow(self, stopping: Event) -> None:
        stream = self._driver.stream(self._command())
        self._stream = stream
        try:
            for line in _lines(stream, stopping):
                self._take(line)
        finally:
            stream.close()

    def _command(self) -> str:
        since = f"{self._since_ns // 1_000_000_000}.{self._since_ns // 1_000_000 % 1000:03d}"
        tags = " ".join(f"{tag}:I" for tag in EVENT_TAGS)
        return f"exec logcat -b events -v epoch -T {since} {tags} '*:S'"

    def _take(self, line: str) -> None:
        event = parse_log_line(line)
        if event is None or line in self._recent:
            return
        device_ns = event.device_ns
        if device_ns is not None:
            if device_ns < self._since_ns:
                return
            self._since_ns = device_ns
        self._recent.append(line)
        self._trouble = ""
        self._lane.append(event.kind, {**event.data, "device_time": event.device_time, "line": line[:_MAX_KEPT_LINE]})

    def _report(self, what: str) -> None:
        """The same trouble once, however often it comes back."""
        if what != self._trouble:
            self._trouble = what
            mend = "Process starts and crashes of this time may be missing from the record."
            self._lane.append("Trouble", {"where": "log reader", "what": what[:2000], "mend": mend})


def _lines(stream: DeviceStream, stopping: Event) -> Iterator[str]:
    rest = b""
    while not stopping.is_set():
        piece = stream.read(_READ_SECONDS)
        if piece is None:
            continue
        if not piece:
            return
        *lines, rest = (rest + piece).split(b"\n")
        rest = rest[-_MAX_LINE:]
        for line in lines:
            yield line.decode("utf-8", "replace").rstrip("\r")
