"""From a hierarchy to layers: which windows count, what lies over what, and where the card of the topmost one is.

A dialog is often no window of its own: a page's script, or React Native, draws it as the last child over the page. What
counts is paint order and collision: content painted over other content is a layer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from screenshots.elements import (
    Element,
    Layer,
    area,
    bounding,
    centre,
    clip,
    contains,
    height,
    in_reading_order,
    make_element,
    width,
)
from screenshots.hierarchy import Hierarchy, Node
from screenshots.values import Box

__all__ = ["elements_below", "hidden_surface", "is_floating", "make_layer", "read_layers", "screen_box", "windows_of"]

SYSTEM_DIALOGS = (
    "com.android.permissioncontroller",
    "com.google.android.permissioncontroller",
    "com.android.packageinstaller",
    "com.google.android.packageinstaller",
    "com.lbe.security.miui",
    "com.miui.securitycenter",
    "com.miui.packageinstaller",
    "com.samsung.android.permissioncontroller",
    "com.coloros.safecenter",
    "com.oplus.safecenter",
    "com.oplus.permissioncontroller",
    "com.vivo.permissionmanager",
    "com.huawei.systemmanager",
    "com.hihonor.systemmanager",
    "com.huawei.permissioncontroller",
)
_NEVER_APPS = ("com.android.systemui",)
_KEYBOARD_WORDS = ("inputmethod", "input.method", ".ime", "keyboard", "sogou.input", "baidu.input", "pinyin")
_SURFACE_SHARE = 0.06
_MOST_LABELS_IN_TARGET = 3
_MOST_COMPARED = 1500
"""A page with more elements than this is no page that a dialog was drawn on, but a flood."""


def screen_box(hierarchy: Hierarchy, size: tuple[int, int] | None) -> Box:
    """The display: the screenshot's size when there is one, else what the windows reach."""
    if size is not None:
        return (0, 0, *size)
    width_reached, height_reached = hierarchy.extent
    return (0, 0, width_reached, height_reached)


def read_layers(hierarchy: Hierarchy, screen: Box, package: str | None) -> tuple[Layer, ...]:
    """Topmost first. The last one is the page of the bottommost window."""
    layers: list[Layer] = []
    for root in windows_of(hierarchy, package):
        layers.extend(_split(root, screen))
    below = sum(bool(layer.texts) for layer in layers)
    return tuple(layers) if below else tuple(layers[:1])


def hidden_surface(layers: Sequence[Layer], screen: Box) -> Box | None:
    """A large drawn thing without text that could hide a dialog: it lies over text, or there is hardly any text."""
    elements = [element for layer in layers for element in layer.elements]
    texts = [element for element in elements if element.text]
    if not texts:
        return screen
    for surface in elements:
        if surface.kind != "surface":
            continue
        covered = [one for one in texts if one.order < surface.order and contains(surface.box, centre(one.box))]
        over = [one for one in texts if one.order > surface.order and contains(surface.box, centre(one.box))]
        characters = sum(len(one.text) for one in texts)
        little_text = characters < 15 and area(surface.box) > 0.25 * area(screen)
        if not over and (covered or little_text or area(surface.box) > 0.6 * area(screen)):
            return surface.box
    return screen if sum(len(one.text) for one in texts) < 4 else None


def windows_of(hierarchy: Hierarchy, package: str | None) -> list[Node]:
    """Windows that a person deals with, topmost first. The dump's own order means nothing.

    The smaller lies over the larger; of windows of one size, the one that writes on less of it.
    """
    shown = [root for root in hierarchy.roots if root.area and not _is_furniture(root)]

    def depth(root: Node) -> tuple[int, int, int]:
        rank = 0 if root.package in SYSTEM_DIALOGS else 1 if root.package == "android" else 2
        return rank, root.area, area(bounding(_written(root)))

    ordered = sorted(shown, key=depth)
    if package is not None and any(root.package == package for root in ordered):
        known = (package, "android", *SYSTEM_DIALOGS)
        ordered = [root for root in ordered if root.package in known] or ordered
    return ordered


def _written(node: Node) -> Iterator[Box]:
    """Where it says something, visibly. Depth is bounded by the parser."""
    if node.visible:
        if node.text or node.content_desc:
            yield node.bounds
        for child in node.children:
            yield from _written(child)


def _is_furniture(root: Node) -> bool:
    """Status and navigation bars, keyboards."""
    package = root.package.lower()
    return package in _NEVER_APPS or any(word in package for word in _KEYBOARD_WORDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """A subtree taken apart: its own page, and the layers found over it (topmost first)."""

    page: tuple[Element, ...]
    over: tuple[Layer, ...]


class _Walk:
    """One pass over one window. Holds what must be counted: paint order, and labels below each node."""

    def __init__(self, root: Node, screen: Box) -> None:
        self.screen = screen
        self.order = 0
        self.labels: dict[int, int] = {}
        self.window = clip(root.bounds, screen)
        _count_labels(root, self.labels)

    def part(self, node: Node, target: Node | None) -> _Part:
        box = clip(node.bounds, self.screen)
        if not node.visible or (not area(box) and not node.children):
            return _Part(page=(), over=())
        if node.clickable or node.checkable:
            target = node
        own = self._own_element(node, box, target)
        page: list[Element] = [own] if own is not None else []
        over: list[Layer] = []
        for child in sorted(node.children, key=lambda one: one.drawing_order):
            below = self.part(child, target)
            if self._lies_over(child, below.page, page):
                over = [*below.over, self._layer(child, below.page), *over]
            else:
                page.extend(below.page)
                over = [*below.over, *over]
        return _Part(page=tuple(page), over=tuple(over))

    def _own_element(self, node: Node, box: Box, target: Node | None) -> Element | None:
        if not area(box):
            return None
        self.order += 1
        label = node.text or ("" if self.labels[id(node)] > bool(node.content_desc) else node.content_desc)
        if node.class_name.endswith("EditText"):
            label = "" if node.password else label or node.hint
        kind = _kind(node, box, label, self.labels[id(node)], self.screen)
        if kind is None:
            return None
        touch = self._target_box(target, box)
        return make_element(
            label,
            box,
            kind=kind,
            clickable=touch is not None and node.enabled,
            target=touch,
            checked=node.checked if node.checkable else None,
            resource_id=node.resource_id,
            class_name=node.class_name,
            package=node.package,
            order=self.order,
        )

    def _target_box(self, target: Node | None, box: Box) -> Box | None:
        """What reacts to a tap on this text: not a whole list or page that merely listens."""
        if target is None:
            return None
        bounds = clip(target.bounds, self.screen)
        small = height(bounds) <= 0.2 * height(self.screen) or bounds == box
        return bounds if small and self.labels[id(target)] <= _MOST_LABELS_IN_TARGET else None

    def _lies_over(self, child: Node, painted: Sequence[Element], before: Sequence[Element]) -> bool:
        if not child.children or len(before) > _MOST_COMPARED:
            return False
        texts = [element for element in painted if element.text]
        below = [element for element in before if element.text or element.kind == "icon"]
        if not below or sum(len(element.text) for element in texts) < 6:
            return False
        bounds = clip(child.bounds, self.screen)
        if self._dimmed(before, below):
            return True
        collided = any(contains(bounds, centre(element.box)) for element in below)
        if collided and area(bounds) >= 0.8 * area(self.window):
            spread = bounding(element.box for element in below)
            card = card_of(child, painted, self.screen, trim=True)
            return height(spread) >= 0.3 * height(self.window) or child.clickable or is_floating(card, self.window)
        extent = bounding(element.box for element in texts)
        return sum(contains(extent, centre(element.box)) for element in below) >= min(2, len(below))

    def _dimmed(self, before: Sequence[Element], below: Sequence[Element]) -> bool:
        """A drawn sheet without text covers the window and what was written on it: what follows lies over it."""
        first = min(element.order for element in below)
        sheets = (element for element in before if element.kind == "surface" and element.order > first)
        return any(area(sheet.box) >= 0.8 * area(self.window) for sheet in sheets)

    def _layer(self, node: Node, elements: Sequence[Element]) -> Layer:
        return make_layer(elements, card_of(node, elements, self.screen, trim=True), self.screen, over_content=True)


def elements_below(node: Node, screen: Box) -> tuple[Element, ...]:
    """Everything that is written or can be touched at and below a node, whatever lies over what."""
    part = _Walk(node, screen).part(node, None)
    return (*part.page, *(element for layer in part.over for element in layer.elements))


def _split(root: Node, screen: Box) -> list[Layer]:
    walk = _Walk(root, screen)
    part = walk.part(root, None)
    flat = all(not child.children for child in root.children)
    page = make_layer(part.page, card_of(root, part.page, screen, trim=flat), screen, over_content=False)
    return [*part.over, page] if page.elements or not part.over else list(part.over)


def make_layer(
    elements: Sequence[Element], card: Box, screen: Box, *, over_content: bool, source: str = "hierarchy"
) -> Layer:
    package = next((element.package for element in elements if element.package), "")
    return Layer(
        elements=in_reading_order(elements),
        box=card,
        screen=screen,
        floating=is_floating(card, screen),
        over_content=over_content,
        source=source,
        package=package,
    )


def is_floating(card: Box, screen: Box) -> bool:
    """A centred card, a bottom sheet or a banner: some of the screen stays uncovered, in the manner of a dialog."""
    if not area(card) or not area(screen):
        return False
    narrow = width(card) <= 0.96 * width(screen) and height(card) <= 0.94 * height(screen)
    sheet = card[1] >= 0.25 * screen[3] and card[3] >= 0.9 * screen[3]
    return narrow or sheet


def card_of(node: Node, elements: Sequence[Element], screen: Box, *, trim: bool) -> Box:
    """The smallest view around everything that is written; trimmed to the text when that view is the whole window."""
    written = [element.box for element in elements if len(element.text) > 1]
    if not written:
        return clip(node.bounds, screen)
    extent = bounding(written)
    card = clip(node.bounds, screen)
    for smaller in _chain_around(node, extent):
        card = clip(smaller.bounds, screen)
    if trim and area(card) >= 0.9 * area(screen) and height(extent) <= 0.75 * height(screen):
        margin = width(screen) // 30
        return clip((extent[0] - margin, extent[1] - margin, extent[2] + margin, extent[3] + margin), screen)
    return card


def _chain_around(node: Node, extent: Box) -> Iterator[Node]:
    """From the outside in: the views that still hold the whole extent."""
    current: Node | None = node
    while current is not None:
        yield current
        inner = None
        for child in current.children:
            box = child.bounds
            if box[0] <= extent[0] and box[1] <= extent[1] and box[2] >= extent[2] and box[3] >= extent[3]:
                inner = child
        current = inner


def _count_labels(node: Node, counts: dict[int, int]) -> int:
    """Labels at and below each node. Depth is bounded by the parser."""
    count = bool(node.text or node.content_desc) + sum(_count_labels(child, counts) for child in node.children)
    counts[id(node)] = count
    return count


def _kind(node: Node, box: Box, label: str, labels: int, screen: Box) -> str | None:
    """None for a view that only holds others."""
    name = node.class_name.rsplit(".", 1)[-1]
    if name.endswith(("EditText", "AutoCompleteTextView")):
        return "input"
    if node.checkable:
        return "check"
    if label:
        return "button" if name.endswith("Button") else "text"
    if labels:
        return None
    large = area(box) >= _SURFACE_SHARE * area(screen)
    if large and not node.children:
        return "surface"
    if node.clickable and not large:
        return "icon"
    if not node.children and name in ("ImageView", "Image", "ImageButton", "View") and area(box) >= 100:
        return "icon"
    return None
