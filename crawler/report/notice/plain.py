"""Text on its way into a letter: nothing invisible, nothing endless, nothing that XML forbids; times as people write them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

from crawler.report.text import short

__all__ = ["BEIJING", "day_of", "moment", "paragraph", "plain", "spelled"]

BEIJING = timezone(timedelta(hours=8))
"""China Standard Time: no summer time since 1992."""
_LINE = 300
_SPACES = "\r\n\t\u3000\xa0"
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def plain(value: object, length: int = _LINE) -> str:
    """One line of text: line ends become spaces, what is invisible a visible mark, and a long text ends in its length."""
    return "".join(c if c.isprintable() else " " if c in _SPACES else "�" for c in short(str(value), length))


def paragraph(value: object, length: int) -> str:
    """The same for text of several lines; line ends are kept."""
    text = short(str(value).replace("\r\n", "\n"), length)
    return "".join(c if c.isprintable() or c == "\n" else "�" for c in text)


def moment(wall_ns: int | None) -> str:
    """A moment in Beijing time to the millisecond; "" for none, and for one that no calendar knows."""
    at = _at(wall_ns)
    if at is None or wall_ns is None:
        return ""
    return f"{at:%Y-%m-%d %H:%M:%S}.{wall_ns // 1_000_000 % 1000:03d}"


def day_of(wall_ns: int | None) -> date | None:
    """The day in Beijing on which a moment fell."""
    at = _at(wall_ns)
    return at.date() if at is not None else None


def _at(wall_ns: int | None) -> datetime | None:
    if wall_ns is None:
        return None
    try:
        return datetime.fromtimestamp(wall_ns // 1_000_000_000, UTC).astimezone(BEIJING)
    except (OverflowError, ValueError, OSError):
        return None


def spelled(day: date | None, language: str) -> str:
    """A day as a letter writes it: 2026年3月9日, 9 March 2026; "" for none."""
    if day is None:
        return ""
    if language == "zh":
        return f"{day.year}年{day.month}月{day.day}日"
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
