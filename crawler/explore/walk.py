"""Where to go next: a state graph of screens, new before known, never inside a dialog that asks for consent.

Pure: a walk is a value, a move is chosen from it and the reading of the present screen, and what came of it makes a new walk.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from crawler.explore.manners import leaves_alone
from screenshots.reading import CONSENT_KINDS, Dialog, ScreenReading, TextBox

__all__ = ["Move", "Walk", "arrived", "next_move"]

_MAX_CANDIDATES = 40
_KEY_TEXT = 40
_LONGEST_DRAWN_LABEL = 14
"""Characters of a line that OCR read and that may be a button: sentences are not tapped."""
_ANSWERED_ELSEWHERE = frozenset({*CONSENT_KINDS, "permission", "install_confirmation", "oauth"})
"""Dialogs in which nothing is tapped here: the consent plan answers some, back leaves the others."""
_MAX_BACKS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One action of the walk. `key` names it within its screen; "" for back and launch."""

    action: str
    """tap | back | launch"""
    key: str
    point: tuple[int, int] | None
    box: tuple[int, int, int, int] | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """What is known of the app: screens by identity, what was tried on each and where it led."""

    edges: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: MappingProxyType({}))
    """screen identity -> move key -> identity of the screen it led to"""
    offered: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """screen identity -> the keys of what could be tapped there when last seen"""
    backs: int = 0
    """Backs in a row, so that a screen that ignores back is left by launching the app again."""

    @property
    def screens(self) -> int:
        """How many different screens have been seen."""
        return len(self.offered)


def next_move(walk: Walk, reading: ScreenReading, ours: bool) -> Move:
    """The move to make on this screen.

    Something not yet tried here; else the first step of the shortest known way to a screen with something untried; else back.
    Outside the app, or when back leads nowhere, the app is opened again. Texts that consent, pay, delete or call are
    never tapped.
    """
    if not ours:
        return _launch() if walk.backs else _back()
    candidates = _candidates(reading)
    tried = walk.edges.get(reading.identity, {})
    for key, box in candidates.items():
        if key not in tried:
            return _tap(key, box)
    step = _first_step_to_untried(walk, reading.identity)
    if step is not None and step in candidates:
        return _tap(step, candidates[step])
    return _launch() if walk.backs >= _MAX_BACKS else _back()


def arrived(walk: Walk, origin: ScreenReading, move: Move, destination: ScreenReading) -> Walk:
    """The walk after a move led from one screen to another."""
    offered = dict(walk.offered)
    offered[origin.identity] = tuple(_candidates(origin))
    offered[destination.identity] = tuple(_candidates(destination))
    edges = dict(walk.edges)
    if move.key:
        tried = {**edges.get(origin.identity, {}), move.key: destination.identity}
        edges[origin.identity] = MappingProxyType(tried)
    return replace(
        walk,
        edges=MappingProxyType(edges),
        offered=MappingProxyType(offered),
        backs=walk.backs + 1 if move.action == "back" else 0,
    )


def _back() -> Move:
    return Move(action="back", key="", point=None, box=None, text="")


def _launch() -> Move:
    return Move(action="launch", key="", point=None, box=None, text="")


def _tap(key: str, box: TextBox) -> Move:
    left, top, right, bottom = box.box
    return Move(action="tap", key=key, point=((left + right) // 2, (top + bottom) // 2), box=box.box, text=box.text)


def _candidates(reading: ScreenReading) -> dict[str, TextBox]:
    """What may be tapped on this screen, by key, in reading order. Nothing inside a dialog that bears on consent."""
    dialog = reading.dialog
    if not reading.readable or _ANSWERED_ELSEWHERE.intersection((*reading.kinds, dialog.kind if dialog else "")):
        return {}
    found: dict[str, TextBox] = {}
    for box in reading.texts:
        if _can_be_tapped(box) and _in_reach(box, dialog) and not leaves_alone(box, dialog):
            found.setdefault(_key(box), box)
        if len(found) >= _MAX_CANDIDATES:
            break
    return found


def _can_be_tapped(box: TextBox) -> bool:
    left, top, right, bottom = box.box
    if not (0 <= left < right and 0 <= top < bottom):
        return False
    # Pixels do not tell what reacts. A short line may be a button; that is how games and canvas apps are walked.
    drawn = box.source != "hierarchy" and 0 < len(box.text.strip()) <= _LONGEST_DRAWN_LABEL
    return box.clickable or drawn


def _in_reach(box: TextBox, dialog: Dialog | None) -> bool:
    """What lies behind a dialog cannot be tapped: the tap would answer the dialog."""
    if dialog is None or dialog.box == (0, 0, 0, 0):
        return True
    left, top, right, bottom = dialog.box
    x, y = (box.box[0] + box.box[2]) // 2, (box.box[1] + box.box[3]) // 2
    return left <= x < right and top <= y < bottom


def _key(box: TextBox) -> str:
    """The same for the same thing when the screen is seen again, whatever number a view with a name shows in its label."""
    if not box.text:
        return f"{box.resource_id}|{box.box}"
    text = box.text[:_KEY_TEXT]
    if box.resource_id:
        return f"{box.resource_id}|{re.sub(r'[0-9]+', '#', text)}"
    return f"{box.class_name or box.source}|{text}"


def _first_step_to_untried(walk: Walk, start: str) -> str | None:
    """The first move of the shortest known way from `start` to a screen with something untried; None when there is none."""
    queue: deque[tuple[str, str | None]] = deque([(start, None)])
    seen = {start}
    while queue:
        identity, first = queue.popleft()
        tried = walk.edges.get(identity, {})
        if identity != start and any(key not in tried for key in walk.offered.get(identity, ())):
            return first
        for key, destination in tried.items():
            if destination not in seen:
                seen.add(destination)
                queue.append((destination, first or key))
    return None
