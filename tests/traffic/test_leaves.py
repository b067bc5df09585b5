"""Names with values come out of every wrapping that SDKs use, and their paths are those that hits have."""

from __future__ import annotations

import base64
import gzip
import json
from urllib.parse import quote

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.traffic.detect.made import DEVICE, KNOWN, multipart, request
from traffic.detect import Detector
from traffic.leaves import plain_way, read_leaves

EVENT = json.dumps({"event": "start", "device": {"ids": ["x", DEVICE["imei"]]}}).encode()
PACKED = base64.b64encode(gzip.compress(EVENT, mtime=0))
DETECTOR = Detector(KNOWN)

BODIES = {
    "json": EVENT,
    "json in a string": json.dumps([{"params": EVENT.decode()}]).encode(),
    "json, escaped": EVENT.replace(b"86", b"\\u00386"),
    "gzip": gzip.compress(EVENT, mtime=0),
    "form": b"v=3&imei=" + DEVICE["imei"].encode(),
    "form of json": b"data=" + quote(EVENT.decode(), safe="").encode(),
    "form of base64 of gzip": b"v=3&data_list=" + quote(PACKED.decode(), safe="").encode() + b"&gzip=1",
    "form of base64, not escaped": b"data=" + PACKED,
    "lines of json": EVENT + b"\n" + EVENT,
    "base64": PACKED,
    "msgpack": msgpack.packb({"device": {"imei": DEVICE["imei"]}, "event": "start"}),
    "escaped json": quote(EVENT.decode(), safe="").encode(),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_hit_stands_in_a_leaf(name: str) -> None:
    sent = request(BODIES[name])
    paths = [plain_way(leaf.path) for leaf in read_leaves(sent)]
    hits = [hit for hit in DETECTOR.search(sent).hits if hit.kind == "imei"]
    assert hits
    for hit in hits:
        assert any(plain_way(hit.path)[: len(path)] == path for path in paths), (hit.path, paths)


def test_names_are_told_without_positions() -> None:
    leaf = next(leaf for leaf in read_leaves(request(BODIES["form of base64 of gzip"])) if leaf.value == DEVICE["imei"])
    assert leaf.way == ("body", "form:data_list", "base64", "gzip")
    assert leaf.place == "json:device.ids[1]"
    assert leaf.name == "device.ids"


def test_the_parts_of_a_multipart_body_have_names() -> None:
    leaves = read_leaves(request(multipart(EVENT)))
    assert ("multipart:file", "json:device.ids[1]") in [(leaf.way[-1], leaf.place) for leaf in leaves]
    assert ("multipart:meta", "json:v") in [(leaf.way[-1], leaf.place) for leaf in leaves]


def test_the_query_and_the_path_of_a_monitor_have_names() -> None:
    query = read_leaves(request(path="/i?imei=1234567&x=%E5%BC%A0"))
    assert [(leaf.way, leaf.place, leaf.value) for leaf in query if leaf.where == "url"] == [
        (("url",), "query:imei", "1234567"),
        (("url",), "query:x", "张"),
    ]
    path = read_leaves(request(path="/x/k=1&m2=abcdef&m11=99"))
    assert ("path:m2", "abcdef") in [(leaf.place, leaf.value) for leaf in path]


def test_numbers_of_messages_are_in_decimal() -> None:
    varint, fixed = 1_764_000_000_123, 1_764_000_000_123_456
    body = b"\x0a\x0bapp_started\x10" + _varint(varint) + b"\x19" + fixed.to_bytes(8, "little") + b"\x22\x04name"
    values = {leaf.place: leaf.value for leaf in read_leaves(request(body)) if leaf.where == "body"}
    assert values["protobuf:2"] == str(varint)
    assert values["protobuf:3"] == str(fixed)
    packed = msgpack.packb({"ts": varint, "at": 1_764_000_000.5, "event": "application started"})
    values = {leaf.place: leaf.value for leaf in read_leaves(request(packed)) if leaf.where == "body"}
    assert values["msgpack:ts"] == str(varint)
    assert float(values["msgpack:at"]) == 1_764_000_000.5


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
        b"a=" * 200_000,
        b"&".join(b"k%d=v" % number for number in range(50_000)),
        gzip.compress(bytes(50 << 20)),
        b"\x00" * 100_000,
        b"data=" + base64.b64encode(b"data=" + base64.b64encode(b"data=" + PACKED) * 20),
    ],
    ids=["brackets", "deep", "equals", "fields", "bomb", "zeros", "nested"],
)
def test_hostile_bodies_are_bounded(body: bytes) -> None:
    leaves = read_leaves(request(body))
    assert len(leaves) <= 6001
    assert all(len(leaf.value) <= 2048 for leaf in leaves)


@settings(deadline=None)
@given(st.binary(max_size=300), st.text(max_size=60))
def test_nothing_makes_it_raise(body: bytes, path: str) -> None:
    read_leaves(request(body, path="/" + path))


Json = st.recursive(
    st.text(alphabet=st.characters(codec="utf-8"), max_size=8) | st.integers(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", min_size=1, max_size=3), inner, max_size=3)
    ),
    max_leaves=12,
)


@settings(deadline=None)
@given(st.dictionaries(st.text("xyz", min_size=1, max_size=3), Json, min_size=1, max_size=4))
def test_every_value_of_an_object_has_a_leaf(value: dict[str, object]) -> None:
    def count(inner: object) -> int:
        if isinstance(inner, dict):
            return sum(map(count, inner.values()))
        return sum(map(count, inner)) if isinstance(inner, list) else 1

    told = [leaf for leaf in read_leaves(request(json.dumps(value).encode())) if leaf.way == ("body",)]
    assert len(told) == count(value)
