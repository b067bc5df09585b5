"""One session's lanes as one story, ordered by the host's monotonic clock."""

from collections.abc import Iterable, Mapping

from evidence.lanes import Entry, LaneReading

__all__ = ["merge"]


def merge(lanes: Mapping[str, LaneReading] | Iterable[LaneReading]) -> tuple[Entry, ...]:
    """All entries by (monotonic time, lane, number). The order in which the lanes are given does not matter.

    Never mix lanes of different sessions: their monotonic clocks may belong to different boots.
    """
    readings = lanes.values() if isinstance(lanes, Mapping) else lanes
    entries = (entry for reading in readings for entry in reading.entries)
    return tuple(sorted(entries, key=lambda entry: (entry.at.mono_ns, entry.lane, entry.seq)))
