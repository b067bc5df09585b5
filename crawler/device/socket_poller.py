"""Asks the device's socket table ten times a second: which uid holds a connection to the proxy, or past it."""

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from threading import Event

from crawler.device.conversation import Conversation
from crawler.device.driver import DeviceDriver
from crawler.device.dumps import SocketRow, parse_socket_rows
from crawler.device.errors import DeviceError
from evidence.clock import Clock
from evidence.lanes import LaneWriter

__all__ = ["SocketPoller", "proxy_port_of"]

_INTERVAL_SECONDS = 0.1
_ANSWER_SECONDS = 5.0
_AGAIN_SECONDS = 2.0
_SUMMARY_NS = 5_000_000_000
_MAX_ROWS = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Poll:
    started_ns: int
    finished_ns: int
    proxied: tuple[SocketRow, ...]
    direct: tuple[SocketRow, ...]


class SocketPoller:
    """Writes a fact when the set of sockets has changed, and every few seconds one about how closely it looked.

    `proxied`: anybody's sockets towards the proxy; `direct`: the app's own sockets towards anywhere else, which no
    capture over the system's proxy setting sees.
    """

    def __init__(self, driver: DeviceDriver, lane: LaneWriter, *, proxy_port: int | None, uid: int | None):
        self._driver = driver
        self._lane = lane
        self._port = proxy_port
        self._uid = uid
        self._last: _Poll | None = None
        self._coverage = _Coverage(driver.clock)
        self._trouble = ""

    def run(self, stopping: Event) -> None:
        """Until `stopping` is set."""
        if self._port is None and self._uid is None:
            return
        while not stopping.is_set():
            try:
                with Conversation(self._driver, self._command()) as conversation:
                    self._poll(conversation, stopping)
            except DeviceError as error:
                self._report(str(error))
                stopping.wait(_AGAIN_SECONDS)
        self._summarise()

    def _poll(self, conversation: Conversation, stopping: Event) -> None:
        while True:
            answer = conversation.ask(_ANSWER_SECONDS)
            self._take(answer.text, answer.asked.mono_ns, answer.answered.mono_ns)
            self._trouble = ""
            if self._coverage.length_ns() >= _SUMMARY_NS:
                self._summarise()
            if stopping.wait(_INTERVAL_SECONDS):
                return

    def _command(self) -> str:
        """`grep` on the device spares the wire; what exactly is ours is decided here, from the parsed rows."""
        patterns = []
        if self._port is not None:
            patterns.append(f":{self._port:04X} ")
        if self._uid is not None:
            patterns.append(f" {self._uid} +[0-9]+ [0-9]+ ")
        return f"grep -hE '{'|'.join(patterns)}' /proc/net/tcp /proc/net/tcp6"

    def _take(self, text: str, started_ns: int, finished_ns: int) -> None:
        rows = parse_socket_rows(text.splitlines())
        poll = _Poll(
            started_ns=started_ns,
            finished_ns=finished_ns,
            proxied=_kept(row for row in rows if row.remote_port == self._port),
            direct=_kept(
                row for row in rows if row.uid == self._uid and _goes_out(row) and row.remote_port != self._port
            ),
        )
        self._coverage.add(started_ns, finished_ns)
        last, self._last = self._last, poll
        if last is None or (last.proxied, last.direct) != (poll.proxied, poll.direct):
            self._lane.append(
                "SocketsSeen",
                {
                    "started": started_ns,
                    "finished": finished_ns,
                    "previous_started": last.started_ns if last else None,
                    "rows": [asdict(row) for row in poll.proxied],
                    "direct": [asdict(row) for row in poll.direct],
                },
            )

    def _summarise(self) -> None:
        fact = self._coverage.take()
        if fact is not None:
            self._lane.append("SocketsPolled", fact)

    def _report(self, what: str) -> None:
        if what != self._trouble:
            self._trouble = what
            mend = "Connections of this time cannot be attributed to an app."
            self._lane.append("Trouble", {"where": "socket poller", "what": what[:2000], "mend": mend})


class _Coverage:
    """How often the table was read, and the longest time in which a socket could have come and gone unseen."""

    def __init__(self, clock: Clock):
        self._clock = clock
        self._from_ns: int | None = None
        self._to_ns = 0
        self._last_started_ns = 0
        self._polls = 0
        self._widest_ns = 0

    def add(self, started_ns: int, finished_ns: int) -> None:
        if self._from_ns is None:
            self._from_ns = self._last_started_ns = started_ns
        self._widest_ns = max(self._widest_ns, finished_ns - self._last_started_ns)
        self._last_started_ns, self._to_ns = started_ns, finished_ns
        self._polls += 1

    def length_ns(self) -> int:
        return self._to_ns - self._from_ns if self._from_ns is not None else 0

    def take(self) -> dict[str, int] | None:
        """The fact about the time since the last one, which the next one continues."""
        if self._from_ns is None or self._polls == 0:
            return None
        fact = {"from": self._from_ns, "to": self._to_ns, "polls": self._polls, "widest_gap_ns": self._widest_ns}
        self._from_ns, self._polls, self._widest_ns = self._last_started_ns, 0, 0
        return fact


def proxy_port_of(setting: str) -> int | None:
    """The port in the value of the global setting http_proxy, `host:port`; None when no proxy is set."""
    found = re.fullmatch(r"\S+:(\d{1,5})", setting.strip())
    port = int(found[1]) if found else 0
    return port if 0 < port < 65536 else None


def _kept(rows: Iterable[SocketRow]) -> tuple[SocketRow, ...]:
    return tuple(sorted(rows))[:_MAX_ROWS]


def _goes_out(row: SocketRow) -> bool:
    return row.remote_port != 0 and not row.remote.startswith("127.") and row.remote != "::1"
