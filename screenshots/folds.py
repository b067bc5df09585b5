"""What a dialog keeps out of sight, as far as its hierarchy tells: answers without height, and text that scrolls on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from screenshots.hierarchy import Hierarchy, HierarchyUnreadable, Node, parse_hierarchy
from screenshots.labels import label_meaning
from screenshots.values import NO_BOX, Box, Dialog

__all__ = ["Hidden", "hidden_answers"]

_REFUSING = ("refuse", "exit")
_SEEN_SHARE = 0.35
"""A label of which less than this share of its usual height is visible cannot be read."""
_LINE = 0.018
"""A line of text in shares of the screen's height."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hidden:
    """`known`: there was a hierarchy to ask."""

    known: bool
    refusals: tuple[Box, ...] = ()
    """Where refusals are said to be that nobody can see; zero boxes for those without a place."""
    text_goes_on: int | None = None
    """Visible height in pixels of a scrolling text that is cut at its end; None when there is none."""


def hidden_answers(hierarchy: str | None, dialog: Dialog) -> Hidden:
    """Only a hierarchy can tell; without one, or with one that knows nothing of this dialog, nothing is known."""
    if not hierarchy or dialog.source == "ocr":
        return Hidden(known=False)
    try:
        parsed = parse_hierarchy(hierarchy)
    except HierarchyUnreadable:
        return Hidden(known=False)
    return Hidden(
        known=True,
        refusals=tuple(_unseen_refusals(parsed, dialog)),
        text_goes_on=_cut_text(parsed, dialog),
    )


def _unseen_refusals(parsed: Hierarchy, dialog: Dialog) -> Iterator[Box]:
    """Refusals in the window of the dialog, when the dialog shows none: another screen's words are no business of it."""
    if any(control.role in _REFUSING for control in (*dialog.controls, *dialog.links)):
        return
    line = _LINE * parsed.extent[1]
    for root in parsed.roots:
        if not _holds(root, dialog):
            continue
        for node in root.walk():
            meaning = label_meaning(node.label[:80]) if node.label else None
            if meaning is None or not meaning.clear or meaning.name not in _REFUSING:
                continue
            tall = node.bounds[3] - node.bounds[1]
            if node.bounds == NO_BOX or not node.visible or tall < _SEEN_SHARE * line:
                yield node.bounds


def _holds(root: Node, dialog: Dialog) -> bool:
    wanted = {control.text for control in dialog.controls if control.source == "hierarchy"}
    return any(node.label.strip() in wanted for node in root.walk() if node.label)


def _cut_text(parsed: Hierarchy, dialog: Dialog) -> int | None:
    left, top, right, bottom = dialog.box
    for node in parsed.walk():
        box = node.bounds
        inside = box[0] >= left - 8 and box[1] >= top - 8 and box[2] <= right + 8 and box[3] <= bottom + 8
        if node.scrollable and box != NO_BOX and inside and _is_cut(node):
            return box[3] - box[1]
    return None


def _is_cut(scroller: Node) -> bool:
    """Its last words touch its lower edge: a text that ends inside would leave room."""
    return any(
        child.text and child.bounds != NO_BOX and child.bounds[3] >= scroller.bounds[3] - 1
        for child in scroller.walk()
        if child is not scroller
    )
