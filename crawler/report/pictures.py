"""Small pictures for documents: decoded with bounds, shrunk, marked, and turned into data URIs."""

from __future__ import annotations

import base64
import io
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from PIL import Image, ImageDraw

from crawler.judge.readings import ScreenAt
from evidence.blobs import BlobStore
from evidence.errors import EvidenceError

__all__ = ["Gallery", "marked_picture", "picture_uri"]

_MAX_PIXELS = 40_000_000
_TALLEST = 4
"""Times its width: what is taller is shrunk further."""
_FORMATS = ("PNG", "JPEG", "WEBP")
_RED = (214, 40, 57)
_BAD_PICTURE = (OSError, ValueError, SyntaxError, EOFError, struct.error, zlib.error, Image.DecompressionBombError)
"""What Pillow raises for bytes that are no picture; it is not more particular than that."""

_Key = tuple[str, int, tuple[int, ...], tuple[tuple[int, int], ...]]


@dataclass(slots=True)
class Gallery:
    """The screenshots of one case. The same picture with the same marks is made once."""

    blobs: BlobStore
    made: dict[_Key, str | None] = field(default_factory=dict)

    def show(
        self, at: ScreenAt, width: int, *, mark: Sequence[int] = (), dots: Sequence[tuple[int, int]] = ()
    ) -> str | None:
        """The screenshot of a look as a data URI; None when there is none that can be shown."""
        digest = shot_of(at)
        if not digest:
            return None
        key = (digest, width, tuple(mark), tuple(dots))
        if key not in self.made:
            try:
                content = self.blobs.get(digest)
            except EvidenceError:
                self.made[key] = None
            else:
                self.made[key] = picture_uri(content, width, mark=mark, dots=dots)
        return self.made[key]


def shot_of(at: ScreenAt) -> str:
    """The digest of a look's screenshot; "" when there is none."""
    reference = at.entry.data.get("shot")
    return str(reference.get("blob", "")) if isinstance(reference, dict) else ""


def picture_uri(
    content: bytes,
    width: int,
    *,
    mark: Sequence[int] = (),
    dots: Sequence[tuple[int, int]] = (),
    quality: int = 72,
) -> str | None:
    """The same as `marked_picture`, as a WebP data URI."""
    made = marked_picture(content, width, mark=mark, dots=dots, quality=quality)
    return "data:image/webp;base64," + base64.b64encode(made).decode("ascii") if made is not None else None


def marked_picture(
    content: bytes,
    width: int,
    *,
    mark: Sequence[int] = (),
    dots: Sequence[tuple[int, int]] = (),
    quality: int = 72,
    form: str = "WEBP",
) -> bytes | None:
    """A picture of at most `width` pixels across; None when the bytes are no picture or larger than the bound.

    `mark`: a box [left, top, right, bottom] to outline; `dots`: points that were touched; in pixels of the original.
    `form`: WEBP or JPEG.
    """
    target = io.BytesIO()
    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS) as opened:
            if opened.width * opened.height > _MAX_PIXELS:
                return None
            image = opened.convert("RGB")
        _draw(image, mark, dots)
        scale = min(1.0, width / image.width, _TALLEST * width / image.height)
        size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
        image.resize(size, Image.Resampling.LANCZOS).save(target, form, quality=quality, method=2)
    except _BAD_PICTURE:
        return None
    return target.getvalue()


def _draw(image: Image.Image, mark: Sequence[int], dots: Sequence[tuple[int, int]]) -> None:
    drawing = ImageDraw.Draw(image)
    stroke = max(3, image.width // 120)
    if len(mark) == 4:
        left, right = sorted(max(0, min(image.width, x)) for x in (mark[0], mark[2]))
        top, bottom = sorted(max(0, min(image.height, y)) for y in (mark[1], mark[3]))
        if right > left and bottom > top:
            # Outside the box, so that a small one, like a tick, is not covered.
            around = (left - 2 * stroke, top - 2 * stroke, right + 2 * stroke, bottom + 2 * stroke)
            drawing.rectangle(around, outline=_RED, width=stroke)
    radius = image.width // 14
    for x, y in dots:
        if 0 <= x < image.width and 0 <= y < image.height:
            drawing.ellipse((x - radius, y - radius, x + radius, y + radius), outline=_RED, width=2 * stroke)
