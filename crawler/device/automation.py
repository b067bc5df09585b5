"""The automation server on the device (uiautomator2's u2.jar): started by uiautomator2's own client, called by ours.

uiautomator2 opens a new stream for every call and loses 40 ms on each to Nagle's algorithm; here one connection is
kept, and a call costs what the device needs. A server that died is started again; an input is never sent twice.
"""

import http.client
import json
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

from uiautomator2.core import DEFAULT_SERVER_PORT, BasicUiautomatorServer
from uiautomator2.exceptions import AccessibilityServiceAlreadyRegisteredError
from uiautomator2.exceptions import BaseException as Uiautomator2Error

from crawler.device.adb import AdbTransport
from crawler.device.adb_server import TRANSPORT_ERRORS
from crawler.device.errors import (
    ActionUncertain,
    CommandFailed,
    DeviceBusy,
    DeviceLost,
    DeviceTimeout,
    ServerDied,
)
from crawler.device.model import Recovery
from evidence.clock import Deadline

__all__ = ["AnswerTooLarge", "AutomationServer"]

_START_SECONDS = 45
_PING_SECONDS = 5
_MAX_ANSWER = 8 * 1024 * 1024
_PIECE = 1 << 16
_KEPT_SECONDS = 4
"""The server closes a connection that was idle for 5 s; ours is renewed before."""
_HEADERS = {
    # Asked for compression, the server leaks a file handle an answer (NanoHTTPD issue 492).
    "Accept-Encoding": "",
    "Content-Type": "application/json",
    "User-Agent": "uiautomator2",
}
_DISCONNECTED = ("UiAutomation not connected", "DeadObjectException", "DeadSystemRuntimeException")


class AnswerTooLarge(CommandFailed):
    """The answer was cut off at the bound."""


class _Broken(Exception):
    """The connection, or what answers at its other end, is not usable."""

    def __init__(self, what: str, *, sent: bool):
        super().__init__(what)
        self.sent = sent
        """The request may have reached the server."""


class AutomationServer:
    """Calls from one thread at a time; others wait for their turn."""

    def __init__(self, transport: AdbTransport):
        self._transport = transport
        self._clock = transport.clock
        self._lock = threading.RLock()
        self._connection: _Connection | None = None
        self._used_ns = 0
        self._server: BasicUiautomatorServer | None = None
        """None until the first call: devices are listed, prepared and restored without it."""
        self._recoveries: list[Recovery] = []

    def read(self, method: str, *params: object, seconds: float, max_answer: int = _MAX_ANSWER) -> object:
        """A call without effect on the device: repeated after a recovery."""
        with self._lock:
            self._start()
            try:
                return self._renewing(method, params, seconds, max_answer)
            except _Broken as broken:
                self._recover(str(broken))
                return self._last_try(method, params, seconds, max_answer)

    def act(self, method: str, *params: object, seconds: float) -> object:
        """A call with an effect: sent once, after the server has shown that it is alive.

        Raises ActionUncertain when the request went out and its answer did not come back.
        """
        with self._lock:
            self._start()
            self._assure()
            try:
                return self._call(method, params, seconds, _MAX_ANSWER)
            except _Broken as broken:
                if broken.sent:
                    self._forget_connection()
                    raise ActionUncertain(f"{method} was sent, but its answer was lost: {broken}") from broken
                self._recover(str(broken))
                return self._last_try(method, params, seconds, _MAX_ANSWER)
            except DeviceTimeout as error:
                raise ActionUncertain(f"{method} was sent, but not answered: {error}") from error

    def take_recoveries(self) -> tuple[Recovery, ...]:
        with self._lock:
            taken, self._recoveries = tuple(self._recoveries), []
            return taken

    def close(self) -> None:
        with self._lock:
            self._forget_connection()
            server, self._server = self._server, None
            if server is not None:
                # Without waiting: the server ends with the stream that it was started from.
                with suppress(*TRANSPORT_ERRORS, http.client.HTTPException, Uiautomator2Error):
                    server.stop_uiautomator(wait=False)

    def _start(self) -> None:
        if self._server is None:
            self._launch()

    def _assure(self) -> None:
        """Ping, so that a dead server is found before an input and not by it."""
        try:
            self._ping()
        except _Broken:
            self._forget_connection()
            try:
                self._ping()
            except _Broken as broken:
                self._recover(str(broken))

    def _ping(self) -> None:
        status, body = self._exchange("GET", "/ping", None, _PING_SECONDS, 1024)
        if status != http.client.OK or body != b"pong":
            raise _Broken("the automation server does not answer its ping", sent=False)

    def _renewing(self, method: str, params: tuple[object, ...], seconds: float, max_answer: int) -> object:
        """One repetition on a new connection: the server may just have closed the old one."""
        try:
            return self._call(method, params, seconds, max_answer)
        except _Broken:
            self._forget_connection()
            return self._call(method, params, seconds, max_answer)

    def _last_try(self, method: str, params: tuple[object, ...], seconds: float, max_answer: int) -> object:
        try:
            return self._call(method, params, seconds, max_answer)
        except _Broken as broken:
            self._forget_connection()
            raise ServerDied(f"the automation server died again at once: {broken}") from broken

    def _call(self, method: str, params: tuple[object, ...], seconds: float, max_answer: int) -> object:
        request = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}).encode()
        status, body = self._exchange("POST", "/jsonrpc/0", request, seconds, max_answer)
        try:
            answer = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise CommandFailed(f"{method}: the automation server's answer is no JSON (status {status})") from error
        if not isinstance(answer, dict):
            raise CommandFailed(f"{method}: the automation server's answer is no object")
        if "error" in answer:
            _refuse(method, answer["error"])
        if "result" not in answer:
            raise CommandFailed(f"{method}: the automation server's answer has no result")
        return answer["result"]

    def _exchange(self, verb: str, path: str, body: bytes | None, seconds: float, bound: int) -> tuple[int, bytes]:
        """One HTTP exchange over the kept connection. Raises _Broken, DeviceTimeout, AnswerTooLarge, DeviceLost."""
        deadline = Deadline(self._clock, seconds)
        connection = self._kept(seconds)
        try:
            connection.request(verb, path, body=body, headers=_HEADERS)
        except (OSError, http.client.HTTPException) as error:
            self._forget_connection()
            raise _Broken(_words(error), sent=True) from error
        try:
            result = connection.answer(deadline, bound)
        except TimeoutError as error:
            self._forget_connection()
            raise DeviceTimeout(f"the automation server did not answer within {seconds:g} s") from error
        except (OSError, EOFError, http.client.HTTPException) as error:
            self._forget_connection()
            raise _Broken(_words(error), sent=True) from error
        except AnswerTooLarge:
            self._forget_connection()
            raise
        self._used_ns = self._clock.monotonic_ns()
        return result

    def _kept(self, seconds: float) -> "_Connection":
        idle_ns = self._clock.monotonic_ns() - self._used_ns
        if self._connection is not None and (self._connection.sock is None or idle_ns > _KEPT_SECONDS * 1_000_000_000):
            self._forget_connection()
        if self._connection is None:
            try:
                stream = self._transport.open_service(f"tcp:{DEFAULT_SERVER_PORT}", seconds)
            except CommandFailed as error:
                raise _Broken("nothing listens on the automation server's port", sent=False) from error
            self._connection = _Connection(stream)
        return self._connection

    def _forget_connection(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _recover(self, what: str) -> None:
        """Start the server again and remember that it had to be. Raises when it cannot be."""
        started = self._clock.monotonic_ns()
        self._forget_connection()
        self._require_device()
        self._launch(after_death=True)
        finished = self._clock.monotonic_ns()
        words = f"the automation server was gone ({what}) and was started again"
        self._recoveries.append(Recovery(what=words, started_mono=started, finished_mono=finished))

    def _require_device(self) -> None:
        state = self._transport.state()
        if state != "device":
            raise DeviceLost(f"device {self._transport.serial} is in state {state!r}")

    def _launch(self, *, after_death: bool = False) -> None:
        def launch() -> BasicUiautomatorServer:
            server = self._server or BasicUiautomatorServer(self._transport.device())
            if after_death:
                # A server that hangs still holds the port: end it, and wait until nobody answers there. The brackets
                # keep pkill from finding the shell that runs it.
                self._transport.shell("pkill -f 'com[.]wetest[.]uia2[.]Main'", _PING_SECONDS)
                server.stop_uiautomator()
            server.start_uiautomator()
            return server

        try:
            self._server = _within(_START_SECONDS, launch, "the automation server")
        except AccessibilityServiceAlreadyRegisteredError as error:
            raise DeviceBusy(f"another program automates {self._transport.serial} already") from error
        except (*TRANSPORT_ERRORS, http.client.HTTPException, Uiautomator2Error) as error:
            self._require_device()
            raise ServerDied(f"the automation server does not start: {_words(error)}") from error


class _Connection(http.client.HTTPConnection):
    """HTTP over a stream that is open already."""

    def __init__(self, stream: socket.socket):
        super().__init__("127.0.0.1", DEFAULT_SERVER_PORT)
        self.sock = stream
        # Never connect by itself: the port is the device's, not ours.
        self.auto_open = 0

    def answer(self, deadline: Deadline, bound: int) -> tuple[int, bytes]:
        """Status and body, read piece by piece so that neither a slow nor an endless one holds us."""
        self._limit(deadline)
        response = self.getresponse()
        if (response.length or 0) > bound:
            raise AnswerTooLarge(f"the answer is {response.length} bytes long, more than {bound}")
        body = bytearray()
        while True:
            self._limit(deadline)
            piece = response.read1(_PIECE)
            if not piece:
                break
            body += piece
            if len(body) > bound:
                raise AnswerTooLarge(f"the answer is longer than {bound} bytes")
        if response.length:
            raise EOFError(f"the answer ended {response.length} bytes early")
        # read1 leaves a finished response open, and an open response blocks the connection's next request.
        response.close()
        return response.status, bytes(body)

    def _limit(self, deadline: Deadline) -> None:
        if self.sock is not None:
            self.sock.settimeout(max(deadline.remaining(), 0.001))


def _refuse(method: str, error: object) -> NoReturn:
    """Turn a JSON-RPC error into ours. The device's words are kept short: its stack traces run to pages."""
    message, detail = "", ""
    if isinstance(error, dict):
        message, detail = str(error.get("message", ""))[:300], str(error.get("data", ""))[:300]
    if any(word in message or word in detail for word in _DISCONNECTED):
        # Refused before anything was done: safe to repeat, also for an input.
        raise _Broken(message or "UiAutomation not connected", sent=False)
    raise CommandFailed(f"{method} failed on the device: {message or 'no reason given'} {detail}".strip())


def _words(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__)[:500]


def _within(seconds: float, work: Callable[[], BasicUiautomatorServer], what: str) -> BasicUiautomatorServer:
    """Run something that has no deadline of its own; leave it behind when it takes too long."""
    results: list[BasicUiautomatorServer] = []
    failures: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:  # handed on to the caller's thread
            failures.append(error)

    thread = threading.Thread(target=run, name=what, daemon=True)
    thread.start()
    thread.join(seconds)
    if failures:
        raise failures[0]
    if not results:
        raise DeviceTimeout(f"{what} did not start within {seconds:g} s")
    return results[0]
