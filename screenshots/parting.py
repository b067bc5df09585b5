"""Two answers that OCR read as one line, parted again where nothing is drawn between them; and one label on two lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from screenshots.elements import Element, area, height, join_texts, make_element, overlap, width
from screenshots.labels import label_meaning
from screenshots.lexicon import has_han, has_kana
from screenshots.lines import Image, commonest_colour
from screenshots.values import Box

__all__ = ["parted", "same_label"]

_INK = 40
_GAP = 0.85
"""Between two labels there is more room than between two words, in heights of the line."""
_LEAST_PART = 0.8
_LONGEST = 60
_TIGHT = 0.3
"""Lines of one label stand closer together than two labels, in heights of a line."""
_ALIGNED = 0.6
_SAME_EDGE = 0.06
_ANSWERS = frozenset(
    {"accept", "refuse", "exit", "later", "cancel", "skip", "confirm", "proceed", "allow", "deny", "settings"}
)

_GOING_ON = frozenset({"accept", "confirm", "proceed", "allow"})


def parted(elements: Sequence[Element], image: Image) -> list[Element]:
    """Every line that holds two clear answers with a gap between them becomes two lines."""
    return [piece for element in elements for piece in _pieces(element, image)]


def same_label(one: Element, other: Element) -> bool:
    """Whether two lines, one right below the other, are one label that wrapped inside its button.

    A gradient gives each line a shape of its own width: the button's upper and lower edge are what they share.
    """
    upper, lower = sorted((one, other), key=lambda element: element.box[1])
    if not (_stacked(upper.box, lower.box) or _wraps(upper, lower)) or _contrary(upper, lower):
        return False
    if upper.target is not None and lower.target is not None:
        return _same_shape(upper.target, lower.target)
    shape = upper.target or lower.target
    if shape is not None:
        return all(_within(element.box, shape) for element in (upper, lower))
    whole = label_meaning(join_texts((upper.text, lower.text)))
    answers = sum(_is_answer(element.text) for element in (upper, lower))
    return whole.clear and whole.name in _ANSWERS and answers < 2


def _stacked(upper: Box, lower: Box) -> bool:
    """One right below the other about the same axis."""
    middles = abs(upper[0] + upper[2] - lower[0] - lower[2]) / 2
    return _follows(upper, lower) and middles <= _ALIGNED * min(height(upper), height(lower))


def _follows(upper: Box, lower: Box) -> bool:
    tall = min(height(upper), height(lower))
    alike = max(height(upper), height(lower)) <= 1.4 * tall
    return alike and -0.5 * tall <= lower[1] - upper[3] <= _TIGHT * tall


def _wraps(upper: Element, lower: Element) -> bool:
    """One begins where the other does, in one shape, and the lower one's first word had no room in the line above."""
    shape = upper.target or lower.target
    one, other = upper.box, lower.box
    if shape is None or not _follows(one, other) or abs(one[0] - other[0]) > _TIGHT * height(one):
        return False
    each = width(other) / max(1, len(lower.text))
    word = 1 if has_han(lower.text) or has_kana(lower.text) else len(lower.text.split(" ", 1)[0]) + 1
    return one[2] + word * each > shape[2] - (one[0] - shape[0])


def _contrary(upper: Element, lower: Element) -> bool:
    """Yes above no is two labels, whatever is drawn around them; "Accept &" above "start" is one.

    So is a capital above a small letter: no label begins with one below another that does not.
    """
    both = _is_answer(upper.text) and _is_answer(lower.text)
    goes_on = upper.text[:1].isupper() and lower.text[:1].islower()
    return both and not goes_on and (upper.meaning().name in _GOING_ON) != (lower.meaning().name in _GOING_ON)


def _same_shape(one: Box, other: Box) -> bool:
    slack = _SAME_EDGE * height(one)
    shared = min(one[2], other[2]) - max(one[0], other[0])
    edges = abs(one[1] - other[1]) <= slack and abs(one[3] - other[3]) <= slack
    return edges and shared >= 0.5 * min(width(one), width(other))


def _within(box: Box, shape: Box) -> bool:
    return overlap(box, shape) >= 0.9 * area(box)


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
