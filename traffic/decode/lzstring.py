"""LZ-string, the compression that web SDKs use where bytes are awkward, in its base64, URL and UTF-16 dresses."""

from __future__ import annotations

__all__ = ["lz_string_base64", "lz_string_plausible", "lz_string_utf16"]

_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_BITS = {byte: f"{value:06b}" for value, byte in enumerate(_ALPHABET)} | {ord("-"): "111111"}
_VALUES = {byte: int(bits, 2) for byte, bits in _BITS.items()}
_REVERSED = [int(f"{value:06b}"[::-1], 2) for value in range(64)]
_MOST_CODES = 60_000
_CLEAN = 20
"""Signs from the start on among which no text has a control character: most of what is no LZ-string ends there."""


def lz_string_plausible(token: bytes) -> bool:
    """Whether the first code is a new character of eight bits that begins a text."""
    first, second = _VALUES.get(token[0], 63), _VALUES.get(token[1], 63)
    if first >> 4:
        return False
    begin = _REVERSED[first & 15] >> 2 | (_REVERSED[second] & 15) << 4
    return 32 <= begin < 127


def lz_string_base64(token: bytes, limit: int) -> bytes | None:
    """Of compressToBase64 and compressToEncodedURIComponent; as UTF-8. None where a code makes no sense."""
    return _decompress("".join([_BITS.get(byte, "") for byte in token.rstrip(b"=$")]), limit)


def lz_string_utf16(data: bytes, limit: int) -> bytes | None:
    """Of compressToUTF16, which puts 15 bits into each character."""
    text = data.decode("utf-8", "replace")
    return _decompress("".join([f"{(ord(sign) - 32) & 0x7FFF:015b}" for sign in text]), limit)


def _decompress(bits: str, limit: int) -> bytes | None:
    reader = _Reader(bits)
    code = reader.code(2)
    if code not in (0, 1):
        return None
    previous = chr(reader.code(8 if code == 0 else 16))
    words = ["", "", "", previous]
    written, size, width, room = [previous], 1, 3, 4
    for _ in range(_MOST_CODES):
        code = reader.code(width)
        if code == 2 or reader.ended:
            break
        if code < 2:
            sign = chr(reader.code(8 if code == 0 else 16))
            if sign < " " and size < _CLEAN and sign not in "\t\n\r":
                return None
            words.append(sign)
            code = len(words) - 1
            room -= 1
            if not room:
                room, width = 1 << width, width + 1
        if code > len(words):
            return None
        entry = words[code] if code < len(words) else previous + previous[0]
        written.append(entry)
        size += len(entry)
        words.append(previous + entry[0])
        previous = entry
        room -= 1
        if not room:
            room, width = 1 << width, width + 1
        if size > limit:
            break
    # Pairs of surrogates were compressed as two characters.
    return "".join(written).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()


class _Reader:
    """Codes of any width, least significant bit first, from a string of zeros and ones."""

    __slots__ = ("_at", "_bits", "ended")

    def __init__(self, bits: str) -> None:
        self._bits = bits
        self._at = 0
        self.ended = False

    def code(self, width: int) -> int:
        piece = self._bits[self._at : self._at + width]
        self._at += width
        if len(piece) < width:
            self.ended = True
            return 2
        return int(piece[::-1], 2)
