"""Where to go next: a state graph of screens, new before known, never inside a dialog that asks for consent.

Pure: a walk is a value, a move is chosen from it and the reading of the present screen, and what came of it makes a new walk.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from screenshots.reading import ScreenReading, TextBox

__all__ = ["Move", "Walk", "arrived", "next_move"]

_MAX_CANDIDATES = 40
_DANGEROUS = re.compile(
    r"支付|付款|购买|下单|充值|开通|删除|注销|卸载|退出登录|拨打|发送|发布|提交订单|pay|purchase|buy|delete|uninstall",
    re.I,
)
_CONSENT_WORDS = re.compile(r"同意|授权|agree|accept|consent|allow", re.I)


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One action of the walk. `key` names it within its screen; "" for back and launch."""

    action: str
    """tap | back | launch | swipe"""
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
        return Move(action="launch", key="", point=None, box=None, text="") if walk.backs else _back()
    candidates = _candidates(reading)
    tried = walk.edges.get(reading.identity, {})
    for key, box in candidates.items():
        if key not in tried:
            return _tap(key, box)
    step = _first_step_to_untried(walk, reading.identity)
    if step is not None and step in candidates:
        return _tap(step, candidates[step])
    if walk.backs >= 2:
        return Move(action="launch", key="", point=None, box=None, text="")
    return _back()


def arrived(walk: Walk, origin: ScreenReading, move: Move, destination: ScreenReading) -> Walk:
    """The walk after a move led from one screen to another."""
    offered = dict(walk.offered)
    offered[origin.identity] = tuple(_candidates(origin))
    offered[destination.identity] = tuple(_candidates(destination))
    edges = {identity: dict(moves) for identity, moves in walk.edges.items()}
    if move.key:
        edges.setdefault(origin.identity, {})[move.key] = destination.identity
    return replace(
        walk,
        edges=MappingProxyType(edges),
        offered=MappingProxyType(offered),
        backs=walk.backs + 1 if move.action == "back" else 0,
    )


def _back() -> Move:
    return Move(action="back", key="", point=None, box=None, text="")


def _tap(key: str, box: TextBox) -> Move:
    left, top, right, bottom = box.box
    return Move(action="tap", key=key, point=((left + right) // 2, (top + bottom) // 2), box=box.box, text=box.text)


def _candidates(reading: ScreenReading) -> dict[str, TextBox]:
    """What may be tapped on this screen, by key, in reading order. Nothing inside a dialog that bears on consent."""
    found: dict[str, TextBox] = {}
    for box in reading.texts:
        if not box.clickable or _CONSENT_WORDS.search(box.text) or _DANGEROUS.search(box.text):
            continue
        key = f"{box.resource_id or box.class_name}|{box.text[:40]}" if box.text else f"{box.resource_id}|{box.box}"
        found.setdefault(key, box)
        if len(found) >= _MAX_CANDIDATES:
            break
    return found


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
