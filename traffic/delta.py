"""Finds known values under XOR with a short key, without knowing the key."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote

from traffic.decode.content import is_text
from traffic.decode.cribs import CribSearch
from traffic.decode.xor import repeat_xor
from traffic.spelling import Need, spellings

if TYPE_CHECKING:
    from traffic.known import KnownValue

__all__ = ["DeltaSearch"]

_SURE = 7
"""Fewer bytes agree by chance: then all that comes out must be text."""
_MOST_KEYS = 4


class DeltaSearch:
    """Made once for a device; only used on the few pieces that nothing else made sense of."""

    def __init__(self, known: Sequence[KnownValue]) -> None:
        self._search = CribSearch(_texts(known))

    def plain_readings(self, data: bytes) -> Iterator[tuple[bytes, bytes]]:
        """(key, bytes under that key) for each key that makes a known value appear."""
        left = _MOST_KEYS
        for crib in self._search.keys(data):
            plain = repeat_xor(data, crib.key)
            if crib.agreeing >= _SURE or is_text(plain):
                yield crib.key, plain
                left -= 1
            if not left:
                return


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
