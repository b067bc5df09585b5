"""Image bytes to pixels within bounds, and the few colour measurements that everything else is built from."""

from __future__ import annotations

import io
import warnings

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from screenshots.lines import Image, as_image, commonest_colour
from screenshots.values import Box

__all__ = [
    "ImageUnreadable",
    "colour_distance",
    "contrast_ratio",
    "decode_image",
    "image_size",
    "saturation",
    "text_colours",
    "uniformity",
]

MAXIMUM_PIXELS = 20_000_000
"""Twice a display of 4K and more; a picture of so many pixels takes 60 MB."""
BLANK_SHARE = 0.9985
"""A screen is blank when this share of it has one colour: two short words on white are more than the rest."""
MAXIMUM_BYTES = 64 * 1024 * 1024
_FORMATS = ("PNG", "JPEG", "WEBP", "BMP")

Colour = NDArray[np.uint8]


class ImageUnreadable(Exception):
    """The bytes are no image that can be read safely. `reason` is a word for the reading, `detail` a sentence."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


def image_size(data: bytes) -> tuple[int, int]:
    """Width and height from the header alone; nothing is decoded."""
    if not data:
        raise ImageUnreadable("bad_image", "the screenshot is empty")
    if len(data) > MAXIMUM_BYTES:
        raise ImageUnreadable("too_large", f"the screenshot has {len(data)} bytes")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with PillowImage.open(io.BytesIO(data), formats=_FORMATS) as opened:
                size = opened.size
    except PillowImage.DecompressionBombError as error:
        raise ImageUnreadable("too_large", "the screenshot declares too many pixels") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise ImageUnreadable("bad_image", "the screenshot is no PNG or JPEG image") from error
    if size[0] * size[1] > MAXIMUM_PIXELS or max(size) > 20_000:
        raise ImageUnreadable("too_large", f"the screenshot has {size[0]}x{size[1]} pixels")
    if min(size) < 8:
        raise ImageUnreadable("bad_image", f"the screenshot has only {size[0]}x{size[1]} pixels")
    return size


def decode_image(data: bytes) -> Image:
    """BGR pixels. An animated PNG gives its first frame; transparency is dropped."""
    image_size(data)
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error as error:
        raise ImageUnreadable("bad_image", "the screenshot's pixels cannot be decoded") from error
    if image is None:
        raise ImageUnreadable("bad_image", "the screenshot's pixels cannot be decoded")
    pixels: Image = np.ascontiguousarray(image, dtype=np.uint8)
    return pixels


def uniformity(image: Image) -> tuple[float, Colour]:
    """The share of pixels that look like the commonest colour, the bars at both ends left out, and that colour."""
    small = as_image(cv2.resize(image, (90, 200), interpolation=cv2.INTER_AREA))[8:192]
    colour = commonest_colour(small)
    same = np.abs(small.astype(np.int16) - colour.astype(np.int16)).max(axis=2) <= 10
    return float(same.mean()), colour


def luminance(colour: Colour) -> float:
    """Relative luminance as WCAG 2 defines it."""
    channels = colour[::-1].astype(np.float64) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ np.array([0.2126, 0.7152, 0.0722]))


def contrast_ratio(one: Colour, other: Colour) -> float:
    """WCAG contrast, 1 to 21."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def saturation(colour: Colour) -> float:
    """0 for grey, 1 for a pure colour."""
    brightest = int(colour.max())
    return (brightest - int(colour.min())) / brightest if brightest else 0.0


def colour_distance(one: Colour, other: Colour) -> float:
    """Distance in Lab as OpenCV scales it."""
    pair = cv2.cvtColor(np.array([[one, other]], np.uint8), cv2.COLOR_BGR2LAB).astype(np.float32)
    return float(np.linalg.norm(pair[0, 0] - pair[0, 1]))


def text_colours(image: Image, box: Box) -> tuple[Colour, Colour] | None:
    """Colour of the strokes and of their background: the far end of the distances, so that thin strokes count whole."""
    left, top, right, bottom = (max(0, edge) for edge in box)
    crop = np.ascontiguousarray(image[top:bottom, left:right])
    if crop.shape[0] < 4 or crop.shape[1] < 4:
        return None
    background = commonest_colour(crop)
    lab = cv2.cvtColor(crop, cv2.COLOR_BGR2LAB).reshape(-1, 3).astype(np.float32)
    base = cv2.cvtColor(background.reshape(1, 1, 3), cv2.COLOR_BGR2LAB).reshape(3).astype(np.float32)
    distances = np.linalg.norm(lab - base, axis=1)
    count = max(6, int(len(distances) * 0.06))
    farthest = np.argpartition(distances, -count)[-count:]
    strokes: Colour = np.median(crop.reshape(-1, 3)[farthest], axis=0).astype(np.uint8)
    return strokes, background
