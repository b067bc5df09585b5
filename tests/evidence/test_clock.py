from __future__ import annotations

from evidence.clock import Deadline, FrozenClock, Instant, SystemClock


def test_the_system_clock_goes_forward_and_knows_the_century() -> None:
    clock = SystemClock()
    first, second = clock.now(), clock.now()
    assert first.mono_ns <= second.mono_ns <= clock.monotonic_ns()
    assert first.wall_ns > 1_600_000_000 * 10**9


def test_a_frozen_clock_moves_only_when_told() -> None:
    clock = FrozenClock(mono_ns=5, wall_ns=100)
    assert clock.now() == clock.now() == Instant(mono_ns=5, wall_ns=100)
    clock.advance(1.5)
    assert clock.now() == Instant(mono_ns=1_500_000_005, wall_ns=1_500_000_100)


def test_a_stepping_clock_gives_every_reading_its_own_instant() -> None:
    clock = FrozenClock(mono_ns=0, wall_ns=0, step_ns=3)
    assert [clock.monotonic_ns() for _ in range(3)] == [0, 3, 6]


def test_a_deadline_counts_down_and_never_below_zero() -> None:
    clock = FrozenClock()
    deadline = Deadline(clock, 2.0)
    assert deadline.remaining() == 2.0
    assert not deadline.passed()
    clock.advance(1.25)
    assert deadline.remaining() == 0.75
    clock.advance(0.75)
    assert deadline.passed()
    clock.advance(100)
    assert deadline.remaining() == 0.0
    assert deadline.passed()
