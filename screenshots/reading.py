"""Reads one screen: what lies on top, which controls it offers and what each of them would say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from screenshots.checkboxes import checkboxes_in_hierarchy
from screenshots.elements import Layer
from screenshots.hierarchy import Hierarchy, HierarchyUnreadable, parse_hierarchy
from screenshots.identity import identify_screen
from screenshots.kinds import Verdict, judge_layer
from screenshots.links import find_links
from screenshots.roles import assign_roles
from screenshots.values import CONSENT_KINDS, KINDS, ROLES, Checkbox, Control, Dialog, ScreenReading, TextBox
from screenshots.windows import read_layers, screen_box

if TYPE_CHECKING:
    from screenshots.engines import OcrEngine

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

_PAGES = frozenset({"plain", "settings", "login", "policy_text"})


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
    which of several windows is the app's own and which is the system's.
    """
    parsed, failure = _parse(hierarchy)
    if parsed is None:
        return _unreadable("bad_hierarchy" if failure else "no_input", note=failure)
    screen = screen_box(parsed, None)
    layers = read_layers(parsed, screen, package)
    return _assemble(parsed, layers, package=package, notes=())


def _parse(hierarchy: str | None) -> tuple[Hierarchy | None, str | None]:
    if hierarchy is None or not hierarchy.strip():
        return None, None
    try:
        return parse_hierarchy(hierarchy), None
    except HierarchyUnreadable as unreadable:
        return None, unreadable.reason


def _unreadable(reason: str, *, note: str | None = None) -> ScreenReading:
    return ScreenReading(
        readable=False,
        unreadable_reason=reason,
        kinds=(),
        dialog=None,
        texts=(),
        source="hierarchy",
        identity="",
        notes=(note,) if note else (),
    )


def _assemble(
    parsed: Hierarchy | None, layers: Sequence[Layer], *, package: str | None, notes: tuple[str, ...]
) -> ScreenReading:
    verdicts = [(layer, judge_layer(layer, package=package)) for layer in layers]
    shown = [(layer, verdict) for layer, verdict in verdicts if verdict.kind not in ("plain",)]
    kinds = tuple(verdict.kind for _, verdict in shown) or ("plain",)
    dialog = next((_dialog(layer, verdict) for layer, verdict in shown if verdict.kind not in _PAGES), None)
    return ScreenReading(
        readable=True,
        unreadable_reason=None,
        kinds=kinds,
        dialog=dialog,
        texts=tuple(element.as_text_box() for layer in layers for element in layer.texts),
        source=layers[0].source if layers else "hierarchy",
        identity=identify_screen(parsed, layers, kinds, package),
        notes=notes,
    )


def _dialog(layer: Layer, verdict: Verdict) -> Dialog:
    controls = assign_roles(layer, verdict)
    return Dialog(
        kind=verdict.kind,
        box=layer.box,
        title=_title(layer),
        text="\n".join(element.text for element in layer.texts),
        controls=controls,
        links=find_links(layer, controls),
        checkboxes=checkboxes_in_hierarchy(layer, verdict.wording),
        source=layer.source,
        certain=layer.source == "hierarchy",
        agreed_by=("hierarchy",) if layer.source == "hierarchy" else (),
    )


def _title(layer: Layer) -> str:
    """The first text of the upper half, when it is short."""
    top = layer.texts[:1]
    return top[0].text if top and len(top[0].text) <= 40 else ""
