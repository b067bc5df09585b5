"""Small pictures for documents: decoded with bounds, shrunk, marked, and turned into data URIs."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence

from PIL import Image, ImageDraw, UnidentifiedImageError

__all__ = ["picture_uri"]

_MAX_PIXELS = 40_000_000


def picture_uri(
    content: bytes,
    width: int,
    *,
    mark: Sequence[int] | None = None,
    dot: Sequence[int] | None = None,
    quality: int = 72,
) -> str | None:
    """A WebP data URI of at most `width` pixels across; None when the bytes are no picture or larger than the bound.

    `mark`: a box [left, top, right, bottom] to outline; `dot`: a point that was touched; both in pixels of the original.
    """
    try:
        with Image.open(io.BytesIO(content)) as opened:
            if opened.width * opened.height > _MAX_PIXELS:
                return None
            image = opened.convert("RGB")
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        return None
    drawing = ImageDraw.Draw(image)
    stroke = max(3, image.width // 120)
    if mark is not None and len(mark) == 4:
        drawing.rectangle(tuple(mark), outline=(214, 40, 57), width=stroke)
    if dot is not None and len(dot) == 2:
        radius = image.width // 24
        x, y = dot
        drawing.ellipse((x - radius, y - radius, x + radius, y + radius), outline=(214, 40, 57), width=stroke)
    scale = min(1.0, width / image.width)
    image = image.resize(
        (max(1, round(image.width * scale)), max(1, round(image.height * scale))), Image.Resampling.LANCZOS
    )
    target = io.BytesIO()
    image.save(target, "WEBP", quality=quality, method=4)
    return "data:image/webp;base64," + base64.b64encode(target.getvalue()).decode("ascii")
