"""Times of events are read in every unit, and nothing else is taken for one."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.traffic.detect.made import request
from traffic.eventtimes import EventTime, find_event_times, load_time_words
from traffic.leaves import read_leaves

AT = 1_764_000_123_456_789_000
FROM, TO = AT - 60_000_000_000, AT + 60_000_000_000


def times(body: bytes, path: str = "/") -> tuple[EventTime, ...]:
    return find_event_times(read_leaves(request(body, path=path)), earliest_ns=FROM, latest_ns=TO)


def of(name: str, value: object) -> tuple[EventTime, ...]:
    return times(json.dumps({"events": [{name: value}]}).encode())


@pytest.mark.parametrize(
    ("value", "ns", "unit", "precision"),
    [
        (1_764_000_123, 1_764_000_123_000_000_000, "s", 1_000_000_000),
        (1_764_000_123.456, 1_764_000_123_456_000_000, "s", 1_000_000),
        (1_764_000_123_456, 1_764_000_123_456_000_000, "ms", 1_000_000),
        ("1764000123456", 1_764_000_123_456_000_000, "ms", 1_000_000),
        (1_764_000_123_456_789, 1_764_000_123_456_789_000, "us", 1_000),
        (AT, AT, "ns", 1),
        ("2025-11-24T16:02:03.456Z", 1_764_000_123_456_000_000, "ISO 8601", 1_000_000),
        ("2025-11-25T00:02:03+08:00", 1_764_000_123_000_000_000, "ISO 8601", 1_000_000_000),
        ("2025-11-25 00:02:03.4+0800", 1_764_000_123_400_000_000, "ISO 8601", 100_000_000),
    ],
)
def test_units(value: object, ns: int, unit: str, precision: int) -> None:
    (found,) = of("event_time", value)
    assert (found.wall_ns, found.unit, found.precision_ns) == (ns, unit, precision)
    assert found.path == ("body", "json:events[0].event_time")


@pytest.mark.parametrize(
    "name",
    ["time", "ts", "timestamp", "eventTime", "_logTime", "local_time_ms", "#time", "created_at", "client_timestamp"],
)
def test_names_of_an_events_time(name: str) -> None:
    assert len(of(name, 1_764_000_123_456)) == 1


OTHER_NAMES = """
    id session install_time firstLaunchTime boot_time expires_at server_time update_time timezone timeout upload_time
    sent_at _flush_time times buildTimestamp last_event_time registerTime fetch_time stamp
"""


@pytest.mark.parametrize("name", OTHER_NAMES.split())
def test_names_of_something_else(name: str) -> None:
    assert of(name, 1_764_000_123_456) == ()


ELSEWHERE = (12, 176400012345, 17640001234567, -1764000123, True, 1763999000, 1765000000000, None, "", "2025-11-24")
NO_TIMES = (*ELSEWHERE, "13912876503", "2025-11-24 16:02:03", "1764000123456x", "2025-13-45T99:99:99Z")


@pytest.mark.parametrize("value", NO_TIMES)
def test_values_that_are_no_time_of_the_session(value: object) -> None:
    assert of("time", value) == ()


def test_forms_and_messages() -> None:
    assert [time.name for time in times(b"imei=1&ts=1764000123456&x=2")] == ["ts"]
    assert [time.name for time in times(b"", "/i?stm=1764000123456&t=1764000123456")] == ["stm"]
    varint = bytearray()
    number = 1_764_000_123_456
    while number > 127:
        varint.append(number & 127 | 128)
        number >>= 7
    varint.append(number)
    found = times(b"\x0a\x0bapp_started\x18" + bytes(varint))
    assert [(time.name, time.wall_ns) for time in found] == [("3", 1_764_000_123_456_000_000)]
    assert times(b"\x0a\x0bapp_started\x1d" + (1_764_000_123).to_bytes(4, "little")) == ()


def test_the_earliest_comes_first_and_headers_do_not_count() -> None:
    body = json.dumps([{"time": 1_764_000_130_000}, {"time": 1_764_000_110_000}]).encode()
    assert [time.wall_ns for time in times(body)] == [1_764_000_110_000_000_000, 1_764_000_130_000_000_000]
    sent = request(headers=(("X-Time", "1764000123456"),))
    assert find_event_times(read_leaves(sent), earliest_ns=FROM, latest_ns=TO) == ()


@given(st.datetimes(min_value=datetime(2001, 10, 1), max_value=datetime(2099, 1, 1)), st.integers(-14, 14))  # noqa: DTZ001
def test_what_is_written_is_read(moment: datetime, hours: int) -> None:
    aware = moment.replace(microsecond=0, tzinfo=timezone(timedelta(hours=hours)))
    ns = int(aware.astimezone(UTC).timestamp()) * 1_000_000_000
    leaves = read_leaves(request(json.dumps({"time": aware.isoformat(), "ts": ns // 1_000_000}).encode()))
    found = find_event_times(leaves, earliest_ns=0, latest_ns=2**63)
    assert {time.wall_ns for time in found} == {ns}
    assert len(found) == 2


@given(st.text(max_size=40))
def test_no_text_makes_it_raise(text: str) -> None:
    find_event_times(read_leaves(request(json.dumps({"time": text}).encode())), earliest_ns=0, latest_ns=2**63)


def test_faults_of_the_words_are_named_together() -> None:
    text = """
    [[says_event_time]]
    words = ["time"]
    reason = "because it is so"
    [[says_something_else]]
    words = ["time"]
    reason = "because it is so"
    [[says_something_else]]
    words = []
    [[nonsense]]
    """
    with pytest.raises(ValueError, match="keep one") as caught:
        load_time_words(text)
    assert "nonsense" in str(caught.value)
    assert "must have words" in str(caught.value)
