"""Requests read back from lanes as they may lie on a disk: whole, torn, tampered with."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evidence.blobs import BlobStore
from evidence.canonical import Json, to_line
from evidence.clock import FrozenClock, Instant
from evidence.lanes import Entry, LaneWriter, read_lane
from traffic.record import CapturedRequest, read_requests, read_tls_refusals

START: dict[str, Json] = {
    "flow": "f0",
    "connection": "c0",
    "method": "POST",
    "scheme": "https",
    "host": "api.example.test",
    "port": 443,
    "http_version": "HTTP/1.1",
    "path": "/v1?x=1",
    "headers": [["Host", "api.example.test"]],
    "started_mono": 5,
    "started_wall": 6,
}


class Lane:
    """Writes facts with the real writer."""

    def __init__(self, directory: Path):
        self.path = directory / "traffic.jsonl"
        self.blobs = BlobStore(directory / "blobs", durable=False)
        self.writer = LaneWriter(self.path, "traffic", FrozenClock(step_ns=1000))

    def add(self, kind: str, **data: Json) -> None:
        self.writer.append(kind, data)

    def sent(self, flow: str, body: bytes) -> None:
        self.add(
            "RequestSent",
            flow=flow,
            body={"blob": self.blobs.put(body), "size": len(body)},
            body_length=len(body),
            body_sha256=self.blobs.put(body),
            kept=len(body),
        )

    def requests(self) -> tuple[CapturedRequest, ...]:
        self.writer.close()
        return read_requests(read_lane(self.path).entries, self.blobs)


@pytest.fixture
def lane(tmp_path: Path) -> Lane:
    return Lane(tmp_path)


def test_a_request_that_was_never_finished_is_incomplete(lane: Lane) -> None:
    lane.add("ClientConnected", connection="c0", peer_port=1)
    lane.add("RequestStarted", **START)
    (request,) = lane.requests()
    assert not request.complete
    assert (request.body, request.body_length, request.body_sha256) == (b"", 0, None)
    assert (request.finished_mono, request.response, request.error) == (None, None, None)
    assert request.started == Instant(mono_ns=5, wall_ns=6)
    assert request.connected_mono == 1_000_000_000
    assert request.url == "https://api.example.test/v1?x=1"
    assert [reference.seq for reference in request.entries] == [1]


def test_a_request_whose_connection_is_not_in_the_lane(lane: Lane) -> None:
    lane.add("RequestStarted", **START)
    lane.sent("f0", b"body")
    (request,) = lane.requests()
    assert request.connected_mono is None
    assert request.complete
    assert request.body == b"body"


def test_a_torn_tail_takes_only_the_fact_it_tore(lane: Lane) -> None:
    lane.add("RequestStarted", **START)
    lane.sent("f0", b"body")
    lane.writer.close()
    content = lane.path.read_bytes()
    lane.path.write_bytes(content[:-20])
    reading = read_lane(lane.path)
    assert reading.torn_tail
    (request,) = read_requests(reading.entries, lane.blobs)
    assert not request.complete


def test_an_answer_that_came_before_the_request_had_ended(lane: Lane) -> None:
    lane.add("RequestStarted", **START)
    lane.add("ResponseReceived", flow="f0", status=413, headers=[], body=None, body_length=0, server={})
    lane.sent("f0", b"late")
    (request,) = lane.requests()
    assert request.complete
    assert request.body == b"late"
    assert request.response is not None
    assert request.response.status == 413


def test_requests_stand_in_the_order_in_which_they_started(lane: Lane) -> None:
    for name, started in (("f1", 30), ("f2", 10), ("f3", 20)):
        lane.add("RequestStarted", **{**START, "flow": name, "started_mono": started})
    assert [request.flow for request in lane.requests()] == ["f2", "f3", "f1"]


def test_facts_of_an_unknown_flow_or_kind_are_passed_over(lane: Lane) -> None:
    lane.sent("f9", b"whose?")
    lane.add("FlowFailed", flow="f9", error="gone")
    lane.add("WebSocketMessage", flow="f9", from_client=True)
    lane.add("SomethingNew", flow="f9")
    assert lane.requests() == ()


def test_a_damaged_blob_is_named(lane: Lane) -> None:
    lane.add("RequestStarted", **START)
    lane.sent("f0", b"body")
    lane.blobs.path(lane.blobs.put(b"body")).write_bytes(b"evil")
    (request,) = lane.requests()
    assert (request.complete, request.body) == (False, b"")
    assert "was changed" in (request.error or "")


@pytest.mark.parametrize("content", [b"no json", to_line([1]), to_line("text")])
def test_a_head_that_is_none(lane: Lane, content: bytes) -> None:
    blob = lane.blobs.put(content)
    lane.add("RequestStarted", **{**START, "head": {"blob": blob, "size": len(content)}})
    lane.sent("f0", b"body")
    (request,) = lane.requests()
    assert not request.complete
    assert request.path == "/v1?x=1"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["blob", "host", "x"]), inner, max_size=2)
    ),
    max_leaves=6,
)
KINDS = [
    "ClientConnected",
    "ClientDisconnected",
    "TunnelAsked",
    "TlsEstablished",
    "TlsRefused",
    "TlsAlertReceived",
    "RequestStarted",
    "RequestSent",
    "ResponseReceived",
    "FlowFailed",
    "WebSocketMessage",
    "RawTraffic",
    "ProbeAnswered",
]
entries = st.builds(
    lambda kind, data, mono: Entry(
        lane="traffic", seq=0, prev="", at=Instant(mono_ns=mono, wall_ns=0), kind=kind, data=data, digest="d"
    ),
    st.sampled_from(KINDS),
    st.dictionaries(
        st.sampled_from(
            [
                *START,
                "body",
                "head",
                "status",
                "server",
                "body_length",
                "error",
                "state",
                "up",
                "sni",
                "requests",
                "from_client",
            ]
        ),
        json_values | st.sampled_from(["f0", "c0", "closed"]),
    ).map(lambda data: {"flow": "f0", "connection": "c0", **data}),
    st.integers(0, 10),
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # the machine may be busy
@given(st.lists(entries, max_size=8))
def test_no_fact_whatever_its_types_stops_the_reading(facts: list[Entry]) -> None:
    blobs = BlobStore(Path("/nonexistent"))
    for request in read_requests(facts, blobs):
        assert isinstance(request.url, str)
    read_tls_refusals(facts)
