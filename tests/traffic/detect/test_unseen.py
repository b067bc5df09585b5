"""Requests as SDKs are known to write them, none of which the decoders were made from."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import lzma
import random
import struct
import urllib.parse
import zlib

import cramjam
import lz4.block
import msgpack
import pytest
import zstandard

from tests.traffic.detect.made import DEVICE, KNOWN, request, xor
from traffic.detect import Detector
from traffic.explain import explain
from traffic.record import CapturedRequest
from traffic.spelling.numbers import varint

DETECTOR = Detector(KNOWN)
LATITUDE, LONGITUDE = float(DEVICE["latitude"]), float(DEVICE["longitude"])
REPORT = {"os": "Android", "imei": DEVICE["imei"], "aid": DEVICE["android_id"], "mac": DEVICE["mac"]}
WHOLE = {"imei", "android_id", "mac"}


def text(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


LONG = text({"header": REPORT, "events": [{"e": "launch", "t": 1_790_000_000_000 + at} for at in range(6)]})


def raw(kind: str) -> bytes:
    return bytes.fromhex(DEVICE[kind].replace(":", "").replace("-", ""))


def number(kind: str) -> int:
    return int.from_bytes(raw(kind), "big")


def digest(name: str, of: str | bytes) -> str:
    return hashlib.new(name, of.encode() if isinstance(of, str) else of, usedforsecurity=False).hexdigest()


def field(at: int, value: bytes | str | int | float) -> bytes:
    """Of protobuf; a float as a double."""
    if isinstance(value, int):
        return varint(at << 3) + varint(value)
    if isinstance(value, float):
        return varint(at << 3 | 1) + struct.pack("<d", value)
    content = value.encode() if isinstance(value, str) else value
    return varint(at << 3 | 2) + varint(len(content)) + content


def streamed(data: bytes) -> bytes:
    stream = zstandard.ZstdCompressor(write_content_size=False, write_checksum=True).compressobj()
    return stream.compress(data) + stream.flush()


def java_lz4(data: bytes) -> bytes:
    """As Java's LZ4BlockOutputStream writes."""
    block = lz4.block.compress(data, store_size=False)
    return b"LZ4Block\x26" + struct.pack("<iii", len(block), len(data), 7) + block + b"LZ4Block\x16" + bytes(12)


def dashed(bare: str) -> str:
    return "-".join((bare[:8], bare[8:12], bare[12:16], bare[16:20], bare[20:]))


def signed(half: bytes) -> int:
    return int.from_bytes(half, "big", signed=True)


PLACE = field(1, LATITUDE) + field(2, LONGITUDE) + field(3, DEVICE["oaid"])
SENT: dict[str, tuple[bytes | CapturedRequest, set[str]]] = {
    "zlib behind an envelope, as Umeng sends": (
        b"\x18\x04v1.1\x18\x20" + digest("md5", "app").encode() + zlib.compress(b"\x18\x0f" + text(REPORT)),
        WHOLE,
    ),
    "digests under short names, as GDT sends": (
        f"muid={digest('md5', DEVICE['imei'])}&m2={digest('md5', DEVICE['android_id'])}"
        f"&m5={digest('sha256', DEVICE['oaid'])}".encode(),
        {"imei", "android_id", "oaid"},
    ),
    "snappy of protobuf under one byte, as GrowingIO sends": (
        xor(bytes(cramjam.snappy.compress_raw(PLACE * 2)), b"\x5b"),
        {"latitude", "longitude", "oaid"},
    ),
    "base64 in the path, as Getui sends": (
        request(path="/gt/" + base64.urlsafe_b64encode(f"{DEVICE['imei']}|{DEVICE['imsi']}|2.14".encode()).decode()),
        {"imei", "imsi"},
    ),
    "a digest of the number for Google, in base64": (
        text({"ph": base64.b64encode(hashlib.sha256(f"+86{DEVICE['phone']}".encode()).digest()).decode()}),
        {"phone"},
    ),
    "XOR with a word, in base64, in a form": (
        b"v=" + urllib.parse.quote_plus(base64.b64encode(xor(LONG, b"stat"))).encode(),
        WHOLE,
    ),
    "doubles in MessagePack": (msgpack.packb({"la": LATITUDE, "lo": LONGITUDE}), {"latitude", "longitude"}),
    "packed doubles in protobuf": (
        field(4, struct.pack("<dd", LATITUDE, LONGITUDE)) + field(1, "fix"),
        {"latitude", "longitude"},
    ),
    "ten-millionths in protobuf": (
        field(1, round(LATITUDE * 1e7) << 1) + field(2, round(LONGITUDE * 1e7) << 1) + field(3, "x"),
        {"latitude", "longitude"},
    ),
    "hundred-thousandths": (text({"y": round(LATITUDE * 1e5), "x": round(LONGITUDE * 1e5)}), {"latitude", "longitude"}),
    "an access point as a varint": (field(4, field(2, field(8, number("bssid")) + field(9, 47))), {"bssid"}),
    "addresses as decimal numbers": (text({"m": number("mac"), "b": str(number("bssid"))}), {"mac", "bssid"}),
    "a UUID as two varints": (
        field(1, signed(raw("gaid")[:8]) % 2**64) + field(2, signed(raw("gaid")[8:]) % 2**64),
        {"gaid"},
    ),
    "a UUID as Java's two longs": (text({"m": signed(raw("oaid")[:8]), "l": signed(raw("oaid")[8:])}), {"oaid"}),
    "raw bytes in base64": (
        text({kind: base64.b64encode(raw(kind)).decode() for kind in ("android_id", "mac", "bssid", "gaid")}),
        {"android_id", "mac", "bssid", "gaid"},
    ),
    "digests of raw bytes": (
        text([digest("md5", raw("mac")), digest("sha1", raw("android_id")).upper()]),
        {"mac", "android_id"},
    ),
    "a digest written like a UUID": (text({"id": dashed(digest("md5", DEVICE["imei"]))}), {"imei"}),
    "base64 of a hexadecimal digest": (text([base64.b64encode(digest("md5", DEVICE["imei"]).encode()).decode()]), {"imei"}),
    "hexadecimal numbers": (text({"i": f"{int(DEVICE['imei']):x}", "s": f"0x{int(DEVICE['imsi']):X}"}), {"imei", "imsi"}),
    "base 36": (b"i=8hgj5olvo3&v=2", {"imei"}),
    "zstd without its size": (streamed(LONG), WHOLE),
    "zstd behind a frame to be skipped": (b"\x50\x2a\x4d\x18\4\0\0\0abcd" + zstandard.compress(LONG), WHOLE),
    "blocks of Java's LZ4": (java_lz4(LONG), WHOLE),
    "LZ4 behind a big-endian length": (struct.pack(">I", len(LONG)) + lz4.block.compress(LONG, store_size=False), WHOLE),
    "LZMA without a container": (lzma.compress(LONG, format=lzma.FORMAT_ALONE), WHOLE),
    "base32": (b"d=" + base64.b32encode(text(REPORT)), WHOLE),
    "base64 in JSON in a form": (
        b"v=1&d=" + urllib.parse.quote_plus(text({"p": base64.b64encode(text(REPORT)).decode()})).encode(),
        WHOLE,
    ),
    "Android's base64 lines in JSON": (text({"p": base64.encodebytes(LONG).decode()}), WHOLE),
    "gRPC for browsers": (base64.b64encode(b"\0" + struct.pack(">I", len(PLACE)) + PLACE), {"latitude", "longitude", "oaid"}),
    "MQTT": (b"\x30" + varint(7 + len(LONG)) + b"\0\5up/dv" + LONG, WHOLE),
    "basic credentials": (
        request(headers=(("Authorization", "Basic " + base64.b64encode(f"{DEVICE['imei']}:x".encode()).decode()),)),
        {"imei"},
    ),
}  # fmt: skip


def sent(name: str) -> CapturedRequest:
    body = SENT[name][0]
    return request(body) if isinstance(body, bytes) else body


@pytest.mark.parametrize("name", sorted(SENT))
def test_all_that_was_sent_is_found_and_nothing_else(name: str) -> None:
    assert {hit.kind for hit in DETECTOR.search(sent(name)).hits if hit.standalone} == SENT[name][1]


@pytest.mark.parametrize("name", sorted(SENT))
def test_each_way_can_be_gone_again(name: str) -> None:
    for hit in DETECTOR.search(sent(name)).hits:
        assert explain(hit, sent(name))[-1].size == hit.length


def test_what_only_the_app_can_compute_is_not_found() -> None:
    salted = [digest("md5", f"salt{DEVICE['imei']}"), digest("sha256", f"app:{DEVICE['android_id']}")]
    keyed = hmac.new(b"key", DEVICE["imei"].encode(), "sha256").hexdigest()
    assert DETECTOR.search(request(text([*salted, keyed]))).hits == ()


@pytest.mark.parametrize("seed", range(10))
def test_neighbours_are_not_found(seed: int) -> None:
    chance = random.Random(seed)
    near = {
        "imei": f"{int(DEVICE['imei']) + chance.randrange(20, 900):015d}",
        "phone": int(DEVICE["phone"]) + 1 + seed,
        "iccid": str(int(DEVICE["iccid"]) + 1 + seed),
        "mac": number("mac") + 1 + seed,
        "aid": f"{number('android_id') + 1 + seed:016x}",
        "raw": base64.b64encode((number("mac") + 1 + seed).to_bytes(6, "big")).decode(),
        "half": signed(raw("oaid")[:8]) + 1 + seed,
        "hex": f"{int(DEVICE['imei']) + 20 + seed:x}",
        "lat": LATITUDE + 0.002 * (seed + 1),
        "lng": LONGITUDE + 0.002 * (seed + 1),
        "e5": [round((LATITUDE + 0.002) * 1e5), round((LONGITUDE + 0.002) * 1e5)],
        "ssid": DEVICE["ssid"][:-1] + "9",
    }
    assert DETECTOR.search(request(text(near))).hits == ()
