"""What bytes look like, judged by themselves and never by what a header says of them."""

from __future__ import annotations

import math
from collections import Counter

__all__ = [
    "ASCII",
    "HIGH",
    "LEAST_USUAL",
    "TEXTUAL",
    "USUAL",
    "entropy",
    "has_controls",
    "is_media",
    "is_text",
    "reads_as_usual",
    "usualness",
    "utf16_codec",
]

_SAMPLE = 512
LEAST_USUAL = 22.0
"""Below this, text is odd: XOR with a small key leaves text printable, but not as programs write it."""
ASCII = bytes(range(32, 127)) + b"\t\n\r"
HIGH = bytes(range(128, 256))
_NEVER_UTF8 = b"\xc0\xc1" + bytes(range(0xF5, 0x100))
_NEVER_GB2312 = bytes(range(0x80, 0xA1)) + b"\xff"
TEXTUAL = ASCII + HIGH
"""All that text may hold, whatever its character set."""
_MEDIA = (
    b"\x89PNG\r\n",
    b"\xff\xd8\xff",
    b"GIF8",
    b"OggS",
    b"ID3",
    b"fLaC",
    b"\x1aE\xdf\xa3",
    b"wOFF",
    b"wOF2",
    b"%PDF",
    b"\x7fELF",
    b"dex\n",
    b"SQLite format 3\0",
)


def is_media(data: bytes) -> bool:
    """A file format that is compressed in its own way and carries no text worth a search for encodings."""
    return (
        data.startswith(_MEDIA)
        or (data[:4] == b"RIFF" and data[8:12] in (b"WEBP", b"WAVE", b"AVI "))
        or data[4:8] == b"ftyp"
    )


def is_text(data: bytes) -> bool:
    """Whether a person would see text: ASCII, UTF-8 or GBK with next to no control characters."""
    sample = data[:_SAMPLE]
    odd = sample.translate(None, ASCII)
    if not odd:
        return bool(sample)
    controls = len(odd.translate(None, HIGH))
    if controls * 20 > len(sample) or (controls and len(sample) < 20):
        return False
    if controls == len(odd):
        return True
    # Bytes that a character set never uses tell most of what is none without the cost of an exception.
    size = len(odd)
    if len(odd.translate(None, _NEVER_UTF8)) == size and _decodes(sample, "utf-8"):
        return True
    return not controls and len(odd.translate(None, _NEVER_GB2312)) == size and _decodes(sample, "gb2312")


def has_controls(data: bytes) -> bool:
    """Whether there is any byte that no text holds."""
    return bool(data.translate(None, TEXTUAL))


def _decodes(sample: bytes, codec: str) -> bool:
    """The sample may end in the middle of a character."""
    try:
        sample.decode(codec)
    except UnicodeDecodeError as error:
        return len(sample) == _SAMPLE and error.start >= _SAMPLE - 4
    return True


def utf16_codec(data: bytes) -> str | None:
    """Which half of the bytes is zero, where nearly every second one is, the first character included."""
    sample = data[:_SAMPLE]
    if len(sample) < 12 or sample.count(0) * 3 < len(sample):
        return None
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    half = len(sample) // 2
    if (sample[1] == 0 or sample[:2] == b"\xff\xfe") and _mostly(odd, even, half):
        return "utf-16le"
    if (sample[0] == 0 or sample[:2] == b"\xfe\xff") and _mostly(even, odd, half):
        return "utf-16be"
    return None


def _mostly(high: int, low: int, half: int) -> bool:
    """Whether the one half of the bytes is mostly zero and the other hardly ever."""
    return high * 10 >= half * 7 and (low * 20 < half or (high == half and low * 2 <= half + 1))


def entropy(data: bytes) -> int:
    """Of the first bytes, in thousandths of a bit per byte."""
    sample = data[:4096]
    size = len(sample)
    if not size:
        return 0
    bits = -sum(count / size * math.log2(count / size) for count in Counter(sample).values())
    return max(0, round(bits * 1000))


def _usual_table() -> bytes:
    """How usual each byte is in what apps send, JSON, forms, hexadecimal and base64 alike."""
    table = bytearray(32) + bytearray([14]) * 96 + bytearray([16]) * 128
    for signs, weight in (
        (b'"0123456789', 25),
        (b" :,=%&eatnoris_abcdef", 24),
        (b"-./{}[]ldcumpfghyvbwkxjqz\n", 22),
        (b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", 21),
        (b"+;?@#()\\", 18),
    ):
        for sign in signs:
            table[sign] = weight
    return bytes(table)


USUAL = _usual_table()


def usualness(data: bytes) -> float:
    """Of the first bytes. What programs write has 22 and more, random bytes 16, most text under a XOR less than 22."""
    sample = data[:_SAMPLE]
    return sum(sample.translate(USUAL)) / max(1, len(sample))


def reads_as_usual(text: bytes) -> bool:
    """Whether programs write like that. Letters beyond ASCII say nothing where they are whole UTF-8."""
    sample = text[:_SAMPLE]
    if not sample.isascii() and _decodes(sample, "utf-8"):
        sample = sample.translate(None, HIGH)
    return not sample or usualness(sample) >= LEAST_USUAL
