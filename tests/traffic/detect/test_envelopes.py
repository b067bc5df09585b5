"""The envelopes of real SDKs, rebuilt: what each does to the data before it leaves."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import random
import struct
import urllib.parse
import zlib

import brotli
import cramjam
import lzstring
import msgpack
import pytest

from tests.traffic.detect.made import DEVICE, KNOWN, request, xor
from traffic.detect import Detector
from traffic.spelling.places import gcj02

DETECTOR = Detector(KNOWN)
EVENT = {
    "type": "track",
    "distinct_id": DEVICE["android_id"],
    "properties": {
        "$lib": "Android",
        "imei": DEVICE["imei"],
        "tel": "+86" + DEVICE["phone"],
        "n": None,
        "名": DEVICE["contact_name"],
    },
    "time": 1795533571559,
}  # fmt: skip
SENT = {"android_id", "imei", "phone", "contact_name"}
JSON = json.dumps(EVENT, ensure_ascii=False).encode()


def kinds(body: bytes, **more: object) -> set[str]:
    return {hit.kind for hit in DETECTOR.search(request(body, **more)).hits if hit.standalone}  # type: ignore[arg-type]


def sensors() -> bytes:
    packed = base64.b64encode(gzip.compress(b"[" + JSON + b"]"))
    return b"crc=-1234567&gzip=1&data_list=" + urllib.parse.quote_plus(packed).encode()


def growingio(key: int = 0x67) -> bytes:
    return xor(bytes(cramjam.snappy.compress_raw(b"[" + JSON + b"]")), bytes([key]))


def framed(compressed: bytes) -> bytes:
    """A thrift-like envelope: names, lengths and a compressed entity."""
    return (
        b"\x18\x031.0\x18\x20"
        + hashlib.md5(compressed, usedforsecurity=False).hexdigest().encode()
        + b"\x15\x02\x18"
        + bytes([len(compressed) & 0x7F])
        + compressed
        + b"\x00"
    )


def grpc(message: bytes, *, packed: bool) -> bytes:
    content = gzip.compress(message) if packed else message
    return struct.pack(">BI", int(packed), len(content)) + content


def javascript_escape(sign: str) -> str:
    return f"%u{ord(sign):04X}" if ord(sign) > 255 else urllib.parse.quote(sign)


BODIES = {
    "sensors": sensors(),
    "growingio": growingio(),
    "growingio of another second": growingio(0xE1),
    "zlib in a thrift envelope": framed(zlib.compress(JSON)),
    "gzip declared as text": gzip.compress(JSON),
    "json in json in a list": json.dumps([{"events": [{"params": json.dumps(EVENT), "event": "start"}]}]).encode(),
    "reversed base64": base64.b64encode(JSON)[::-1],
    "lz-string in a form": b"t=96&d=" + urllib.parse.quote(lzstring.LZString().compressToBase64(JSON.decode())).encode(),
    "lz-string for URLs": b"d=" + lzstring.LZString().compressToEncodedURIComponent(JSON.decode()).encode(),
    "base64url in a query": b"e=ue&ue_px=" + base64.urlsafe_b64encode(JSON).rstrip(b"="),
    "gzip in base64 in json": json.dumps({"Records": [{"Data": base64.b64encode(gzip.compress(JSON)).decode()}]}).encode(),
    "lines of json": b'{"event_id":"a"}\n{"type":"event"}\n' + JSON + b"\n",
    "grpc": grpc(b"\x0a" + bytes([len(JSON) & 0x7F | 0x80, len(JSON) >> 7]) + JSON, packed=False),
    "grpc with gzip": grpc(b"\x0a" + bytes([len(JSON) & 0x7F | 0x80, len(JSON) >> 7]) + JSON, packed=True),
    "msgpack in gzip": gzip.compress(msgpack.packb(EVENT)),
    "android base64 in lines": base64.encodebytes(gzip.compress(JSON)),
    "percent-encoded twice in json": json.dumps({"msg": urllib.parse.quote(urllib.parse.quote(JSON.decode()))}).encode(),
    "javascript escape": "".join(map(javascript_escape, JSON.decode())).encode(),
    "brotli": brotli.compress(JSON),
    "xml": b"<?xml version='1.0'?><e><![CDATA[" + JSON + b"]]></e>",
    "a log line": b"2026-11-24 15:18:58 INFO upload " + JSON + b" ok",
    "java properties": b"\xac\xed\x00\x05sr\x00\x11java.util.HashMap" + b"t" + struct.pack(">H", len(JSON)) + JSON,
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(BODIES))
def test_everything_in_the_envelope_is_found(name: str) -> None:
    assert kinds(BODIES[name]) == SENT


@pytest.mark.parametrize("name", sorted(BODIES))
def test_declarations_change_nothing(name: str) -> None:
    for declared in ("gzip", "br", "identity", "deflate"):
        headers = (("Content-Encoding", declared), ("Content-Type", "image/png"))
        assert kinds(BODIES[name], headers=headers) == SENT


def test_doubles_in_messages_are_found() -> None:
    north, east = float(DEVICE["latitude"]), float(DEVICE["longitude"])
    assert kinds(msgpack.packb({"metrics": {"lat": north, "lon": east}})) == {"latitude", "longitude"}
    span = b"\x0a\x08location\x11" + struct.pack("<d", north) + b"\x19" + struct.pack("<d", east)
    assert kinds(span) == {"latitude", "longitude"}
    assert kinds(gzip.compress(b"\x0a" + bytes([len(span)]) + span)) == {"latitude", "longitude"}


def test_doubles_in_another_datum_are_found() -> None:
    north, east = gcj02(float(DEVICE["latitude"]), float(DEVICE["longitude"]))
    assert kinds(msgpack.packb({"y": north, "x": east})) == {"latitude", "longitude"}


def test_digits_beside_a_tag_of_protobuf_are_still_the_number() -> None:
    # The tag of field 6 is the digit "2", of field 7 the colon: neither belongs to the number.
    number = DEVICE["phone"].encode()
    message = b"\x2a" + bytes([len(number)]) + number + b"\x32\x05hello" + b"\x3a\x04tail"
    assert kinds(message) == {"phone"}


def test_an_encrypted_envelope_is_a_lead_and_its_query_is_read() -> None:
    body = b"tt" + random.Random(9).randbytes(700)
    detection = DETECTOR.search(request(body, path=f"/service/2/device_register/?openudid={DEVICE['android_id']}"))
    assert [(hit.kind, hit.path) for hit in detection.hits] == [("android_id", ("url", "query:openudid"))]
    assert [lead.size for lead in detection.opaque] == [702]


def test_a_hashed_value_in_a_cookie_is_found() -> None:
    hashed = hashlib.sha1(DEVICE["mac"].upper().encode(), usedforsecurity=False).hexdigest()
    detection = DETECTOR.search(request(headers=(("Cookie", f"did={hashed}; v=1"),)))
    assert [(hit.kind, hit.form_code) for hit in detection.hits] == [("mac", "sha1-hex:upper")]
