"""UiSelector over a hierarchy: which nodes a selector, with its children and siblings, means."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from lxml import etree

__all__ = ["Node", "SelectorError", "bounds", "find", "object_info"]

Node = etree._Element
TEXTUAL = {
    "text": "text",
    "className": "class",
    "description": "content-desc",
    "packageName": "package",
    "resourceId": "resource-id",
}
MASKS = {
    "text": 0x01,
    "textContains": 0x02,
    "textMatches": 0x04,
    "textStartsWith": 0x08,
    "className": 0x10,
    "classNameMatches": 0x20,
    "description": 0x40,
    "descriptionContains": 0x80,
    "descriptionMatches": 0x0100,
    "descriptionStartsWith": 0x0200,
    "checkable": 0x0400,
    "checked": 0x0800,
    "clickable": 0x1000,
    "longClickable": 0x2000,
    "scrollable": 0x4000,
    "enabled": 0x8000,
    "focusable": 0x010000,
    "focused": 0x020000,
    "selected": 0x040000,
    "packageName": 0x080000,
    "packageNameMatches": 0x100000,
    "resourceId": 0x200000,
    "resourceIdMatches": 0x400000,
    "index": 0x800000,
    "instance": 0x01000000,
}
ENDINGS = ("Contains", "Matches", "StartsWith")
LONGEST_PATTERN = 2000


class SelectorError(ValueError):
    """The selector cannot be understood."""


def find(root: Node, selector: dict[str, Any]) -> list[Node]:
    """Every node the selector means, in document order."""
    current = _instance(_matching(root, selector), selector)
    relations = selector.get("childOrSibling") or []
    others = selector.get("childOrSiblingSelector") or []
    for relation, other in zip(relations, others, strict=False):
        found: list[Node] = []
        for node in current:
            scope = node if relation == "child" else node.getparent()
            if scope is not None:
                found += [each for each in find(scope, other) if each not in found]
        current = _instance(found, other) if "instance" in other else found
    return current


def bounds(node: Node) -> tuple[int, int, int, int]:
    """left, top, right, bottom."""
    numbers = re.findall(r"-?\d+", node.get("bounds") or "")
    if len(numbers) != 4:
        return (0, 0, 0, 0)
    left, top, right, bottom = map(int, numbers)
    return (left, top, right, bottom)


def object_info(node: Node) -> dict[str, Any]:
    """What objInfo answers."""
    box = dict(zip(("left", "top", "right", "bottom"), bounds(node), strict=True))

    def flag(name: str) -> bool:
        return node.get(name) == "true"

    return {
        "bounds": box,
        "childCount": len(node),
        "className": node.get("class"),
        "contentDescription": node.get("content-desc") or None,
        "packageName": node.get("package"),
        "resourceName": node.get("resource-id") or None,
        "text": node.get("text") or None,
        "visibleBounds": box,
        "checkable": flag("checkable"),
        "checked": flag("checked"),
        "clickable": flag("clickable"),
        "enabled": flag("enabled"),
        "focusable": flag("focusable"),
        "focused": flag("focused"),
        "longClickable": flag("long-clickable"),
        "scrollable": flag("scrollable"),
        "selected": flag("selected"),
    }


def _matching(scope: Node, selector: dict[str, Any]) -> list[Node]:
    tests = list(_tests(selector))
    return [node for node in scope.iter("node") if node is not scope and all(test(node) for test in tests)]


def _instance(nodes: list[Node], selector: dict[str, Any]) -> list[Node]:
    if not int(selector.get("mask", 0)) & MASKS["instance"]:
        return nodes
    number = int(selector.get("instance", 0))
    return nodes[number : number + 1]


def _tests(selector: dict[str, Any]) -> Iterator[Callable[[Node], bool]]:
    mask = int(selector.get("mask", 0))
    for name, bit in MASKS.items():
        if not mask & bit or name == "instance":
            continue
        wanted = selector.get(name)
        base = name
        for ending in ENDINGS:
            base = base.removesuffix(ending)
        if base in TEXTUAL:
            yield _text_test(TEXTUAL[base], name.removeprefix(base), str(wanted))
        elif name == "index":
            yield _equals("index", str(wanted))
        else:
            yield _equals("long-clickable" if name == "longClickable" else name, "true" if wanted else "false")


def _equals(attribute: str, wanted: str) -> Callable[[Node], bool]:
    return lambda node: node.get(attribute) == wanted


def _text_test(attribute: str, kind: str, wanted: str) -> Callable[[Node], bool]:
    if kind == "Matches":
        try:
            pattern = re.compile(wanted[:LONGEST_PATTERN], re.DOTALL)
        except re.error as error:
            raise SelectorError(f"java.util.regex.PatternSyntaxException: {error}") from error
        return lambda node: pattern.fullmatch(node.get(attribute) or "") is not None
    if kind == "Contains":
        return lambda node: wanted.lower() in (node.get(attribute) or "").lower()
    if kind == "StartsWith":
        return lambda node: (node.get(attribute) or "").lower().startswith(wanted.lower())
    return lambda node: (node.get(attribute) or "") == wanted
