from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from evidence.clock import Instant
from evidence.lanes import Entry, Head, LaneReading
from evidence.timeline import merge


def reading(lane: str, times: list[int]) -> LaneReading:
    entries = tuple(
        Entry(
            lane=lane, seq=seq, prev="", at=Instant(mono_ns=mono, wall_ns=0), kind="K", data={}, digest=f"{lane}{seq}"
        )
        for seq, mono in enumerate(sorted(times))
    )
    return LaneReading(entries=entries, torn_tail=b"", faults=(), head=Head(lane=lane, count=len(times), digest=""))


LANES = st.dictionaries(
    st.sampled_from(["ui", "traffic", "device", "other"]), st.lists(st.integers(0, 5), max_size=8), max_size=4
)


@given(LANES, st.randoms())
def test_the_order_of_the_lanes_does_not_matter(times: dict[str, list[int]], random: object) -> None:
    lanes = [reading(lane, moments) for lane, moments in times.items()]
    expected = merge(lanes)
    shuffled = list(lanes)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert merge(shuffled) == merge({lane.head.lane: lane for lane in shuffled}) == expected


@given(LANES)
def test_nothing_is_lost_and_each_lane_keeps_its_order(times: dict[str, list[int]]) -> None:
    merged = merge(reading(lane, moments) for lane, moments in times.items())
    assert len(merged) == sum(map(len, times.values()))
    assert [entry.at.mono_ns for entry in merged] == sorted(entry.at.mono_ns for entry in merged)
    for lane in times:
        numbers = [entry.seq for entry in merged if entry.lane == lane]
        assert numbers == sorted(numbers)
