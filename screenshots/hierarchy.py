"""Parses a uiautomator hierarchy, a hostile app's text: bounded in size, depth and nodes, entities never expanded.

Android collects its windows in a hash set, so the order of the roots means nothing; invisible children leave holes in
the indexes; characters that XML forbids arrive as ".", and sometimes raw.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lxml import etree

from screenshots.values import NO_BOX, Box

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Hierarchy", "HierarchyUnreadable", "Node", "parse_hierarchy"]

MAXIMUM_BYTES = 8 * 1024 * 1024
MAXIMUM_DEPTH = 200
MAXIMUM_NODES = 20_000
MAXIMUM_TEXT = 20_000
MAXIMUM_COORDINATE = 100_000

_BOUNDS = re.compile(r"\[(-?\d{1,9}),(-?\d{1,9})\]\[(-?\d{1,9}),(-?\d{1,9})\]")
_DECLARES_TYPE = re.compile(r"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)
_DECLARATION = re.compile(r"^\s*<\?xml[^>]{0,200}\?>")
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_REFERENCE = re.compile(r"&#(x[0-9a-fA-F]{1,8}|[0-9]{1,8});")


class HierarchyUnreadable(Exception):
    """The text is no hierarchy that can be trusted; `reason` says why, in words for a report."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One view as the accessibility service described it. Text is the app's own: never trusted, never markup."""

    text: str = ""
    resource_id: str = ""
    class_name: str = ""
    package: str = ""
    content_desc: str = ""
    hint: str = ""
    checkable: bool = False
    checked: bool = False
    clickable: bool = False
    enabled: bool = True
    scrollable: bool = False
    password: bool = False
    selected: bool = False
    visible: bool = True
    drawing_order: int = 0
    """Paint order among siblings (Android 7 and later); 0 when the dump does not say."""
    bounds: Box = NO_BOX
    children: tuple[Node, ...] = ()

    @property
    def label(self) -> str:
        """What a person would read here: the text, or else the description spoken for it."""
        return self.text or self.content_desc

    @property
    def area(self) -> int:
        left, top, right, bottom = self.bounds
        return max(0, right - left) * max(0, bottom - top)

    def walk(self) -> Iterator[Node]:
        """This node and everything below it, in document order."""
        pending = [self]
        while pending:
            node = pending.pop()
            yield node
            pending.extend(reversed(node.children))


@dataclass(frozen=True, slots=True, kw_only=True)
class Hierarchy:
    """All windows of one dump, in the arbitrary order the dump had them."""

    roots: tuple[Node, ...]
    rotation: int = 0
    repaired: bool = False
    """True when characters that XML forbids had to be replaced before it could be read."""

    def walk(self) -> Iterator[Node]:
        for root in self.roots:
            yield from root.walk()

    def leaves(self) -> Iterator[Node]:
        return (node for node in self.walk() if not node.children)

    def clickables(self) -> Iterator[Node]:
        return (node for node in self.walk() if node.clickable)

    @property
    def extent(self) -> tuple[int, int]:
        """Width and height that the roots reach: the display's size, unless every window is small."""
        width = max((root.bounds[2] for root in self.roots), default=0)
        height = max((root.bounds[3] for root in self.roots), default=0)
        return width, height


def parse_hierarchy(xml: str) -> Hierarchy:
    """Parse uiautomator XML, or raise `HierarchyUnreadable`. Time and memory are bounded whatever comes in."""
    if len(xml) > MAXIMUM_BYTES:
        raise HierarchyUnreadable(f"hierarchy is larger than {MAXIMUM_BYTES} characters")
    if not xml.strip():
        raise HierarchyUnreadable("hierarchy is empty")
    if _DECLARES_TYPE.search(xml):
        raise HierarchyUnreadable("hierarchy declares a document type or entities")
    element, repaired = _parse(xml)
    if element.tag != "hierarchy":
        raise HierarchyUnreadable(f"root element is {_shorten(element.tag)}, not hierarchy")
    roots = _build_roots(element)
    if not roots:
        raise HierarchyUnreadable("hierarchy holds no window")
    return Hierarchy(roots=roots, rotation=_integer(element.get("rotation")) % 4, repaired=repaired)


def _parse(xml: str) -> tuple[etree._Element, bool]:
    body = _DECLARATION.sub("", xml, count=1).lstrip("\ufeff \t\r\n")
    try:
        return _parse_strictly(body), False
    except (etree.XMLSyntaxError, UnicodeEncodeError):
        repaired = _REFERENCE.sub(_replace_reference, _FORBIDDEN.sub(".", body))
    try:
        return _parse_strictly(repaired), True
    except etree.XMLSyntaxError as error:
        raise HierarchyUnreadable(f"hierarchy is not well-formed XML: {_shorten(error.msg)}") from error


def _parse_strictly(body: str) -> etree._Element:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    return etree.fromstring(body.encode("utf-8"), parser)


def _replace_reference(match: re.Match[str]) -> str:
    digits = match.group(1)
    code = int(digits[1:], 16) if digits[0] in "xX" else int(digits)
    allowed = code in (9, 10, 13) or 32 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or 0x10000 <= code <= 0x10FFFF
    return match.group(0) if allowed else "."


def _build_roots(element: etree._Element) -> tuple[Node, ...]:
    """Nodes are frozen, so children are finished before their parent: one pass without recursion."""
    count = 0
    open_children: list[list[Node]] = [[]]
    walker = etree.iterwalk(element, events=("start", "end"))
    for event, current in walker:
        if current is element:
            continue
        if event == "start":
            count += 1
            if count > MAXIMUM_NODES:
                raise HierarchyUnreadable(f"hierarchy holds more than {MAXIMUM_NODES} nodes")
            if len(open_children) > MAXIMUM_DEPTH:
                raise HierarchyUnreadable(f"hierarchy is nested deeper than {MAXIMUM_DEPTH}")
            open_children.append([])
        else:
            children = tuple(open_children.pop())
            open_children[-1].append(_build_node(current, children))
    return tuple(open_children[0])


def _build_node(element: etree._Element, children: tuple[Node, ...]) -> Node:
    get = element.attrib.get
    return Node(
        text=(get("text") or "")[:MAXIMUM_TEXT],
        resource_id=(get("resource-id") or "")[:500],
        class_name=(get("class") or "")[:500],
        package=(get("package") or "")[:500],
        content_desc=(get("content-desc") or "")[:MAXIMUM_TEXT],
        hint=(get("hint") or "")[:MAXIMUM_TEXT],
        checkable=get("checkable") == "true",
        checked=get("checked") == "true",
        clickable=get("clickable") == "true",
        enabled=get("enabled") != "false",
        scrollable=get("scrollable") == "true",
        password=get("password") == "true",
        selected=get("selected") == "true",
        visible=get("visible-to-user") != "false",
        drawing_order=_integer(get("drawing-order")),
        bounds=_parse_bounds(get("bounds") or ""),
        children=children,
    )


def _parse_bounds(text: str) -> Box:
    match = _BOUNDS.fullmatch(text.strip())
    if match is None:
        return NO_BOX
    limit = MAXIMUM_COORDINATE
    left, top, right, bottom = (max(-limit, min(limit, int(group))) for group in match.groups())
    return (left, top, right, bottom) if right > left and bottom > top else NO_BOX


def _integer(text: str | None) -> int:
    return int(text) if text is not None and re.fullmatch(r"[0-9]{1,6}", text) else 0


def _shorten(text: object) -> str:
    plain = re.sub(r"\s+", " ", str(text))
    return plain if len(plain) <= 120 else plain[:117] + "..."
