"""Two answers that OCR read as one line, parted again where nothing is drawn between them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from screenshots.elements import Element, height, make_element, width
from screenshots.labels import label_meaning
from screenshots.lines import Image, commonest_colour
from screenshots.values import Box

__all__ = ["parted"]

_INK = 40
_GAP = 0.85
"""Between two labels there is more room than between two words, in heights of the line."""
_LEAST_PART = 0.8
_LONGEST = 60
_ANSWERS = frozenset(
    {"accept", "refuse", "exit", "later", "cancel", "skip", "confirm", "proceed", "allow", "deny", "settings"}
)


def parted(elements: Sequence[Element], image: Image) -> list[Element]:
    """Every line that holds two clear answers with a gap between them becomes two lines."""
    return [piece for element in elements for piece in _pieces(element, image)]


def _pieces(element: Element, image: Image) -> tuple[Element, ...]:
    box, text = element.box, element.text
    if len(text) > _LONGEST or width(box) < 3 * height(box):
        return (element,)
    gap = _widest_gap(image, box)
    if gap is None:
        return (element,)
    share = ((gap[0] + gap[1]) / 2 - box[0]) / width(box)
    for at in sorted(_places(text), key=lambda place: abs(place / len(text) - share))[:3]:
        first, second = text[:at].strip(" |/·"), text[at:].strip(" |/·")
        if abs(at / len(text) - share) < 0.15 and _is_answer(first) and _is_answer(second):
            left = make_element(first, (box[0], box[1], gap[0], box[3]), source=element.source, order=element.order)
            right = make_element(second, (gap[1], box[1], box[2], box[3]), source=element.source, order=element.order)
            return tuple(replace(one, confidence=element.confidence) for one in (left, right))
    return (element,)


def _places(text: str) -> Iterator[int]:
    """Where a text may be cut: at its spaces, or between any two characters when it has none."""
    spaces = [at for at, character in enumerate(text) if character in " |/·"]
    yield from spaces or range(1, len(text))


def _is_answer(text: str) -> bool:
    meaning = label_meaning(text)
    return meaning.clear and meaning.name in _ANSWERS


def _widest_gap(image: Image, box: Box) -> tuple[int, int] | None:
    """The widest stretch of columns without ink inside the line, when it is wider than a space."""
    left, top, right, bottom = box
    crop = image[max(0, top) : bottom, max(0, left) : right]
    if crop.shape[0] < 6 or crop.shape[1] < 12:
        return None
    distance = np.abs(crop.astype(np.int16) - commonest_colour(crop).astype(np.int16)).max(axis=2)
    inked = np.flatnonzero((distance > _INK).any(axis=0))
    if len(inked) < 2:
        return None
    steps = np.diff(inked)
    widest = int(np.argmax(steps))
    start, end = int(inked[widest]) + 1, int(inked[widest + 1])
    tall = height(box)
    parts = min(start, crop.shape[1] - end)
    if end - start < _GAP * tall or parts < _LEAST_PART * tall:
        return None
    return left + start, left + end
