"""A session says where its time went."""

from __future__ import annotations

from pathlib import Path

import pytest

from crawler.session.effort import EffortMeter, effort_of
from evidence.clock import FrozenClock
from evidence.lanes import LaneWriter, read_lane

SECOND = 1_000_000_000


def test_spans_add_up_and_come_back_from_the_record(tmp_path: Path) -> None:
    clock = FrozenClock()
    meter = EffortMeter(clock)
    with LaneWriter(tmp_path / "ui.jsonl", "ui", clock) as lane:
        lane.append("SessionOpened", {"session": "S01-cold-start"})
        for name, seconds in (("looking", 1), ("reading", 2), ("looking", 1), ("waited", 30), ("device", 4)):
            with meter.span(name):
                clock.advance(seconds)
        clock.advance(2)
        lane.append("EffortSpent", meter.as_fact())
    effort = effort_of(read_lane(tmp_path / "ui.jsonl").entries)
    assert effort is not None
    assert (effort.session, effort.total, effort.device, effort.waited) == ("S01-cold-start", 40.0, 6.0, 30.0)
    assert effort.session_ratio == pytest.approx(40 / 36)
    assert effort.step_ratio == pytest.approx(2.0)


def test_a_span_that_fails_counts_too(tmp_path: Path) -> None:
    clock = FrozenClock()
    meter = EffortMeter(clock)

    def fail() -> None:
        with meter.span("device"):
            clock.advance(3)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert meter.as_fact()["device"] == 3 * SECOND


def test_a_session_that_does_not_say_has_no_effort(tmp_path: Path) -> None:
    with LaneWriter(tmp_path / "ui.jsonl", "ui", FrozenClock()) as lane:
        lane.append("SessionOpened", {"session": "S01-cold-start"})
    assert effort_of(read_lane(tmp_path / "ui.jsonl").entries) is None
