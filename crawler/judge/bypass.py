"""Connections of the app that went around the proxy: what they carried nobody saw. A blind spot, and never guilt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from crawler.judge.phases import Phase, PhaseSpan, phase_at
from evidence.lanes import Entry
from traffic.recipients import Destination, locate_address

__all__ = ["DirectConnection", "read_direct"]

_MOST = 500
_LIVING = frozenset({"01", "02", "03", "ESTABLISHED", "SYN_SENT", "SYN_RECV"})


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectConnection:
    """One socket of the app's own that led past the proxy, as the device's socket table showed it."""

    local_port: int
    remote: str
    remote_port: int
    first_ns: int
    """When it was there for certain, host monotonic; it may have been opened up to one look earlier."""
    last_ns: int
    phases: frozenset[Phase]
    """Every phase in which it was open, as far as was looked."""
    destination: Destination


def read_direct(device: Iterable[Entry], uid: int | None, spans: Sequence[PhaseSpan]) -> tuple[DirectConnection, ...]:
    """From the SocketsSeen facts of the device lane, in order of first sight. A malformed row is passed over."""
    found: dict[tuple[int, str, int], DirectConnection] = {}
    for entry in device:
        if entry.kind != "SocketsSeen":
            continue
        at = entry.data.get("finished")
        seen_ns = at if isinstance(at, int) and not isinstance(at, bool) else entry.at.mono_ns
        for key in _rows(entry.data.get("direct"), uid):
            phase = phase_at(spans, seen_ns)
            known = found.get(key)
            if known is not None:
                found[key] = replace(known, last_ns=seen_ns, phases=known.phases | {phase})
            elif len(found) < _MOST:
                found[key] = DirectConnection(
                    local_port=key[0],
                    remote=key[1],
                    remote_port=key[2],
                    first_ns=seen_ns,
                    last_ns=seen_ns,
                    phases=frozenset({phase}),
                    destination=locate_address(key[1]),
                )
    return tuple(replace(one, phases=one.phases | _between(one, spans)) for one in found.values())


def _between(one: DirectConnection, spans: Sequence[PhaseSpan]) -> frozenset[Phase]:
    """The phases that passed while it was open."""
    return frozenset(
        span.phase
        for span in spans
        if span.from_ns <= one.last_ns and (span.to_ns is None or span.to_ns > one.first_ns)
    )


def _rows(value: object, uid: int | None) -> Iterable[tuple[int, str, int]]:
    """(local port, remote address, remote port) of each living socket of the app."""
    if not isinstance(value, (list, tuple)):
        return
    for row in value:
        if not isinstance(row, dict):
            continue
        port, remote, remote_port = row.get("local_port"), row.get("remote"), row.get("remote_port")
        if not (isinstance(port, int) and isinstance(remote, str) and isinstance(remote_port, int)):
            continue
        if row.get("uid") == uid and str(row.get("state", "")) in _LIVING:
            yield port, remote[:64], remote_port
