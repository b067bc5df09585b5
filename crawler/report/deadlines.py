"""Deadlines in Chinese working days: public holidays do not count, make-up working days at weekends do.

The day on which a period begins is not counted (Civil Code, article 201). The calendar is the one the State Council
announces each autumn for the year to come; beyond the last announced year nobody can count, so neither do we.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import ClassVar

import chinese_calendar
from chinese_calendar import constants

__all__ = ["CalendarEnds", "is_working_day", "known_years", "working_days_after", "working_days_late"]

_ONE_DAY = timedelta(days=1)
_MOST_DAYS = 250
"""About a year of working days; nothing in a notice runs longer."""


class CalendarEnds(Exception):
    """A period reaches into a year whose holidays are not in the calendar."""

    exit_code: ClassVar[int] = 65

    def __init__(self, day: date) -> None:
        first, last = known_years()
        super().__init__(
            f"the working days of {day.year} are not known: the calendar holds the years {first} to {last}"
        )
        self.mend = (
            f"Update the package chinesecalendar once the holidays of {day.year} are announced, "
            "or name the last day yourself with --deadline YYYY-MM-DD."
        )


def known_years() -> tuple[int, int]:
    """The first and the last year whose holidays and make-up days are known."""
    return min(constants.holidays).year, max(constants.holidays).year


def is_working_day(day: date) -> bool:
    """Whether people work on that day in mainland China. Raises CalendarEnds outside the known years."""
    first, last = known_years()
    if not first <= day.year <= last:
        raise CalendarEnds(day)
    return bool(chinese_calendar.is_workday(day))


def working_days_after(start: date, count: int) -> date:
    """The last day of a period of `count` working days that begins on `start`, which itself is not counted.

    Raises CalendarEnds, and ValueError for a count below 1 or above 250.
    """
    if not 1 <= count <= _MOST_DAYS:
        raise ValueError(f"{count} working days: a period has 1 to {_MOST_DAYS}")
    day, left = start, count
    while left:
        day += _ONE_DAY
        left -= is_working_day(day)
    return day


def working_days_late(due: date, today: date) -> int:
    """How many working days have begun after `due`, up to and with `today`; 0 until then. Raises CalendarEnds."""
    late, day = 0, due
    while day < today:
        day += _ONE_DAY
        late += is_working_day(day)
    return late
