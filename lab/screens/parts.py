"""Pieces of drawn screens: texts with links, buttons, agreement lines, toggles, pictures."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable
from html import escape

from lab.screens.scenes import Scene
from lab.screens.wordings import Answer

__all__ = ["Pen", "lines_of"]

_LINK = re.compile(r"\[([^\]]+)\]")
_WISHED = ("accept", "ack", "allow", "ok", "update", "cta", "confirm", "login", "rate", "yes", "allow_oauth", "wait")
_TICK = (
    '<svg viewBox="0 0 16 16" data-class="View" aria-hidden="true"><path d="M3.5 8.5l3 3 6-7" fill="none" '
    'stroke="#fff" stroke-width="2"/></svg>'
)
_CROSS = (
    '<svg viewBox="0 0 16 16" width="16" height="16"><path d="M2 2l12 12M14 2L2 14" fill="none" '
    'stroke="currentColor" stroke-width="1.6"/></svg>'
)
_HUES = (
    "#8fb8de,#d9c7a3",
    "#3f7d6e,#d8e2b4",
    "#c56b4a,#f1cf9b",
    "#54538c,#c9a7c7",
    "#2c4a66,#8fb0b5",
    "#a34a5c,#f0b8a8",
)


def lines_of(text: str) -> list[str]:
    return [line for line in text.split("\n") if line]


class Pen:
    """Writes the pieces of one scene. Every choice it makes follows from the scene's seed."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.draw = random.Random(scene.seed)  # noqa: S311 - the choice of a picture, no secret
        self._native = self.draw.random() < 0.45
        self._wrapped = self.draw.random() < 0.25
        self._named = self.draw.random() < 0.5

    def title(self, tag: str = "h1") -> str:
        if not self.scene.title:
            return ""
        return f'<{tag} class="h1" data-role="title">{escape(self.scene.title)}</{tag}>'

    def linked(self, text: str, *, truth: bool = True) -> str:
        """Plain text as HTML; what stands in brackets becomes a link."""
        role = ' data-role="link"' if truth else ""
        pieces = []
        for at, piece in enumerate(_LINK.split(text)):
            pieces.append(f'<a href="#"{role}>{escape(piece)}</a>' if at % 2 else escape(piece))
        return "".join(pieces)

    def body(self, *, truth: bool = True) -> str:
        paragraphs = "".join(f"<p>{self.linked(line, truth=truth)}</p>" for line in lines_of(self.scene.body))
        return f'<div class="body">{paragraphs}</div>' if paragraphs else ""

    def button(self, answer: Answer, classes: str, number: int, *, truth: bool = True) -> str:
        """As apps build them: a Button, a text view that listens, or a group around a text view."""
        role = f' data-role="{answer.role}"' if truth else ""
        name = f' data-resource-id="btn_{number}"' if self._named else ""
        label = escape(answer.label)
        if self._native:
            return f'<button class="answer {classes}"{role}{name}>{label}</button>'
        if self._wrapped:
            inner = f'<div data-clickable="false">{label}</div>'
            return f'<div class="answer {classes}"{role}{name} data-class="LinearLayout" onclick="">{inner}</div>'
        return f'<div class="answer {classes}"{role}{name} onclick="">{label}</div>'

    def answers(self, answers: Iterable[Answer] | None = None, *, truth: bool = True) -> str:
        chosen = list(self.scene.answers if answers is None else answers)
        wished, others, arrangement, *_ = self.scene.buttons.split()
        drawn = []
        for number, answer in enumerate(chosen):
            first = answer.role in _WISHED or len(chosen) == 1
            drawn.append(self.button(answer, f"{wished} wished" if first else others, number, truth=truth))
        return f'<div class="answers {arrangement}">{"".join(drawn)}</div>' if drawn else ""

    def agreement(self, *, truth: bool = True) -> str:
        """A box and its line. The box is a CheckBox, or a picture that Android knows nothing about."""
        if not self.scene.agreement:
            return ""
        ticked = self.scene.ticked
        state = f'data-role="checkbox" data-on="{str(ticked).lower()}"' if truth else ""
        kind = (
            f'data-class="CheckBox" data-checked="{str(ticked).lower()}"' if self._native else 'data-class="ImageView"'
        )
        shape = "round" if self.draw.random() < 0.4 else ""
        box = f'<i class="box {shape} {"on" if ticked else ""}" {state} {kind} data-opaque onclick="">{_TICK * ticked}</i>'
        box = box.replace(" data-opaque", "") if self._native else box
        return f'<div class="agree">{box}<span>{self.linked(self.scene.agreement, truth=truth)}</span></div>'

    def toggles(self) -> str:
        rows = []
        for at, text in enumerate(self.scene.phrases.toggles):
            on = at == 0 or self.draw.random() < 0.4
            switch = (
                f'<i class="switch {"on" * on}" data-class="Switch" data-checked="{str(on).lower()}" onclick=""></i>'
            )
            rows.append(f'<div class="toggle"><span>{escape(text)}</span>{switch}</div>')
        return f'<div class="toggles">{"".join(rows)}</div>'

    def thumb(self, classes: str = "thumb") -> str:
        turned = self.draw.randint(20, 160)
        paint = f"linear-gradient({turned}deg,{self.draw.choice(_HUES)})"
        return f'<div class="{classes}" data-class="ImageView" data-opaque style="background:{paint}"></div>'

    def close(self, classes: str) -> str:
        return (
            f'<i class="{classes}" data-role="close" data-class="ImageView" data-opaque data-clickable="true" '
            f'style="color:inherit">{_CROSS}</i>'
        )
