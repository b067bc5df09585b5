"""The common form of what is on a screen: the same for a node of the hierarchy and for a line that OCR read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from screenshots.labels import Meaning, label_meaning
from screenshots.lexicon import comparable, has_han, has_kana, readable
from screenshots.values import Box, Point, TextBox

__all__ = [
    "Element",
    "Layer",
    "area",
    "bounding",
    "centre",
    "clip",
    "comparable_text",
    "contains",
    "continuation_lines",
    "continues",
    "height",
    "in_reading_order",
    "join_texts",
    "make_element",
    "overlap",
    "paragraph_lines",
    "width",
]


_LONGEST_RAW = 6000
_EXACT = 970
"""OCR this sure of a line has hardly taken kana for Han, which is how "同意しない" once looked like "同意"."""
_SENTENCE_OVER = (".", "。", "!", "?", ":", ";")


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """One thing on the screen that says something or can be touched."""

    text: str
    """Readable text; empty for an icon or a surface."""
    box: Box
    kind: str = "text"
    """`text`, `button`, `input`, `check`, `icon` or `surface` (drawn, but the hierarchy knows nothing inside)."""
    source: str = "hierarchy"
    confidence: int = 1000
    clickable: bool | None = None
    """None: the source cannot know (OCR)."""
    target: Box | None = None
    """The box that reacts to a tap, when it is larger than the text."""
    checked: bool | None = None
    style: str = "unknown"
    """How pixels draw it: `filled`, `outline`, `underlined`, `plain` or `unknown` (not measured)."""
    resource_id: str = ""
    class_name: str = ""
    package: str = ""
    order: int = 0
    """Paint order."""
    raw: str = field(default="", compare=False)
    """The text with its line breaks, for estimating where a part of it stands."""
    plain: str = field(default="", compare=False)
    """Comparable text, computed once."""

    @property
    def touch_box(self) -> Box:
        return self.target or self.box

    @property
    def point(self) -> Point:
        return centre(self.touch_box)

    def meaning(self, *, kana_around: bool = False) -> Meaning:
        exact = self.source == "hierarchy" or self.confidence >= _EXACT
        return label_meaning(self.text, kana_around=kana_around, exact=exact)

    def as_text_box(self) -> TextBox:
        return TextBox(
            text=self.text,
            box=self.box,
            source=self.source,
            confidence=self.confidence,
            clickable=bool(self.clickable),
            resource_id=self.resource_id or None,
            class_name=self.class_name or None,
            package=self.package or None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """What lies at one depth of the screen: a dialog with its card, or the page beneath."""

    elements: tuple[Element, ...]
    """In reading order."""
    box: Box
    """The card, or the window."""
    screen: Box
    floating: bool
    """The card leaves some of the screen uncovered."""
    over_content: bool
    """It was drawn over something else."""
    source: str
    package: str = ""

    @property
    def texts(self) -> tuple[Element, ...]:
        return tuple(element for element in self.elements if element.text)

    @property
    def is_japanese(self) -> bool:
        return any(has_kana(element.text) for element in self.elements)

    @property
    def plain(self) -> str:
        """All text, comparable, in reading order; touchable texts stand apart as sentences of their own."""
        return comparable_text(self.texts)


def comparable_text(elements: Iterable[Element]) -> str:
    pieces: list[str] = []
    above: Element | None = None
    for element in elements:
        piece = element.plain or comparable(element.text)
        alone = element.clickable and len(piece) <= 20
        if above is not None and _is_other_view(above, element):
            pieces.append("。")
        pieces.append(f"。{piece}。" if alone else piece)
        above = element
    return join_texts(pieces)


def _is_other_view(above: Element, below: Element) -> bool:
    """Views of a hierarchy that stand below one another do not share a sentence; lines that OCR read may."""
    return above.source == below.source == "hierarchy" and below.box[1] >= above.box[3] - height(above.box) // 4


def paragraph_lines(elements: Sequence[Element]) -> frozenset[int]:
    """Ids of OCR lines that continue one another: running text, however short one of its lines may be."""
    lines = [element for element in elements if element.source != "hierarchy" and element.text]
    found: set[int] = set()
    for upper in lines:
        for lower in lines:
            long_enough = upper is not lower and len(upper.text) + len(lower.text) >= 16
            answers = _is_answer(lower) and (_is_answer(upper) or not _same_left(upper, lower))
            drawn = "filled" in (upper.style, lower.style) and upper.style != lower.style
            if long_enough and continues(upper, lower) and not answers and not drawn:
                found |= {id(upper), id(lower)}
    return frozenset(found)


def _is_answer(element: Element) -> bool:
    """Two of them one above the other are two buttons, not a sentence."""
    meaning = element.meaning()
    return meaning.clear and meaning.name not in ("other", "link")


def continuation_lines(elements: Sequence[Element]) -> frozenset[int]:
    """Ids of OCR lines that go on with the line above them."""
    lines = [element for element in elements if element.source != "hierarchy" and element.text]
    return frozenset(id(lower) for upper in lines for lower in lines if upper is not lower and continues(upper, lower))


def continues(upper: Element, lower: Element) -> bool:
    """Lines wrap when they are full and their sentence is not over; a label over a sentence is neither."""
    if upper.text.endswith(_SENTENCE_OVER) or width(upper.box) < 0.7 * width(lower.box):
        return False
    tall = height(upper.box)
    if not 0.72 <= height(lower.box) / max(1, tall) <= 1.4:
        return False
    gap = lower.box[1] - upper.box[3]
    if not -0.5 * tall <= gap <= 0.75 * tall:
        return False
    same_left = _same_left(upper, lower)
    same_middle = abs(upper.box[0] + upper.box[2] - lower.box[0] - lower.box[2]) <= 1.5 * tall
    return same_left or same_middle


def _same_left(upper: Element, lower: Element) -> bool:
    return abs(upper.box[0] - lower.box[0]) <= 1.2 * height(upper.box)


def join_texts(pieces: Iterable[str]) -> str:
    """Lines back to running text: nothing between Han characters, a space between words."""
    joined = ""
    for piece in pieces:
        if not piece:
            continue
        tight = not joined or _is_wide(joined[-1]) or _is_wide(piece[0])
        joined = joined + piece if tight else f"{joined} {piece}"
    return joined


def in_reading_order(elements: Sequence[Element]) -> tuple[Element, ...]:
    """Rows from the top, each row from the left; boxes share a row when their middles lie within half a line."""
    rows: list[list[Element]] = []
    for element in sorted(elements, key=lambda one: ((one.box[1] + one.box[3]) / 2, one.box[0])):
        middle = (element.box[1] + element.box[3]) / 2
        if rows:
            first = rows[-1][0]
            reach = min(height(first.box), height(element.box)) / 2
            if abs(middle - (first.box[1] + first.box[3]) / 2) <= reach:
                rows[-1].append(element)
                continue
        rows.append([element])
    return tuple(element for row in rows for element in sorted(row, key=lambda one: (one.box[0], one.order)))


def make_element(text: str, box: Box, **details: object) -> Element:
    """An element whose comparable text is computed once."""
    shown = readable(text)
    raw = text[:_LONGEST_RAW]
    return Element(text=shown, box=box, raw=raw, plain=comparable(shown), **details)  # type: ignore[arg-type]


def width(box: Box) -> int:
    return box[2] - box[0]


def height(box: Box) -> int:
    return box[3] - box[1]


def area(box: Box) -> int:
    return max(0, width(box)) * max(0, height(box))


def centre(box: Box) -> Point:
    return (box[0] + box[2]) // 2, (box[1] + box[3]) // 2


def contains(outer: Box, point: Point) -> bool:
    return outer[0] <= point[0] < outer[2] and outer[1] <= point[1] < outer[3]


def overlap(one: Box, other: Box) -> int:
    """Shared area in pixels."""
    shared_width = min(one[2], other[2]) - max(one[0], other[0])
    shared_height = min(one[3], other[3]) - max(one[1], other[1])
    return max(0, shared_width) * max(0, shared_height)


def bounding(boxes: Iterable[Box]) -> Box:
    """The smallest box around all; `(0, 0, 0, 0)` around nothing."""
    found = list(boxes)
    if not found:
        return (0, 0, 0, 0)
    return min(b[0] for b in found), min(b[1] for b in found), max(b[2] for b in found), max(b[3] for b in found)


def clip(box: Box, screen: Box) -> Box:
    clipped = max(box[0], screen[0]), max(box[1], screen[1]), min(box[2], screen[2]), min(box[3], screen[3])
    return clipped if clipped[2] > clipped[0] and clipped[3] > clipped[1] else (0, 0, 0, 0)


def _is_wide(character: str) -> bool:
    return has_han(character) or has_kana(character) or character in '。、《》「」『』,:;!?()"'
