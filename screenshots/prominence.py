"""How strongly a dialog draws each of its answers: figures for evidence, measured on the screenshot, never a verdict."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from screenshots.buttons import button_shape
from screenshots.lines import Image, commonest_colour
from screenshots.pixels import (
    Colour,
    ImageUnreadable,
    colour_distance,
    contrast_ratio,
    decode_image,
    saturation,
    text_colours,
)
from screenshots.values import Box, Control, Dialog

__all__ = ["Prominence", "colours_apart", "compare_answers", "draws_weaker", "measure_control", "strongest_contrast"]

_WEAK_CONTRAST = 3000
_SMALLER = 720
_INK_DISTANCE = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Prominence:
    """One control as it is drawn."""

    style: str
    """`filled`, `outline` or `plain`."""
    contrast: int
    """WCAG contrast of its words, in thousandths: 4500 is 4.5:1."""
    area: int
    """Pixels of the drawn button, or of the words when there is none."""
    text_height: int
    """Height of the ink, in pixels."""
    saturation: int
    """Of the button's fill, in thousandths; 0 for grey and for plain words."""
    colour: tuple[int, int, int] = (0, 0, 0)
    """Blue, green and red of what is behind the words."""


def measure_control(image: Image, control: Control) -> Prominence | None:
    """None when there is nothing to see where the control is said to be."""
    box = _ink_box(image, control.box)
    colours = text_colours(image, box) if box is not None else None
    if box is None or colours is None:
        return None
    shape = button_shape(image, box)
    left, top, right, bottom = shape.box
    return Prominence(
        style=shape.style,
        contrast=round(1000 * contrast_ratio(*colours)),
        area=(right - left) * (bottom - top),
        text_height=box[3] - box[1],
        saturation=round(1000 * saturation(shape.fill)) if shape.style == "filled" and shape.fill is not None else 0,
        colour=(int(colours[1][0]), int(colours[1][1]), int(colours[1][2])),
    )


def strongest_contrast(image: Image, box: Box) -> int | None:
    """WCAG contrast, in thousandths, between the lightest and the darkest pixel of a box: no word or border in it can be
    drawn stronger. None when the box lies outside the picture or holds nothing."""
    left, top, right, bottom = box
    crop = image[max(0, top) : bottom, max(0, left) : right]
    if left < 0 or top < 0 or crop.shape[0] < bottom - top or crop.shape[1] < right - left or crop.size == 0:
        return None
    pixels = np.unique(crop.reshape(-1, 3), axis=0)
    grey = pixels.astype(np.float64) @ np.array([0.0722, 0.7152, 0.2126])
    return round(1000 * contrast_ratio(pixels[int(grey.argmax())], pixels[int(grey.argmin())]))


def draws_weaker(accept: Prominence, refuse: Prominence) -> bool:
    """Plain words beside a filled button, and pale or small."""
    plainer = accept.style == "filled" and refuse.style == "plain"
    fainter = refuse.contrast < min(_WEAK_CONTRAST, accept.contrast)
    smaller = 1000 * refuse.text_height < _SMALLER * accept.text_height
    return plainer and (fainter or smaller)


def colours_apart(one: Prominence, other: Prominence) -> int:
    """Distance in Lab of what is behind the words of two controls."""
    return round(colour_distance(np.array(one.colour, np.uint8), np.array(other.colour, np.uint8)))


def compare_answers(shot: bytes, dialog: Dialog) -> tuple[Prominence, Prominence, bool] | None:
    """Acceptance, refusal, and whether the refusal is drawn weaker: plain words beside a filled button, and pale or small.

    None when either is missing or the screenshot cannot be read.
    """
    accepts, refuses = dialog.find("accept"), dialog.find("refuse")
    if not accepts or not refuses:
        return None
    try:
        image = decode_image(shot)
    except ImageUnreadable:
        return None
    accept, refuse = measure_control(image, accepts[0]), measure_control(image, refuses[0])
    if accept is None or refuse is None:
        return None
    return accept, refuse, draws_weaker(accept, refuse)


def _ink_box(image: Image, box: Box) -> Box | None:
    """The words inside a control: what differs from its fill, away from its border and its rounded corners."""
    left, top, right, bottom = box
    inset = max(1, (bottom - top) // 8)
    crop = image[max(0, top + inset) : bottom - inset, max(0, left + inset) : right - inset]
    if crop.shape[0] < 6 or crop.shape[1] < 6:
        return None
    background: Colour = commonest_colour(np.ascontiguousarray(crop))
    distance = np.abs(crop.astype(np.int16) - background.astype(np.int16)).max(axis=2)
    ink = _away_from_edges(distance > min(_INK_DISTANCE, int(np.percentile(distance, 99)) // 2))
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    if len(rows) < 4 or len(columns) < 4:
        return None
    x, y = max(0, left + inset), max(0, top + inset)
    return x + int(columns[0]), y + int(rows[0]), x + int(columns[-1]) + 1, y + int(rows[-1]) + 1


def _away_from_edges(ink: NDArray[np.bool_]) -> NDArray[np.bool_]:
    count, labels = cv2.connectedComponents(ink.astype(np.uint8), connectivity=8)
    touching = np.unique(np.concatenate((labels[0], labels[-1], labels[:, 0], labels[:, -1])))
    kept = np.setdiff1d(np.arange(1, count), touching)
    inner: NDArray[np.bool_] = np.isin(labels, kept)
    return inner if inner.any() else ink
