"""Undoes XOR with one byte or a short key. The key is worked out, never asked for."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator

from traffic.decode.compressed import inflate, magic_code, strict_headerless
from traffic.decode.content import USUAL, is_text, usualness, utf16_codec
from traffic.decode.structured import read_structure
from traffic.decode.tokens import decode_base64, decode_hex

__all__ = ["LAGS", "difference", "repeat_xor", "xor_readings"]

LAGS = (1, 2, 3, 4, 5, 6, 7, 8, 16)
"""Key lengths that are tried."""
_LARGEST = 1 << 16
_LARGEST_HEADERLESS = 1 << 13
_OPENINGS = (
    b'{"',
    b"[{",
    b'["',
    b"\x1f\x8b\x08",
    b"\x28\xb5\x2f\xfd",
    b"\x04\x22\x4d\x18",
    b"BZh",
    b"<?xml",
    b"eyJ",
    b"data",
    b"x\x9c",
    b"x\x01",
    b"x\xda",
    b"H4sI",
)
_LONG_MAGICS = (
    b"\x28\xb5\x2f\xfd",
    b"\x04\x22\x4d\x18",
    b"BZh91AY&SY",
    b"\xfd7zXZ\0",
    b"PK\x03\x04",
    b"\x1f\x8b\x08\0",
)
_GZIP_HEADS = (
    b"\x1f\x8b\x08\0\0\0\0\0\0\0",
    b"\x1f\x8b\x08\0\0\0\0\0\0\xff",
    b"\x1f\x8b\x08\0\0\0\0\0\0\x03",
    b"\x1f\x8b\x08\0\0\0\0\0\x02\xff",
)
_COINCIDENCE = 0.025
"""Share of equal bytes at the distance of the key's length; chance gives 0.004, text 0.06."""
_LEAST_FOR_STATISTICS = 12
"""Bytes for each byte of the key."""


_LEAST_USUAL = 20
_SHIFTS = [bytes(byte ^ key for byte in range(256)) for key in range(256)]
_SCORES = [shift.translate(USUAL) for shift in _SHIFTS]
"""How usual the byte is that each byte stands for, under each key byte."""


def _decode_first(text: bytes) -> bytes:
    """Base64, of a JWT only the first part."""
    return decode_base64(text.partition(b".")[0])


_Decode = Callable[[bytes], bytes] | None
_SIGNS: tuple[tuple[bytes, _Decode], ...] = (
    (b"0123456789abcdef", decode_hex),
    (b"0123456789ABCDEF", decode_hex),
    (b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/_-=\n.", _decode_first),
    (bytes(range(32, 127)) + b"\n\r\t", None),
    (bytes(range(32, 256)) + b"\n\r\t", None),
)
"""Hexadecimal, base64, ASCII and any text."""
_ALPHABETS = [([signs.translate(shift) for shift in _SHIFTS], decode) for signs, decode in _SIGNS]
"""Each under each key byte."""
_MOST_COMBINATIONS = 512


def repeat_xor(data: bytes, key: bytes) -> bytes:
    """The key repeated from the first byte on."""
    if len(key) == 1:
        return data.translate(_SHIFTS[key[0]])
    size = len(data)
    stream = key * (size // len(key) + 1)
    return (int.from_bytes(data, "big") ^ int.from_bytes(stream[:size], "big")).to_bytes(size, "big")


def difference(data: bytes, lag: int) -> bytes:
    """Each byte XOR the one `lag` further on: the key drops out of it where it has that length."""
    size = len(data) - lag
    if size <= 0:
        return b""
    return (int.from_bytes(data[:size], "big") ^ int.from_bytes(data[lag:], "big")).to_bytes(size, "big")


def xor_readings(data: bytes, limit: int, *, thorough: bool) -> Iterator[tuple[bytes, bytes]]:
    """(key, readable bytes). `thorough` also tries all single bytes over compression without a header."""
    if not 8 <= len(data) <= _LARGEST:
        return
    seen: set[bytes] = set()
    for key in _candidate_keys(data):
        if key in seen or not any(key):
            continue
        seen.add(key)
        plain = repeat_xor(data, key)
        if _readable(plain, limit):
            yield key, plain
            return
    if thorough:
        yield from _over_headerless(data)


def _candidate_keys(data: bytes) -> Iterator[bytes]:
    for opening in _OPENINGS:
        key = data[0] ^ opening[0]
        if all(data[at] ^ key == sign for at, sign in enumerate(opening) if at < len(data)):
            yield bytes([key])
    for head in _GZIP_HEADS + _LONG_MAGICS:
        known = repeat_xor(data[: len(head)], head)
        for length in range(2, min(8, len(known)) + 1):
            if known[length:] == known[: len(known) - length]:
                yield known[:length]
    yield from _by_statistics(data)


def _by_statistics(data: bytes) -> Iterator[bytes]:
    """Where equal bytes lie a certain distance apart as often as in text: the likely keys of that length."""
    longest = _key_length(data)
    # Base64 repeats every four signs by itself, hexadecimal every two: a shorter key may explain it as well.
    for length in (length for length in LAGS if longest and length <= longest and longest % length == 0):
        columns = [data[start::length] for start in range(length)]
        for alphabet, decode in _ALPHABETS:
            likely = [_likely_bytes(column, alphabet) for column in columns]
            if not all(likely):
                continue
            if decode is not None and 1 < math.prod(map(len, likely)) <= _MOST_COMBINATIONS:
                keys = (bytes(combination) for combination in itertools.product(*likely))
                yield max(keys, key=lambda key: usualness(decode(repeat_xor(data, key))))
            else:
                yield bytes(choices[0] for choices in likely)


def _key_length(data: bytes) -> int:
    """The shortest distance at which equal bytes are nearly as frequent as at any; zero where they are rare."""
    shares = {}
    for length in LAGS:
        if len(data) >= _LEAST_FOR_STATISTICS * length:
            apart = difference(data, length)
            shares[length] = apart.count(0) / len(apart)
    most = max(shares.values(), default=0.0)
    if most < _COINCIDENCE:
        return 0
    return next(length for length, share in shares.items() if share >= 0.6 * most)


def _likely_bytes(column: bytes, alphabet: list[bytes]) -> list[int]:
    """The key bytes under which all of the column is of the alphabet; first the one under which most of it is usual."""
    signs = bytes(set(column))
    if len(signs) == 1 and len(column) >= 8:
        return [column[0]]  # nothing but zeros, as in every second column of UTF-16
    keys = [key for key in range(256) if not signs.translate(None, alphabet[key])]
    return sorted(keys, key=lambda key: -sum(column.translate(_SCORES[key])))


def _readable(plain: bytes, limit: int) -> bool:
    code = magic_code(plain)
    if code is not None:
        inflated = inflate(code, plain, min(limit, 1 << 16))
        return inflated is not None and (inflated.whole or is_text(inflated.data))
    if is_text(plain):
        return _usual(plain)
    if utf16_codec(plain) is not None:
        return True
    structure = read_structure(plain)
    return structure is not None and structure.sure


def _usual(plain: bytes) -> bool:
    """Text as apps send it, not merely bytes that happen to be printable."""
    return usualness(plain) > _LEAST_USUAL


def _over_headerless(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    if len(data) > _LARGEST_HEADERLESS:
        return
    for key in range(1, 256):
        plain = data.translate(_SHIFTS[key])
        if strict_headerless(plain):
            yield bytes([key]), plain
            return
