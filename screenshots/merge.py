"""Two sources, one screen: the hierarchy's words are certain, the pixels' words fill what it cannot say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from screenshots.elements import Element, Layer, area, centre, contains, height, in_reading_order, make_element, overlap
from screenshots.engines import TextLine
from screenshots.labels import label_meaning
from screenshots.values import Box
from screenshots.vision import in_status_bar

__all__ = ["add_lines", "merge_layers"]


def merge_layers(known: Sequence[Layer], seen: Sequence[Layer], surface: Box) -> tuple[Layer, ...]:
    """Layers as pixels show them, with the hierarchy's elements in the place of what OCR read of the same text.

    Hierarchy texts that OCR did not see are kept when the surface does not cover them: they are drawn somewhere.
    """
    elements = [element for layer in known for element in layer.elements]
    texts = [element for element in elements if element.text]
    screen = seen[0].screen if seen else surface
    touchables = [element for element in elements if not element.text and _is_button_sized(element, screen)]
    used: set[int] = set()
    merged: list[Layer] = []
    for layer in seen:
        members: list[Element] = []
        for element in layer.elements:
            same = _same_text(element, texts)
            if same is not None and id(same) not in used:
                used.add(id(same))
                members.append(replace(same, style=element.style))
            elif same is None:
                members.append(_touchable(element, touchables))
        merged.append(replace(layer, elements=tuple(members)))
    missed = [one for one in texts if id(one) not in used and not contains(surface, centre(one.box))]
    bottom = merged[-1]
    merged[-1] = replace(bottom, elements=in_reading_order([*bottom.elements, *missed]))
    return tuple(replace(layer, source="merged" if used or missed else layer.source) for layer in merged)


def add_lines(layer: Layer, lines: Sequence[TextLine], engine: str) -> Layer:
    """The layer with the lines that it did not have. A better reading of the same OCR line takes its place."""
    elements = list(layer.elements)
    added = False
    for line in lines:
        if not contains(layer.box, centre(line.box)) or in_status_bar(line, layer.screen):
            continue
        same = [at for at, one in enumerate(elements) if one.text and overlap(one.box, line.box) > 0.4 * area(line.box)]
        fresh = make_element(line.text, line.box, source=engine, confidence=line.confidence)
        if not same:
            elements.append(fresh)
            added = True
        elif len(same) == 1 and elements[same[0]].source != "hierarchy" and _better(fresh, elements[same[0]]):
            old = elements[same[0]]
            elements[same[0]] = replace(fresh, style=old.style, target=old.target, box=old.box)
    source = "merged" if added and layer.source == "hierarchy" else layer.source
    return replace(layer, elements=in_reading_order(elements), source=source)


def _better(fresh: Element, old: Element) -> bool:
    """The thorough reading wins, unless it lost a clear label."""
    return not (label_meaning(old.text).clear and not label_meaning(fresh.text).clear)


def _same_text(element: Element, texts: Sequence[Element]) -> Element | None:
    """The hierarchy's node that this OCR line is (a part of)."""
    for text in texts:
        if contains(text.box, centre(element.box)) and _alike(element.plain, text.plain):
            return text
    return None


def _alike(seen: str, known: str) -> bool:
    """Most of the line's characters occur in the node's text: OCR may err, but not by half."""
    letters = [character for character in seen if character.isalnum()]
    return bool(letters) and sum(character in known for character in letters) >= 0.7 * len(letters)


def _is_button_sized(element: Element, screen: Box) -> bool:
    """A canvas that listens everywhere says nothing about what a line drawn on it does."""
    box = element.touch_box
    touchable = element.kind == "icon" or bool(element.clickable)
    return touchable and height(box) <= 0.12 * height(screen) and area(box) <= 0.12 * area(screen)


def _touchable(element: Element, touchables: Sequence[Element]) -> Element:
    """An OCR line on an unlabelled view that reacts to taps takes over its box and its name."""
    around = [one for one in touchables if contains(one.touch_box, centre(element.box))]
    if not around:
        return element
    nearest = min(around, key=lambda one: area(one.touch_box))
    return replace(
        element, clickable=bool(nearest.clickable), target=nearest.touch_box, resource_id=nearest.resource_id
    )
