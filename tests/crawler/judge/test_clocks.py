"""The device's clock: the sample that came back soonest counts, and the error says what the others hold against it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.judge.clocks import read_clock
from evidence.lanes import Entry
from tests.crawler.judge.building import entry

MS = 1_000_000
OFFSET = 1_764_000_000_000 * MS


def sampled(seq: int, mono_ms: int, *, offset_ns: int = OFFSET, rtt_ns: int = 4 * MS, wall_ns: int = 10**18) -> Entry:
    data = {
        "device_wall_ns": mono_ms * MS + offset_ns,
        "host_mono_ns": mono_ms * MS,
        "host_wall_ns": mono_ms * MS + wall_ns,
        "rtt_ns": rtt_ns,
    }
    return entry("device", seq, mono_ms / 1000, "ClockSampled", data)


def test_the_quickest_answer_counts() -> None:
    clock = read_clock([sampled(0, 10, rtt_ns=90 * MS), sampled(1, 900, rtt_ns=6 * MS), sampled(2, 1800)])
    assert clock is not None
    assert (clock.best_round_trip_ns, clock.samples, clock.steady) == (4 * MS, 3, True)
    assert clock.error_ns == 2 * MS
    assert clock.offset_ns == OFFSET - 10**18
    assert clock.mono_of(OFFSET + 77) == 77
    assert clock.device_of(77) == OFFSET + 77


def test_what_samples_disagree_beyond_their_errors_is_added() -> None:
    clock = read_clock([sampled(0, 10), sampled(1, 900, offset_ns=OFFSET + 30 * MS)])
    assert clock is not None
    assert clock.error_ns == 2 * MS + 26 * MS
    assert clock.steady


def test_a_clock_that_was_set_is_not_steady() -> None:
    clock = read_clock([sampled(0, 10), sampled(1, 900, offset_ns=OFFSET + 5_000 * MS)])
    assert clock is not None
    assert not clock.steady


def test_the_hosts_wall_clock_may_jump() -> None:
    clock = read_clock([sampled(0, 10), sampled(1, 900, wall_ns=2 * 10**18)])
    assert clock is not None
    assert (clock.error_ns, clock.steady) == (2 * MS, True)


@pytest.mark.parametrize("value", ["x", None, True, -1, 2**70, 1.5])
def test_what_is_no_sample_is_passed_over(value: object) -> None:
    broken = entry("device", 0, 1, "ClockSampled", {**sampled(0, 10).data, "rtt_ns": value})
    assert read_clock([broken]) is None
    clock = read_clock([broken, sampled(1, 20)])
    assert clock is not None
    assert clock.samples == 1


def test_without_samples_there_is_no_clock() -> None:
    assert read_clock([]) is None


@given(
    st.integers(-(10**12), 10**12),
    st.lists(st.tuples(st.integers(1, 80 * MS), st.integers(0, 100)), min_size=1, max_size=8),
)
def test_the_true_offset_lies_within_the_error(drift: int, sent: list[tuple[int, int]]) -> None:
    """The clock is read somewhere on the way there and back: wherever that was, the statement holds."""
    truth = OFFSET + drift
    facts = []
    for number, (rtt, share) in enumerate(sent):
        asked = number * 1_000 * MS
        read_at = asked + rtt * share // 100
        data = {
            "device_wall_ns": read_at + truth,
            "host_mono_ns": asked + rtt // 2,
            "host_wall_ns": asked + rtt // 2,
            "rtt_ns": rtt,
        }
        facts.append(entry("device", number, number, "ClockSampled", data))
    clock = read_clock(facts)
    assert clock is not None
    assert abs(-clock.to_mono_ns - truth) <= clock.error_ns
    assert clock.steady
