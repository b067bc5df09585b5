"""What stands beside a value inside an encoding: a part of a longer number is not that number in base64 either."""

from __future__ import annotations

import re

from traffic.decode.tokens import decode_base64

__all__ = ["carried_around"]

_REACH = 3
"""Signs on either side."""
_HEX_END = re.compile(rb"(?:[0-9A-Fa-f]{2}){0,3}\Z")
_HEX_START = re.compile(rb"(?:[0-9A-Fa-f]{2}){0,3}")
_BASE64_START = re.compile(rb"[A-Za-z0-9+/_-]{0,8}")
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]*")
_FIRST_CERTAIN = (0, 2, 3)
"""Of the signs of base64, for a value that starts none, one or two bytes after a multiple of three."""
_NO_ASCII = 0x80


def carried_around(carrier: str, data: bytes, start: int, end: int) -> tuple[bytes, int, int]:
    """The carried value with the signs beside it as far as they are of the same encoding, and where it stands there."""
    if carrier.startswith("reversed"):
        low = max(0, start - 16)
        data, start, end = data[low : end + 16][::-1], min(16, len(data) - end), min(16, len(data) - end) + end - start
        carrier = carrier.removeprefix("reversed").removeprefix("-")
    if carrier.startswith("base64"):
        base64, _, inner = carrier.partition(" ")
        text, start, end = _base64(data, start, end, int(base64[-1]))
        return carried_around(inner, text, start, end) if inner else (text, start, end)
    if carrier == "hex":
        left = _HEX_END.search(data[max(0, start - 2 * _REACH) : start])
        right = _HEX_START.match(data, end, end + 2 * _REACH)
        before, after = left.group() if left else b"", right.group() if right else b""
        text = bytes.fromhex((before + data[start:end] + after).decode())
        return text, len(before) // 2, len(text) - len(after) // 2
    if carrier.startswith("utf-16"):
        return _utf16(data, start, end, high=1 if carrier.endswith("le") else 0)
    return data, start, end


def _utf16(data: bytes, start: int, end: int, *, high: int) -> tuple[bytes, int, int]:
    before, after = min(_REACH, start // 2), min(_REACH, (len(data) - end) // 2)
    window = data[start - 2 * before : end + 2 * after]
    units = zip(window[1 - high :: 2], window[high::2], strict=False)
    text = bytes(low if not top and low < _NO_ASCII else _NO_ASCII for low, top in units)
    # Half a unit at an edge: text in the one order reads as the other one byte further on.
    left = data[:1] if high == 0 and start == 1 else b""
    right = data[-1:] if high == 1 and len(data) - end == 1 else b""
    return left + text + right, len(left) + before, len(left) + len(text) - after


def _base64(data: bytes, start: int, end: int, shift: int) -> tuple[bytes, int, int]:
    first = _FIRST_CERTAIN[shift]
    quad = start - first
    if quad < 0 or not _BASE64.fullmatch(data, quad, start):
        head, before = b"A" * first, 0  # torn off: nothing is known to stand before it
        shift_known = False
    else:
        joined = quad >= 4 and _BASE64.fullmatch(data, quad - 4, quad) is not None
        head, before = data[quad - 4 if joined else quad : start], 3 if joined else 0
        shift_known = True
    right = _BASE64_START.match(data, end)
    text = decode_base64(head + data[start:end] + (right.group() if right else b""))
    certain = first + end - start
    stands, ends = before + shift, before + certain // 4 * 3 + certain % 4
    return (text, stands, ends) if shift_known else (text[stands:], 0, ends - stands)
