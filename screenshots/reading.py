"""Reads one screen: what lies on top, which controls it offers and what each of them would say.

The hierarchy is asked first: it costs a few milliseconds and its words are certain. Pixels are read where it is silent,
where something drawn could hide a dialog, and whenever a second look is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence

from screenshots.blocks import find_blocks, is_a_row, without_block
from screenshots.candidates import is_long
from screenshots.dialogs import Judged, describe, judge, topmost
from screenshots.elements import Element, Layer, area, continuation_lines, height, width
from screenshots.engines import OcrEngine
from screenshots.evidence import matches
from screenshots.hierarchy import Hierarchy, HierarchyUnreadable, parse_hierarchy
from screenshots.identity import identify_screen
from screenshots.lexicon import comparable, has_han
from screenshots.merge import add_lines, merge_layers
from screenshots.sight import Sight
from screenshots.values import (
    CONSENT_KINDS,
    KINDS,
    ROLES,
    Box,
    Checkbox,
    Control,
    Dialog,
    ScreenReading,
    TextBox,
)
from screenshots.vision import layers_from_lines
from screenshots.windows import hidden_surface, make_layer, read_layers, screen_box

__all__ = [
    "CONSENT_KINDS",
    "KINDS",
    "ROLES",
    "Checkbox",
    "Control",
    "Dialog",
    "ScreenReading",
    "TextBox",
    "read_screen",
]

_SURE, _SURE_OF_HAN = 965, 990
_LONGEST_ANSWER = 12
_MOST_ANSWERS = 8
_ONE_LINE = 2.2
"""Han are about as wide as tall: a label is on two lines when it is taller than its characters are wide, twice over."""
_UNNAMED = ("plain", "other", "settings", "policy_text", *CONSENT_KINDS)
_REFUSING = ("refuse", "exit", "basic_mode", "later", "close", "skip", "settings")


def read_screen(
    shot: bytes | None,
    hierarchy: str | None,
    *,
    package: str | None = None,
    ocr: Sequence[OcrEngine] | None = None,
    second_look: bool = False,
) -> ScreenReading:
    """Read a screen from its screenshot (PNG or JPEG bytes), its hierarchy (uiautomator XML), or both.

    Never raises on bad input: what cannot be read is a reading with `readable=False` and a reason. `ocr=None` means the
    engines this machine has, loaded on first need; `ocr=()` forbids OCR. `package` is the inspected app's: it tells
    which of several windows is the app's own and which is the system's. `second_look` reads the card (or the screen)
    again at full size, contrast raised, with the better model, and asks an independent reader for the deciding words.
    """
    sight = Sight(shot, ocr)
    parsed, failure = _parse(hierarchy)
    if parsed is not None and parsed.repaired:
        sight.notes.append("the hierarchy held characters that XML forbids; they were replaced by dots")
    layers = _layers(parsed, sight, package)
    if isinstance(layers, str):
        return _unreadable(layers if layers != "no_input" or failure is None else "bad_hierarchy", sight, failure)
    judged = _as_one_page([judge(layer, package) for layer in layers], package)
    judged = _with_block(judged, parsed, package)
    judged = _sharpened(judged, sight, package)
    looked = False
    if second_look:
        judged, looked = _looked_twice(judged, sight, package)
    return _reading(parsed, judged, sight, package, failure=failure, looked=looked)


def _parse(hierarchy: str | None) -> tuple[Hierarchy | None, str | None]:
    if hierarchy is None or not hierarchy.strip():
        return None, None
    try:
        return parse_hierarchy(hierarchy), None
    except HierarchyUnreadable as unreadable:
        return None, unreadable.reason


def _layers(parsed: Hierarchy | None, sight: Sight, package: str | None) -> tuple[Layer, ...] | str:
    """Layers from the cheapest source that can tell, or the reason why none can."""
    known: tuple[Layer, ...] = ()
    if parsed is not None:
        screen = screen_box(parsed, None)
        known = read_layers(parsed, screen, package)
        hidden = hidden_surface(known, screen)
        if hidden is None:
            return "half_drawn" if _only_loading(known) else known
    else:
        hidden = None
    seen = _seen_layers(sight)
    if not isinstance(seen, str):
        merged = merge_layers(known, seen, hidden) if known and hidden is not None else seen
        return "half_drawn" if _only_loading(merged) else merged
    if any(layer.texts for layer in known):
        sight.notes.append("something drawn may hide more than the hierarchy tells, and no pixels could be read")
        return known
    return "opaque" if seen == "no_input" and parsed is not None else seen


def _seen_layers(sight: Sight) -> tuple[Layer, ...] | str:
    if sight.image is None:
        return sight.failure or "no_input"
    if sight.emptiness is not None:
        return sight.emptiness
    lines, reader = sight.read_quickly()
    if lines is None and sight.second is not None:
        reader = sight.second
        lines = sight.read(reader)
        sight.notes.append(f"{_name(reader)} read this screen alone" if lines is not None else "")
    if lines is None:
        return "no_engine"
    if not lines and sight.sparse:
        return "half_drawn"
    return layers_from_lines(lines, sight.image, engine=_name(reader))


def _only_loading(layers: Sequence[Layer]) -> bool:
    texts = [element for layer in layers for element in layer.texts]
    return 0 < len(texts) <= 2 and all(matches("loading", element.plain) for element in texts)


def _sharpened(judged: list[Judged], sight: Sight, package: str | None) -> list[Judged]:
    """Two repairs that pay at once: answers that the quick model may have misspelt, and some it may have overlooked."""
    if not judged or judged[0].layer.source == "hierarchy" or sight.image is None:
        return judged
    top = judged[0]
    asks = top.layer.floating or top.verdict.kind != "plain"
    unsure = [one for one in top.layer.texts if _may_be_misspelt(one, _name(sight.quick)) and (asks or one.target)]
    read = {one.box: one.plain for one in unsure[-_MOST_ANSWERS:]}
    spelt = [line for line in sight.respell(list(read)) if comparable(line.text) != read[line.box]]
    if spelt:
        top = judge(add_lines(top.layer, spelt, _name(sight.thorough)), package)
        judged = [top, *judged[1:]]
    if top.verdict.kind in CONSENT_KINDS and not any(control.role in _REFUSING for control in top.controls):
        pale = sight.pale_lines(top.layer.box, [element.box for element in top.layer.texts])
        if pale:
            layer = add_lines(top.layer, pale, _name(sight.quick))
            return [judge(layer, package), *judged[1:]]
    return judged


def _as_one_page(judged: list[Judged], package: str | None) -> list[Judged]:
    """A patch with hardly a control, or the foot of a page, was no card: then the screen is one page, if that makes sense."""
    if len(judged) != 2 or judged[0].layer.source != "ocr" or not _is_open(judged[0]):
        return judged
    several = len(judged[0].controls) > 1 or judged[0].verdict.kind not in ("plain", "other")
    if several and not _is_foot(judged[0].layer):
        return judged
    top, bottom = judged[0].layer, judged[1].layer
    elements = (*top.elements, *bottom.elements)
    whole = judge(make_layer(elements, top.screen, top.screen, over_content=False, source="ocr"), package)
    return [whole] if whole.verdict.kind in CONSENT_KINDS else judged


def _with_block(judged: list[Judged], parsed: Hierarchy | None, package: str | None) -> list[Judged]:
    """A part of a page that asks for consent by itself is a dialog, and what it stands in is the page below."""
    top = topmost(judged)
    if parsed is None or not judged or (top is not None and top is not judged[-1]):
        return judged
    page = judged[-1].layer
    if page.floating or page.over_content or page.source != "hierarchy":
        return judged
    named: list[Judged] | None = None
    for block in find_blocks(parsed, page.screen, package):
        if is_a_row(block, page):
            continue
        found, rest = judge(block, package), without_block(page, block)
        answered = 1 <= len(found.controls) <= 2 or any(one.role != "other" for one in found.controls)
        kind = found.verdict.kind
        same = rest is None and judged[-1].verdict.kind in CONSENT_KINDS
        taken = [*judged[:-1], found, *([judge(rest, package)] if rest is not None else [])]
        if kind in CONSENT_KINDS and answered and (rest is not None or same):
            return taken
        if named is None and _is_open(judged[-1]) and kind not in _UNNAMED and answered:
            named = taken
    return named or judged


def _is_open(judged: Judged) -> bool:
    """The rules have no name for it, and the wording model saw no consent in it either."""
    verdict = judged.verdict
    return verdict.kind in ("plain", "other") or (verdict.by_wording and verdict.kind not in CONSENT_KINDS)


def _is_foot(layer: Layer) -> bool:
    """The strip with the answers, as wide as the screen: it holds nothing but short texts."""
    left, _, right, bottom = layer.box
    wide = right - left >= 0.97 * width(layer.screen) and bottom >= 0.97 * height(layer.screen)
    goes_on = continuation_lines(layer.elements)
    running = (one for one in layer.texts if is_long(one.text) or id(one) in goes_on)
    return wide and all(one.meaning().clear for one in running)


def _may_be_misspelt(element: Element, quick: str) -> bool:
    """A short text in Han: of two characters nobody can tell from the others that one was taken for its neighbour.

    What stands in a drawn button is worth a look in any script.
    """
    han = has_han(element.text)
    sure = _SURE_OF_HAN if han else _SURE
    if element.source != quick or element.confidence >= sure or not (han or element.target):
        return False
    one_line = height(element.box) * len(element.text) <= _ONE_LINE * width(element.box) * (1 if han else 2)
    return one_line and len(element.text) <= (_LONGEST_ANSWER if han else 2 * _LONGEST_ANSWER)


def _looked_twice(judged: list[Judged], sight: Sight, package: str | None) -> tuple[list[Judged], bool]:
    """The better model over the top card, or over the whole screen when no dialog was seen."""
    if sight.image is None or sight.emptiness is not None:
        return judged, False
    whole = (0, 0, sight.image.shape[1], sight.image.shape[0])
    top = topmost(judged)
    region: Box = top.layer.box if top is not None and area(top.layer.box) else whole
    lines = sight.look_twice(region)
    if lines is None:
        return judged, False
    if top is not None:
        again = judge(add_lines(top.layer, lines, _name(sight.thorough)), package)
        return [again if one is top else one for one in judged], True
    seen = [judge(layer, package) for layer in layers_from_lines(lines, sight.image, engine=_name(sight.thorough))]
    found = topmost(seen)
    if found is not None and found.verdict.kind in CONSENT_KINDS:
        sight.notes.append("the hierarchy shows no dialog; pixels do" if judged[0].layer.source == "hierarchy" else "")
        return seen, True
    return judged, True


def _name(engine: OcrEngine | None) -> str:
    return engine.name if engine is not None else "ocr"


def _reading(
    parsed: Hierarchy | None,
    judged: Sequence[Judged],
    sight: Sight,
    package: str | None,
    *,
    failure: str | None,
    looked: bool,
) -> ScreenReading:
    shown = [one for one in judged if one.verdict.kind != "plain"]
    kinds = tuple(one.verdict.kind for one in shown) or ("plain",)
    top = topmost(judged)
    dialog = describe(top, sight, verify=looked) if top is not None else None
    layers = [one.layer for one in judged]
    if failure:
        sight.notes.append(f"hierarchy unreadable: {failure}")
    return ScreenReading(
        readable=True,
        unreadable_reason=None,
        kinds=kinds,
        dialog=dialog,
        texts=tuple(element.as_text_box() for layer in layers for element in layer.texts),
        source=_source(layers),
        identity=identify_screen(parsed, layers, kinds, package),
        engines=tuple(f"{name} {version}" for name, version in sight.used.items()),
        notes=tuple(note for note in dict.fromkeys(sight.notes) if note),
        looked_twice=looked,
    )


def _source(layers: Sequence[Layer]) -> str:
    sources = {layer.source for layer in layers if layer.elements} or {"hierarchy"}
    return sources.pop() if len(sources) == 1 else "merged"


def _unreadable(reason: str, sight: Sight, failure: str | None) -> ScreenReading:
    notes = [*filter(None, sight.notes), *([f"hierarchy unreadable: {failure}"] if failure else [])]
    return ScreenReading(
        readable=False,
        unreadable_reason=reason,
        kinds=(),
        dialog=None,
        texts=(),
        source="hierarchy",
        identity="",
        engines=tuple(f"{name} {version}" for name, version in sight.used.items()),
        notes=tuple(dict.fromkeys(notes)),
    )
