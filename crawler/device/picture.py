"""Is this a whole PNG, and does it show anything? Decides what may be kept as a screenshot."""

import io
import zlib
from dataclasses import dataclass

from PIL import Image

__all__ = ["Picture", "check_png", "mostly_black"]

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_MAX_SIDE = 16_384
_MAX_PIXELS = 40_000_000
_BLACK_SHARE = 0.5
"""A secure window comes back black, but the status bar above it does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What the outside of a picture tells."""

    width: int
    height: int
    fault: str | None
    """Why it is not a whole PNG; None when it is one."""


def check_png(content: bytes) -> Picture:
    """Walk the chunks of a PNG and check their sums. Cheap: the pixels are not decoded."""
    if not content:
        return Picture(width=0, height=0, fault="the device sent no picture")
    if not content.startswith(_SIGNATURE):
        words = content[:120].decode("utf-8", "replace").strip()
        return Picture(width=0, height=0, fault=f"the device sent no PNG, but {words!r}")
    width = height = 0
    position = len(_SIGNATURE)
    while position + 12 <= len(content):
        size = int.from_bytes(content[position : position + 4], "big")
        kind = content[position + 4 : position + 8]
        end = position + 12 + size
        if end > len(content):
            break
        if zlib.crc32(content[position + 4 : end - 4]) != int.from_bytes(content[end - 4 : end], "big"):
            return Picture(width=width, height=height, fault="the picture is damaged")
        if kind == b"IHDR" and size >= 8:
            width = int.from_bytes(content[position + 8 : position + 12], "big")
            height = int.from_bytes(content[position + 12 : position + 16], "big")
        if kind == b"IEND":
            return Picture(width=width, height=height, fault=_size_fault(width, height))
        position = end
    return Picture(width=width, height=height, fault="the picture is cut off")


def mostly_black(content: bytes) -> bool:
    """Whether at least half of the pixels are pure black. False for what cannot be decoded."""
    try:
        with Image.open(io.BytesIO(content), formats=["PNG"]) as image:
            if image.width * image.height > _MAX_PIXELS:
                return False
            histogram = image.convert("RGB").convert("L").histogram()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, zlib.error):
        return False
    return histogram[0] >= _BLACK_SHARE * sum(histogram)


def _size_fault(width: int, height: int) -> str | None:
    if not 0 < width <= _MAX_SIDE or not 0 < height <= _MAX_SIDE or width * height > _MAX_PIXELS:
        return f"the picture claims to be {width} x {height} pixels"
    return None
