"""Agreement boxes and toggles of a dialog: what the system says about them first, what pixels show otherwise."""

from __future__ import annotations

from collections.abc import Sequence

from screenshots.elements import Element, Layer, centre, height, width
from screenshots.evidence import Wording, matches
from screenshots.values import Box, Checkbox

__all__ = ["checkboxes_in_hierarchy", "required_by", "unnamed_boxes"]

_LABEL_REACH = 3.0


def checkboxes_in_hierarchy(layer: Layer, wording: Wording) -> tuple[Checkbox, ...]:
    """Views the system calls checkable, with the text that stands beside each."""
    found: list[Checkbox] = []
    for element in layer.elements:
        if element.kind != "check" or element.checked is None:
            continue
        label = element.text or _label_beside(element, layer.texts)
        found.append(
            Checkbox(
                state="ticked" if element.checked else "unticked",
                label=label,
                box=element.box,
                point=_tap_point(element),
                required=required_by(label, wording),
                source="hierarchy",
            )
        )
    return tuple(found)


def unnamed_boxes(layer: Layer) -> tuple[tuple[Element, Element], ...]:
    """Small square icons left of an agreement line: boxes that the app draws itself. Each with its line."""
    found: list[tuple[Element, Element]] = []
    lines = [element for element in layer.texts if matches("agreement_line", element.plain)]
    for line in lines:
        for icon in layer.elements:
            if icon.kind == "icon" and _is_square(icon.box) and _stands_left(icon.box, line.box):
                found.append((icon, line))
                break
    return tuple(found)


def required_by(label: str, wording: Wording) -> bool | None:
    """An agreement box is required when the dialog says to tick it first; otherwise nobody knows before trying."""
    return True if wording["tick_first"] and matches("agreement_line", label.lower()) else None


def _label_beside(box: Element, texts: Sequence[Element]) -> str:
    """The nearest text to the right on the same line, else to the left (switches stand on the right)."""
    row = [
        one
        for one in texts
        if abs(centre(one.box)[1] - centre(box.box)[1]) <= max(height(one.box), height(box.box)) / 1.5
    ]
    right = [one for one in row if one.box[0] >= box.box[0]]
    near = sorted(right or row, key=lambda one: abs(one.box[0] - box.box[2]))
    return near[0].text if near else ""


def _tap_point(element: Element) -> tuple[int, int]:
    """The box itself. In a CheckBox that carries its text, the mark is at the left and links may stand in the text."""
    left, _, right, _ = element.box
    tall = height(element.box)
    if element.text and right - left > _LABEL_REACH * tall:
        return left + tall // 2, centre(element.box)[1]
    return centre(element.box)


def _is_square(box: Box) -> bool:
    wide, tall = width(box), height(box)
    return 12 <= tall <= 160 and 0.6 <= wide / tall <= 1.7


def _stands_left(icon: Box, line: Box) -> bool:
    tall = max(height(icon), 20)
    reach = line[0] - icon[2]
    return -tall <= reach <= 2 * tall and line[1] - tall <= centre(icon)[1] <= line[3] + tall
