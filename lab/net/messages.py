"""HTTP/1.1 messages over a stream, read whole on the way out and passed on piece by piece on the way back."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from typing import Any

import h11

from lab.net.streams import Stream

__all__ = ["Answer", "BadMessage", "Headers", "Request", "Server", "ask", "without"]

Headers = tuple[tuple[bytes, bytes], ...]
BadMessage = (h11.RemoteProtocolError, h11.LocalProtocolError)

_HOP_BY_HOP = frozenset(
    (b"connection", b"keep-alive", b"proxy-connection", b"proxy-authorization", b"te", b"trailer", b"transfer-encoding")
)
_LARGEST_HEAD = 256 * 1024
_LARGEST_BODY = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request, its body complete. Header names keep their case."""

    method: str
    target: str
    headers: Headers
    body: bytes = field(repr=False, default=b"")

    def header(self, name: bytes) -> bytes:
        return next((value for key, value in self.headers if key.lower() == name), b"")

    @property
    def upgrades(self) -> bool:
        """Does it ask for a WebSocket?"""
        return self.header(b"upgrade").lower() == b"websocket"


def without(headers: Iterable[tuple[bytes, bytes]], names: Iterable[bytes] = ()) -> Headers:
    """Headers that travel further than one connection, without those named."""
    dropped = _HOP_BY_HOP.union(names)
    return tuple((name, value) for name, value in headers if name.lower() not in dropped)


class Server:
    """The serving side of one connection: request after request."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=_LARGEST_HEAD)

    async def next_request(self) -> Request | None:
        """The next request, or None when the connection ends. Raises BadMessage."""
        if self._http.our_state is h11.DONE:
            self._http.start_next_cycle()
        if self._http.our_state is not h11.IDLE:
            return None
        head = await self._event()
        if not isinstance(head, h11.Request):
            return None
        body = bytearray()
        while isinstance(event := await self._event(), h11.Data):
            body += event.data
            if len(body) > _LARGEST_BODY:
                return None
        if not isinstance(event, h11.EndOfMessage):
            return None
        headers = tuple(head.headers.raw_items())
        target = head.target.decode("latin-1")
        return Request(method=head.method.decode(), target=target, headers=headers, body=bytes(body))

    async def _event(self) -> Any:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            self._http.receive_data(await self.stream.read())
        return event

    async def start(self, status: int, headers: Headers, reason: bytes = b"") -> None:
        """The head of an answer; 101 and an answer to CONNECT end HTTP on this connection."""
        kind = h11.InformationalResponse if status < 200 else h11.Response
        await self._send(kind(status_code=status, headers=list(headers), reason=reason))

    async def data(self, data: bytes) -> None:
        await self._send(h11.Data(data=data))

    async def end(self) -> None:
        await self._send(h11.EndOfMessage())

    async def answer(self, status: int, headers: Headers, body: bytes) -> None:
        """A whole answer."""
        await self.start(status, (*headers, (b"Content-Length", str(len(body)).encode())))
        if body:
            await self.data(body)
        await self.end()

    async def _send(self, event: Any) -> None:
        data = self._http.send(event)
        if data:
            await self.stream.write(data)

    @property
    def rest(self) -> bytes:
        """Bytes that came after HTTP ended."""
        return bytes(self._http.trailing_data[0])


class Answer:
    """A server's answer while it comes in."""

    def __init__(self, http: h11.Connection, stream: Stream, head: h11.Response | h11.InformationalResponse) -> None:
        self._http = http
        self._stream = stream
        self.status: int = head.status_code
        self.reason: bytes = bytes(head.reason)
        self.headers: Headers = tuple(head.headers.raw_items())
        self.complete = False

    async def body(self) -> AsyncIterator[bytes]:
        """Raises BadMessage or ConnectionError when the server breaks off."""
        while True:
            event = await _next(self._http, self._stream)
            if isinstance(event, h11.Data):
                yield bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                self.complete = True
                return
            else:
                raise ConnectionResetError("unexpected end of stream")

    @property
    def reusable(self) -> bool:
        """May another request follow on this connection?"""
        return self.complete and self._http.their_state is h11.DONE and self._http.our_state is h11.DONE

    @property
    def rest(self) -> bytes:
        return bytes(self._http.trailing_data[0])


async def ask(stream: Stream, request: Request) -> Answer:
    """Sends a request and waits for the head of its answer. Raises OSError, ssl.SSLError or BadMessage."""
    http = h11.Connection(h11.CLIENT, max_incomplete_event_size=_LARGEST_HEAD)
    headers = list(without(request.headers, (b"content-length",)))
    if request.upgrades:
        headers.append((b"Connection", b"Upgrade"))
    if request.body or request.method in {"POST", "PUT", "PATCH"}:
        headers.append((b"Content-Length", str(len(request.body)).encode()))
    head = http.send(h11.Request(method=request.method, target=request.target.encode("latin-1"), headers=headers))
    body = http.send(h11.Data(data=request.body)) if request.body else b""
    end = http.send(h11.EndOfMessage())
    await stream.write((head or b"") + (body or b"") + (end or b""))
    while True:
        event = await _next(http, stream)
        if isinstance(event, h11.Response):
            return Answer(http, stream, event)
        if isinstance(event, h11.InformationalResponse) and event.status_code == 101:
            return Answer(http, stream, event)
        if not isinstance(event, h11.InformationalResponse):
            raise ConnectionResetError("unexpected end of stream")


async def _next(http: h11.Connection, stream: Stream) -> Any:
    while (event := http.next_event()) is h11.NEED_DATA:
        try:
            http.receive_data(await stream.read())
        except ssl.SSLError as error:
            raise ConnectionResetError(str(error)) from error
    return event
