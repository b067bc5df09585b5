"""Android's way of writing a span of time: +20166d8h20m24s861ms."""

import re

__all__ = ["NEVER_MS", "parse_ago", "parse_span"]

NEVER_MS = 10_000 * 86_400_000
"""A span longer than this reaches back to the epoch: Android's way of saying that it never happened."""

_SPAN = re.compile(r"[+-]?(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m(?!s))?(?:(\d{1,6})s)?(?:(\d{1,6})ms)?")
_UNITS_MS = (86_400_000, 3_600_000, 60_000, 1000, 1)


def parse_span(text: str) -> int | None:
    """Milliseconds, without sign. None when the text is no span."""
    text = text.strip()
    if re.fullmatch(r"[+-]?0", text):
        return 0
    found = _SPAN.fullmatch(text)
    if found is None or not any(found.groups()):
        return None
    return sum(int(number) * unit for number, unit in zip(found.groups(), _UNITS_MS, strict=True) if number)


def parse_ago(text: str) -> int | None:
    """How long ago in milliseconds; None for never."""
    span = parse_span(text)
    return None if span is None or span >= NEVER_MS else span
