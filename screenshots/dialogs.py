"""A judged layer, described: its title, controls, links and boxes, and how far its words can be relied on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from screenshots.agreement import compare_readers
from screenshots.checkboxes import checkboxes_in_hierarchy, checkboxes_in_pixels, drawn_lines
from screenshots.elements import Layer
from screenshots.kinds import Verdict, judge_layer
from screenshots.links import find_links
from screenshots.roles import assign_roles
from screenshots.sight import Sight
from screenshots.values import Checkbox, Control, Dialog

__all__ = ["Judged", "describe", "judge", "topmost"]

_PAGES = frozenset({"plain", "settings", "login", "policy_text"})
_SOURCES = {"hierarchy", "merged"}
_LONGEST_TITLE = 40
_ANSWERS = ("accept", "refuse", "acknowledge", "exit", "allow", "allow_once", "allow_foreground", "deny")


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A layer, what it was judged to be, and what its controls do."""

    layer: Layer
    verdict: Verdict
    controls: tuple[Control, ...]


def judge(layer: Layer, package: str | None) -> Judged:
    verdict = judge_layer(layer, package=package)
    return Judged(layer=layer, verdict=verdict, controls=assign_roles(layer, verdict))


def topmost(judged: Sequence[Judged]) -> Judged | None:
    """The first layer that is more than a page."""
    return next((one for one in judged if one.verdict.kind not in _PAGES), None)


def describe(top: Judged, sight: Sight, *, verify: bool) -> Dialog:
    """`verify`: ask a second reader about words that only OCR has seen."""
    layer, controls = top.layer, top.controls
    certain, agreed_by = _reliance(layer, controls)
    if verify and not certain:
        agreement = compare_readers(layer, controls, sight, first=agreed_by[0] if agreed_by else "ocr")
        controls, agreed_by, certain = agreement.controls, agreement.agreed_by, agreement.certain
    return Dialog(
        kind=top.verdict.kind,
        box=layer.box,
        title=_title(layer),
        text="\n".join(element.text for element in layer.texts),
        controls=tuple(_named(control) for control in controls),
        links=tuple(_named(link) for link in find_links(layer, controls, sight)),
        checkboxes=_checkboxes(top, sight),
        source=layer.source,
        certain=certain,
        agreed_by=agreed_by,
        by_wording=top.verdict.by_wording,
    )


def _reliance(layer: Layer, controls: Iterable[Control]) -> tuple[bool, tuple[str, ...]]:
    """The hierarchy is one certain reader; OCR alone is not, until another reader agrees."""
    known = list(controls)
    answers = [control.source for control in known if control.role in _ANSWERS]
    answers = answers or [control.source for control in known if control.role != "other"]
    sources = answers or [element.source for element in layer.texts]
    if sources and all(source == "hierarchy" for source in sources):
        return True, ("hierarchy",)
    readers = dict.fromkeys(source for source in sources if source != "hierarchy")
    return False, tuple(readers)


def _checkboxes(top: Judged, sight: Sight) -> tuple[Checkbox, ...]:
    layer, wording = top.layer, top.verdict.wording
    known = checkboxes_in_hierarchy(layer, wording)
    if not drawn_lines(layer) and layer.source == "hierarchy":
        return known
    return (*known, *checkboxes_in_pixels(layer, wording, sight.image))


def _named(control: Control) -> Control:
    """The source as the reading's users know it: which OCR engine it was stands in the reading."""
    known = control.source if control.source in (*_SOURCES, "geometry", "pixels") else "ocr"
    return replace(control, source=known)


def _title(layer: Layer) -> str:
    """The first text, when it is short."""
    first = layer.texts[:1]
    return first[0].text if first and len(first[0].text) <= _LONGEST_TITLE else ""
