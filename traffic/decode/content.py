"""What bytes look like, judged by themselves and never by what a header says of them."""

from __future__ import annotations

import math
from collections import Counter

__all__ = ["entropy", "is_media", "is_text", "utf16_codec"]

_SAMPLE = 512
_ASCII = bytes(range(32, 127)) + b"\t\n\r"
_HIGH = bytes(range(128, 256))
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
    odd = sample.translate(None, _ASCII)
    if not odd:
        return bool(sample)
    controls = len(odd.translate(None, _HIGH))
    if controls * 20 > len(sample) or (controls and len(sample) < 20):
        return False
    if controls == len(odd):
        return True
    return _decodes(sample, "utf-8") or (not controls and _decodes(sample, "gb2312"))


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
    if odd * 10 >= half * 7 and even * 20 < half and (sample[1] == 0 or sample[:2] == b"\xff\xfe"):
        return "utf-16le"
    if even * 10 >= half * 7 and odd * 20 < half and (sample[0] == 0 or sample[:2] == b"\xfe\xff"):
        return "utf-16be"
    return None


def entropy(data: bytes) -> int:
    """Of the first bytes, in thousandths of a bit per byte."""
    sample = data[:4096]
    size = len(sample)
    if not size:
        return 0
    bits = -sum(count / size * math.log2(count / size) for count in Counter(sample).values())
    return max(0, round(bits * 1000))
