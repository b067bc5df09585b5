"""Which app a captured connection belonged to, from the device's own socket table.

Over `adb reverse` the capture sees every connection coming from the host itself, so the peer port says nothing. The device's
/proc/net/tcp{,6} names the uid of each socket that leads to the proxy port; a connection belongs to the app when every socket
that could be it belongs to the app. When sockets of several uids could be it, nobody is accused.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from evidence.lanes import Entry

__all__ = ["Owner", "SocketLife", "owner_of", "socket_lives"]

_ESTABLISHING = frozenset({"01", "02", "03", "ESTABLISHED", "SYN_SENT", "SYN_RECV"})


class Owner(StrEnum):
    """Whose connection it was. Only APP can carry a finding."""

    APP = "app"
    OTHER = "other"
    AMBIGUOUS = "ambiguous"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketLife:
    """One socket of the device that led to the proxy: between which instants it opened, and when it was last seen."""

    uid: int
    local_port: int
    opened_after_ns: int
    opened_before_ns: int
    last_seen_ns: int


def socket_lives(entries: Iterable[Entry]) -> tuple[SocketLife, ...]:
    """Lives of sockets from the SocketsSeen facts of the device lane, in the order they were first seen."""
    lives: dict[tuple[int, int], SocketLife] = {}
    done: list[SocketLife] = []
    previous_ns = 0
    for entry in entries:
        if entry.kind == "SocketsPolled":
            continue
        if entry.kind != "SocketsSeen":
            continue
        started, finished = _instant(entry.data.get("started")), _instant(entry.data.get("finished"))
        after = _instant(entry.data.get("previous_started")) or previous_ns
        present: set[tuple[int, int]] = set()
        for row in _rows(entry.data.get("rows")):
            key = (row[0], row[1])
            present.add(key)
            known = lives.get(key)
            lives[key] = SocketLife(
                uid=row[0],
                local_port=row[1],
                opened_after_ns=known.opened_after_ns if known else after,
                opened_before_ns=known.opened_before_ns if known else finished,
                last_seen_ns=finished,
            )
        for key in [key for key in lives if key not in present]:
            life = lives.pop(key)
            done.append(
                SocketLife(
                    uid=life.uid,
                    local_port=life.local_port,
                    opened_after_ns=life.opened_after_ns,
                    opened_before_ns=life.opened_before_ns,
                    last_seen_ns=started,
                )
            )
        previous_ns = started
    still_open = [
        SocketLife(
            uid=life.uid,
            local_port=life.local_port,
            opened_after_ns=life.opened_after_ns,
            opened_before_ns=life.opened_before_ns,
            last_seen_ns=2**63,
        )
        for life in lives.values()
    ]
    return tuple(sorted([*done, *still_open], key=lambda life: (life.opened_before_ns, life.local_port)))


def owner_of(
    lives: Sequence[SocketLife],
    *,
    app_uid: int | None,
    connected_ns: int,
    used_ns: int,
    travel_ns: int,
) -> Owner:
    """Whose socket a captured connection was.

    `connected_ns`: when the capture accepted it; `used_ns`: when the request on it started; `travel_ns`: the longest time that
    adb may take to bring a connection from the device to the host, and the widest gap between two polls.
    A socket could be it when it may have opened within `travel_ns` of the acceptance and was not gone when it was used.
    """
    if app_uid is None:
        return Owner.UNKNOWN
    candidates = {
        life.uid
        for life in lives
        if life.opened_after_ns - travel_ns <= connected_ns <= life.opened_before_ns + travel_ns
        and life.last_seen_ns + travel_ns >= used_ns
    }
    if not candidates:
        return Owner.UNKNOWN
    if candidates == {app_uid}:
        return Owner.APP
    return Owner.AMBIGUOUS if app_uid in candidates else Owner.OTHER


def _instant(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _rows(value: object) -> list[tuple[int, int]]:
    """(uid, local port) of each living row; a malformed row is passed over, it can only make an owner unknown."""
    rows: list[tuple[int, int]] = []
    if not isinstance(value, (list, tuple)):
        return rows
    for row in value:
        if not isinstance(row, dict):
            continue
        uid, port, state = row.get("uid"), row.get("local_port"), str(row.get("state", ""))
        if isinstance(uid, int) and isinstance(port, int) and state in _ESTABLISHING:
            rows.append((uid, port))
    return rows
