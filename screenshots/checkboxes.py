"""Agreement boxes and toggles of a dialog: what the system says about them first, what pixels show otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from screenshots.candidates import is_link
from screenshots.elements import Element, Layer, centre, continuation_lines, continues, height, join_texts, width
from screenshots.evidence import Wording, matches
from screenshots.lexicon import comparable, has_han
from screenshots.lines import Image
from screenshots.marks import find_mark, mark_state
from screenshots.values import Box, Checkbox

__all__ = ["checkboxes_in_hierarchy", "checkboxes_in_pixels", "drawn_lines", "required_by"]

_LABEL_REACH = 3.0
_SHORTEST_AGREEMENT = 8
_LONGEST_AGREEMENT = 90
_LARGEST, _MOST_MARKS, _MOST_LINES = 1.3, 2, 3
"""Of a mark that only its place tells: its height in heights of the line, how many there may be, and how long its text."""


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


def drawn_lines(layer: Layer) -> tuple[tuple[Element, Element | None], ...]:
    """Agreement lines that may have a box drawn by the app itself, each with the unlabelled view in the box's place."""
    checks = [element for element in layer.elements if element.kind == "check"]
    icons = [element for element in layer.elements if element.kind == "icon" and _is_square(element.box)]
    found: list[tuple[Element, Element | None]] = []
    continued = continuation_lines(layer.elements)
    for line in layer.texts:
        if line.kind in ("check", "button") or id(line) in continued or not _begins_agreement(line):
            continue
        if line.style in ("filled", "outline") or (line.meaning().clear and len(line.text) < _SHORTEST_AGREEMENT):
            continue
        if any(_stands_left(check.box, line.box) for check in checks):
            continue
        beside = next((icon for icon in icons if _stands_left(icon.box, line.box)), None)
        if beside is not None or line.source != "hierarchy" or line.clickable:
            found.append((line, beside))
    return tuple(found)


def checkboxes_in_pixels(layer: Layer, wording: Wording, image: Image | None) -> tuple[Checkbox, ...]:
    """Boxes beside agreement lines, measured; a view in the right place without pixels to look at is `unknown`."""
    found: list[Checkbox] = []
    for line, icon in drawn_lines(layer):
        mark = _mark_beside(image, line)
        if mark is None and icon is None:
            continue
        box = mark or (icon.box if icon is not None else line.box)
        found.append(
            Checkbox(
                state=mark_state(image, mark) if image is not None and mark is not None else "unknown",
                label=line.text,
                box=box,
                point=centre(box),
                required=required_by(line.text, wording),
                source="pixels" if mark is not None else "hierarchy",
            )
        )
    return tuple(found) or _by_place(layer, wording, image)


def _by_place(layer: Layer, wording: Wording, image: Image | None) -> tuple[Checkbox, ...]:
    """Pixels alone: one small mark before a line that speaks of an agreement, however it begins. A list has several."""
    if image is None or layer.source == "hierarchy":
        return ()
    continued = continuation_lines(layer.elements)
    plain = [line for line in layer.texts[1:] if line.source != "hierarchy" and line.style not in ("filled", "outline")]
    lines = [line for line in plain if id(line) not in continued]
    speaking = [line for line in lines if _speaks_of_agreement(line, layer)]
    agreeing = _marked(image, speaking)
    if len(agreeing) != 1:
        return ()
    others = [line for line in lines if not any(line is one for one in speaking)]
    if len(_marked(image, others)) >= _MOST_MARKS:
        return ()
    line, mark = agreeing[0]
    return (
        Checkbox(
            state=mark_state(image, mark),
            label=line.text,
            box=mark,
            point=centre(mark),
            required=required_by(line.text, wording),
            source="pixels",
            by_place=True,
        ),
    )


def _marked(image: Image, lines: Sequence[Element]) -> list[tuple[Element, Box]]:
    """The lines with a small mark before them."""
    marks = ((line, _mark_beside(image, line)) for line in lines)
    return [(line, mark) for line, mark in marks if mark is not None and height(mark) <= _LARGEST * height(line.box)]


def _speaks_of_agreement(line: Element, layer: Layer) -> bool:
    """A line or two that say what is agreed to; a bare title leads to the document."""
    texts, words, lines = layer.texts, line.text, 1
    for upper, lower in pairwise(texts[next(at for at, one in enumerate(texts) if one is line) :]):
        if not continues(upper, lower):
            break
        words, lines = join_texts((words, lower.text)), lines + 1
    if (
        lines > _MOST_LINES
        or len(words) > 2 * _LONGEST_AGREEMENT
        or len(words) < _SHORTEST_AGREEMENT
        or _is_title(line)
    ):
        return False
    plain = comparable(words)
    return any(matches(group, plain) for group in ("agreement_line", "agreement_start", "link_title", "topic_strong"))


def _is_title(line: Element) -> bool:
    return is_link(line) and (line.text.startswith("《") or not has_han(line.text))


def _begins_agreement(line: Element) -> bool:
    """The line is an agreement from its start on, as a box's label is; not a sentence that mentions one."""
    return len(line.text) <= _LONGEST_AGREEMENT and matches("agreement_start", line.plain)


def _mark_beside(image: Image | None, line: Element) -> Box | None:
    """OCR's line box may begin with the mark itself: look inside it too, where no letter could be taken for a mark."""
    if image is None:
        return None
    mark = find_mark(image, line.box)
    if mark is None and line.source != "hierarchy" and (_starts_oddly(line.text) or has_han(line.text[:1])):
        mark = find_mark(image, line.box, swallowed=True)
    return mark


def _starts_oddly(text: str) -> bool:
    """OCR reads a box before the words as a letter or a sign."""
    return bool(text) and (not text[0].isalpha() or text[:1] in "口O0Cc区回")


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
