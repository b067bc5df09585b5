"""Finds known values under XOR with a short key, without knowing the key.

Two bytes that the same byte of the key covers keep their difference, so the differences within a value are looked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote

from traffic.decode.content import is_text
from traffic.decode.xor import LAGS, difference, repeat_xor
from traffic.engine import make_scanner
from traffic.spelling import Need, spellings

if TYPE_CHECKING:
    from traffic.known import KnownValue

__all__ = ["DeltaSearch"]

_LEAST = 5
"""Bytes of difference that must agree."""
_SURE = 7
"""Fewer agree by chance: then all that comes out must be text."""
_LARGEST = 16 << 10
_MOST_KEYS = 4


class DeltaSearch:
    """Made once for a device; only used on the few pieces that nothing else made sense of."""

    def __init__(self, known: Sequence[KnownValue]) -> None:
        self._texts: list[tuple[bytes, int]] = []
        literals: dict[bytes, None] = {}
        for text in dict.fromkeys(_texts(known)):
            for lag in LAGS:
                literal = difference(text, lag)
                if len(literal) >= _LEAST and len(set(literal)) > 2 and literal not in literals:
                    literals[literal] = None
                    self._texts.append((text, lag))
        self._scanner = make_scanner([(literal, False) for literal in literals])

    def plain_readings(self, data: bytes) -> Iterator[tuple[bytes, bytes]]:
        """(key, bytes under that key) for each key that makes a known value appear."""
        if len(data) > _LARGEST:
            return
        keys: set[bytes] = set()
        for lag in LAGS:
            apart = difference(data, lag)
            for index, end in self._scanner.scan(apart) if apart else ():
                text, expected = self._texts[index]
                start = end - (len(text) - lag)
                key = _key(data, start, text, lag) if expected == lag else None
                if key is not None and any(key) and key not in keys and len(keys) < _MOST_KEYS:
                    plain = repeat_xor(data, key)
                    if len(text) - lag >= _SURE or is_text(plain):
                        keys.add(key)
                        yield key, plain


def _key(data: bytes, start: int, text: bytes, lag: int) -> bytes | None:
    """The key of that length, turned so that it begins with the data; None where the text does not fit it."""
    covered = data[start : start + len(text)]
    stream = bytes(one ^ other for one, other in zip(covered, text, strict=False))
    if len(stream) < lag or any(stream[at] != stream[at % lag] for at in range(len(stream))):
        return None
    return bytes(stream[(at - start) % lag] for at in range(lag))


def _texts(known: Sequence[KnownValue]) -> Iterator[bytes]:
    for value in known:
        if value.kind in ("latitude", "longitude"):
            yield value.value.encode()
            continue
        for spelling in spellings(value):
            if spelling.main and spelling.standalone and spelling.need is Need.NOTHING:
                for text in (spelling.text, spelling.text.lower(), spelling.text.upper()):
                    yield text.encode()
                    yield quote(text, safe="").encode()
