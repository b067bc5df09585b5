"""Pixels alone: answers that are plain words, drawn as nothing and worded as nobody has worded them yet.

Where they stand gives them away: the last lines of a card, short, apart from its text, and not where its text begins.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from screenshots.elements import Element, Layer, centre, height, width

__all__ = ["plain_answers"]

_FEWEST, _MOST = 2, 3
_APART = 0.35
"""How much more than between its lines lies between a text and its answers, and between these, in heights of a line."""
_FAR_APART, _ALONE_APART = 2.0, 1.0
"""The same on a page that is nothing but its question, and where one answer is all there is."""
_ASIDE, _OFF_AXIS, _OFF_EDGE = 0.06, 0.03, 0.05
"""Shares of the card's width."""
_AT_THE_END = 0.12
_ROW, _LOWEST_ON_A_PAGE, _TOUCHING = 0.5, 0.6, 0.3
_MOST_ON_A_PAGE = 14
"""Lines of a page that is nothing but its question."""


def plain_answers(lines: Sequence[Element], running: Sequence[Element], layer: Layer) -> tuple[Element, ...]:
    """One to three short `lines` that end the layer, or none. `running`: its long lines, without which it asks nothing.

    On a page only two side by side are believed, or some far below its few words: a list ends in short lines as well.
    """
    body, gap = _text_of(lines, running)
    ids = {id(one) for one in body}
    below = [one for one in lines if id(one) not in ids and body and one.box[1] >= body[-1].box[3]]
    if not below or _goes_on_below(below, layer):
        return ()
    apart = gap + _APART * height(body[-1].box)
    room = min(one.box[1] for one in below) - body[-1].box[3]
    in_a_row = _is_row(below, layer) or (layer.floating and _is_far_row(below, body, layer))
    if in_a_row and room >= apart:
        return tuple(below)
    ending = _ending(below, body, layer)
    if len(ending) > _MOST or _are_close(ending, [*body, *(one for one in below if one not in ending)], apart):
        return ()
    if layer.floating:
        alone = len(ending) == 1 and (len(below) > 1 or room < gap + _ALONE_APART * height(body[-1].box))
        return () if alone else ending
    asks_only = len(layer.texts) <= _MOST_ON_A_PAGE and room >= gap + _FAR_APART * height(body[-1].box)
    low = all(one.box[1] >= layer.box[1] + _LOWEST_ON_A_PAGE * height(layer.box) for one in ending)
    return ending if len(ending) == len(below) >= _FEWEST and asks_only and low else ()


def _ending(below: Sequence[Element], body: Sequence[Element], layer: Layer) -> tuple[Element, ...]:
    """The last lines that stand about the middle or at the far edge; all those above them begin where the text begins."""
    wide, begins = width(layer.box), min(one.box[0] for one in body)
    middle = (layer.box[0] + layer.box[2]) / 2
    rows = sorted(below, key=lambda one: one.box[1])
    aside = [one.box[0] - begins > _ASIDE * wide for one in rows]
    first = next((at for at in range(len(rows)) if all(aside[at:])), len(rows))
    ending = rows[first:]
    central = all(abs(centre(one.box)[0] - middle) <= _OFF_AXIS * wide for one in ending)
    ends = [one.box[2] for one in ending]
    far = bool(ends) and max(ends) - min(ends) <= _OFF_EDGE * wide and min(ends) > middle
    return tuple(ending) if not any(aside[:first]) and (central or far) else ()


def _are_close(ending: Sequence[Element], above: Sequence[Element], apart: float) -> bool:
    """To one another, or the first of them to what stands above it."""
    rows = [max(above, key=lambda one: one.box[3]), *ending]
    return any(lower.box[1] - upper.box[3] < apart for upper, lower in pairwise(rows))


def _text_of(lines: Sequence[Element], running: Sequence[Element]) -> tuple[list[Element], int]:
    """The running text with its last, shorter lines, from the top; and how far apart its lines are."""
    body = sorted(running, key=lambda one: one.box[1])
    gaps = [lower.box[1] - upper.box[3] for upper, lower in pairwise(body)]
    gap = max(0, min(gaps, default=0))
    for line in sorted(lines, key=lambda one: one.box[1]):
        if (
            body
            and line.box[1] - body[-1].box[1] >= 0
            and line.box[1] - body[-1].box[3] < gap + _APART * height(line.box)
        ):
            body.append(line)
    return body, gap


def _goes_on_below(short: Sequence[Element], layer: Layer) -> bool:
    lowest, ids = max(one.box[1] for one in short), {id(one) for one in short}
    return any(one.box[1] > lowest for one in layer.texts if id(one) not in ids)


def _is_row(short: Sequence[Element], layer: Layer) -> bool:
    """Side by side, each about the middle of its half."""
    if len(short) != _FEWEST:
        return False
    left, right = sorted(short, key=lambda one: one.box[0])
    same = abs(centre(left.box)[1] - centre(right.box)[1]) <= _ROW * height(left.box)
    low = layer.floating or left.box[1] >= layer.box[1] + _LOWEST_ON_A_PAGE * height(layer.box)
    middle = (layer.box[0] + layer.box[2]) / 2
    even = abs((middle - centre(left.box)[0]) - (centre(right.box)[0] - middle)) <= 2 * _ASIDE * width(layer.box)
    return same and low and even and left.box[2] < middle < right.box[0]


def _is_far_row(short: Sequence[Element], body: Sequence[Element], layer: Layer) -> bool:
    """Side by side at the end of the card, as Material Design has them."""
    if not _FEWEST <= len(short) <= _MOST:
        return False
    row = sorted(short, key=lambda one: one.box[0])
    wide, begins = width(layer.box), min(one.box[0] for one in body)
    same = all(abs(centre(one.box)[1] - centre(row[0].box)[1]) <= _ROW * height(row[0].box) for one in row)
    apart = all(right.box[0] - left.box[2] >= -_TOUCHING * height(left.box) for left, right in pairwise(row))
    ends = layer.box[2] - row[-1].box[2] <= _AT_THE_END * wide
    return same and apart and ends and row[0].box[0] - begins > _ASIDE * wide
