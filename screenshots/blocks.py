"""Parts of a page that may be dialogs of their own: a banner at its foot, a card between its rows.

Nothing in a hierarchy says so when such a part covers nothing that is written. What tells is that a smaller view holds a text
and something to answer it with, while the page says other things around it.
"""

from __future__ import annotations

from dataclasses import dataclass

from screenshots.candidates import is_long
from screenshots.elements import Layer, area, centre, clip, contains
from screenshots.hierarchy import Hierarchy, Node
from screenshots.values import Box
from screenshots.windows import elements_below, is_floating, make_layer, windows_of

__all__ = ["find_blocks", "is_a_row", "without_block"]

_MOST_BLOCKS = 8
_LARGEST = 0.8
"""A view that takes more of the screen is the page."""
_AROUND = 2
"""How many texts of the page stand outside a block."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _View:
    node: Node
    long: int
    answers: int


def find_blocks(hierarchy: Hierarchy, screen: Box, package: str | None) -> tuple[Layer, ...]:
    """Smallest first; each as the layer it would be, were it a dialog. Of the topmost window only."""
    roots = windows_of(hierarchy, package)
    if not roots:
        return ()
    counted: list[_View] = []
    _count(roots[0], counted)
    views = [view for view in counted if view.long and view.answers and _may_float(view.node, screen)]
    seen: set[Box] = set()
    found: list[Layer] = []
    for view in sorted(views, key=lambda one: area(one.node.bounds)):
        box = clip(view.node.bounds, screen)
        if box in seen or len(found) == _MOST_BLOCKS:
            continue
        seen.add(box)
        elements = elements_below(view.node, screen)
        if elements:
            found.append(make_layer(elements, box, screen, over_content=True))
    return tuple(found)


def without_block(page: Layer, block: Layer) -> Layer | None:
    """The rest of the page; None when it says too little for the block to be only a part of it."""
    rest = [one for one in page.elements if not contains(block.box, centre(one.box))]
    if sum(bool(one.text) for one in rest) < _AROUND:
        return None
    return make_layer(rest, page.box, page.screen, over_content=page.over_content, source=page.source)


def is_a_row(block: Layer, page: Layer) -> bool:
    """What can be touched in it says the same elsewhere on the page: one entry of a list among others."""
    touched = {one.plain for one in block.elements if one.text and (one.clickable or one.kind == "button")}
    return any(one.plain in touched and not contains(block.box, centre(one.box)) for one in page.texts)


def _may_float(node: Node, screen: Box) -> bool:
    box = clip(node.bounds, screen)
    return is_floating(box, screen) and area(box) <= _LARGEST * area(screen)


def _count(node: Node, found: list[_View]) -> tuple[int, int]:
    """Long texts and things to touch that say something, at and below a node. Depth is bounded by the parser."""
    if not node.visible:
        return 0, 0
    label = node.label
    long = int(is_long(label))
    answers = int(bool(label) and not long and (node.clickable or node.class_name.endswith("Button")))
    touchable = node.clickable and not label
    inner = [_count(child, found) for child in node.children]
    long += sum(one for one, _ in inner)
    answers += sum(one for _, one in inner)
    if touchable and not answers and node.children and not long:
        answers = 1
    if node.children:
        found.append(_View(node=node, long=long, answers=answers))
    return long, answers
