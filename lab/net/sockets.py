"""The device's own TCP sockets, as /proc/net/tcp and tcp6 show them."""

from __future__ import annotations

import ipaddress
import itertools
import random
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Socket", "SocketTable"]

ESTABLISHED, TIME_WAIT, LISTEN = 1, 6, 10
_TIME_WAIT_SECONDS = 60
_HEAD4 = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode"
_HEAD6 = (
    "  sl  local_address                         remote_address                        st"
    " tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode"
)
_WIDTH4 = 149
"""the kernel pads the lines of tcp, not those of tcp6"""


@dataclass(slots=True, kw_only=True)
class Socket:
    """One row. `mapped` rows are IPv6 sockets speaking IPv4, as every Java socket is."""

    uid: int
    local: tuple[str, int]
    remote: tuple[str, int]
    inode: int
    mapped: bool
    state: int = ESTABLISHED
    closed: float = 0.0


class SocketTable:
    """Rows come with `open` and turn to TIME_WAIT, owned by nobody, with `close`."""

    def __init__(self, seed: int) -> None:
        source = random.Random(seed)  # noqa: S311 - reproducible numbers, no secret
        self._ports = itertools.cycle(range(source.randrange(33000, 40000), 60999))
        self._inodes = itertools.count(source.randrange(40000, 90000), 3)
        self._rows: list[Socket] = []

    def open(self, uid: int, local: str, remote: tuple[str, int], *, mapped: bool = True) -> Socket:
        """A connection from a fresh local port."""
        row = Socket(uid=uid, local=(local, next(self._ports)), remote=remote, inode=next(self._inodes), mapped=mapped)
        self._rows.append(row)
        return row

    def accept(self, uid: int, of: Socket) -> Socket:
        """The other end of a connection inside the device."""
        row = Socket(uid=uid, local=of.remote, remote=of.local, inode=next(self._inodes), mapped=False)
        self._rows.append(row)
        return row

    def close(self, row: Socket, *, lingers: bool = True) -> None:
        """The side that closes first lingers in TIME_WAIT; the other's row goes at once."""
        if row.state == TIME_WAIT or row not in self._rows:
            return
        if not lingers:
            self._rows.remove(row)
            return
        row.state, row.uid, row.inode, row.closed = TIME_WAIT, 0, 0, time.monotonic()

    def rows(self, listening: dict[int, int] | None = None) -> list[Socket]:
        """All rows now. `listening` maps local ports to the uid that listens on them."""
        oldest = time.monotonic() - _TIME_WAIT_SECONDS
        self._rows = [row for row in self._rows if row.state != TIME_WAIT or row.closed > oldest]
        listeners = [
            Socket(uid=uid, local=("127.0.0.1", port), remote=("0.0.0.0", 0), inode=30000 + port, mapped=False)  # noqa: S104
            for port, uid in (listening or {}).items()
        ]
        for row in listeners:
            row.state = LISTEN
        return listeners + self._rows

    def tcp(self, listening: dict[int, int] | None = None) -> str:
        """/proc/net/tcp"""
        rows = [row for row in self.rows(listening) if not row.mapped]
        lines = [_HEAD4, *(f"{index:4d}: {_line(row, _address4)}" for index, row in enumerate(rows))]
        return "".join(line.ljust(_WIDTH4) + "\n" for line in lines)

    def tcp6(self) -> str:
        """/proc/net/tcp6"""
        rows = [row for row in self.rows() if row.mapped]
        lines = [_HEAD6, *(f"{index:4d}: {_line(row, _address6)}" for index, row in enumerate(rows))]
        return "".join(line + "\n" for line in lines)


def _line(row: Socket, write: Callable[[str, int], str]) -> str:
    ends = f"{write(*row.local)} {write(*row.remote)} {row.state:02X} 00000000:00000000"
    if row.state == TIME_WAIT:
        left = max(0, int((_TIME_WAIT_SECONDS - (time.monotonic() - row.closed)) * 100))
        return f"{ends} 03:{left:08X} 00000000     0        0 0 3 0000000000000000"
    tail = "100 0 0 10 0" if row.state == LISTEN else "20 4 30 10 -1"
    return f"{ends} 00:00000000 00000000 {row.uid:5d}        0 {row.inode} 1 0000000000000000 {tail}"


def _address4(host: str, port: int) -> str:
    return f"{struct.pack('<I', int(ipaddress.IPv4Address(host))).hex().upper()}:{port:04X}"


def _address6(host: str, port: int) -> str:
    return f"0000000000000000FFFF0000{_address4(host, port)}"
