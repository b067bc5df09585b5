"""Undoes XOR with one byte or a short key. The key is worked out, never asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from traffic.decode.compressed import inflate, magic_code, strict_headerless
from traffic.decode.content import is_text
from traffic.decode.structured import read_structure

__all__ = ["LAGS", "difference", "repeat_xor", "xor_readings"]

LAGS = (1, 2, 3, 4, 5, 6, 7, 8, 16)
"""Key lengths that are tried."""
_LARGEST = 1 << 16
_LARGEST_HEADERLESS = 1 << 13
_FREQUENT = b'" :,eiatnors0123456789_-{%=&'
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


def _weights() -> list[int]:
    """How usual each byte is in what apps send, JSON, forms, hexadecimal and base64 alike."""
    table = [-16] * 32 + [-2] * 96 + [0] * 128
    for signs, weight in (
        (b'"0123456789', 9),
        (b" :,=%&eatnoris_abcdef", 8),
        (b"-./{}[]ldcumpfghyvbwkxjqz\n", 6),
        (b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", 5),
        (b"+;?@#()\\", 2),
    ):
        for sign in signs:
            table[sign] = weight
    return table


_WEIGHTS = _weights()
_SHIFTS = [bytes(byte ^ key for byte in range(256)) for key in range(256)]


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
    """For each key length at which equal bytes are as frequent as in text: the most usual signs."""
    for length in LAGS:
        if len(data) < _LEAST_FOR_STATISTICS * length:
            return
        apart = difference(data, length)
        if apart.count(0) > _COINCIDENCE * len(apart):
            yield bytes(_best_byte(data[start::length]) for start in range(length))


def _best_byte(column: bytes) -> int:
    """The key byte under which the column looks most like text: its most frequent bytes stand for usual signs."""
    counts = Counter(column)
    keys = {byte ^ sign for byte, _ in counts.most_common(3) for sign in _FREQUENT}
    return max(sorted(keys), key=lambda key: sum(count * _WEIGHTS[byte ^ key] for byte, count in counts.items()))


def _readable(plain: bytes, limit: int) -> bool:
    code = magic_code(plain)
    if code is not None:
        inflated = inflate(code, plain, min(limit, 1 << 16))
        return inflated is not None and (inflated.whole or is_text(inflated.data))
    if is_text(plain):
        return _usual(plain)
    structure = read_structure(plain)
    return structure is not None and structure.sure


def _usual(plain: bytes) -> bool:
    """Text as apps send it, not merely bytes that happen to be printable."""
    sample = plain[:512]
    return sum(_WEIGHTS[byte] for byte in sample) > 4 * len(sample)


def _over_headerless(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    if len(data) > _LARGEST_HEADERLESS:
        return
    for key in range(1, 256):
        plain = data.translate(_SHIFTS[key])
        if strict_headerless(plain):
            yield bytes([key]), plain
            return
