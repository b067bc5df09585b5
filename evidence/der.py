"""Reads DER, the encoding of time stamps and certificates: definite lengths only, every byte accounted for.

Made for the verifier, which may use the standard library and `cryptography` alone; neither reads CMS messages.
"""

from dataclasses import dataclass

__all__ = ["Element", "NotDer", "read_der"]

SEQUENCE = 0x30
SET = 0x31
INTEGER = 0x02
OCTETS = 0x04
OID = 0x06
_MAX_BYTES = 4 * 1024 * 1024


class NotDer(ValueError):
    """Bytes that are not the DER that was expected at this place."""


@dataclass(frozen=True, slots=True)
class Element:
    """One value: its tag, its content, and all of its bytes."""

    tag: int
    body: bytes
    raw: bytes

    def children(self) -> list["Element"]:
        """The values inside a constructed one."""
        found, at = [], 0
        while at < len(self.body):
            child, at = _read(self.body, at)
            found.append(child)
        return found

    def expect(self, tag: int, what: str) -> "Element":
        """This element if it has the tag; else NotDer saying what is not there."""
        if self.tag != tag:
            raise NotDer(f"no {what}")
        return self

    def integer(self) -> int:
        if self.tag != INTEGER or not self.body:
            raise NotDer("no integer")
        return int.from_bytes(self.body, "big", signed=True)

    def oid(self) -> str:
        """The object identifier in dotted form."""
        if self.tag != OID or not self.body or self.body[-1] & 0x80:
            raise NotDer("no object identifier")
        arcs: list[int] = []
        value = 0
        for byte in self.body:
            value = value << 7 | byte & 0x7F
            if value >= 1 << 64:
                raise NotDer("an object identifier beyond bounds")
            if not byte & 0x80:
                arcs.append(value)
                value = 0
        first = min(arcs[0] // 40, 2)
        return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))


def read_der(data: bytes) -> Element:
    """The one element that these bytes are. NotDer for anything before, behind or between."""
    if len(data) > _MAX_BYTES:
        raise NotDer("larger than any time stamp")
    element, end = _read(data, 0)
    if end != len(data):
        raise NotDer("bytes behind the end")
    return element


def _read(data: bytes, at: int) -> tuple[Element, int]:
    if at + 2 > len(data):
        raise NotDer("cut off")
    tag, first = data[at], data[at + 1]
    if tag & 0x1F == 0x1F:
        raise NotDer("a tag of a kind that time stamps do not use")
    start = at + 2
    length = first
    if first & 0x80:
        octets = first & 0x7F
        if not 1 <= octets <= 4 or start + octets > len(data):
            raise NotDer("a length that is not definite")
        length = int.from_bytes(data[start : start + octets], "big")
        if length < 0x80 or length < 1 << 8 * (octets - 1):
            raise NotDer("a length that is not written the shortest way")
        start += octets
    end = start + length
    if end > len(data):
        raise NotDer("cut off")
    return Element(tag, data[start:end], data[at:end]), end
