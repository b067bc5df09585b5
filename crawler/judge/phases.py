"""Consent phases: a pure fold over the facts of one session.

A phase says what the person in front of the app had decided at an instant. It is never a flag that somebody set: it follows
from what was planned, done and seen. From the moment an action that bears on consent is planned until its effect has settled
the phase is INDETERMINATE, and nothing that happens then can be held against anybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from evidence.lanes import Entry
from screenshots.reading import CONSENT_KINDS

__all__ = ["Phase", "PhaseSpan", "fold_phases", "phase_at"]


class Phase(StrEnum):
    """What had been decided. Only PRE_CONSENT, REFUSED and REFUSED_BASIC can carry an accusation."""

    NOT_STARTED = "NOT_STARTED"
    """The app had not been opened by us yet."""
    PRE_CONSENT = "PRE_CONSENT"
    """Opened, and nothing that could be taken for consent had been touched."""
    INDETERMINATE = "INDETERMINATE"
    """Around an action that bears on consent, or after one whose effect is not known."""
    ACCEPTED = "ACCEPTED"
    REFUSAL_PENDING = "REFUSAL_PENDING"
    """Refused, but the app asks again: the refusal is not final yet."""
    REFUSED = "REFUSED"
    """Refused and the dialog is gone; whether the app goes on is not known."""
    REFUSED_BASIC = "REFUSED_BASIC"
    """Refused, and the app goes on working without consent."""
    KILLED = "KILLED"
    """The app's process was gone (after a refusal: it left)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseSpan:
    """One phase over a half-open stretch of host monotonic time, and why it began."""

    phase: Phase
    from_ns: int
    to_ns: int | None
    """None: until the end of the record."""
    why: str


_ACCEPTING = frozenset({"accept", "tick", "basic_mode_accept"})
_REFUSING = frozenset({"refuse", "refuse_again", "basic_mode"})
_HARMLESS = frozenset({"open", "deny_permission", "dismiss", "stop", "none"})
_LEAVING_A_GUIDE = "advance"
"""A tap that went on from a page which spoke of no consent. Pixels may have said more than was read: only a prompt that comes
afterwards shows that nothing had been agreed to."""
_ASKING = frozenset(CONSENT_KINDS)


@dataclass(slots=True)
class _Fold:
    """The state of the fold. Lives only inside fold_phases."""

    spans: list[PhaseSpan]
    refused: bool = False
    accepted: bool = False
    clouded: bool = False
    """Something was touched whose meaning is not known: no accusation can be made any more."""
    onward: bool = False
    """A guide was left, and nothing has asked for consent since."""
    open_purpose: str = ""

    def enter(self, phase: Phase, at: int, why: str) -> None:
        """Begin a phase; a phase that goes on is not begun twice."""
        if self.spans and self.spans[-1].phase is phase:
            return
        if self.spans:
            last = self.spans.pop()
            if at > last.from_ns:
                self.spans.append(PhaseSpan(phase=last.phase, from_ns=last.from_ns, to_ns=at, why=last.why))
        self.spans.append(PhaseSpan(phase=phase, from_ns=at, to_ns=None, why=why))


def _resting_phase(fold: _Fold, asking: bool | None, running: bool | None) -> tuple[Phase, str]:
    """The phase after an action settled, from what was seen then. `asking` None: the screen could not be read."""
    if fold.clouded:
        return Phase.INDETERMINATE, "an action of unknown meaning came before"
    if asking is None and running is not False:
        return Phase.INDETERMINATE, "the screen after the action could not be read"
    if fold.accepted:
        if asking:
            return Phase.INDETERMINATE, "a consent dialog is still there after accepting"
        return Phase.ACCEPTED, "accepted, and the dialog is gone"
    if fold.refused:
        if running is False:
            return Phase.KILLED, "the app left after the refusal"
        if asking:
            return Phase.REFUSAL_PENDING, "the app asks again after the refusal"
        return (Phase.REFUSED_BASIC, "refused, and the app goes on") if running else (Phase.REFUSED, "refused")
    if fold.onward and not asking:
        return Phase.INDETERMINATE, "a guide was left, and nothing has asked for consent since"
    fold.onward = False
    return Phase.PRE_CONSENT, "nothing that bears on consent has been done"


def fold_phases(timeline: Iterable[Entry], screen_kinds: Mapping[int, Sequence[str] | None]) -> tuple[PhaseSpan, ...]:
    """The phases of a session, in order, without gaps, over host monotonic time.

    `timeline`: the merged facts of one session. `screen_kinds`: for each screen number the kinds that were read on it
    (None: the screen could not be read). Total: any order of facts gives spans, never an exception.
    """
    fold = _Fold(spans=[PhaseSpan(phase=Phase.NOT_STARTED, from_ns=0, to_ns=None, why="the session begins")])
    running: bool | None = None
    for entry in timeline:
        at = entry.at.mono_ns
        data = entry.data
        if entry.kind == "StepIntended":
            _intend(fold, data, at)
        elif entry.kind == "ScreenSeen":
            seen_running = data.get("app_running")
            running = seen_running if isinstance(seen_running, bool) else None
            if not fold.open_purpose and fold.spans[-1].phase is not Phase.NOT_STARTED:
                _look(fold, _asking(data.get("screen"), screen_kinds), running, at)
        elif entry.kind == "Settled" and fold.open_purpose:
            moved, fold.open_purpose = fold.open_purpose not in _HARMLESS, ""
            if not moved:
                continue
            if data.get("reason") == "failed":
                fold.clouded = fold.clouded or fold.spans[-1].phase is Phase.INDETERMINATE
            asking = _asking(data.get("screen"), screen_kinds)
            gone = data.get("reason") == "process_gone"
            phase, why = _resting_phase(fold, asking, False if gone else running)
            fold.enter(phase, at, why)
    return tuple(fold.spans)


def _intend(fold: _Fold, data: Mapping[str, object], at: int) -> None:
    """An action is announced: what it may change is uncertain from here on."""
    purpose = str(data.get("purpose", ""))
    action = str(data.get("action", ""))
    harmless = (
        purpose in _HARMLESS or action == "wait" or (action == "launch" and purpose not in _ACCEPTING | _REFUSING)
    )
    fold.open_purpose = "none" if harmless else purpose or "unknown"
    if action == "launch" and fold.spans[-1].phase is Phase.NOT_STARTED:
        fold.enter(Phase.PRE_CONSENT, at, "the app is opened")
    if harmless:
        return
    if purpose == _LEAVING_A_GUIDE and not (fold.accepted or fold.refused):
        fold.onward = True
    elif purpose in _ACCEPTING:
        fold.accepted = True
        fold.refused = False
    elif purpose in _REFUSING and not fold.accepted:
        fold.refused = True
    elif data.get("bears_on_consent") is not False or not (fold.accepted or fold.refused):
        fold.clouded = fold.clouded or not fold.accepted
    else:
        return
    fold.enter(Phase.INDETERMINATE, at, f"an action is planned: {purpose or action}")


def _look(fold: _Fold, asking: bool | None, running: bool | None, at: int) -> None:
    """A screen seen between actions can show that a refusal came to rest, or that the app left."""
    current = fold.spans[-1].phase
    if current in (Phase.REFUSAL_PENDING, Phase.REFUSED, Phase.REFUSED_BASIC, Phase.KILLED) or (
        current is Phase.INDETERMINATE and fold.refused and not fold.clouded
    ):
        phase, why = _resting_phase(fold, asking, running)
        if phase is not Phase.INDETERMINATE:
            fold.enter(phase, at, why)
    elif current is Phase.INDETERMINATE and fold.onward and asking and not fold.clouded:
        fold.onward = False
        fold.enter(Phase.PRE_CONSENT, at, "the app asks only now: leaving the guide agreed to nothing")
    elif current is Phase.INDETERMINATE and fold.accepted and asking is False and not fold.clouded:
        fold.enter(Phase.ACCEPTED, at, "accepted, and the dialog is gone")


def _asking(screen: object, screen_kinds: Mapping[int, Sequence[str] | None]) -> bool | None:
    """Whether a screen asks for consent; None when it was not read."""
    if not isinstance(screen, int) or isinstance(screen, bool):
        return None
    kinds = screen_kinds.get(screen)
    if kinds is None:
        return None
    return bool(_ASKING.intersection(kinds))


def phase_at(spans: Sequence[PhaseSpan], mono_ns: int) -> Phase:
    """The phase at an instant; NOT_STARTED before the record begins."""
    for span in reversed(spans):
        if mono_ns >= span.from_ns:
            return span.phase
    return Phase.NOT_STARTED
