"""A known value as a number or as raw bytes, the way binary formats carry it."""

from __future__ import annotations

import base64
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from traffic.spelling.pattern import Boundary, Need
from traffic.spelling.texts import hex_digits, national_number

if TYPE_CHECKING:
    from traffic.known import KnownValue

__all__ = ["BinaryForm", "binary_forms", "raw_bytes", "varint"]

_SURE_VARINT = 7
_URL_SAFE = bytes.maketrans(b"+/", b"-_")
_DECIMAL_KINDS = frozenset({"imei", "imei2", "imsi", "phone", "contact_phone"})
_HEX_SIZES = {
    "android_id": 8,
    "meid": 7,
    "mac": 6,
    "bssid": 6,
    "bluetooth_mac": 6,
    "gaid": 16,
    "oaid": 16,
    "aaid": 16,
    "vaid": 16,
}


@dataclass(frozen=True, slots=True)
class BinaryForm:
    """One byte string and what it is."""

    literal: bytes
    code: str
    words: str
    words_zh: str
    need: Need = Need.NOTHING
    boundary: Boundary = Boundary.FREE


def varint(number: int) -> bytes:
    """Base 128, least significant group first."""
    groups = bytearray()
    while number > 0x7F:
        groups.append(number & 0x7F | 0x80)
        number >>= 7
    groups.append(number)
    return bytes(groups)


def binary_forms(known: KnownValue) -> Iterator[BinaryForm]:
    """None shorter than five bytes; a short varint counts only behind a field tag."""
    if known.kind in _DECIMAL_KINDS:
        phone = known.kind in ("phone", "contact_phone")
        digits = national_number(known.value) if phone else re.sub(r"\D", "", known.value)
        if len(digits) >= 11 and int(digits) < 1 << 63:
            yield from _integer(int(digits))
            yield from _packed_digits(digits)
    elif known.kind == "iccid":
        yield from _packed_digits(re.sub(r"\D", "", known.value))
    elif known.kind in _HEX_SIZES:
        raw = raw_bytes(known)
        if raw:
            yield from _raw(raw)


def raw_bytes(known: KnownValue) -> bytes:
    """What the hexadecimal digits of an address, an Android ID or a UUID stand for; empty for any other value."""
    bare = hex_digits(known.value) if known.kind in _HEX_SIZES else ""
    return bytes.fromhex(bare) if bare and len(bare) == 2 * _HEX_SIZES[known.kind] else b""


def _integer(number: int) -> Iterator[BinaryForm]:
    for order, name, name_zh in (("<", "little", "小端"), (">", "big", "大端")):
        words = f"{{}}, as a 64-bit {name}-endian integer"
        yield BinaryForm(struct.pack(order + "q", number), f"int64-{name}", words, f"{{}}的64位{name_zh}整数")
        words = f"{{}}, as a {name}-endian double"
        yield BinaryForm(struct.pack(order + "d", number), f"double-{name}", words, f"{{}}的{name_zh}双精度数")
    for coded, code, words, words_zh in (
        (varint(number), "varint", "{}, as a varint", "{}的varint编码"),
        (varint(number << 1), "varint-zigzag", "{}, as a zigzag varint", "{}的zigzag varint编码"),
    ):
        yield BinaryForm(coded, code, words, words_zh, _varint_need(coded))


def _packed_digits(digits: str) -> Iterator[BinaryForm]:
    """Two decimal digits a byte, as SIM cards and 3GPP messages carry them."""
    for filler in "0f":
        even = digits + filler * (len(digits) % 2)
        swapped = "".join(even[at + 1] + even[at] for at in range(0, len(even), 2))
        packed = Boundary.PACKED
        yield BinaryForm(bytes.fromhex(even), "bcd", "{}, as packed decimal digits", "{}的BCD编码", boundary=packed)
        words = "{}, as packed decimal digits with swapped halves"
        yield BinaryForm(bytes.fromhex(swapped), "bcd-swapped", words, "{}的半字节交换BCD编码", boundary=packed)


def _raw(raw: bytes) -> Iterator[BinaryForm]:
    yield BinaryForm(raw, "bytes", "{}, as raw bytes", "{}的原始字节")
    yield BinaryForm(raw[::-1], "bytes-reversed", "{}, as raw bytes in reverse order", "{}的倒序原始字节")
    encoded = base64.b64encode(raw).rstrip(b"=")
    for written in {encoded, encoded.translate(_URL_SAFE)}:
        # Too short to be looked into like other base64.
        words, words_zh = "{}, its raw bytes in base64", "{}原始字节的base64编码"
        yield BinaryForm(written, "bytes-base64", words, words_zh, boundary=Boundary.WORD)
    if len(raw) == 16:
        mixed = raw[3::-1] + raw[5:3:-1] + raw[7:5:-1] + raw[8:]
        yield BinaryForm(mixed, "bytes-guid", "{}, as raw bytes in the order of a GUID", "{}的GUID字节序")
        halves = raw[7::-1] + raw[:7:-1]
        words = "{}, as two 64-bit little-endian integers"
        yield BinaryForm(halves, "bytes-two-longs", words, "{}的两个64位小端整数")
        for half in (raw[:8], raw[8:]):
            coded = varint(int.from_bytes(half, "big"))
            yield BinaryForm(
                coded, "varint-half", "half of {}, as a varint", "{}的一半(varint编码)", _varint_need(coded)
            )
    elif len(raw) == 8:
        number = int.from_bytes(raw, "big")
        signed = number - (1 << 64) if number >> 63 else number
        zigzag = (signed << 1 ^ signed >> 63) & (1 << 64) - 1
        for coded, code in ((varint(number), "varint"), (varint(zigzag), "varint-zigzag")):
            words = f"{{}}, as a {code.replace('-', ' ')}"
            yield BinaryForm(coded, code, words, "{}的varint编码", _varint_need(coded))
    elif len(raw) == 6:
        coded = varint(int.from_bytes(raw, "big"))
        yield BinaryForm(coded, "varint", "{}, as a varint", "{}的varint编码", _varint_need(coded))


def _varint_need(coded: bytes) -> Need:
    return Need.NOTHING if len(coded) >= _SURE_VARINT else Need.FIELD_TAG
