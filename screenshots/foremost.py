"""Which of the rectangles on a picture is the dialog: one with something to say and something to answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from screenshots.buttons import button_shape
from screenshots.candidates import is_long
from screenshots.card import CardFound, find_cards
from screenshots.elements import Element, area, centre, contains, height, overlap
from screenshots.lines import Image
from screenshots.outlines import find_outlines
from screenshots.values import Box

__all__ = ["foremost_card", "grown", "is_answer"]

_CHOICES = frozenset({"accept", "refuse", "settings", "later", "proceed", "confirm", "allow", "browse", "basic_mode"})
"""What buttons of one colour say that stand so close together that they look like a card."""
_MOST_BUTTONS, _LINES = 6, 2
_CROSSED = 0.9
"""How much of a rectangle at most, and of it at least the rest, lies in a card whose edge crosses it."""
_DIMMED = 0.7
"""Of two cards one with less than this share of the other's contrast lies beneath it."""
_SAME_SIDE, _NEAR_SIDE = 0.006, 0.016
"""How far two sides may lie apart that are one, in shares of the screen's longer side."""
_LINING = 0.05
"""The widest margin between two frames of one card."""
_PASSING = frozenset({"close", "skip"})
"""What a cross or a key says is no answer to anything."""
_LEAST_HEIGHT = 0.07


@dataclass(frozen=True, slots=True, kw_only=True)
class _Panel:
    """An outlined rectangle and what stands in it: how many answers and buttons, how many lines of running text."""

    box: Box
    answers: int
    says: int


def foremost_card(image: Image, elements: Sequence[Element]) -> Box | None:
    """The card that could be a dialog; None on a page without one."""
    outlines = find_outlines(image)
    patch = _patch(image, elements, outlines)
    if patch is not None:
        screen = (0, 0, image.shape[1], image.shape[0])
        whole = _whole(patch, outlines, screen)
        if whole != patch or any(_alike(patch, one) for one in outlines):
            return whole
    panel = _best_panel(image, elements, outlines)
    if panel is None:
        return patch
    if patch is None:
        return panel.box
    told = _panel(image, elements, patch)
    inside = overlap(panel.box, patch) > 0.9 * area(panel.box)
    sheet = panel.box[0] == 0 and panel.box[2:] == (image.shape[1], image.shape[0])
    if inside and panel.answers >= told.answers and (sheet or panel.says >= told.says):
        return panel.box
    return patch if told.answers or overlap(panel.box, patch) else panel.box


def _whole(patch: Box, outlines: Sequence[Box], screen: Box) -> Box:
    """A pane of a card, or the part of it that has one colour, shares three of its sides; the fourth is drawn as well.

    A patch that is outlined itself has to share them to the pixel: other edges of the page may stand near its own.
    """
    outlined = next((one for one in outlines if _alike(patch, one)), None)
    slack = (_SAME_SIDE if outlined else _NEAR_SIDE) * max(screen)
    part = outlined or patch
    wholes = [one for one in outlines if _is_part(part, one, screen, slack) or _is_lining(part, one, screen, slack)]
    return min(wholes, key=area, default=patch)


def _is_part(patch: Box, outline: Box, screen: Box, slack: float) -> bool:
    apart = [at for at in range(4) if abs(patch[at] - outline[at]) > slack]
    drawn = all(outline[at] != screen[at] for at in apart)
    return len(apart) == 1 and drawn and overlap(patch, outline) > 0.95 * area(patch)


def _is_lining(patch: Box, outline: Box, screen: Box, slack: float) -> bool:
    """A frame around a frame: the margins at both sides are alike, and those above and below."""
    left, top, right, bottom = (abs(one - other) for one, other in zip(patch, outline, strict=True))
    even = abs(left - right) <= slack and abs(top - bottom) <= slack
    narrow = slack < max(left, top) <= _LINING * max(screen)
    drawn = all(outline[at] != screen[at] for at in range(4))
    return even and narrow and drawn and overlap(patch, outline) == area(patch)


def _alike(one: Box, other: Box) -> bool:
    shared = overlap(one, other)
    return shared > 0.93 * (area(one) + area(other) - shared)


def _best_panel(image: Image, elements: Sequence[Element], outlines: Sequence[Box]) -> _Panel | None:
    """The smallest that holds as many answers as any."""
    fitting = [
        panel
        for box in outlines
        if height(box) >= _LEAST_HEIGHT * image.shape[0]
        and (panel := _panel(image, elements, box)).answers
        and panel.says
    ]
    most = max((panel.answers for panel in fitting), default=0)
    everywhere = sum(is_answer(one) for one in elements)
    return min(
        (
            one
            for one in fitting
            if one.answers == most and 2 * most >= everywhere and not _is_section(one.box, outlines, image)
        ),
        key=lambda one: area(one.box),
        default=None,
    )


def _is_section(box: Box, outlines: Sequence[Box], image: Image) -> bool:
    """Sections of a page stand one below another between the same sides."""
    slack = _SAME_SIDE * max(image.shape[:2])
    return any(
        abs(box[0] - one[0]) <= slack and abs(box[2] - one[2]) <= slack and not overlap(box, one) for one in outlines
    )


def _panel(image: Image, elements: Sequence[Element], box: Box) -> _Panel:
    inside = [one for one in elements if contains(grown(box, 8), centre(one.box))]
    body = [one for one in inside if is_long(one.text) and not is_answer(one)]
    answers = sum(is_answer(one) and one.meaning().name not in _PASSING for one in inside)
    return _Panel(box=box, answers=answers or _drawn_buttons(image, inside, body, box), says=len(body))


def _drawn_buttons(image: Image, inside: Sequence[Element], body: Sequence[Element], box: Box) -> int:
    """Two buttons or three under a text answer it, whatever they say."""
    foot = max((one.box[3] for one in body), default=box[3])
    labels = [one for one in inside if one.box[1] >= foot and not is_long(one.text)]
    if not 2 <= len(labels) <= _MOST_BUTTONS:
        return 0
    drawn = sum(button_shape(image, one.box, box).style != "plain" for one in labels)
    return drawn if 2 <= drawn <= 3 else 0


def _patch(image: Image, elements: Sequence[Element], outlines: Sequence[Box]) -> Box | None:
    """Several lines, or a line and a label, on one colour or in one frame; one with answers before one without."""
    fitting: list[tuple[bool, int, Box, float]] = []
    standing = [one for one in outlines if _stands_free(one, image)]
    for card in find_cards(image):
        found = _uncrossed(card, standing, image, elements)
        inside = [element for element in elements if contains(grown(found.box, 8), centre(element.box))]
        answers = any(is_answer(element) for element in inside)
        tall_enough = height(found.box) >= _LEAST_HEIGHT * image.shape[0]
        says = not all(element.meaning().name in _CHOICES for element in inside)
        if (
            len(inside) >= 2
            and says
            and tall_enough
            and (answers or len(inside) >= 3)
            and _says_more(image, inside, found.box)
        ):
            fitting.append((answers, found.score, found.box, _contrast(image, found.box)))
    strongest = max((contrast for *_, contrast in fitting), default=0.0)
    lit = [one for one in fitting if one[3] >= _DIMMED * strongest]
    return max(lit, key=lambda one: one[:2])[2] if lit else None


def _stands_free(box: Box, image: Image) -> bool:
    tall, wide = image.shape[:2]
    return box[0] > 0 and box[1] > 0 and box[2] < wide and box[3] < tall


def _uncrossed(card: CardFound, standing: Sequence[Box], image: Image, elements: Sequence[Element]) -> CardFound:
    """No sheet ends amid a card: where its edge crosses one with lines and a button, that one lies on top."""
    for box in () if _stands_free(card.box, image) else standing:
        shared = overlap(box, card.box)
        if not (1 - _CROSSED) * area(box) < shared < _CROSSED * area(box) or shared > _CROSSED * area(card.box):
            continue
        inside = [one for one in elements if contains(grown(box, 8), centre(one.box))]
        styles = [button_shape(image, one.box, box).style for one in inside[:_MOST_BUTTONS]]
        if styles.count("plain") >= _LINES and len(set(styles)) > 1:
            return CardFound(box=box, score=card.score)
    return card


def _says_more(image: Image, inside: Sequence[Element], card: Box) -> bool:
    """Two or three buttons that stand close together look like a card, but all their words are labels."""
    if len(inside) > _MOST_BUTTONS or any(is_long(element.text) for element in inside):
        return True
    shapes = [button_shape(image, element.box, card) for element in inside]
    return any(shape.style == "plain" for shape in shapes)


def _contrast(image: Image, box: Box) -> float:
    """How far the region's darkest and brightest parts lie apart; a scrim over it takes most of that away."""
    left, top, right, bottom = box
    region = image[max(0, top) : bottom : 3, max(0, left) : right : 3].astype(np.float32).mean(axis=2)
    low, high = np.percentile(region, (0.5, 99.5))
    return float(high - low)


def is_answer(element: Element) -> bool:
    meaning = element.meaning()
    return meaning.clear and meaning.name not in ("other", "link")


def grown(box: Box, by: int) -> Box:
    return box[0] - by, box[1] - by, box[2] + by, box[3] + by
