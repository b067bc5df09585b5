"""Reads the times inside of what was sent: an SDK may collect before consent and send after it.

A time counts only when its name says that it is an event's, its size fits one unit, and it lies within the session. The
clock it was read from is the device's: the caller gives its offset and error. Nothing here concludes anything.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from traffic.decode.node import Where
    from traffic.leaves import Leaf

__all__ = ["EventTime", "TimeWords", "find_event_times", "load_time_words"]

Unit = Literal["s", "ms", "us", "ns", "ISO 8601"]
_UNITS: tuple[tuple[int, Unit, int], ...] = (
    (10, "s", 1_000_000_000),
    (13, "ms", 1_000_000),
    (16, "us", 1_000),
    (19, "ns", 1),
)
"""Digits of times between 2001 and 2286, the unit they are in, and what one of it is in ns."""
_NUMBER = re.compile(r"([0-9]{10,19})(?:\.([0-9]{1,9}))?")
_ISO = re.compile(
    r"20[0-9]{2}-[01][0-9]-[0-3][0-9][T ][0-2][0-9]:[0-5][0-9]:[0-6][0-9](?:[.,][0-9]{1,9})?(Z|[+-][0-9]{2}:?[0-9]{2})"
)
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_MOST = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class EventTime:
    """A time by the device's clock, under a name."""

    wall_ns: int
    """By the device's clock, ns since 1970."""
    precision_ns: int
    """Of the unit it was written in: a time in seconds may be up to a second earlier than the event."""
    unit: Unit
    name: str
    where: Where
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TimeWords:
    """Words in names of fields."""

    event: frozenset[str]
    other: frozenset[str]

    def is_event_time(self, name: str) -> bool:
        """Whether the last part of the name says an event's time, and no part of it says something else."""
        last = _words(name.rpartition(".")[2])
        if self.other & set(last):
            return False
        pairs = {"_".join(last[at : at + size]) for size in (1, 2) for at in range(len(last) - size + 1)}
        return bool(self.event & pairs) or "".join(last) in self.event


def load_time_words(text: str) -> TimeWords:
    """Raises ValueError with all faults at once."""
    document = tomllib.loads(text)
    faults = [f"{key}: is unknown: use says_event_time or says_something_else" for key in set(document) - _TABLES]
    found: dict[str, set[str]] = {table: set() for table in _TABLES}
    for table in sorted(_TABLES):
        for position, row in enumerate(document.get(table, ())):
            if set(row) != {"words", "reason"} or len(str(row.get("reason", ""))) < 8:
                faults.append(f"{table}[{position}]: must have words and a reason in words")
                continue
            found[table] |= set(row["words"])
    faults += [
        f"{word!r} says an event's time and something else: keep one"
        for word in sorted(found["says_event_time"] & found["says_something_else"])
    ]
    if faults:
        raise ValueError("; ".join(faults))
    return TimeWords(frozenset(found["says_event_time"]), frozenset(found["says_something_else"]))


_TABLES = frozenset({"says_event_time", "says_something_else"})


@cache
def _own_words() -> TimeWords:
    return load_time_words((files("traffic") / "data" / "time_words.toml").read_text(encoding="utf-8"))


def find_event_times(
    leaves: Sequence[Leaf], *, earliest_ns: int, latest_ns: int, words: TimeWords | None = None
) -> tuple[EventTime, ...]:
    """Times of events between two instants of the device's clock, the earliest first. Text without a time zone is not read."""
    known = words or _own_words()
    found = (time for leaf in leaves for time in _times(leaf, known))
    return tuple(sorted(_within(found, earliest_ns, latest_ns), key=lambda time: time.wall_ns)[:_MOST])


def _within(times: Iterable[EventTime], earliest_ns: int, latest_ns: int) -> Iterator[EventTime]:
    return (time for time in times if earliest_ns <= time.wall_ns and time.wall_ns + time.precision_ns <= latest_ns)


def _times(leaf: Leaf, words: TimeWords) -> Iterator[EventTime]:
    if leaf.where == "header" or not 10 <= len(leaf.value) <= 40:
        return
    numbered = leaf.place.startswith("protobuf:")
    if not numbered and not words.is_event_time(leaf.name):
        return
    read = _number(leaf.value) or (None if numbered else _text(leaf.value))
    # Without a name a number of seconds is too easily something else; of milliseconds and less hardly ever.
    if read is None or (numbered and read[1] == "s"):
        return
    wall_ns, unit, precision = read
    yield EventTime(
        wall_ns=wall_ns, precision_ns=precision, unit=unit, name=leaf.name, where=leaf.where, path=leaf.path
    )


def _number(text: str) -> tuple[int, Unit, int] | None:
    """(ns, unit, precision); None for what is no time of our century."""
    match = _NUMBER.fullmatch(text.strip())
    if match is None:
        return None
    whole, fraction = match[1], match[2] or ""
    for digits, unit, scale in _UNITS:
        if len(whole) == digits:
            part = int(fraction.ljust(9, "0")) * scale // 1_000_000_000 if fraction else 0
            return int(whole) * scale + part, unit, max(1, scale // 10 ** len(fraction))
    return None


def _text(text: str) -> tuple[int, Unit, int] | None:
    match = _ISO.fullmatch(text.strip())
    if match is None:
        return None
    fraction = re.search(r"[.,]([0-9]{1,9})", text)
    bare = re.sub(r"[.,][0-9]+", "", text.strip()).replace("Z", "+00:00")
    try:
        moment = datetime.fromisoformat(bare).astimezone(UTC)
        seconds = int(moment.timestamp())
    except (ValueError, OverflowError):
        return None
    digits = fraction[1] if fraction else ""
    part = int(digits.ljust(9, "0")) if digits else 0
    return seconds * 1_000_000_000 + part, "ISO 8601", 1_000_000_000 // 10 ** len(digits)


def _words(name: str) -> list[str]:
    return [word.lower() for word in _WORDS.findall(name)]
