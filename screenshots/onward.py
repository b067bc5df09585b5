"""Pages before an app proper (guides, a region to pick) and the one control that leads on from them."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from screenshots.lexicon import comparable
from screenshots.values import ScreenReading, TextBox

__all__ = ["is_before_the_app", "onward_control"]

_NO_LETTERS = re.compile(r"[\W\d_]+")
_SECONDS = re.compile(r"\d+\s*(?:s|秒|sec)?\b", re.IGNORECASE)
_LONGEST_LABEL = 16
_LONGEST_DRAWN_LABEL = 8
_FIELDS = ("EditText", "CheckBox", "Switch")
_PAGES = frozenset({"plain", "other"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    skip: frozenset[str]
    forward: frozenset[str]
    binding: tuple[str, ...]


@lru_cache(maxsize=1)
def _words() -> _Words:
    text = resources.files("screenshots").joinpath("data/onward.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)
    return _Words(
        skip=frozenset(_letters(label) for label in table["skip"]),
        forward=frozenset(_letters(label) for label in table["forward"]),
        binding=tuple(comparable(word) for word in table["binding"]),
    )


def onward_control(reading: ScreenReading) -> TextBox | None:
    """The control that leaves a guide, or goes to its next page; None on every other screen.

    Skipping comes before stepping. The label is one of a closed list, and nothing on the page speaks of consent, an account or
    money, or is to be filled in or ticked: there, tapping it cannot be taken for an agreement.
    """
    dialog = reading.dialog
    if not reading.readable or (dialog is not None and (dialog.kind not in _PAGES or dialog.checkboxes)):
        return None
    words = _words()
    for box in reading.texts:
        text = comparable(box.text)
        if any(word in text for word in words.binding) or (box.class_name or "").endswith(_FIELDS):
            return None
    labelled = [(box, _letters(box.text)) for box in reading.texts if _may_be_a_button(box)]
    for wanted in (words.skip, words.forward):
        for box, letters in labelled:
            if letters in wanted:
                return box
    return None


def is_before_the_app(reading: ScreenReading) -> bool:
    """Whether the screen belongs to what an app shows before its first page proper, as far as its words tell."""
    words = _words()
    known = words.skip | words.forward
    return any(_letters(box.text) in known for box in reading.texts if _may_be_a_button(box))


def _may_be_a_button(box: TextBox) -> bool:
    length = len(box.text.strip())
    if box.source == "hierarchy":
        return box.clickable and 0 < length <= _LONGEST_LABEL
    return 0 < length <= _LONGEST_DRAWN_LABEL


def _letters(text: str) -> str:
    return _NO_LETTERS.sub("", _SECONDS.sub("", comparable(text)))
