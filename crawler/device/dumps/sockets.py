"""Rows of /proc/net/tcp and tcp6: which uid holds a connection to where.

      sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
       3: 0100007F:C3E2 0100007F:1F90 01 00000000:00000000 00:00000000 00000000 10123        0 45678 1 ...

A closing connection (TIME_WAIT) has lost its uid: the kernel writes 0.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

__all__ = ["SocketRow", "parse_socket_rows"]

_ROW = re.compile(
    r"^\s*\d+: (?P<local>[0-9A-Fa-f]{8}|[0-9A-Fa-f]{32}):(?P<local_port>[0-9A-Fa-f]{4}) "
    r"(?P<remote>[0-9A-Fa-f]{8}|[0-9A-Fa-f]{32}):(?P<remote_port>[0-9A-Fa-f]{4}) (?P<state>[0-9A-Fa-f]{2}) "
    r"[0-9A-Fa-f:]+ [0-9A-Fa-f:]+ [0-9A-Fa-f]+\s+(?P<uid>[0-9]{1,10})\b",
    re.ASCII,
)
_STATES = {
    1: "ESTABLISHED",
    2: "SYN_SENT",
    3: "SYN_RECV",
    4: "FIN_WAIT1",
    5: "FIN_WAIT2",
    6: "TIME_WAIT",
    7: "CLOSE",
    8: "CLOSE_WAIT",
    9: "LAST_ACK",
    10: "LISTEN",
    11: "CLOSING",
}
_MAX_LINE = 400


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class SocketRow:
    """One connection as the kernel lists it."""

    uid: int
    local_port: int
    remote: str
    remote_port: int
    state: str


def parse_socket_rows(lines: Iterable[str]) -> frozenset[SocketRow]:
    """All rows found; lines of any other form are skipped."""
    rows = (_row(line) for line in lines)
    return frozenset(row for row in rows if row is not None)


def _row(line: str) -> SocketRow | None:
    found = _ROW.match(line[:_MAX_LINE])
    if found is None:
        return None
    state = int(found["state"], 16)
    return SocketRow(
        uid=int(found["uid"]),
        local_port=int(found["local_port"], 16),
        remote=_address(found["remote"]),
        remote_port=int(found["remote_port"], 16),
        state=_STATES.get(state, str(state)),
    )


def _address(digits: str) -> str:
    """The kernel writes addresses as words of four bytes, lowest byte first. IPv4 inside IPv6 is written as IPv4."""
    words = [bytes.fromhex(digits[start : start + 8])[::-1] for start in range(0, len(digits), 8)]
    if len(words) == 1:
        return str(IPv4Address(words[0]))
    address = IPv6Address(b"".join(words))
    return str(address.ipv4_mapped or address)
