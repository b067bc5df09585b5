"""Works out the short key of an XOR from words that are sure to stand somewhere in what is covered.

Two bytes that the same byte of the key covers keep their difference, so the differences within a word are looked for.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files
from typing import NamedTuple
from urllib.parse import quote, quote_plus

from traffic.engine import make_scanner
from traffic.spelling.encodings import base64_middle

__all__ = ["LAGS", "Crib", "CribSearch", "common_cribs", "difference"]

LAGS = (1, 2, 3, 4, 5, 6, 7, 8, 16)
"""Key lengths that are tried."""
_LEAST = 5
"""Bytes of difference that must agree."""
_LARGEST = 16 << 10
_MOST_KEYS = 16


def difference(data: bytes, lag: int) -> bytes:
    """Each byte XOR the one `lag` further on: the key drops out of it where it has that length."""
    size = len(data) - lag
    if size <= 0:
        return b""
    return (int.from_bytes(data[:size], "big") ^ int.from_bytes(data[lag:], "big")).to_bytes(size, "big")


class Crib(NamedTuple):
    """A key, and how much of a known text vouches for it."""

    key: bytes
    agreeing: int
    """Bytes of difference that agree: each more makes chance 256 times less likely."""


class CribSearch:
    """Finds the keys under which one of the texts appears. Made once, used for many."""

    def __init__(self, texts: Iterable[bytes]) -> None:
        self._texts: list[tuple[bytes, int]] = []
        literals: dict[bytes, None] = {}
        for text in dict.fromkeys(texts):
            for lag in LAGS:
                literal = difference(text, lag)
                if len(literal) >= _LEAST and len(set(literal)) > 2 and literal not in literals:
                    literals[literal] = None
                    self._texts.append((text, lag))
        self._scanner = make_scanner([(literal, False) for literal in literals])

    def keys(self, data: bytes) -> Iterator[Crib]:
        """Each key once, the shorter first; a key of zeros is none."""
        if len(data) > _LARGEST:
            return
        seen: set[bytes] = set()
        for lag in LAGS:
            apart = difference(data, lag)
            for index, end in self._scanner.scan(apart) if apart else ():
                text, expected = self._texts[index]
                key = _key_at(data, end - (len(text) - lag), text, lag) if expected == lag else None
                if key is not None and any(key) and key not in seen and len(seen) < _MOST_KEYS:
                    seen.add(key)
                    yield Crib(key, len(text) - lag)


def _key_at(data: bytes, start: int, text: bytes, lag: int) -> bytes | None:
    """The key of that length, turned so that it begins with the data; None where the text does not fit it."""
    covered = data[start : start + len(text)]
    stream = bytes(one ^ other for one, other in zip(covered, text, strict=False))
    if len(stream) < lag or any(stream[at] != stream[at % lag] for at in range(len(stream))):
        return None
    return bytes(stream[(at - start) % lag] for at in range(lag))


@cache
def common_cribs() -> CribSearch:
    """Made at first use: few requests hold anything unreadable."""
    table = tomllib.loads((files("traffic") / "data" / "cribs.toml").read_text(encoding="utf-8"))
    return CribSearch(form for entry in table["crib"] for form in _forms(entry["text"]))


def _forms(text: str) -> Iterator[bytes]:
    """As it is, as a string within JSON or a form, in base64 at its three alignments, in hexadecimal and in UTF-16."""
    raw = text.encode()
    yield raw
    yield quote(text, safe="").encode()
    yield quote_plus(text, safe="").encode()
    yield raw.replace(b'"', b'\\"')
    for shift in range(3):
        yield base64_middle(raw, shift)
    yield raw.hex().encode()
    yield raw.hex().upper().encode()
    yield text.encode("utf-16-le")
