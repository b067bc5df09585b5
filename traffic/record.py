"""Reads requests back from the entries of a traffic lane.

The lane may be torn or the capture process killed: what is missing makes a request incomplete, never an error.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from evidence.blobs import BlobStore
    from evidence.clock import Instant
    from evidence.lanes import Entry

__all__ = [
    "CapturedRequest",
    "CapturedResponse",
    "EntryReference",
    "TlsRefusal",
    "read_requests",
    "read_tls_refusals",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryReference:
    """Where a fact stands: what a finding cites."""

    lane: str
    seq: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CapturedResponse:
    """What came back. Its body is the kept beginning of the raw bytes, never decoded."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    body_length: int
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


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsRefusal:
    """A host whose traffic could not be read because the app did not accept our certificate."""

    host: str
    count: int
    kind: Literal["refused", "closed_after_handshake"]
    """"refused": an alert or a reset during the handshake. "closed_after_handshake": the handshake succeeded, the app
    closed at once without a request, repeatedly, and nothing else succeeded for the host: pinning as OkHttp does it."""
    reason: str
    first: Instant
    entries: tuple[EntryReference, ...]


def read_requests(entries: Iterable[Entry], blobs: BlobStore) -> tuple[CapturedRequest, ...]:
    """All messages of the lane in the order in which they started."""
    raise NotImplementedError


def read_tls_refusals(entries: Iterable[Entry]) -> tuple[TlsRefusal, ...]:
    """One entry per host and kind, ordered by first occurrence."""
    raise NotImplementedError
