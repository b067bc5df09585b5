"""Devices, requests and nested encodings that the tests are made of."""

from __future__ import annotations

import base64
import bz2
import gzip
import json
import quopri
import random
import urllib.parse
import zlib
from collections.abc import Callable

import brotli
import cbor2
import cramjam
import lz4.frame
import lzstring
import msgpack
import zstandard

from evidence.clock import Instant
from traffic.known import KnownValue
from traffic.record import CapturedRequest

DEVICE = {
    "android_id": "4be07a91c3d85f26",
    "bluetooth_mac": "d4:61:9d:0b:7e:52",
    "bssid": "b8:27:eb:4c:90:1f",
    "clipboard": "取件码 PARCEL-83kq2-ZT",
    "contact_name": "欧阳星野",
    "contact_phone": "15870349216",
    "device_name": "Xingye的小手机",
    "email": "xing.ye+lab@example.org",
    "gaid": "0d94c6b7-38fa-4e21-9c05-7ab1e2f3d468",
    "iccid": "89860322487700915463",
    "imei": "861734050926483",
    "imsi": "460029174380526",
    "ip_address": "192.168.77.203",
    "latitude": "30.274085",
    "longitude": "120.155070",
    "mac": "3c:5a:b4:9f:21:e8",
    "meid": "A10000512F7C9B",
    "oaid": "f7b20e91-5c3d-4a68-8e17-90d2c4b6a835",
    "package_list": "org.saffron.quokka.diary",
    "phone": "13804719265",
    "serial": "X7QD20KV94BM",
    "ssid": "Quokka-Den-5b8",
}
KNOWN = tuple(KnownValue(kind=kind, value=value, source="test") for kind, value in DEVICE.items())


def request(
    body: bytes = b"",
    *,
    path: str = "/v1/report",
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "application/octet-stream"),),
    host: str = "api.lanting.test",
) -> CapturedRequest:
    return CapturedRequest(
        channel="http",
        flow="1",
        message=None,
        connection="1",
        method="POST",
        scheme="https",
        host=host,
        port=443,
        path=path,
        http_version="HTTP/1.1",
        headers=headers,
        text_encoding="utf-8",
        body=body,
        body_length=len(body),
        body_sha256=None,
        started=Instant(mono_ns=0, wall_ns=0),
        finished_mono=None,
        connected_mono=None,
        entries=(),
        complete=True,
        response=None,
        error=None,
    )


def deflate(data: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-15)
    return stream.compress(data) + stream.flush()


def protobuf(data: bytes) -> bytes:
    """A message in a message, with a number and a name beside the payload."""

    def varint(number: int) -> bytes:
        out = bytearray()
        while number > 127:
            out.append(number & 127 | 128)
            number >>= 7
        return bytes([*out, number])

    inner = b"\x08\x96\x01\x12" + varint(len(data)) + data
    return b"\x0a\x05event" + b"\x12" + varint(len(inner)) + inner


def multipart(data: bytes) -> bytes:
    head = b'--Xb0und4ry\r\nContent-Disposition: form-data; name="meta"\r\n\r\n{"v":1}\r\n'
    part = b'--Xb0und4ry\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n\r\n'
    return head + part + data + b"\r\n--Xb0und4ry--\r\n"


def xor(data: bytes, key: bytes) -> bytes:
    return bytes(byte ^ key[at % len(key)] for at, byte in enumerate(data))


def jwt(data: bytes) -> bytes:
    def part(raw: bytes) -> bytes:
        return base64.urlsafe_b64encode(raw).rstrip(b"=")

    return b".".join([part(b'{"alg":"HS256","typ":"JWT"}'), part(data), part(b"s" * 32)])


def as_text(data: bytes) -> str:
    """Text where it is text, base64 where it is not: what a program does to put bytes into JSON."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return base64.b64encode(data).decode()
    return text if text.isprintable() or "\n" in text else base64.b64encode(data).decode()


Encoder = Callable[[bytes, random.Random], bytes]

ENCODERS: dict[str, Encoder] = {
    "gzip": lambda data, _: gzip.compress(data),
    "zlib": lambda data, _: zlib.compress(data),
    "deflate": lambda data, _: deflate(data),
    "brotli": lambda data, _: brotli.compress(data),
    "zstd": lambda data, _: zstandard.compress(data),
    "lz4": lambda data, _: lz4.frame.compress(data),
    "snappy": lambda data, _: bytes(cramjam.snappy.compress_raw(data)),
    "bz2": lambda data, _: bz2.compress(data),
    "url": lambda data, _: b"https://x.example/?u=" + urllib.parse.quote(data, safe="").encode(),
    "form": lambda data, _: b"v=2&data=" + urllib.parse.quote_plus(data).encode() + b"&t=1795533",
    "multipart": lambda data, _: multipart(data),
    "json": lambda data, _: json.dumps({"v": 3, "payload": as_text(data), "n": None}).encode(),
    "json-utf8": lambda data, _: json.dumps([{"e": as_text(data)}], ensure_ascii=False).encode(),
    "base64": lambda data, _: base64.b64encode(data),
    "base64-url": lambda data, _: base64.urlsafe_b64encode(data).rstrip(b"="),
    "base64-mime": lambda data, _: base64.encodebytes(data),
    "reversed-base64": lambda data, _: base64.b64encode(data)[::-1],
    "hex": lambda data, chance: data.hex().encode() if chance.random() < 0.5 else data.hex().upper().encode(),
    "jwt": lambda data, _: jwt(data),
    "protobuf": lambda data, _: protobuf(data),
    "msgpack": lambda data, _: msgpack.packb({"t": 1, "d": data}),
    "cbor": lambda data, _: cbor2.dumps({"t": 1, "d": data}),
    "lz-string": lambda data, _: lzstring.LZString().compressToBase64(as_text(data)).encode(),
    "xor-1": lambda data, chance: xor(data, bytes([chance.randrange(1, 256)])),
    "xor-4": lambda data, chance: xor(data, bytes(chance.randrange(1, 256) for _ in range(4))),
    "utf-16": lambda data, _: as_text(data).encode("utf-16-le"),
    "quoted-printable": lambda data, _: quopri.encodestring(as_text(data).encode(), quotetabs=True),
    "html": lambda data, _: "".join(
        f"&#{ord(sign)};" if sign in '"<>&' or ord(sign) > 127 else sign for sign in as_text(data)
    ).encode(),
}


def payload(kind: str, chance: random.Random) -> bytes:
    """An event as an SDK writes it, with one value in it."""
    event: dict[str, object] = {
        "event": chance.choice(["app_start", "page_view", "click"]),
        "ts": chance.randrange(1_790_000_000_000, 1_799_000_000_000),
        "sdk": f"2.{chance.randrange(30)}.0",
        "session": f"{chance.getrandbits(128):032x}",
    }
    if kind in ("latitude", "longitude"):
        event["lat"], event["lng"] = float(DEVICE["latitude"]), float(DEVICE["longitude"])
    else:
        event["value"] = DEVICE[kind]
    style = chance.randrange(3)
    if style == 0:
        return json.dumps(event).encode()
    if style == 1:
        return json.dumps(event, ensure_ascii=False, indent=1).encode()
    return urllib.parse.urlencode(event).encode()
