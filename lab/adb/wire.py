"""adb's packets: 24 bytes of header, then the payload."""

import struct
from dataclasses import dataclass
from typing import Final

__all__ = ["CLSE", "CNXN", "HEADER", "MAXIMUM_PAYLOAD", "OKAY", "OPEN", "VERSION", "WRTE", "Header", "encode"]


def _command(name: str) -> int:
    return int.from_bytes(name.encode(), "little")


CNXN: Final = _command("CNXN")
OPEN: Final = _command("OPEN")
OKAY: Final = _command("OKAY")
WRTE: Final = _command("WRTE")
CLSE: Final = _command("CLSE")
VERSION: Final = 0x01000001
"""From this version on checksums are not computed."""
MAXIMUM_PAYLOAD: Final = 1024 * 1024
HEADER: Final = struct.Struct("<6I")


@dataclass(frozen=True, slots=True)
class Header:
    """One packet without its payload."""

    command: int
    first: int
    second: int
    length: int

    @classmethod
    def decode(cls, data: bytes) -> "Header":
        """Raises ValueError for bytes that are no packet."""
        command, first, second, length, _, magic = HEADER.unpack(data)
        if magic != command ^ 0xFFFFFFFF or length > MAXIMUM_PAYLOAD:
            raise ValueError("not an adb packet")
        return cls(command, first, second, length)


def encode(command: int, first: int, second: int, payload: bytes = b"", *, checksum: bool = False) -> bytes:
    """A whole packet."""
    check = sum(payload) & 0xFFFFFFFF if checksum else 0
    return HEADER.pack(command, first, second, len(payload), check, command ^ 0xFFFFFFFF) + payload
