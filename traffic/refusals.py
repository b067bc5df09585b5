"""Finds the hosts whose traffic could not be read because the app did not accept the capture's certificate."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from evidence.clock import Instant
from evidence.lanes import Entry
from traffic.fields import number, text
from traffic.probe import PROBE_HOST

__all__ = ["EntryReference", "TlsRefusal", "read_tls_refusals", "reference"]

_CLOSED_WITHIN_NS = 1_000_000_000
"""An app that checks a pin does it at once; a connection opened on suspicion is held open longer."""
_CLOSED_AT_LEAST = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryReference:
    """Where a fact stands: what a finding cites."""

    lane: str
    seq: int
    digest: str


def reference(entry: Entry) -> EntryReference:
    return EntryReference(lane=entry.lane, seq=entry.seq, digest=entry.digest)


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsRefusal:
    """A host whose traffic could not be read because the app did not accept our certificate."""

    host: str
    count: int
    kind: Literal["refused", "closed_after_handshake"]
    """"refused": an alert or a reset during the handshake, or an alert right after it. "closed_after_handshake": the
    handshake succeeded, the app closed at once without a request, repeatedly, and nothing else succeeded for the host:
    pinning as OkHttp does it."""
    reason: str
    first: Instant
    entries: tuple[EntryReference, ...]


@dataclass(slots=True)
class _Connection:
    """What is known of one TLS connection."""

    host: str = ""
    established: Entry | None = None
    refused: Entry | None = None
    alerted: Entry | None = None
    closed: Entry | None = None
    used: bool = False
    """A request or raw content passed."""
    entries: list[Entry] = field(default_factory=list)


def read_tls_refusals(entries: Iterable[Entry]) -> tuple[TlsRefusal, ...]:
    """One entry per host and kind, ordered by first occurrence."""
    connections = _connections(entries)
    used_hosts = {one.host for one in connections if one.used}
    refused: dict[str, list[_Connection]] = defaultdict(list)
    closed: dict[str, list[_Connection]] = defaultdict(list)
    for one in connections:
        if not one.host or one.host == PROBE_HOST:
            continue
        if one.refused or (one.alerted and not one.used):
            refused[one.host].append(one)
        elif _closed_at_once(one) and one.host not in used_hosts:
            closed[one.host].append(one)
    found = [_refusal(host, "refused", group) for host, group in refused.items()]
    found += [
        _refusal(host, "closed_after_handshake", group)
        for host, group in closed.items()
        if len(group) >= _CLOSED_AT_LEAST
    ]
    return tuple(sorted(found, key=lambda refusal: (refusal.first.mono_ns, refusal.host, refusal.kind)))


def _connections(entries: Iterable[Entry]) -> list[_Connection]:
    connections: dict[str, _Connection] = defaultdict(_Connection)
    for entry in entries:
        name = text(entry.data, "connection")
        if name:
            _note(connections[name], entry)
    return list(connections.values())


def _note(connection: _Connection, entry: Entry) -> None:
    match entry.kind:
        case "TunnelAsked":
            connection.host = connection.host or text(entry.data, "host")
        case "TlsEstablished":
            connection.established = entry
            connection.host = text(entry.data, "sni") or text(entry.data, "host") or connection.host
            connection.entries.append(entry)
        case "TlsRefused":
            connection.refused = entry
            connection.host = text(entry.data, "sni") or text(entry.data, "host") or connection.host
            connection.entries.append(entry)
        case "TlsAlertReceived":
            connection.alerted = entry
            connection.entries.append(entry)
        case "RequestStarted" | "ProbeAnswered":
            connection.used = True
        case "RawTraffic":
            connection.used = connection.used or number(entry.data, "up") > 0
        case "ClientDisconnected":
            connection.closed = entry
            connection.used = connection.used or number(entry.data, "requests") > 0
            connection.entries.append(entry)
        case _:
            pass


def _closed_at_once(connection: _Connection) -> bool:
    if connection.used or connection.established is None or connection.closed is None:
        return False
    return connection.closed.at.mono_ns - connection.established.at.mono_ns < _CLOSED_WITHIN_NS


def _refusal(
    host: str, kind: Literal["refused", "closed_after_handshake"], connections: list[_Connection]
) -> TlsRefusal:
    reasons = Counter(_reason(one) for one in connections)
    entries = [entry for one in connections for entry in one.entries]
    return TlsRefusal(
        host=host,
        count=len(connections),
        kind=kind,
        reason=reasons.most_common(1)[0][0],
        first=entries[0].at,
        entries=tuple(reference(entry) for entry in entries),
    )


def _reason(connection: _Connection) -> str:
    told = connection.refused or connection.alerted
    if told is not None:
        return text(told.data, "reason", "unknown")
    return "the app closed the connection right after the handshake, without a request"
