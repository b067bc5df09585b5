"""Waiting for a condition, with a deadline and a pause between looks. The only place of the product that sleeps."""

import time
from collections.abc import Callable
from typing import TypeVar

from evidence.clock import Clock, Deadline

__all__ = ["wait_for"]

_Value = TypeVar("_Value")


def wait_for(
    condition: Callable[[], _Value | None], *, clock: Clock, seconds: float, pause_seconds: float = 0.05
) -> _Value | None:
    """The condition's first answer that is neither None nor False; None when the deadline passes without one.

    The condition is asked at least once, and once more at the deadline.
    """
    deadline = Deadline(clock, seconds)
    while True:
        last = deadline.passed()
        value = condition()
        if value is not None and value is not False:
            return value
        if last:
            return None
        time.sleep(min(pause_seconds, deadline.remaining()))  # noqa: TID251  waiting is this module's job
