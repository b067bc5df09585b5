"""What reading a screen yields: small frozen values, shared by the reader and by all who act on or judge a screen.

They say what was understood, from which source, and how sure the readers are; they never say whether it is lawful.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

__all__ = [
    "CONSENT_KINDS",
    "KINDS",
    "NO_BOX",
    "ROLES",
    "Box",
    "Checkbox",
    "Control",
    "Dialog",
    "Point",
    "ScreenReading",
    "TextBox",
]

Box: TypeAlias = tuple[int, int, int, int]
"""left, top, right, bottom in screen pixels; right and bottom are exclusive."""

Point: TypeAlias = tuple[int, int]

NO_BOX: Box = (0, 0, 0, 0)

CONSENT_KINDS = ("privacy_agreement", "notice_only", "retention", "cookie_consent")
"""Kinds that put the handling of personal data to the user. `notice_only` offers nothing but an acknowledgement."""

KINDS = (
    *CONSENT_KINDS,
    "permission",
    "login_with_agreement",
    "login",
    "age_gate",
    "teenager_mode",
    "oauth",
    "splash_ad",
    "ad_popup",
    "update",
    "rating",
    "notification_prompt",
    "purchase",
    "crash",
    "anr",
    "install_confirmation",
    "captcha",
    "policy_text",
    "settings",
    "other",
    "plain",
)
"""`other`: a dialog of no known kind. `plain`: an ordinary screen without a dialog."""

ROLES = (
    "accept",
    "refuse",
    "basic_mode",
    "settings",
    "policy_link",
    "terms_link",
    "close",
    "skip",
    "later",
    "acknowledge",
    "allow",
    "allow_once",
    "allow_foreground",
    "deny",
    "exit",
    "other",
)
"""`exit` leaves the app without an answer; a refusal that also leaves ("不同意并退出") is `refuse`.

`other` is everything whose meaning is not certain: a doubtful control is never called accept or refuse.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextBox:
    """One piece of text as one source saw it."""

    text: str
    box: Box
    source: str
    """`hierarchy`, or the name of the OCR engine."""
    confidence: int = 1000
    """0..1000; hierarchy text is always 1000."""
    clickable: bool = False
    resource_id: str | None = None
    class_name: str | None = None
    package: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """Something a person could tap, and what tapping it would say."""

    role: str
    """One of `ROLES`."""
    text: str
    box: Box
    point: Point
    """Inside the control, so that a tap there reaches it."""
    clear: bool
    """False: the role is a guess from structure. Nothing may be accused of it, and nobody should tap it unasked."""
    resource_id: str | None = None
    source: str = "hierarchy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkbox:
    """An agreement box, or a toggle, inside the dialog."""

    state: str
    """`ticked`, `unticked` or `unknown`."""
    label: str
    box: Box
    point: Point
    required: bool | None = None
    """True when the dialog says that it cannot be answered without it; None when it does not say."""
    source: str = "hierarchy"
    """`hierarchy` when the system said so, `pixels` when it was measured."""
    by_place: bool = False
    """Only the mark's place before a text on an agreement says that it is a box: enough to tick it, not to accuse anybody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialog:
    """The topmost thing that wants an answer."""

    kind: str
    """One of `KINDS`."""
    box: Box
    title: str
    text: str
    """All text of the dialog in reading order, title and control labels included."""
    controls: tuple[Control, ...]
    links: tuple[Control, ...]
    checkboxes: tuple[Checkbox, ...]
    source: str
    """`hierarchy`, `ocr` or `merged`."""
    certain: bool
    """The deciding words come from the system, or two independent OCR readers agree on them."""
    agreed_by: tuple[str, ...]
    """Names of the readers that agree on the deciding words."""
    by_wording: bool = False
    """The rules did not name this kind; the wording model did. Good enough to wait for, never to confirm a finding on."""

    def find(self, role: str) -> tuple[Control, ...]:
        """The controls and links of one role, in reading order."""
        return tuple(control for control in (*self.controls, *self.links) if control.role == role)

    @property
    def asks_consent(self) -> bool:
        return self.kind in CONSENT_KINDS

    @property
    def asks_permission(self) -> bool:
        """It is the system's permission prompt. One that only its wording suggests may be the app's own."""
        return self.kind == "permission" and not self.by_wording

    @property
    def reliable(self) -> bool:
        """A finding may rest on it: its words are certain, and rules say what it asks."""
        return self.certain and not self.by_wording


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenReading:
    """What one pair of screenshot and hierarchy shows.

    An unreadable screen has no kinds, no dialog and a reason. It is never evidence that no dialog was there.
    """

    readable: bool
    unreadable_reason: str | None
    """`secure`, `blank`, `half_drawn`, `no_input`, `bad_image`, `bad_hierarchy`, `too_large` or `no_engine`."""
    kinds: tuple[str, ...]
    """Topmost layer first; `("plain",)` when nothing lies over an ordinary screen."""
    dialog: Dialog | None
    texts: tuple[TextBox, ...]
    source: str
    """`hierarchy`, `ocr` or `merged`."""
    identity: str
    """The same for the same screen whatever its clock, advertisements, counters or scroll offset show."""
    engines: tuple[str, ...] = ()
    """`name version` of every OCR engine that read this screen."""
    notes: tuple[str, ...] = ()
    """What a reader of the evidence should know: a repaired hierarchy, an engine that was missing, a second look."""
    looked_twice: bool = False

    def may_show(self, package: str) -> bool:
        """Whether what was read can be this app's: one that opens is in front while the launcher's views are still there."""
        drawn = {box.package for box in self.texts if box.package}
        return not drawn or package in drawn
