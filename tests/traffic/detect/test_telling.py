"""A hit says what was found, in which form, by which way and where, and hides the value itself."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import random
import urllib.parse

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.traffic.detect.made import DEVICE, KNOWN, multipart, protobuf, request
from traffic.detect import Detection, Detector, Hit
from traffic.excerpt import masked_excerpt
from traffic.leaf import form_field, json_paths, url_part
from traffic.record import CapturedRequest

DETECTOR = Detector(KNOWN)


def only(body: bytes, kind: str) -> Hit:
    found = [hit for hit in DETECTOR.search(request(body)).hits if hit.kind == kind]
    assert len(found) == 1, [(hit.form_code, hit.path) for hit in found]
    return found[0]


EVENT = json.dumps({"device": {"ids": ["x", {"a.b": DEVICE["android_id"]}]}, "t": [1, 2]}).encode()


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (EVENT, ("body", "json:device.ids[1].a.b")),
        (
            b"v=2&data=" + urllib.parse.quote_plus(base64.b64encode(gzip.compress(EVENT))).encode(),
            ("body", "form:data", "url", "base64", "gzip", "json:device.ids[1].a.b"),
        ),
        (
            json.dumps({"n": 1, "params": EVENT.decode()}).encode(),
            ("body", "json:params", "json-string", "json:device.ids[1].a.b"),
        ),
        (
            json.dumps([base64.b64encode(EVENT).decode()]).encode(),
            ("body", "json:[0]", "base64", "json:device.ids[1].a.b"),
        ),
        (multipart(gzip.compress(EVENT)), ("body", "multipart:file", "gzip", "json:device.ids[1].a.b")),
        (protobuf(EVENT), ("body", "protobuf:2.2", "json:device.ids[1].a.b")),
        (b"id=" + DEVICE["android_id"].encode() + b"&z=1", ("body", "form:id")),
        (b'{"a":1}\n{"id":"' + DEVICE["android_id"].encode() + b'"}\n', ("body", "json:id")),
        (b"\x00\x01\x02" + bytes.fromhex(DEVICE["android_id"]) + b"\xff\xfe\x00", ("body",)),
    ],
)
def test_the_way_is_told(body: bytes, path: tuple[str, ...]) -> None:
    assert only(body, "android_id").path == path


def test_where_in_url_and_headers() -> None:
    made = request(
        path=f"/u/{DEVICE['phone']}/x?device=1&oaid={DEVICE['oaid']}",
        host=f"{DEVICE['android_id']}.track.test",
        headers=(("Cookie", f"uid={DEVICE['imei']}; a=b"), ("X-Mac", urllib.parse.quote(DEVICE["mac"]))),
    )
    paths = {hit.kind: hit.path for hit in DETECTOR.search(made).hits}
    assert paths == {
        "phone": ("url", "path"),
        "oaid": ("url", "query:oaid"),
        "android_id": ("url", "host"),
        "imei": ("header", "Cookie"),
        "mac": ("header", "X-Mac", "url"),
    }


def test_offsets_point_at_the_bytes() -> None:
    body = b'{"a":"\xe4\xb8\xad\xe6\x96\x87","imei":"' + DEVICE["imei"].encode() + b'"}'
    hit = only(body, "imei")
    assert body[hit.offset : hit.offset + hit.length] == DEVICE["imei"].encode()
    assert (hit.stored_offset, hit.stored_length) == (hit.offset, hit.length)


def test_the_stored_offset_is_that_of_the_outermost_token() -> None:
    token = base64.b64encode(gzip.compress(EVENT))
    body = b'{"n":1,"d":"' + token + b'"}'
    hit = only(body, "android_id")
    assert body[hit.stored_offset : hit.stored_offset + hit.stored_length] == token.rstrip(b"=")


def test_the_value_is_hidden_and_so_are_others_beside_it() -> None:
    body = json.dumps({"imei": DEVICE["imei"], "phone": DEVICE["phone"], "plain": "visible"}).encode()
    for hit in DETECTOR.search(request(body)).hits:
        assert DEVICE["imei"] not in hit.excerpt
        assert DEVICE["phone"] not in hit.excerpt
        assert "⟦" in hit.excerpt
    assert only(body, "phone").excerpt.startswith('…***", "phone": "⟦138*****265⟧", "plain": "visible"')


@settings(max_examples=200, deadline=None)
@given(st.binary(min_size=1, max_size=120), st.data())
def test_an_excerpt_never_raises_and_never_shows_the_value(data: bytes, draw: st.DataObject) -> None:
    start = draw.draw(st.integers(0, len(data) - 1))
    end = draw.draw(st.integers(start + 1, len(data)))
    shown = masked_excerpt(data, start, end, [(0, len(data))], text=draw.draw(st.booleans()))
    assert shown.isprintable()
    value = data[start:end].decode("latin-1")
    if len(value) >= 8 and value.isprintable():
        assert value not in shown


def test_one_occurrence_is_told_once() -> None:
    encoded = base64.b64encode(f'{{"imei":"{DEVICE["imei"]}"}}'.encode())
    # Base64 is a pattern and is decoded as well; hexadecimal digits of an Android ID are bytes as well.
    assert only(b"d=" + encoded, "imei").path == ("body", "form:d", "base64", "json:imei")
    assert only(b'{"id":"' + DEVICE["android_id"].encode() + b'"}', "android_id").form_code == "plain"


def test_forms_are_told_in_two_languages() -> None:
    body = json.dumps({"h": hashlib.md5(DEVICE["imei"].encode(), usedforsecurity=False).hexdigest().upper()}).encode()
    hit = only(body, "imei")
    assert hit.form == "MD5 of the IMEI, in hexadecimal"
    assert hit.form_zh == "国际移动设备识别码(IMEI)的MD5(十六进制)"
    assert hit.form_code == "md5-hex"


def test_a_websocket_message_does_not_repeat_its_handshake() -> None:
    made = request(b'{"a":1}', path=f"/ws?imei={DEVICE['imei']}")
    fields = {name: getattr(made, name) for name in CapturedRequest.__dataclass_fields__}
    assert DETECTOR.search(CapturedRequest(**fields)).hits
    assert DETECTOR.search(CapturedRequest(**{**fields, "channel": "websocket", "message": 1})).hits == ()


def test_a_cut_body_makes_absence_prove_nothing() -> None:
    made = request(b'{"a":1}')
    fields = {name: getattr(made, name) for name in CapturedRequest.__dataclass_fields__}
    assert not DETECTOR.search(made).truncated
    assert DETECTOR.search(CapturedRequest(**{**fields, "body_length": 10_000_000})).truncated


def test_what_stays_opaque_is_a_lead() -> None:
    noise = random.Random(5).randbytes(900)
    detection = DETECTOR.search(request(json.dumps({"v": 1, "enc": base64.b64encode(noise).decode()}).encode()))
    assert detection.hits == ()
    (lead,) = detection.opaque
    assert (lead.where, lead.path, lead.size) == ("body", ("body", "base64"), 900)
    assert 7500 < lead.entropy <= 8000


def test_a_picture_is_no_lead() -> None:
    picture = b"\x89PNG\r\n\x1a\n" + random.Random(6).randbytes(500)
    assert DETECTOR.search(request(picture)) == Detection(hits=(), opaque=(), truncated=False)


@pytest.mark.parametrize(
    ("text", "needle", "path"),
    [
        ('{"a":{"b":[1,{"c":"X"}]}}', "X", "a.b[1].c"),
        ('[["a","b"],["c","X"]]', "X", "[1][1]"),
        ('{"a":"{[\\"","b":"X"}', "X", "b"),
        ('{"a":1,"X":2}', "X", "X (key)"),
        ('{"a":[],"b":{},"c":X}', "X", "c"),
        ('  {"a" : [ 1 , 2 ,\n {"b" : "X" } ] }', "X", "a[2].b"),
        ("plain X", "X", None),
        ('{"a":"X', "X", "a"),
    ],
)
def test_the_path_of_a_leaf(text: str, needle: str, path: str | None) -> None:
    assert json_paths(text.encode(), [text.index(needle)]) == [path]


JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(st.characters(codec="ascii", exclude_characters='."[]()'), max_size=5), inner, max_size=4
        )
    ),
    max_leaves=20,
)


@settings(max_examples=200, deadline=None)
@given(JSON, st.booleans())
def test_every_leaf_of_any_json_has_its_path(tree: object, indented: bool) -> None:
    marked = {"first": tree, "here": {"list": [tree, {"leaf": "NEEDLE-1"}], "z": "NEEDLE-2"}}
    text = json.dumps(marked, indent=2 if indented else None)
    paths = json_paths(text.encode(), [text.index("NEEDLE-1"), text.index("NEEDLE-2")])
    assert paths == ["here.list[1].leaf", "here.z"]


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200), st.lists(st.integers(0, 220), max_size=5))
def test_places_of_nonsense_are_bounded(data: bytes, offsets: list[int]) -> None:
    assert len(json_paths(data, sorted(offsets))) == len(offsets)
    for offset in offsets:
        form_field(data, offset)
        url_part(data, offset)
