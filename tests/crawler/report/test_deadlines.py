"""Working days as they were counted in public notices, and the end of what the calendar knows."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.report.deadlines import (
    CalendarEnds,
    is_working_day,
    known_years,
    working_days_after,
    working_days_late,
)

KNOWN = st.dates(date(2015, 1, 1), date(known_years()[1], 6, 30))


@pytest.mark.parametrize(
    ("issued", "days", "due"),
    [
        (date(2021, 1, 22), 5, date(2021, 1, 29)),
        (date(2021, 4, 23), 5, date(2021, 4, 29)),  # Sunday 25 April was worked to make up for Labour Day
        (date(2024, 7, 2), 5, date(2024, 7, 9)),
        (date(2020, 10, 27), 4, date(2020, 11, 2)),
        (date(2021, 11, 3), 4, date(2021, 11, 9)),
        (date(2025, 9, 26), 5, date(2025, 10, 10)),  # 28 September worked, 1 to 8 October off
        (date(2025, 12, 30), 1, date(2025, 12, 31)),
    ],
)
def test_periods_end_where_public_notices_said(issued: date, days: int, due: date) -> None:
    assert working_days_after(issued, days) == due


def test_beyond_the_calendar_the_last_year_and_the_mend_are_named() -> None:
    last = known_years()[1]
    with pytest.raises(CalendarEnds) as raised:
        working_days_after(date(last, 12, 30), 5)
    assert str(last) in str(raised.value)
    assert str(last + 1) in str(raised.value)
    assert "--deadline" in raised.value.mend
    assert "chinesecalendar" in raised.value.mend


@pytest.mark.parametrize("count", [0, -3, 251, 10**9])
def test_a_period_without_length_is_refused(count: int) -> None:
    with pytest.raises(ValueError, match=str(count)):
        working_days_after(date(2025, 3, 3), count)


@given(KNOWN, st.integers(1, 40))
def test_a_period_ends_on_a_working_day_after_as_many_of_them(start: date, count: int) -> None:
    due = working_days_after(start, count)
    between = [start + timedelta(days=n) for n in range(1, (due - start).days + 1)]
    assert is_working_day(due)
    assert sum(map(is_working_day, between)) == count == working_days_late(start, due)


@given(KNOWN, st.integers(0, 20))
def test_nobody_is_late_before_the_last_day_is_over(due: date, days: int) -> None:
    assert working_days_late(due, due - timedelta(days=days)) == 0
