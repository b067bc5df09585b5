"""Hostile bodies: valid encodings that were cut, turned, repeated or spliced. Nothing raises and every bound holds."""

from __future__ import annotations

import os
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evidence.clock import SystemClock
from tests.traffic.detect.made import DEVICE, ENCODERS, KNOWN, payload, request
from traffic.decode import Budget, DecodeTree, Limits, Node
from traffic.decode.replay import replay
from traffic.detect import Detector
from traffic.discovery import discover
from traffic.explain import stored_bytes

DETECTOR = Detector(KNOWN)
EXAMPLES = int(os.environ.get("APPWITNESS_FUZZ_EXAMPLES", "4000"))
LONGEST = 1 << 16

chains = st.lists(st.sampled_from(sorted(ENCODERS)), min_size=0, max_size=4)
damage = st.lists(
    st.tuples(
        st.sampled_from(("cut", "flip", "insert", "repeat", "splice", "swap")),
        st.integers(0, 1 << 16),
        st.binary(min_size=1, max_size=12),
    ),
    max_size=4,
)
REGRESSIONS = (
    b"\x1f\x8b\x08",
    b"\x28\xb5\x2f\xfd\x00",
    b"BZh91AY&SY",
    b"PK\x03\x04" + b"\0" * 40,
    b"--\n",
    b"--a\r\n\r\n--a--",
    b"\x9f" * 200,
    b"\x81" * 200,
    b"\xdf\xff\xff\xff\xff",
    b"\xbf" * 64 + b"\xff" * 64,
    b"\x0a\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01",
    b"%u" * 50,
    b"%" * 99,
    b"\\u" * 50 + b"\\",
    b"\\ud83d" * 40,
    b"&#1114112;&#x110000;&#0;" * 3,
    b"=\n=3D=\r\n=",
    b"eyJ.eyJ.eyJ",
    b"\0\0\0\0\x05hello" * 3,
    b"\xff\xfe" + b"a\0" * 8 + b"\0",
    b"N4Ig" * 20,
    b"{" * 5000,
    b'["' * 3000,
    b'"\\' * 3000,
)


def damaged(body: bytes, marks: list[tuple[str, int, bytes]]) -> bytes:
    for how, number, extra in marks:
        at = number % (len(body) + 1)
        if how == "cut":
            body = body[:at]
        elif how == "flip":
            body = body[:at] + bytes(one ^ extra[0] for one in body[at : at + len(extra)]) + body[at + len(extra) :]
        elif how == "insert":
            body = body[:at] + extra + body[at:]
        elif how == "repeat":
            body = (body[:at] * 3 + body)[:LONGEST]
        elif how == "splice":
            body = body[at:] + extra + body[:at]
        else:
            body = body[:at][::-1] + body[at:]
    return body


def hold_all_promises(body: bytes) -> None:
    detection = DETECTOR.search(request(body))
    for hit in detection.hits:
        last = replay(stored_bytes(hit, request(body)), hit.steps)[-1]
        assert len(last[hit.offset : hit.offset + hit.length]) == hit.length
    discover(request(body))


def hold_all_bounds(body: bytes) -> None:
    limits = Limits(depth=6, nodes=64, bytes=1 << 20, inflated=1 << 18, text=1 << 15, text_total=1 << 16)
    nodes = 0
    size = 0
    tree = DecodeTree([Node(body, "body")], Budget(limits, SystemClock()))
    for visit in tree:
        if isinstance(visit, Node):
            nodes += 1
            size += len(visit.data)
            assert visit.depth <= limits.depth
    assert nodes <= limits.nodes
    assert size <= limits.bytes


@pytest.mark.parametrize("body", REGRESSIONS, ids=range(len(REGRESSIONS)))
def test_bodies_that_are_nearly_something(body: bytes) -> None:
    for form in (body, body * 3, b"x" + body):
        hold_all_promises(form)
        hold_all_bounds(form)


@pytest.mark.long
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(st.integers(0, 1 << 40), st.sampled_from(sorted(DEVICE)), chains, damage, damage)
def test_damaged_encodings(
    seed: int,
    kind: str,
    chain: list[str],
    inside: list[tuple[str, int, bytes]],
    outside: list[tuple[str, int, bytes]],
) -> None:
    chance = random.Random(seed)
    body = damaged(payload(kind, chance), inside)
    for name in chain:
        body = ENCODERS[name](body, chance)[:LONGEST]
    body = damaged(body, outside)
    hold_all_promises(body)
    hold_all_bounds(body)


@pytest.mark.long
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(st.lists(st.sampled_from(REGRESSIONS) | st.binary(max_size=64), max_size=6), damage)
def test_splices_of_what_is_nearly_something(parts: list[bytes], marks: list[tuple[str, int, bytes]]) -> None:
    body = damaged(b"".join(parts), marks)[:LONGEST]
    hold_all_promises(body)
    hold_all_bounds(body)
