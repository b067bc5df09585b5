"""From pixels to layers: OCR lines become elements, the card separates the dialog from what it covers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2

from screenshots.buttons import button_shape
from screenshots.candidates import is_long
from screenshots.elements import (
    Element,
    Layer,
    bounding,
    centre,
    contains,
    continues,
    height,
    in_reading_order,
    join_texts,
    make_element,
    overlap,
    width,
)
from screenshots.engines import OcrEngine, TextLine
from screenshots.foremost import foremost_card, grown, is_answer
from screenshots.glyphs import with_its_head
from screenshots.lexicon import has_han, has_kana
from screenshots.lines import Image, as_image
from screenshots.parting import parted, same_label
from screenshots.underlines import is_underlined
from screenshots.values import Box
from screenshots.windows import make_layer

__all__ = ["cut", "enhance", "in_status_bar", "layers_from_lines", "read_lines"]

_STATUS_BAR = 0.033
_MOST_MEASURED = 16
_TITLE_GAP = 1.6
_NARROW, _TOO_WIDE = 0.55, 2.2


def read_lines(engine: OcrEngine, image: Image, region: Box | None = None) -> tuple[TextLine, ...]:
    """The lines in a region (or everywhere), in screen coordinates."""
    if region is None:
        return engine.read(image)
    left, top, _, _ = region
    found = engine.read(cut(image, region))
    return tuple(replace(line, box=_moved(line.box, left, top)) for line in found)


def layers_from_lines(
    lines: Sequence[TextLine], image: Image, *, engine: str, keep_card: Box | None = None
) -> tuple[Layer, ...]:
    """One layer, or two when a card with something to say floats over the rest."""
    screen = (0, 0, image.shape[1], image.shape[0])
    seen = [_element(line, engine, at) for at, line in enumerate(lines) if not in_status_bar(line, screen)]
    elements = parted(seen, image)
    card = keep_card or foremost_card(image, elements)
    if card is None:
        page = _with_styles(elements, image, screen)
        return (make_layer(page, screen, screen, over_content=False, source="ocr"),)
    if keep_card is None:
        card = _whole_lines(_whole_paragraphs(card, elements), elements)
    inside = [element for element in elements if contains(grown(card, 8), centre(element.box))]
    outside = [element for element in elements if element not in inside]
    top = make_layer(_with_styles(inside, image, card), card, screen, over_content=bool(outside), source="ocr")
    return (replace(top, floating=True), make_layer(outside, screen, screen, over_content=False, source="ocr"))


def cut(image: Image, region: Box) -> Image:
    left, top, right, bottom = region
    return image[max(0, top) : bottom, max(0, left) : right]


def enhance(image: Image) -> Image:
    """Local contrast raised: pale words on white come up, whatever the rest of the card looks like."""
    lab = cv2.cvtColor(image, cv2.COLOR_BGR2LAB)
    lab[..., 0] = cv2.createCLAHE(4.0, (8, 8)).apply(lab[..., 0])
    return as_image(cv2.cvtColor(lab, cv2.COLOR_LAB2BGR))


def _element(line: TextLine, engine: str, order: int) -> Element:
    return make_element(line.text, line.box, source=engine, confidence=line.confidence, order=order)


def in_status_bar(line: TextLine, screen: Box) -> bool:
    tall = height(screen) > 1.3 * width(screen)
    return tall and (line.box[1] + line.box[3]) / 2 < _STATUS_BAR * height(screen)


def _whole_paragraphs(card: Box, elements: Sequence[Element]) -> Box:
    """No card begins amid a sentence: where one seems to, its colour runs, and the lines above belong to it, with a title."""
    left, top, right, bottom = card
    within = [one for one in elements if left <= centre(one.box)[0] < right and not is_answer(one)]
    inside = [one for one in within if top <= centre(one.box)[1] < bottom]
    above = sorted((one for one in within if centre(one.box)[1] < top), key=lambda one: one.box[1], reverse=True)
    first = min(inside, key=lambda one: one.box[1], default=None)
    if first is None or not above or not continues(above[0], first) or not is_long(above[0].text):
        return card
    titled = False
    for line in above:
        apart = first.box[1] - line.box[3]
        if not continues(line, first):
            if titled or apart > _TITLE_GAP * height(line.box):
                break
            titled = True
        top, first = line.box[1] - height(line.box), line
    return left, max(0, top), right, bottom


def _whole_lines(card: Box, elements: Sequence[Element]) -> Box:
    """No card ends amid a line either: its foot lies half a line below the words that its edge seemed to cross."""
    left, top, right, bottom = card
    crossed = [
        one.box for one in elements if left <= one.box[0] and one.box[2] <= right and one.box[1] < bottom < one.box[3]
    ]
    foot = max((box[3] + height(box) // 2 for box in crossed), default=bottom)
    return left, top, right, max(bottom, foot)


def _with_styles(elements: Sequence[Element], image: Image, within: Box) -> list[Element]:
    """Measure how the short texts are drawn, from the bottom up: that is where answers stand."""
    short = [element for element in elements if _could_be_label(element)]
    chosen = {id(one) for one in sorted(short, key=lambda one: one.box[3], reverse=True)[:_MOST_MEASURED]}
    styled = [_styled(one, image, within) if id(one) in chosen else one for one in elements]
    return _one_label_each([_plain_again(one, styled) for one in styled])


def _plain_again(element: Element, others: Sequence[Element]) -> Element:
    """A button holds one label: what also holds another answer, or words with a button of their own, is the card."""
    if element.target is None:
        return element
    for other in others:
        if other is element or not overlap(element.target, other.box) or same_label(element, other):
            continue
        if other.target != element.target or (is_answer(other) and is_answer(element)):
            return replace(element, style="plain", target=None)
    return element


def _one_label_each(elements: Sequence[Element]) -> list[Element]:
    """Pieces that stand in the same drawn button are one label: wide spacing or two lines had parted them."""
    groups: list[list[Element]] = []
    for element in elements:
        mates = [group for group in groups if any(_one_label(piece, element) for piece in group)]
        groups = [group for group in groups if group not in mates]
        groups.append([*(piece for group in mates for piece in group), element])
    return [_one_piece(group) if len(group) > 1 else group[0] for group in groups]


def _one_label(piece: Element, element: Element) -> bool:
    in_one_shape = element.target is not None and piece.target == element.target
    return in_one_shape or (not is_long(piece.text) and not is_long(element.text) and same_label(piece, element))


def _one_piece(group: Sequence[Element]) -> Element:
    pieces = in_reading_order(group)
    text = join_texts(piece.text for piece in pieces)
    whole = make_element(text, bounding(piece.box for piece in pieces), source=pieces[0].source, order=pieces[0].order)
    targets = [piece.target for piece in pieces if piece.target is not None]
    style = next((piece.style for piece in pieces if piece.target is not None), pieces[0].style)
    confidence = min(piece.confidence for piece in pieces)
    return replace(whole, style=style, target=bounding(targets) if targets else None, confidence=confidence)


def _could_be_label(element: Element) -> bool:
    wide = has_han(element.text) or has_kana(element.text)
    return not is_long(element.text) or (len(element.text) <= (18 if wide else 44) and element.meaning().clear)


def _styled(element: Element, image: Image, within: Box) -> Element:
    shape = button_shape(image, element.box, within)
    if shape.style == "plain" and _is_its_button(element):
        return replace(element, style="filled", target=element.box)
    if shape.style == "plain" or _is_head(shape.box, within):
        return replace(element, style="underlined" if is_underlined(image, element.box) else "plain")
    return replace(with_its_head(element, image, shape.box), style=shape.style, target=shape.box)


def _is_its_button(element: Element) -> bool:
    """The engine took the whole button for its label: the box is far wider than so many letters."""
    letters = sum(1.0 if has_han(one) or has_kana(one) else _NARROW for one in element.text)
    return width(element.box) > _TOO_WIDE * letters * height(element.box)


def _is_head(shape: Box, card: Box) -> bool:
    """A strip at the upper edge, as wide as the card, is where its title stands."""
    slack = max(3, width(card) // 200)
    wide = shape[0] <= card[0] + slack and shape[2] >= card[2] - slack
    return wide and shape[1] <= card[1] + slack and shape[3] < card[3] - slack


def _moved(box: Box, left: int, top: int) -> Box:
    return box[0] + left, box[1] + top, box[2] + left, box[3] + top
