"""Every kind of data in every encoding: the detector must find all of it."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import random
import struct
import urllib.parse
from collections.abc import Callable

import pytest

from tests.traffic.detect.made import DEVICE, ENCODERS, KNOWN, request
from traffic.detect import Detector
from traffic.known import KnownValue
from traffic.spelling.numbers import varint
from traffic.spelling.places import bd09, gcj02, geohash

DETECTOR = Detector(KNOWN)
KINDS = sorted(DEVICE)
Cell = Callable[[str], bytes]


def md5(text: str) -> bytes:
    return hashlib.md5(text.encode(), usedforsecurity=False).digest()


def digest(name: str, form: str, change: Callable[[str], str] = str) -> Cell:
    def cell(value: str) -> bytes:
        made = hashlib.new(name, change(value).encode())
        text = {
            "hex": made.hexdigest().encode(),
            "HEX": made.hexdigest().upper().encode(),
            "raw": b"\x00\x01" + made.digest() + b"\x02",
            "base64": base64.b64encode(made.digest()),
            "base64url": base64.urlsafe_b64encode(made.digest()).rstrip(b"="),
        }[form]
        return text if form == "raw" else b'{"id":"' + text + b'","v":1}'

    return cell


def twice(value: str, *, upper: bool = False) -> bytes:
    inner = md5(value).hex()
    return b'{"d":"' + md5(inner.upper() if upper else inner).hex().encode() + b'"}'


def shifted(value: str, shift: int) -> bytes:
    encoded = base64.b64encode(b'"' * shift + value.encode() + b'",tail')
    # Glued to other letters, so that no decoder can know where it starts.
    return b'{"t":"q' + encoded + b'"}'


def double_percent(value: str) -> bytes:
    return b"a=1&v=" + urllib.parse.quote(urllib.parse.quote(value, safe=""), safe="").encode()


CELLS: dict[str, Cell] = {
    "plain": lambda value: json.dumps({"v": value}, ensure_ascii=False).encode(),
    "upper": lambda value: json.dumps({"v": value.upper()}, ensure_ascii=False).encode(),
    "lower": lambda value: json.dumps({"v": value.lower()}, ensure_ascii=False).encode(),
    "json-unicode": lambda value: b'{"v":"' + "".join(f"\\u{ord(sign):04x}" for sign in value).encode() + b'"}',
    "json-in-json": lambda value: json.dumps({"a": json.dumps({"b": json.dumps({"v": value})})}).encode(),
    "percent": lambda value: b"v=" + "".join(f"%{byte:02X}" for byte in value.encode()).encode(),
    "form": lambda value: urllib.parse.urlencode({"a": 1, "v": value, "z": 2}).encode(),
    "percent-twice": double_percent,
    "html": lambda value: f"<p>{''.join(f'&#{ord(sign)};' for sign in value)}</p>".encode(),
    "html-hex": lambda value: f"<p>{''.join(f'&#x{ord(sign):x};' for sign in value)}</p>".encode(),
    "html-named": lambda value: f"<p>{html.escape(value)}</p>".encode(),
    "base64": lambda value: base64.b64encode(value.encode()),
    "base64-unpadded-url": lambda value: b"t=" + base64.urlsafe_b64encode(value.encode()).rstrip(b"="),
    "base64-glued-0": lambda value: shifted(value, 0),
    "base64-glued-1": lambda value: shifted(value, 1),
    "base64-glued-2": lambda value: shifted(value, 2),
    "base64-reversed": lambda value: base64.b64encode(value.encode())[::-1],
    "base64-upper-value": lambda value: base64.b64encode(f'{{"v":"{value.upper()}"}}'.encode()),
    "hex": lambda value: value.encode().hex().encode(),
    "HEX": lambda value: value.encode().hex().upper().encode(),
    "reversed": lambda value: ("<" + value[::-1] + ">").encode() if value.isascii() else value.encode(),
    "utf-16le": lambda value: b"\x00\x05" + value.encode("utf-16-le") + b"\x01\x00",
    "utf-16be": lambda value: b"\x05\x01" + value.encode("utf-16-be") + b"\x01",
    "gbk": lambda value: b"name=" + value.encode("gbk") + b"&x=1",
    "utf-16le-base64": lambda value: base64.b64encode(f'{{"v":"{value}"}}'.encode("utf-16-le")),
    "gbk-base64": lambda value: base64.b64encode(f'{{"v":"{value}"}}'.encode("gbk")),
    **{
        f"{name}-{form}": digest(name, form)
        for name in ("md5", "sha1", "sha256")
        for form in ("hex", "HEX", "raw", "base64", "base64url")
    },
    **{f"{name}-upper": digest(name, "hex", str.upper) for name in ("md5", "sha1", "sha256")},
    **{f"{name}-lower": digest(name, "hex", str.lower) for name in ("md5", "sha1", "sha256")},
    "sha512-hex": digest("sha512", "hex"),
    "md5-middle-16": lambda value: b'{"m":"' + md5(value).hex()[8:24].encode() + b'"}',
    "md5-twice": twice,
    "md5-twice-upper": lambda value: twice(value, upper=True),
}


def wrapped(name: str) -> Cell:
    """A small JSON text inside one encoding."""
    return lambda value: ENCODERS[name](json.dumps({"v": value}, ensure_ascii=False).encode(), random.Random(7))


WRAPPED = {f"json>{name}": wrapped(name) for name in ENCODERS}


def found(body: bytes, kind: str) -> bool:
    return any(hit.kind == kind and hit.standalone for hit in DETECTOR.search(request(body)).hits)


def test_the_matrix_is_large_enough() -> None:
    assert len(CELLS) + len(WRAPPED) >= 40
    assert len(KINDS) >= 15


@pytest.mark.parametrize("cell", sorted(CELLS | WRAPPED))
def test_every_kind_is_found(cell: str) -> None:
    write = (CELLS | WRAPPED)[cell]
    missed = [kind for kind in KINDS if not found(write(DEVICE[kind]), kind)]
    assert missed == []


@pytest.mark.parametrize("kind", ["imei", "imsi", "phone", "contact_phone"])
@pytest.mark.parametrize("form", ["<q", ">q", "<d", ">d"])
def test_a_number_is_found_in_binary(kind: str, form: str) -> None:
    assert found(b"\x01\xff\x00head" + struct.pack(form, int(DEVICE[kind])) + b"\xfe\x00tail\x00", kind)


@pytest.mark.parametrize("kind", ["imei", "imsi", "phone", "contact_phone"])
def test_a_varint_is_found_in_protobuf(kind: str) -> None:
    message = b"\x0a\x05hello\x10" + varint(int(DEVICE[kind])) + b"\x1a\x03abc"
    assert found(message, kind)
    assert found(b"\x0a\x05hello\x10" + varint(int(DEVICE[kind]) << 1) + b"\x1a\x03abc", kind)


@pytest.mark.parametrize("kind", ["mac", "bssid", "bluetooth_mac", "gaid", "oaid", "android_id", "meid"])
def test_raw_bytes_are_found(kind: str) -> None:
    raw = bytes.fromhex(DEVICE[kind].replace(":", "").replace("-", ""))
    assert found(b"\x0f\x01\x80" + raw + b"\x99\x00", kind)
    assert found(b"\x0f\x01\x80" + raw[::-1] + b"\x99\x00", kind)


@pytest.mark.parametrize(
    "text",
    [
        "{0}",
        "+86{0}",
        "86{0}",
        "0086{0}",
        "+86-{0}",
        "+86 {0}",
        "{1}-{2}-{3}",
        "{1} {2} {3}",
        "(+86) {1} {2} {3}",
        "tel:{0}",
    ],
)
def test_a_phone_number_is_found_as_people_write_it(text: str) -> None:
    number = DEVICE["phone"]
    body = f'{{"p":"{text.format(number, number[:3], number[3:7], number[7:])}"}}'.encode()
    assert found(body, "phone")


@pytest.mark.parametrize("datum", ["wgs84", "gcj02", "bd09"])
@pytest.mark.parametrize("decimals", [3, 4, 5, 6, 7])
@pytest.mark.parametrize("cut", [False, True])
def test_coordinates_are_found_in_every_datum(datum: str, decimals: int, cut: bool) -> None:
    body = json.dumps(dict(zip(("lat", "lng"), (float(text) for text in written(datum, decimals, cut)), strict=True)))
    assert found(body.encode(), "latitude")
    assert found(body.encode(), "longitude")


def point(datum: str) -> tuple[float, float]:
    wgs84 = (float(DEVICE["latitude"]), float(DEVICE["longitude"]))
    return {"wgs84": lambda: wgs84, "gcj02": lambda: gcj02(*wgs84), "bd09": lambda: bd09(*gcj02(*wgs84))}[datum]()


def written(datum: str, decimals: int, cut: bool) -> list[str]:
    if not cut:
        return [f"{value:.{decimals}f}" for value in point(datum)]
    return [f"{int(value * 10**decimals) / 10**decimals:.{decimals}f}" for value in point(datum)]


@pytest.mark.parametrize("datum", ["wgs84", "gcj02", "bd09"])
@pytest.mark.parametrize("form", ["<d", ">d", "<f", ">f"])
def test_coordinates_are_found_in_binary(datum: str, form: str) -> None:
    north, east = point(datum)
    body = b"\x00\xfe" + struct.pack(form, north) + b"\x11" + struct.pack(form, east) + b"\x00\xff"
    assert found(body, "latitude")
    assert found(body, "longitude")


@pytest.mark.parametrize("datum", ["wgs84", "gcj02", "bd09"])
@pytest.mark.parametrize("power", [6, 7])
def test_coordinates_are_found_as_integers(datum: str, power: int) -> None:
    north, east = (round(value * 10**power) for value in point(datum))
    assert found(f'{{"y":{north},"x":{east}}}'.encode(), "latitude")
    assert found(b"\x00\xff" + struct.pack("<ii", north, east) + b"\xff\x00", "longitude")


def test_a_geohash_gives_both_coordinates() -> None:
    body = f'{{"geo":"{geohash(*point("wgs84"), 9)}"}}'.encode()
    assert found(body, "latitude")
    assert found(body, "longitude")


def test_java_names_a_uuid_after_the_value() -> None:
    named = bytearray(md5(DEVICE["android_id"]))
    named[6], named[8] = named[6] & 0x0F | 0x30, named[8] & 0x3F | 0x80
    bare = named.hex()
    body = f"uuid={bare[:8]}-{bare[8:12]}-{bare[12:16]}-{bare[16:20]}-{bare[20:]}".encode()
    assert found(body, "android_id")


def test_a_digest_that_lost_its_leading_zeros_is_found() -> None:
    for number in range(400):
        serial = f"SERIAL{number:06d}"
        digest_text = md5(serial).hex()
        if digest_text.startswith("0"):
            break
    detector = Detector([KnownValue(kind="serial", value=serial, source="test")])
    assert detector.search(request(f"s={digest_text.lstrip('0')}".encode())).hits


def test_android_address_as_an_integer_is_found() -> None:
    number = struct.unpack("<i", bytes(int(part) for part in DEVICE["ip_address"].split(".")))[0]
    assert found(f'{{"ip":{number}}}'.encode(), "ip_address")


def test_two_numbers_without_a_gap_are_both_found() -> None:
    body = f"k={DEVICE['imei']}{DEVICE['imsi']}".encode()
    assert found(body, "imei")
    assert found(body, "imsi")
