"""Undoes XOR with one byte or a short key. The key is worked out, never asked for."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from traffic.decode.compressed import inflate, magic_code, strict_headerless
from traffic.decode.content import USUAL, is_text, usualness, utf16_codec
from traffic.decode.cribs import LAGS, common_cribs, difference
from traffic.decode.structured import MESSAGE_FIRST, may_be_message, read_structure
from traffic.decode.tokens import decode_base64, decode_hex

__all__ = ["repeat_xor", "xor_readings"]

_LARGEST = 1 << 16
_LARGEST_HEADERLESS = 1 << 11
_SAMPLE = 1 << 10
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
_COINCIDENCE = 0.02
"""Share of equal bytes at the distance of the key's length; chance gives 0.004, text 0.06."""
_LEAST_FOR_STATISTICS = 12
"""Bytes for each byte of the key."""


_SURE_CRIB = 7
"""Fewer bytes of a word agree by chance."""
_LEAST_USUAL = 20
_SHIFTS = [bytes(byte ^ key for byte in range(256)) for key in range(256)]
_SCORES = [shift.translate(USUAL) for shift in _SHIFTS]
"""How usual the byte is that each byte stands for, under each key byte."""


def _decode_first(text: bytes) -> bytes:
    """Base64, of a JWT only the first part."""
    return decode_base64(text.partition(b".")[0])


@dataclass(frozen=True, slots=True)
class _Alphabet:
    """All that a text consists of."""

    signs: bytes
    under: list[bytes]
    """The same under each key byte."""
    decode: Callable[[bytes], bytes]


def _alphabet(signs: bytes, decode: Callable[[bytes], bytes] = bytes) -> _Alphabet:
    return _Alphabet(signs, [signs.translate(shift) for shift in _SHIFTS], decode)


_STRICT = (
    _alphabet(b"0123456789abcdef", decode_hex),
    _alphabet(b"0123456789ABCDEF", decode_hex),
    _alphabet(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/_-=\n.", _decode_first),
)
_LOOSE = (_alphabet(bytes(range(32, 127)) + b"\n\r\t"), _alphabet(bytes(range(32, 256)) + b"\n\r\t"))
_FREQUENT = b'\0" :,eiatnors0123456789_-{%=&'
_MOST_COMBINATIONS = 512


def repeat_xor(data: bytes, key: bytes) -> bytes:
    """The key repeated from the first byte on."""
    if len(key) == 1:
        return data.translate(_SHIFTS[key[0]])
    size = len(data)
    stream = key * (size // len(key) + 1)
    return (int.from_bytes(data, "big") ^ int.from_bytes(stream[:size], "big")).to_bytes(size, "big")


def xor_readings(data: bytes, limit: int, *, thorough: bool) -> Iterator[tuple[bytes, bytes]]:
    """(key, readable bytes). `thorough` also tries all single bytes over compression without a header."""
    if not 8 <= len(data) <= _LARGEST:
        return
    for key in _keys_by_opening(data):
        plain = repeat_xor(data, key)
        if any(key) and _readable(plain, limit):
            yield key, plain
            return
    for crib in common_cribs().keys(data):
        plain = repeat_xor(data, crib.key)
        if crib.agreeing >= _SURE_CRIB or _readable(plain, limit):
            yield crib.key, plain
            return
    key = _likely_key(data[:_SAMPLE])
    plain = repeat_xor(data, key)
    if any(key) and _readable(plain, limit):
        yield key, plain
    elif thorough:
        yield from _with_every_byte(data)


def _keys_by_opening(data: bytes) -> Iterator[bytes]:
    for opening in _OPENINGS:
        key = data[0] ^ opening[0]
        if all(data[at] ^ key == sign for at, sign in enumerate(opening) if at < len(data)):
            yield bytes([key])
    for head in _GZIP_HEADS + _LONG_MAGICS:
        known = repeat_xor(data[: len(head)], head)
        for length in range(2, min(8, len(known)) + 1):
            if known[length:] == known[: len(known) - length]:
                yield known[:length]


def _likely_key(data: bytes) -> bytes:
    """The key under which the data look most like what programs write. A longer one must explain them better."""
    keys = dict.fromkeys([*_keys_by_alphabet(data), _best_single(data), *_keys_by_statistics(data)])
    return max(keys, key=lambda key: _quality(repeat_xor(data, key)) - math.log2(len(key)) / 2)


def _best_single(data: bytes) -> bytes:
    sample = data[:128]
    return bytes([max(range(256), key=lambda key: sum(sample.translate(_SCORES[key])))])


def _quality(plain: bytes) -> float:
    """How usual it is; where it is an encoding of text, how usual that is, and a little more."""
    codec = utf16_codec(plain)
    if codec is not None:
        return usualness(plain[:1024].decode(codec, "replace").encode()) + 3
    for alphabet in _STRICT:
        if not plain.translate(None, alphabet.signs):
            return max(usualness(plain) + 1, _decoded_quality(plain, alphabet) + 3)
    return usualness(plain)


def _decoded_quality(plain: bytes, alphabet: _Alphabet) -> float:
    """Of what the text encodes, read forwards or backwards; nothing where that is no text."""
    sample = plain[:1024]
    texts = [text for text in (alphabet.decode(sample), alphabet.decode(sample[::-1])) if is_text(text)]
    return max(map(usualness, texts), default=-1.0)


def _keys_by_alphabet(data: bytes) -> Iterator[bytes]:
    """Keys under which all is hexadecimal or all is base64, which hardly happens by chance."""
    for length in LAGS:
        if len(data) < _LEAST_FOR_STATISTICS * length:
            return
        columns = [data[start::length] for start in range(length)]
        keys = [key for alphabet in _STRICT for key in _combined(data, columns, alphabet)]
        if keys:
            yield from keys
            return


def _combined(data: bytes, columns: list[bytes], alphabet: _Alphabet) -> Iterator[bytes]:
    """Where several bytes fit a column (base64 of text has few signs in every fourth), the best combination."""
    likely = []
    for column in columns:
        likely.append(_likely_bytes(column, alphabet))
        if not likely[-1]:
            return
    yield bytes(choices[0] for choices in likely)
    if 1 < math.prod(map(len, likely)) <= _MOST_COMBINATIONS:
        keys = (bytes(combination) for combination in itertools.product(*likely))
        yield max(keys, key=lambda key: _decoded_quality(repeat_xor(data[:256], key), alphabet))


def _keys_by_statistics(data: bytes) -> Iterator[bytes]:
    """Where equal bytes lie a certain distance apart as often as in text: the likely keys of that length."""
    longest = _key_length(data)
    for length in (length for length in LAGS if longest and length <= longest and longest % length == 0):
        columns = [data[start::length] for start in range(length)]
        for alphabet in _LOOSE:
            likely = [_likely_bytes(column, alphabet) for column in columns]
            if all(likely):
                yield bytes(choices[0] for choices in likely)
        yield bytes(_best_byte(column) for column in columns)


def _best_byte(column: bytes) -> int:
    """The key byte under which the column looks most like text: its most frequent bytes stand for frequent signs."""
    often = sorted(set(column), key=column.count)[-4:]
    keys = sorted({byte ^ sign for byte in often for sign in _FREQUENT})
    return max(keys, key=lambda key: sum(column.translate(_SCORES[key])))


def _key_length(data: bytes) -> int:
    """The shortest distance at which equal bytes are nearly as frequent as at any; zero where they are rare."""
    shares = {}
    for length in LAGS:
        if len(data) >= _LEAST_FOR_STATISTICS * length:
            apart = difference(data, length)
            shares[length] = apart.count(0) / len(apart)
    most = max(shares.values(), default=0.0)
    if most * len(data) < max(2.5, _COINCIDENCE * len(data)):
        return 0
    return next(length for length, share in shares.items() if share >= 0.6 * most)


def _likely_bytes(column: bytes, alphabet: _Alphabet) -> list[int]:
    """The key bytes under which all of the column is of the alphabet; first the one under which most of it is usual."""
    signs = bytes(set(column))
    if len(signs) == 1 and len(column) >= 8:
        return [column[0]]  # nothing but zeros, as in every second column of UTF-16
    under = alphabet.under
    keys = [key for key in (signs[0] ^ sign for sign in alphabet.signs) if not signs.translate(None, under[key])]
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


def _with_every_byte(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Messages, and compression without a header, show themselves to nothing but a try."""
    if len(data) > _LARGEST_HEADERLESS:
        return
    for key in range(1, 256):
        plain = data.translate(_SHIFTS[key])
        if strict_headerless(plain) or _is_sure_message(plain):
            yield bytes([key]), plain
            return


def _is_sure_message(plain: bytes) -> bool:
    if plain[0] not in MESSAGE_FIRST or not may_be_message(plain):
        return False
    structure = read_structure(plain)
    return structure is not None and structure.sure and len(structure.fields) > 1
