"""Runs of letters and digits inside a text that read as base64, base32, hexadecimal or LZ-string."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import NamedTuple

from traffic.decode.compressed import MAGIC_FIRST, magic_code
from traffic.decode.content import TEXTUAL, is_text, usualness, utf16_codec
from traffic.decode.lzstring import lz_string_base64, lz_string_plausible
from traffic.decode.structured import MESSAGE_FIRST, may_be_message, read_structure

__all__ = [
    "LEAST_RANDOM",
    "MOST_TOKENS",
    "Reading",
    "decode_base32",
    "decode_base64",
    "decode_hex",
    "is_promising",
    "looks_random",
    "readings",
    "tokens",
    "unwrap",
]

_LEAST = 16
_WORD = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/_-"
_SPLIT = bytes(byte if byte in _WORD else 32 for byte in range(256))
_HEX_OR_DASH = b"0123456789abcdefABCDEF-"
_BASE32 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_DIGITS = b"0123456789"
_CLASSES = (_DIGITS, b"abcdefghijklmnopqrstuvwxyz", b"ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_NAME = b"abcdefghijklmnopqrstuvwxyz-_/"
_STANDARD = bytes.maketrans(b"-_", b"+/")
_HEAD = 32
LEAST_RANDOM = 40
"""Signs of an encoding of something unreadable that is looked into."""
MOST_TOKENS = 5000
"""Distinct ones of one request."""
_GLUE = b"/-_+"
_FULL_LINE = 60
_WRAPPED = re.compile(rb"(?:[A-Za-z0-9+/]{60,76}\r?\n)+[A-Za-z0-9+/]{2,76}={0,2}")
_ALNUM = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_TEXT_FIRST = b"IJKLMNOPQRSTUVWXYZabcdef"
_MAGIC_BACKWARDS = (b"Is4H", b"vULK", b"NJCB", b"oplQ", b"Je", b"Ne", b"Fe", b"Ae")
_LEAST_USUAL = 17
_MOST_LZ = 16


class Reading(NamedTuple):
    """One token, decoded in one way. A tuple, because there are thousands."""

    code: str
    source: bytes
    data: bytes
    promising: bool
    """It reads as text, names a compression or is a message: worth looking into further."""


def tokens(text: bytes) -> list[bytes]:
    """Each distinct run that is long enough, in order of appearance. Equals signs end a run."""
    words = dict.fromkeys([word for word in text.translate(_SPLIT).split() if len(word) >= _LEAST])
    # Names in small letters are never base64 of anything.
    return [word for word in words if word.translate(None, _NAME)]


def decode_base64(token: bytes) -> bytes:
    """Standard and URL-safe alphabet, padded or not; a stray last character is dropped. Other characters are ignored."""
    bare = token.translate(_STANDARD, b"=\r\n\t ")
    if len(bare) % 4 == 1:
        bare = bare[:-1]
    try:
        # More padding than is due does no harm.
        return binascii.a2b_base64(bare + b"==")
    except binascii.Error:
        return b""


def _decode_token(token: bytes) -> bytes:
    """The same for what holds nothing but signs of either alphabet."""
    whole = token if len(token) % 4 != 1 else token[:-1]
    return binascii.a2b_base64(whole.translate(_STANDARD) + b"==")


def decode_base32(token: bytes) -> bytes:
    """Capitals and the digits 2 to 7, unpadded; anything else gives nothing."""
    try:
        return base64.b32decode(token + b"=" * (-len(token) % 8))
    except binascii.Error:
        return b""


def decode_hex(token: bytes) -> bytes:
    """Digits in either case; an odd number of them or anything else gives nothing."""
    try:
        return binascii.unhexlify(token)
    except binascii.Error:
        return b""


def readings(text: bytes, seen: set[bytes]) -> Iterator[Reading]:
    """Every believable way to read each token of the text that was not seen yet."""
    lz_left = _MOST_LZ
    fresh = [token for token in tokens(text) if token not in seen][: MOST_TOKENS - len(seen)]
    seen.update(fresh)
    for token in fresh:
        if not token.translate(None, _HEX_OR_DASH):
            if len(token) % 2 == 0 and b"-" not in token:
                decoded = decode_hex(token)
                yield Reading("hex", token, decoded, is_promising(decoded))
            continue
        decoded = _decode_token(token)
        if is_promising(decoded):
            yield Reading("base64", token, decoded, True)
            continue
        other = _other_reading(token, lz_left > 0) if len(token) >= 20 else None
        lz_left -= other is not None and other.code == "lz-string"
        yield other or Reading("base64", token, decoded, False)


def _other_reading(token: bytes, may_be_lz: bool) -> Reading | None:
    if not token.translate(None, _BASE32):
        decoded = decode_base32(token)
        return Reading("base32", token, decoded, True) if is_promising(decoded) else None
    found = _reversed(token)
    if found is None and token.translate(None, _ALNUM):
        found = _after_glue(token)
    if found is None and may_be_lz and lz_string_plausible(token):
        found = _lz(token)
    return found


def _reversed(token: bytes) -> Reading | None:
    # Base64 of ASCII starts each four signs with one of a few; of a compressed stream with its magic number.
    if token[-1:-17:-4].translate(None, _TEXT_FIRST) and not token.endswith(_MAGIC_BACKWARDS):
        return None
    if not _promising_head(decode_base64(token[: -_HEAD - 1 : -1])):
        return None
    return Reading("reversed-base64", token, decode_base64(token[::-1]), True)


def _after_glue(token: bytes) -> Reading | None:
    """What follows the last of the first signs that may belong to base64 or to the text around it."""
    head = token[:64]
    for sign in _GLUE:
        at = head.rfind(sign) if sign in head else -1
        if 0 <= at < len(token) - _LEAST:
            rest = token[at + 1 :]
            decoded = _decode_token(rest)
            if is_promising(decoded):
                return Reading("base64", rest, decoded, True)
    return None


def _lz(token: bytes) -> Reading | None:
    decoded = lz_string_base64(token, 1 << 20)
    # A random token gives a few characters of any plane before a code makes no sense.
    if decoded is None or 3 * len(decoded) < len(token) or not is_text(decoded) or usualness(decoded) < _LEAST_USUAL:
        return None
    return Reading("lz-string", token, decoded, True)


def unwrap(text: bytes) -> tuple[list[Reading], bytes]:
    """Base64 in lines, as MIME and Android's default flags write it, and the text without it."""
    if not any(_is_full(line) for line in text.split(b"\n")):
        return [], text
    found = [Reading("base64", match.group(), decode_base64(match.group()), True) for match in _WRAPPED.finditer(text)]
    return found, _WRAPPED.sub(b" ", text) if found else text


def _is_full(line: bytes) -> bool:
    """Whether it ends in as much base64 as a full line holds; the expression looks at every place of a text."""
    end = line[-_FULL_LINE - 1 :].rstrip(b"\r")[-_FULL_LINE:]
    return len(end) == _FULL_LINE and not end.translate(None, _ALNUM + b"+/")


def _promising_head(head: bytes) -> bool:
    return len(head) >= 8 and (magic_code(head) is not None or is_text(head) or utf16_codec(head) is not None)


def is_promising(decoded: bytes) -> bool:
    """Whether it reads as text, names a compression or is a message."""
    size = len(decoded)
    if size < 8:
        return False
    # Asked of thousands of tokens, most of which are no base64: what those give has control characters soon.
    first, head = decoded[0], decoded if size <= 48 else decoded[:48]
    if first in MAGIC_FIRST and magic_code(decoded) is not None:
        return True
    size = len(head)
    controls = len(head.translate(None, TEXTUAL))
    if controls * 20 <= size:
        if is_text(decoded):
            return True
    elif controls * 3 >= size and utf16_codec(decoded) is not None:
        return True
    if first not in MESSAGE_FIRST or not may_be_message(decoded):
        return False
    structure = read_structure(decoded)
    return structure is not None and structure.sure


def looks_random(reading: Reading) -> bool:
    """Whether the token is an encoding of something unreadable rather than a long name or a digest."""
    token = reading.source
    size = len(token)
    if size < LEAST_RANDOM:
        return False
    if reading.code == "hex":
        return size > 64 and size not in (96, 128)
    return reading.code == "base64" and all(len(token.translate(None, signs)) != size for signs in _CLASSES)
