"""One name for one screen, whatever its clock, counters, advertisements or scroll offset show at the moment.

The name is a digest over: the package; the set of (class, resource id) pairs of views that can be touched or that carry
an id, each counted only as one or several; the kinds of its layers; and the bucketed words of its fixed texts, that is
texts of touchable, non-repeating views. Left out: text with digits in it (they become "#"), long text, everything inside
something that scrolls except its classes, and positions. Without a hierarchy: the fixed words OCR read, in coarse cells.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Sequence

from screenshots.elements import Element, Layer, centre, height, width
from screenshots.hierarchy import Hierarchy, Node

__all__ = ["identify_screen"]

_DIGITS = re.compile(r"\d+")
_LONGEST_KEY = 12
_MOST_KEYS = 40


def identify_screen(
    hierarchy: Hierarchy | None, layers: Sequence[Layer], kinds: Sequence[str], package: str | None
) -> str:
    """Sixteen hexadecimal digits."""
    parts = [package or "", *kinds]
    if hierarchy is not None and any(layer.source != "ocr" for layer in layers):
        top = layers[0] if layers else None
        parts.append(top.package if top is not None else "")
        parts.extend(_structure(hierarchy, top.package if top is not None else None))
    for layer in layers[:1] if _is_dialog(kinds) else layers:
        parts.extend(_fixed_words(layer))
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:16]


def _is_dialog(kinds: Sequence[str]) -> bool:
    return bool(kinds) and kinds[0] not in ("plain", "settings", "login")


def _structure(hierarchy: Hierarchy, package: str | None) -> list[str]:
    counted: Counter[str] = Counter()
    for root in hierarchy.roots:
        if package and root.package != package:
            continue
        pending: list[tuple[Node, bool]] = [(root, False)]
        while pending:
            node, scrolled = pending.pop()
            name = node.class_name.rsplit(".", 1)[-1]
            if node.resource_id or (node.clickable and not scrolled) or node.scrollable:
                counted[f"{name}|{node.resource_id}|{int(node.scrollable)}"] += 1
            pending.extend((child, scrolled or node.scrollable) for child in node.children)
    return sorted(f"{key}|{'one' if count == 1 else 'several'}" for key, count in counted.items())


def _fixed_words(layer: Layer) -> list[str]:
    if layer.source == "ocr":
        return _cells(layer)
    repeated = Counter(element.resource_id for element in layer.texts)
    words = {
        _bucket(element)
        for element in layer.texts
        if element.clickable and len(element.text) <= _LONGEST_KEY and repeated[element.resource_id] <= 8
    }
    return sorted(words)[:_MOST_KEYS]


def _cells(layer: Layer) -> list[str]:
    """Short words without digits, with the eighth of the screen they stand in: headings, tabs and buttons stay put."""
    tall, wide = max(1, height(layer.screen)), max(1, width(layer.screen))
    fixed = [
        element
        for element in layer.texts
        if 2 <= len(element.text) <= _LONGEST_KEY and not _DIGITS.search(element.text) and element.confidence >= 800
    ]
    edges = [one for one in fixed if layer.floating or not 0.14 <= centre(one.box)[1] / tall <= 0.86]
    chosen = edges if len(edges) >= 2 else [one for one in fixed if len(one.text) <= _LONGEST_KEY // 2 or one.target]
    return sorted({f"{one.plain}@{centre(one.box)[0] * 4 // wide}" for one in chosen})[:_MOST_KEYS]


def _bucket(element: Element) -> str:
    return f"{_DIGITS.sub('#', element.plain)}|{element.resource_id}"
