"""Reads requests back from the entries of a traffic lane.

The lane may be torn or the capture process killed: what is missing makes a request incomplete, never an error.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from evidence.blobs import BlobStore
from evidence.canonical import Json, from_line
from evidence.clock import Instant
from evidence.errors import BlobDamaged, BlobMissing, NotCanonical
from evidence.lanes import Entry
from traffic.fields import flag, headers, mapping, number, text
from traffic.refusals import EntryReference, TlsRefusal, read_tls_refusals, reference

__all__ = [
    "CapturedRequest",
    "CapturedResponse",
    "EntryReference",
    "TlsRefusal",
    "read_requests",
    "read_tls_refusals",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class CapturedResponse:
    """What came back. Its body is the kept beginning of the raw bytes, never decoded."""

    status: int
    http_version: str = "HTTP/1.1"
    headers: tuple[tuple[str, str], ...]
    text_encoding: str = "utf-8"
    body: bytes
    body_length: int
    received: Instant | None = None
    """When its last byte had arrived."""
    complete: bool = True
    """False when the connection broke before the end."""
    server_host: str | None
    server_port: int | None
    server_address: str | None
    """The address that the proxy connected to; None where an upstream proxy resolved the name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CapturedRequest:
    """Bytes that left the app in one message: an HTTP request, a WebSocket message or the beginning of a raw stream."""

    channel: Literal["http", "websocket", "raw"]
    """What kind of message. A websocket message and a raw stream have no headers of their own."""
    flow: str
    message: int | None
    """Number of the WebSocket message within its flow; None for the other channels."""
    connection: str
    method: str
    """The HTTP method; "WEBSOCKET" or "RAW" for the other channels."""
    scheme: str
    host: str
    port: int
    authority: str = ""
    """:authority of HTTP/2 where one was sent; what the app called the server, which may differ from `host`."""
    path: str
    """Request target with the query string as it was sent (still percent-encoded)."""
    http_version: str
    headers: tuple[tuple[str, str], ...]
    """In the order sent, repeated names kept, trailers last."""
    text_encoding: str
    """Path and headers, encoded with this, are the bytes that were sent: "utf-8", or "latin-1" where not UTF-8."""
    body: bytes
    """The kept beginning of the raw body (still compressed as sent). body_length is the length of the whole."""
    body_length: int
    body_sha256: str | None
    """Digest of the whole body, also of the part that was not kept; None while incomplete."""
    started: Instant
    """When the request's headers had arrived. A request counts by this instant."""
    finished_mono: int | None
    connected_mono: int | None
    """When the connection was opened; None if that fact is missing."""
    entries: tuple[EntryReference, ...]
    complete: bool
    """False when the end of the request was never recorded: the body may lack bytes."""
    response: CapturedResponse | None
    error: str | None

    @property
    def url(self) -> str:
        """For people. The port is left out where the scheme implies it."""
        usual = {"http": 80, "ws": 80, "https": 443, "wss": 443}.get(self.scheme)
        host = f"[{self.host}]" if ":" in self.host else self.host
        authority = host if self.port == usual else f"{host}:{self.port}"
        return f"{self.scheme}://{authority}{self.path}"


def read_requests(entries: Iterable[Entry], blobs: BlobStore) -> tuple[CapturedRequest, ...]:
    """All messages of the lane in the order in which they started."""
    reader = _Reader(blobs)
    for entry in entries:
        reader.take(entry)
    return tuple(sorted(reader.requests(), key=lambda request: request.started.mono_ns))


@dataclass(slots=True)
class _Flow:
    """The entries that tell of one HTTP exchange or one raw stream."""

    start: Entry
    sent: Entry | None = None
    response: Entry | None = None
    failed: Entry | None = None

    @property
    def entries(self) -> tuple[EntryReference, ...]:
        told = (self.start, self.sent, self.response, self.failed)
        return tuple(reference(entry) for entry in told if entry is not None)


class _Reader:
    def __init__(self, blobs: BlobStore):
        self._blobs = blobs
        self._connected: dict[str, int] = {}
        self._flows: dict[str, _Flow] = {}
        self._streams: dict[str, _Flow] = {}
        self._messages: list[Entry] = []
        self._openings: dict[str, CapturedRequest] = {}

    def take(self, entry: Entry) -> None:
        name = text(entry.data, "flow")
        flow = self._flows.get(name)
        match entry.kind:
            case "ClientConnected":
                self._connected[text(entry.data, "connection")] = entry.at.mono_ns
            case "RequestStarted" if name and flow is None:
                self._flows[name] = _Flow(entry)
            case "RequestSent" if flow is not None:
                flow.sent = entry
            case "ResponseReceived" if flow is not None:
                flow.response = entry
            case "FlowFailed" if flow is not None:
                flow.failed = entry
            case "WebSocketMessage" if flow is not None and flag(entry.data, "from_client", default=False):
                self._messages.append(entry)
            case "RawTraffic" if name:
                self._take_raw(name, entry)
            case _:
                pass

    def _take_raw(self, name: str, entry: Entry) -> None:
        stream = self._streams.setdefault(name, _Flow(entry))
        if text(entry.data, "state") == "closed":
            stream.sent = entry

    def requests(self) -> Iterator[CapturedRequest]:
        yield from map(self._http, self._flows.values())
        yield from map(self._websocket, self._messages)
        yield from (self._raw(stream) for stream in self._streams.values() if _carried_anything(stream))

    def _http(self, flow: _Flow) -> CapturedRequest:
        start = flow.start.data
        # A body that was cut off stands in the fact that tells of the failure.
        body_entry = flow.sent or flow.failed
        body, loss = self._body(body_entry)
        head, head_loss = self._head(start)
        trailers = headers(flow.sent.data, "trailers") if flow.sent else ()
        data = body_entry.data if body_entry else {}
        return CapturedRequest(
            channel="http",
            flow=text(start, "flow"),
            message=None,
            connection=text(start, "connection"),
            method=text(start, "method"),
            scheme=text(start, "scheme"),
            host=text(start, "host"),
            port=number(start, "port"),
            authority=text(start, "authority"),
            path=text(head, "path"),
            http_version=text(start, "http_version"),
            headers=headers(head) + trailers,
            text_encoding=text(head, "text_encoding", "utf-8"),
            body=body,
            body_length=number(data, "body_length"),
            body_sha256=text(flow.sent.data, "body_sha256") or None if flow.sent else None,
            started=_started(flow.start),
            finished_mono=flow.sent.at.mono_ns if flow.sent else None,
            connected_mono=self._connected.get(text(start, "connection")),
            entries=flow.entries,
            complete=flow.sent is not None and not loss and not head_loss,
            response=self._response(flow.response),
            error=loss or head_loss or (text(flow.failed.data, "error") if flow.failed else None),
        )

    def _websocket(self, entry: Entry) -> CapturedRequest:
        name = text(entry.data, "flow")
        flow = self._flows[name]
        opening = self._openings.get(name) or self._openings.setdefault(name, self._http(flow))
        body, loss = self._body(entry)
        return replace(
            opening,
            channel="websocket",
            message=number(entry.data, "message"),
            method="WEBSOCKET",
            scheme="wss" if opening.scheme == "https" else "ws",
            headers=(),
            body=body,
            body_length=number(entry.data, "body_length"),
            body_sha256=text(entry.data, "body_sha256") or None,
            started=entry.at,
            finished_mono=entry.at.mono_ns,
            entries=(reference(flow.start), reference(entry)),
            complete=not loss,
            response=None,
            error=loss,
        )

    def _raw(self, stream: _Flow) -> CapturedRequest:
        last = stream.sent or stream.start
        body, loss = self._body(stream.sent)
        return CapturedRequest(
            channel="raw",
            flow=text(last.data, "flow"),
            message=None,
            connection=text(last.data, "connection"),
            method="RAW",
            scheme=text(last.data, "transport", "tcp"),
            host=text(last.data, "sni") or text(last.data, "host"),
            port=number(last.data, "port"),
            authority="",
            path="",
            http_version="",
            headers=(),
            text_encoding="utf-8",
            body=body,
            body_length=number(last.data, "up"),
            body_sha256=text(last.data, "body_sha256") or None,
            started=stream.start.at,
            finished_mono=stream.sent.at.mono_ns if stream.sent else None,
            connected_mono=self._connected.get(text(last.data, "connection")),
            entries=_Flow(stream.start, sent=None if last is stream.start else last).entries,
            complete=stream.sent is not None and not loss,
            response=None,
            error=loss or text(last.data, "error") or None,
        )

    def _response(self, entry: Entry | None) -> CapturedResponse | None:
        if entry is None:
            return None
        body, _ = self._body(entry)
        head, _ = self._head(entry.data)
        server = mapping(entry.data, "server")
        return CapturedResponse(
            status=number(entry.data, "status"),
            http_version=text(entry.data, "http_version"),
            headers=headers(head),
            text_encoding=text(head, "text_encoding", "utf-8"),
            body=body,
            body_length=number(entry.data, "body_length"),
            received=entry.at,
            complete=flag(entry.data, "complete", default=True),
            server_host=text(server, "host") or None,
            server_port=number(server, "port") or None,
            server_address=text(server, "address") or None,
        )

    def _body(self, entry: Entry | None) -> tuple[bytes, str | None]:
        """The kept bytes, and what was lost of them since they were recorded."""
        digest = text(mapping(entry.data, "body"), "blob") if entry else ""
        return self._blob(digest) if digest else (b"", None)

    def _head(self, data: Mapping[str, Json]) -> tuple[Mapping[str, Json], str | None]:
        """Path and headers: in the fact itself, or in a blob where they were too large for it."""
        digest = text(mapping(data, "head"), "blob")
        if not digest:
            return data, None
        content, loss = self._blob(digest)
        try:
            head = from_line(content)
        except NotCanonical:
            return data, loss or "the stored head of the request is no head"
        return (head, None) if isinstance(head, Mapping) else (data, "the stored head of the request is no head")

    def _blob(self, digest: str) -> tuple[bytes, str | None]:
        try:
            return self._blobs.get(digest), None
        except (BlobMissing, BlobDamaged) as error:
            return b"", str(error)


def _started(entry: Entry) -> Instant:
    return Instant(
        mono_ns=number(entry.data, "started_mono", entry.at.mono_ns),
        wall_ns=number(entry.data, "started_wall", entry.at.wall_ns),
    )


def _carried_anything(stream: _Flow) -> bool:
    return stream.sent is None or number(stream.sent.data, "up") > 0
