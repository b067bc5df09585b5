"""Chooses what is drawn: a plan of scenes that follows from a seed alone."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from lab.screen.page import Viewport
from lab.screens.looks import BUTTONS, DISPLAYS, SUBTLE_THEMES, THEMES, Theme
from lab.screens.wordings import Answer, Language, Phrases, load_languages

__all__ = ["CONSENT", "KINDS", "Scene", "plan"]

T = TypeVar("T")

CONSENT = ("privacy_agreement", "notice", "retention", "cmp")
"""Kinds that put the handling of personal data to the user."""

KINDS: Mapping[str, int] = {
    "privacy_agreement": 96,
    "notice": 20,
    "retention": 24,
    "cmp": 64,
    "permission": 26,
    "permission_rationale": 10,
    "login_with_agreement": 26,
    "login": 8,
    "age_gate": 12,
    "teen_mode": 12,
    "oauth": 12,
    "splash_ad": 12,
    "popup_ad": 14,
    "update": 16,
    "rate": 16,
    "notify_prompt": 12,
    "purchase": 14,
    "crash": 8,
    "anr": 8,
    "install": 10,
    "captcha": 8,
    "confirm": 26,
    "account": 8,
    "settings": 14,
    "article": 14,
    "chat": 8,
    "policy_text": 10,
    "onboarding": 8,
}
"""Kinds and their shares. The last ones are neither consent nor any kind with a name of its own: they try to look like one."""

_LANGUAGES: Mapping[str, int] = {"zh": 44, "en": 20, "de": 11, "zh-TW": 8, "fr": 6, "es": 5, "ja": 6}
_EVEN_LANGUAGES: Mapping[str, int] = {"zh": 30, "en": 18, "de": 12, "zh-TW": 10, "fr": 12, "es": 10, "ja": 8}
_FLOATING = ("card", "card", "card", "sheet", "page")
_LAYOUTS: Mapping[str, tuple[str, ...]] = {
    "privacy_agreement": ("card", "card", "card", "card", "sheet", "page"),
    "notice": ("card", "card", "sheet", "banner"),
    "retention": ("card", "card", "sheet"),
    "cmp": ("card", "sheet", "sheet", "page", "second", "second", "banner"),
    "permission": ("system", "system", "sheet_system"),
    "permission_rationale": ("card", "sheet"),
    "login_with_agreement": ("login", "login", "login_sheet"),
    "login": ("login",),
    "age_gate": _FLOATING,
    "teen_mode": ("card",),
    "oauth": ("card", "sheet", "page"),
    "splash_ad": ("splash",),
    "popup_ad": ("popup",),
    "update": ("card", "card", "picture"),
    "rate": ("card", "card", "sheet"),
    "notify_prompt": ("card", "sheet", "picture"),
    "purchase": ("card", "sheet", "sheet", "page"),
    "crash": ("system",),
    "anr": ("system",),
    "install": ("system", "sheet_system"),
    "captcha": ("captcha",),
    "confirm": ("card", "card", "sheet"),
    "account": ("card", "page"),
    "settings": ("rows",),
    "article": ("article",),
    "chat": ("chat",),
    "policy_text": ("article",),
    "onboarding": ("chips",),
}
_BELOW = ("feed", "feed", "shop", "blank", "logo", "login", "rows")
_FONT_SCALES = (1.0, 1.0, 1.0, 1.0, 0.85, 1.15, 1.3, 1.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One screen before it is drawn. The same seed and number give the same scene."""

    name: str
    kind: str
    language: Language
    layout: str
    title: str
    body: str
    answers: tuple[Answer, ...]
    phrases: Phrases
    app: str
    theme: Theme
    viewport: Viewport
    font_scale: float
    buttons: str
    below: str
    """What lies under a dialog: `feed`, `shop`, `blank`, `logo`, `login`, `rows`, or `consent` for a first dialog."""
    agreement: str
    """The line beside an agreement box, or ""."""
    ticked: bool
    scrim: float
    window: bool
    """A window of its own, as Android's Dialog is; else a view laid over the page."""
    tree: bool
    """Whether the hierarchy is written beside the picture."""
    serif: bool
    seed: int

    @property
    def consent(self) -> bool:
        return self.kind in CONSENT

    @property
    def layers(self) -> tuple[str, ...]:
        """Kinds from the top down."""
        below = {"login": "login_with_agreement", "consent": "privacy_agreement"}.get(self.below)
        floats = self.layout in ("card", "sheet", "banner", "system", "sheet_system", "popup", "picture", "captcha")
        return (self.kind, below) if below is not None and floats else (self.kind,)


def plan(count: int, seed: int, part: str) -> tuple[Scene, ...]:
    """`count` scenes of a part's wordings, every kind by its share."""
    languages = {language.code: language for language in load_languages(part)}
    order = _order(count)
    draw = random.Random(f"{part}|{seed}")  # noqa: S311 - the choice of pictures, no secret
    seen: dict[tuple[str, str], int] = {}
    hard = part == "development"
    return tuple(_scene(number, kind, languages, draw, seen, hard=hard) for number, kind in enumerate(order))


def _order(count: int) -> list[str]:
    """Kinds spread evenly: any stretch of the plan holds them in about their shares."""
    total = sum(KINDS.values())
    due = [
        ((at + 0.5) / share, kind) for kind, share in KINDS.items() for at in range(max(1, -(-share * count // total)))
    ]
    return [kind for _, kind in sorted(due)[:count]]


def _scene(
    number: int,
    kind: str,
    languages: Mapping[str, Language],
    draw: random.Random,
    seen: dict[tuple[str, str], int],
    *,
    hard: bool,
) -> Scene:
    """`hard`: also cards that hardly differ from what they cover, faint scrims, and languages nearly evenly."""
    often = _EVEN_LANGUAGES if hard else _LANGUAGES
    able = [code for code, language in languages.items() if kind in language.kinds]
    code = draw.choices(able, [often[one] for one in able])[0]
    language, phrases = languages[code], languages[code].kinds[kind]
    turn = seen[kind, code] = seen.get((kind, code), -1) + 1
    layout = draw.choice(_LAYOUTS[kind])
    if layout == "second" and not phrases.saves:
        layout = "card"
    viewport = draw.choices([one for one, _ in DISPLAYS], [share for _, share in DISPLAYS])[0]
    app = draw.choice(language.apps)
    answers = _turned(phrases.saves if layout == "second" else phrases.answers, turn, ())
    return Scene(
        name=f"{number:04d}_{kind}_{code}",
        kind=kind,
        language=language,
        layout=layout,
        title=_turned(phrases.titles, turn, "").replace("{app}", app),
        body=_turned(phrases.bodies, turn, "").replace("{app}", app),
        answers=_counting(kind, _named(answers, app), draw),
        phrases=phrases,
        app=app,
        theme=draw.choice((*THEMES, *SUBTLE_THEMES, *SUBTLE_THEMES) if hard else THEMES),
        viewport=viewport,
        font_scale=1.0 if viewport.height < viewport.width else draw.choice(_FONT_SCALES),
        buttons=_buttons(answers, draw),
        below=_below(kind, layout, draw),
        agreement=_agreement(kind, phrases, draw),
        ticked=draw.random() < 0.3,
        scrim=draw.choice((0.15, 0.25, 0.35, 0.5, 0.6) if hard else (0.35, 0.5, 0.6, 0.7)),
        window=draw.random() < 0.6,
        tree=draw.random() < 0.8,
        serif=draw.random() < 0.06,
        seed=draw.getrandbits(32),
    )


def _turned(choices: Sequence[T], turn: int, otherwise: T) -> T:
    """One after the other: every wording is used before one comes again, in ever new company."""
    return choices[turn % len(choices)] if choices else otherwise


def _named(answers: tuple[Answer, ...], app: str) -> tuple[Answer, ...]:
    return tuple(Answer(role=one.role, label=one.label.replace("{app}", app)) for one in answers)


def _counting(kind: str, answers: tuple[Answer, ...], draw: random.Random) -> tuple[Answer, ...]:
    """Now and then the acceptance counts down, as it does until a text has been shown long enough."""
    if kind != "privacy_agreement" or draw.random() >= 0.06:
        return answers
    left = draw.randint(2, 9)
    return tuple(
        Answer(role=one.role, label=f"{one.label} ({left}s)") if one.role == "accept" else one for one in answers
    )


def _buttons(answers: tuple[Answer, ...], draw: random.Random) -> str:
    style = draw.choices([one for one, _ in BUTTONS], [often for _, often in BUTTONS])[0]
    crowded = len(answers) > 2 or sum(len(one.label) * (1 if one.label.isascii() else 2) for one in answers) > 26
    return style.replace("row", "stack").replace("split", "stack") if crowded else style


def _below(kind: str, layout: str, draw: random.Random) -> str:
    if kind == "retention" or (kind == "permission" and draw.random() < 0.15):
        return "consent" if draw.random() < 0.5 else "blank"
    if kind in ("splash_ad", "settings", "article", "policy_text", "chat", "onboarding") or layout == "page":
        return "blank"
    return draw.choice(_BELOW)


def _agreement(kind: str, phrases: Phrases, draw: random.Random) -> str:
    if not phrases.boxes or (kind == "privacy_agreement" and draw.random() >= 0.2):
        return ""
    return draw.choice(phrases.boxes)
