"""Links to the policy and the terms: views of their own, or words inside a text, which the hierarchy does not show.

A ClickableSpan is no node: the whole TextView is one. Where the words stand is then estimated by laying the text out
again from its box and its characters; when OCR has read the lines, their boxes are better and are used instead.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from screenshots.candidates import is_link
from screenshots.coloured import place_titles
from screenshots.elements import Element, Layer, area, centre, clip, contains, height, width
from screenshots.evidence import languages_of, matches
from screenshots.lexicon import comparable, readable
from screenshots.sight import Sight
from screenshots.values import Box, Control

__all__ = ["find_links", "place_in_text"]

_LINE_SPACING = 1.55
_REFERENCE_WIDTH = 360
_SMALLEST, _USUAL, _LARGEST = 10, 14, 20
"""Text sizes in density-independent pixels."""
_MOST_LINKS = 24


def find_links(layer: Layer, taken: Sequence[Control], sight: Sight) -> tuple[Control, ...]:
    """Every link of the layer in reading order; what is a control already is not repeated.

    The screenshot is looked at only for links inside a text, whose place the hierarchy does not tell.
    """
    used = {(control.text, control.box) for control in taken}
    texts = layer.texts
    found: list[Control] = []
    for at, element in enumerate(texts):
        if (element.text, element.touch_box) in used or element.kind == "input":
            continue
        following = texts[at + 1] if at + 1 < len(texts) else None
        heading = at == 0 and not element.clickable
        if is_link(element) and element.clickable is not False and not heading and not _is_cut(element.text):
            found.append(_link(element.text, element.touch_box, element.source, element.resource_id))
        elif not heading or "《" in element.text:
            found.extend(_inside(element, following, layer, sight))
    return tuple(_without_doubles(found))[:_MOST_LINKS]


def _inside(element: Element, following: Element | None, layer: Layer, sight: Sight) -> Iterator[Control]:
    titles = titles_in(element.text)
    inside_view = element.source == "hierarchy" and bool(titles)
    seen = place_titles(sight.image, element.box, titles) if inside_view and sight.image is not None else None
    for at, title in enumerate(titles):
        box = seen[at] if seen is not None else place_in_text(element, title, width(layer.screen))
        if box is None:
            continue
        source = "pixels" if seen is not None else "geometry" if inside_view else element.source
        whole = title
        if _is_cut(title) and following is not None and element.text.endswith(title):
            whole = title + following.text.split("》", 1)[0] + "》" if "》" in following.text[:40] else title
        yield _link(whole, box, source, element.resource_id)


def _is_cut(title: str) -> bool:
    """A title that goes on in the next line of the screen."""
    return title.startswith("《") and "》" not in title


def titles_in(text: str) -> tuple[str, ...]:
    """Titles of legal documents as they are written in a text; without brackets only where they are agreed to."""
    plain = text.lower()
    found: list[tuple[int, str]] = []
    for lexicon in languages_of(comparable(text)):
        patterns = lexicon.patterns.get("link_title", ())
        if not any(pattern.search(plain) for pattern in patterns) and matches("agreement_line", plain):
            patterns = lexicon.patterns.get("link_bare", ())
        for pattern in patterns:
            found.extend((match.start(), text[match.start() : match.end()]) for match in pattern.finditer(plain))
    titles = [title for _, title in sorted(set(found))]
    bracketed = any(title.startswith("《") for title in titles)
    return tuple(title for title in titles if not bracketed or title.startswith("《"))


def _link(text: str, box: Box, source: str, resource_id: str) -> Control:
    role = link_role(text)
    return Control(
        role=role,
        text=text,
        box=box,
        point=centre(box),
        clear=role != "other",
        resource_id=resource_id or None,
        source=source,
    )


def link_role(title: str) -> str:
    plain = comparable(title)
    if matches("policy_link", plain):
        return "policy_link"
    return "terms_link" if matches("terms_link", plain) else "other"


def _without_doubles(links: Iterable[Control]) -> Iterator[Control]:
    kept: list[Control] = []
    for link in links:
        if any(link.text == other.text and contains(other.box, link.point) for other in kept):
            continue
        kept.append(link)
        yield link


def place_in_text(element: Element, part: str, screen_width: int) -> Box | None:
    """Where a part of a text stands: the first line of it, laid out again in the element's box."""
    raw = element.raw or element.text
    start = _position(raw, part)
    if start is None or not area(element.box):
        return None
    size = _character_size(raw, element.box, screen_width)
    line_width = max(size, width(element.box))
    lines = _lay_out(raw, size, line_width)
    placed = [(row, x, advance) for index, row, x, advance in lines if start <= index < start + len(part)]
    if not placed:
        return None
    rows = max(row for _, row, _, _ in lines) + 1
    tall = height(element.box) / rows
    first = placed[0][0]
    longest = max({row for row, _, _ in placed}, key=lambda row: sum(adv for at, _, adv in placed if at == row))
    row = first if sum(adv for at, _, adv in placed if at == first) >= 1.5 * size else longest
    left = min(x for at, x, _ in placed if at == row)
    right = max(x + advance for at, x, advance in placed if at == row)
    top = element.box[1] + row * tall
    box = (int(element.box[0] + left), int(top), math.ceil(element.box[0] + right), math.ceil(top + tall))
    clipped = clip(box, element.box)
    return clipped if area(clipped) else None


def _position(raw: str, part: str) -> int | None:
    at = raw.find(part)
    if at >= 0:
        return at
    at = readable(raw).find(part)
    return at if at >= 0 else None


def _advance(character: str) -> float:
    if unicodedata.east_asian_width(character) in ("W", "F", "A"):
        return 1.0
    return 0.3 if character in " .,;:'il|!" else 0.55


def _character_size(raw: str, box: Box, screen_width: int) -> float:
    """The likeliest size: one that fills the box with an ordinary line spacing, near the size that apps use."""
    wide, tall = width(box), height(box)
    unit = max(200, screen_width) / _REFERENCE_WIDTH
    best, best_cost = 14 * unit, math.inf
    for step in range(2 * _SMALLEST, 2 * _LARGEST + 1):
        size = step / 2 * unit
        rows = 1 + max((row for _, row, _, _ in _lay_out(raw, size, wide)), default=0)
        spacing = tall / (rows * size)
        cost = ((spacing - _LINE_SPACING) / 0.2) ** 2 + ((step / 2 - _USUAL) / 2) ** 2
        if cost < best_cost:
            best, best_cost = size, cost
    return best


def _lay_out(raw: str, size: float, line_width: float) -> list[tuple[int, int, float, float]]:
    """index, row, x and advance of every character; wide characters break anywhere, as Android does."""
    placed: list[tuple[int, int, float, float]] = []
    row, x = 0, 0.0
    for index, character in enumerate(raw):
        if character == "\n":
            row, x = row + 1, 0.0
            continue
        advance = _advance(character) * size
        if x + advance > line_width + 1 and x > 0:
            row, x = row + 1, 0.0
        placed.append((index, row, x, advance))
        x += advance
    return placed
