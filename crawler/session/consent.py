"""The consent plan: the only place that decides a tap which bears on consent or on a permission.

Everything else in the session may look, wait and walk, but never touch a node of a consent or permission dialog.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from screenshots.onward import onward_control
from screenshots.reading import CONSENT_KINDS, Checkbox, Control, Dialog, ScreenReading

__all__ = [
    "PlannedTap",
    "asks_consent",
    "permission_dialog",
    "plan_accept",
    "plan_advance",
    "plan_dismiss",
    "plan_permission",
    "plan_refuse",
]

_AGREEMENT_PAGES = frozenset({"login_with_agreement"})
_REFUSE_ROLES = ("refuse", "exit", "close", "skip", "later")
_DENY_ROLES = ("deny",)
_ASIDE_KINDS = frozenset({"update", "ad_popup", "notification_prompt", "rating", "teenager_mode", "splash_ad"})
_ASIDE_ROLES = ("skip", "later", "close", "refuse", "deny")
_ALLOW_ROLES = ("allow_foreground", "allow_once", "allow")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedTap:
    """One tap, said before it is done."""

    purpose: str
    """accept | refuse | refuse_again | tick | acknowledge | deny_permission | allow_permission | dismiss | advance | explore"""
    point: tuple[int, int]
    box: tuple[int, int, int, int]
    text: str
    role: str
    resource_id: str
    bears_on_consent: bool


def asks_consent(reading: ScreenReading) -> bool:
    """Whether the topmost dialog asks for consent."""
    return reading.dialog is not None and reading.dialog.kind in CONSENT_KINDS


def permission_dialog(reading: ScreenReading) -> Dialog | None:
    """The system's permission dialog, when it is on top."""
    dialog = reading.dialog
    return dialog if dialog is not None and dialog.asks_permission else None


def plan_accept(reading: ScreenReading) -> PlannedTap | None:
    """The next tap towards accepting: tick a required box that is not ticked, else the accepting control.

    None when the screen offers nothing that clearly accepts: then nothing is tapped.
    """
    dialog = reading.dialog
    if dialog is None or not (asks_consent(reading) or dialog.kind in _AGREEMENT_PAGES):
        return None
    for box in dialog.checkboxes:
        if box.state == "unticked" and box.required is not False:
            return _tick(box)
    control = _first(dialog.controls, ("accept", "acknowledge"))
    if control is None:
        return None
    return _tap(control, "accept", bears=True)


def plan_refuse(reading: ScreenReading, *, round_number: int) -> PlannedTap | None:
    """The next tap towards refusing; None when no control clearly refuses."""
    dialog = reading.dialog
    if dialog is None or not asks_consent(reading):
        return None
    control = _first(dialog.controls, _REFUSE_ROLES) or _first(dialog.controls, ("basic_mode",))
    if control is None:
        return None
    return _tap(control, "refuse" if round_number == 0 else "refuse_again", bears=True)


def plan_permission(reading: ScreenReading, *, allow: bool) -> PlannedTap | None:
    """The tap that answers a permission dialog. Allowing prefers the narrowest grant."""
    dialog = permission_dialog(reading)
    if dialog is None:
        return None
    control = _first(dialog.controls, _ALLOW_ROLES if allow else _DENY_ROLES)
    if control is None:
        return None
    return _tap(control, "allow_permission" if allow else "deny_permission", bears=False)


def plan_dismiss(reading: ScreenReading) -> PlannedTap | None:
    """The tap that puts aside what is neither about consent nor a permission and lies over the app: later, skip, close, no.

    Never a control that agrees to anything, and never on a dialog of a kind that is not known for certain to be another.
    """
    dialog = reading.dialog
    if dialog is None or asks_consent(reading) or dialog.kind not in _ASIDE_KINDS or dialog.by_wording:
        return None
    control = _first(dialog.controls, _ASIDE_ROLES)
    return _tap(control, "dismiss", bears=False) if control is not None else None


def plan_advance(reading: ScreenReading) -> PlannedTap | None:
    """The tap that leads on from a page that comes before the app: a guide, a region to pick.

    Only where nothing on the page speaks of consent, an account or money: there going on agrees to nothing.
    """
    box = onward_control(reading)
    if box is None:
        return None
    left, top, right, bottom = box.box
    return PlannedTap(
        purpose="advance",
        point=((left + right) // 2, (top + bottom) // 2),
        box=box.box,
        text=box.text,
        role="other",
        resource_id=box.resource_id or "",
        bears_on_consent=False,
    )


def _first(controls: Sequence[Control], roles: Sequence[str]) -> Control | None:
    """The first clear control of the earliest role; a control whose role is in doubt is never tapped."""
    for role in roles:
        for control in controls:
            if control.role == role and control.clear:
                return control
    return None


def _tap(control: Control, purpose: str, *, bears: bool) -> PlannedTap:
    return PlannedTap(
        purpose=purpose,
        point=control.point,
        box=control.box,
        text=control.text,
        role=control.role,
        resource_id=control.resource_id or "",
        bears_on_consent=bears,
    )


def _tick(box: Checkbox) -> PlannedTap:
    return PlannedTap(
        purpose="tick",
        point=box.point,
        box=box.box,
        text=box.label,
        role="checkbox",
        resource_id="",
        bears_on_consent=True,
    )
