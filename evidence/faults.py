"""Collecting faults: each is listed, none can flood the memory, none can play tricks on a terminal."""

from evidence.errors import Fault

__all__ = ["MAX_LISTED", "FaultList", "escaped"]

MAX_LISTED = 1000
"""Of one list, each named. A lane of a million broken lines is only counted beyond."""
_MAX_TEXT = 300


def escaped(text: str) -> str:
    """Foreign text made harmless to print: one line, no control characters, bounded."""
    shown = "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text[:_MAX_TEXT])
    return shown if len(text) <= _MAX_TEXT else f"{shown}…"


class FaultList:
    """Faults in the order in which they were found."""

    def __init__(self, place: str):
        self._place = place
        self._faults: list[Fault] = []
        self._unlisted = 0

    def add(self, place: str, what: str, mend: str) -> None:
        if len(self._faults) < MAX_LISTED:
            self._faults.append(Fault(place=escaped(place), what=escaped(what), mend=mend))
        else:
            self._unlisted += 1

    def listed(self) -> tuple[Fault, ...]:
        if not self._unlisted:
            return tuple(self._faults)
        rest = Fault(
            place=escaped(self._place),
            what=f"{self._unlisted} more faults like these",
            mend="Mend the listed ones first, then verify again.",
        )
        return (*self._faults, rest)
