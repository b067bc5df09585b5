"""Reads each pair of picture and hierarchy once: what the session read while it ran, the judge need not read again."""

from __future__ import annotations

import hashlib
from collections import OrderedDict

from screenshots.reading import ScreenReading, read_screen

__all__ = ["ReadingCache"]

_MOST = 400


class ReadingCache:
    """Stands in for read_screen and gives the same answers, since reading is a pure function of its arguments."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, ScreenReading] = OrderedDict()

    def __call__(
        self, shot: bytes | None, hierarchy: str | None, *, package: str | None = None, second_look: bool = False
    ) -> ScreenReading:
        key = hashlib.sha256(f"{package}|{second_look}|{len(shot or b'')}|".encode())
        key.update(shot or b"")
        key.update((hierarchy or "").encode("utf-8", "surrogatepass"))
        name = key.hexdigest()
        if name not in self._known:
            self._known[name] = read_screen(shot, hierarchy, package=package, second_look=second_look)
            if len(self._known) > _MOST:
                self._known.popitem(last=False)
        self._known.move_to_end(name)
        return self._known[name]
