"""The published rules of the nearest earlier work, to be measured beside the reader on the same texts. English and German.

They see all texts of a screen at once and know neither layers nor pixels. `data/baseline/altpeter.toml` names their source.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from screenshots.values import NO_BOX, Control, Dialog, ScreenReading, TextBox

__all__ = ["LANGUAGES", "VERDICTS", "Published", "judge_published", "read_published"]

LANGUAGES = ("en", "de")
"""The only languages the rules know."""

VERDICTS = ("dialog", "notice", "maybe_dialog", "maybe_notice", "link", "neither")
_CONSENT = {
    "dialog": "privacy_agreement",
    "maybe_dialog": "privacy_agreement",
    "notice": "notice_only",
    "maybe_notice": "notice_only",
}
_ROLES = {
    "clear_affirmative": "accept",
    "clear_negative": "refuse",
    "hidden_affirmative": "acknowledge",
    "hidden_negative": "settings",
}
_ENOUGH = 3.0
_TOKENS = re.compile(r"\{(\w+)\}|<(\d+)-(\d+)>|([()|\[\]])|([^(){}<>|\[\]]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What the rules say of one screen."""

    verdict: str
    """One of `VERDICTS`."""
    score: float
    """Points for keywords."""
    buttons: tuple[tuple[str, int], ...]
    """Class of each button, and which of the texts it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rules:
    dialog: tuple[re.Pattern[str], ...]
    link: tuple[re.Pattern[str], ...]
    keywords: tuple[re.Pattern[str], ...]
    half_keywords: tuple[re.Pattern[str], ...]
    buttons: dict[str, tuple[re.Pattern[str], ...]]
    negators: tuple[re.Pattern[str], ...]
    sign_in: tuple[re.Pattern[str], ...]


def judge_published(texts: Sequence[str]) -> Published:
    """The published verdict over the texts of one screen."""
    rules = _rules()
    whole = [" ".join(text.split()) for text in texts]
    score = float(sum(_any_has(pattern, whole) for pattern in rules.keywords))
    score += 0.5 * sum(_any_has(pattern, whole) for pattern in rules.half_keywords)
    linked = any(_short_match(pattern, text) for text in whole for pattern in rules.link)
    buttons = tuple((kind, at) for at, text in enumerate(whole) if (kind := _button_kind(text, rules)) is not None)
    said = any(_any_has(pattern, whole) for pattern in rules.dialog)
    return Published(
        verdict=_verdict(score, linked=linked, said=said, buttons=bool(buttons)), score=score, buttons=buttons
    )


def read_published(texts: Sequence[TextBox]) -> ScreenReading:
    """The verdict in the form of a reading, so that both are scored alike. Every hidden button counts as unclear."""
    published = judge_published([text.text for text in texts])
    kind = _CONSENT.get(published.verdict)
    controls = tuple(
        Control(
            role=_ROLES[name],
            text=texts[at].text,
            box=texts[at].box,
            point=texts[at].box[:2],
            clear=name.startswith("clear"),
            source=texts[at].source,
        )
        for name, at in published.buttons
    )
    dialog = _dialog(kind, controls) if kind is not None else None
    return ScreenReading(
        readable=True,
        unreadable_reason=None,
        kinds=(kind or "plain",),
        dialog=dialog,
        texts=tuple(texts),
        source="published rules",
        identity="",
    )


def _dialog(kind: str, controls: tuple[Control, ...]) -> Dialog:
    return Dialog(
        kind=kind,
        box=NO_BOX,
        title="",
        text="",
        controls=controls,
        links=(),
        checkboxes=(),
        source="published rules",
        certain=False,
        agreed_by=(),
    )


def _verdict(score: float, *, linked: bool, said: bool, buttons: bool) -> str:
    if score < 1 and not linked:
        return "neither"
    if said:
        return "dialog" if buttons else "notice"
    if score + linked >= _ENOUGH:
        return "maybe_dialog" if buttons else "maybe_notice"
    return "link" if linked else "neither"


def _any_has(pattern: re.Pattern[str], texts: Sequence[str]) -> bool:
    return any(pattern.search(text) for text in texts)


def _short_match(pattern: re.Pattern[str], text: str) -> bool:
    return len(text) < 2 * len(pattern.pattern) and pattern.search(text) is not None


def _button_kind(text: str, rules: _Rules) -> str | None:
    negated = any(pattern.search(text) for pattern in rules.negators)
    signing = any(pattern.search(text) for pattern in rules.sign_in)
    for kind in _ROLES:
        if kind.endswith("affirmative") and (negated or (signing and kind.startswith("hidden"))):
            continue
        if any(_short_match(pattern, text) for pattern in rules.buttons[kind]):
            return kind
    return None


@lru_cache(maxsize=1)
def _rules() -> _Rules:
    file = resources.files("screenshots").joinpath("data/baseline/altpeter.toml")
    document = tomllib.loads(file.read_text("utf-8"))
    sets: dict[str, str] = document["sets"]
    both = {
        name: tuple(_compiled(line, sets, whole=name == "link") for code in LANGUAGES for line in document[name][code])
        for name in ("dialog", "link", "keywords", "half_keywords")
    }
    buttons = {
        name: tuple(_compiled(line, sets, whole=True) for line in lines) for name, lines in document["buttons"].items()
    }
    return _Rules(
        **both,
        buttons={kind: buttons[kind] for kind in _ROLES},
        negators=buttons["negators"],
        sign_in=buttons["sign_in"],
    )


def _compiled(line: str, sets: dict[str, str], *, whole: bool) -> re.Pattern[str]:
    pattern = _pattern(line.removeprefix("="), sets)
    return re.compile(rf"\b{pattern}\b" if whole or line.startswith("=") else pattern, re.IGNORECASE)


def _pattern(line: str, sets: dict[str, str]) -> str:
    """The notation of the data file as a regular expression. `[x|y]` may be missing."""
    pieces = []
    for token in _TOKENS.finditer(line):
        name, fewest, most, mark, words = token.groups()
        if name is not None:
            pieces.append(_pattern(sets[name], sets))
        elif fewest is not None:
            pieces.append(f"[^.]{{{fewest},{most}}}")
        elif mark is not None:
            pieces.append({"(": "(?:", ")": ")", "[": "(?:", "]": ")?", "|": "|"}[mark])
        else:
            pieces.append(re.escape(words).replace(r"\ ", " "))
    return "".join(pieces)
