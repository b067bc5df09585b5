"""Screens written as one line each, and the hierarchies they stand for: "[layout]title | body | -refuse | +accept".

A label's first character says what it answers: `+` accept, `-` refuse, `=` acknowledge, `*` settings, `~` basic mode.
Screens that ask for no consent carry plain labels. Without a layout, a card lies over a feed.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.screenshots.trees import button, feed, hierarchy, label, node, over, status_bar, window

__all__ = ["Sheet", "read_sheets"]

_ROLES = {"+": "accept", "-": "refuse", "=": "acknowledge", "*": "settings", "~": "basic_mode"}
_LAYOUT = re.compile(r"^\[(\w+)\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One screen as it was written down."""

    language: str
    layout: str
    title: str
    body: str
    labels: tuple[str, ...]
    roles: tuple[str, ...]
    """Empty for a screen that asks for no consent."""

    @property
    def name(self) -> str:
        return f"{self.language}:{self.title}:{self.labels[-1] if self.labels else ''}"

    @property
    def xml(self) -> str:
        return hierarchy(status_bar(), _LAYOUTS[self.layout](self))


def read_sheets(file: Path, group: str) -> tuple[Sheet, ...]:
    """The screens of one group (`consent` or `elsewhere`) of a file."""
    data: dict[str, Any] = tomllib.loads(file.read_text("utf-8"))[group]
    return tuple(
        _sheet(line, language, asks=group == "consent") for language, part in data.items() for line in part["screens"]
    )


def _sheet(line: str, language: str, *, asks: bool) -> Sheet:
    found = _LAYOUT.match(line)
    title, body, *labels = (part.strip() for part in line[found.end() if found else 0 :].split(" | "))
    return Sheet(
        language=language,
        layout=found.group(1) if found else "card",
        title=title,
        body=body,
        labels=tuple(label[1:] if asks else label for label in labels),
        roles=tuple(_ROLES[label[0]] for label in labels) if asks else (),
    )


def _body_height(body: str) -> int:
    units = sum(1 if ord(character) > 255 else 0.55 for character in body)
    return 40 * (1 + int(units // 20))


def _card(sheet: Sheet, *, stacked: bool = False, bottom: bool = False) -> str:
    count = len(sheet.labels)
    tall = _body_height(sheet.body)
    foot = (110 * count if stacked else 110) + 30
    height = 110 + tall + 40 + foot
    top = 1600 - height if bottom else 800 - height // 2
    left, right = (0, 720) if bottom else (60, 660)
    at = top + 110 + tall + 40
    share = (right - left - 80) // max(1, 1 if stacked else count)
    buttons = [
        button(text, (left + 40, at + 110 * row, right - 40, at + 110 * row + 90))
        if stacked
        else button(text, (left + 40 + row * share, at, left + 20 + (row + 1) * share, at + 90))
        for row, text in enumerate(sheet.labels)
    ]
    card = node(
        (left, top, right, top + height),
        label(sheet.title, (left + 40, top + 30, right - 40, top + 90)),
        label(sheet.body, (left + 40, top + 110, right - 40, top + 110 + tall)),
        *buttons,
        name="android.widget.LinearLayout",
    )
    return over(feed(), card)


def _page(sheet: Sheet) -> str:
    """A page of its own: the answers stand at its foot, one above the other."""
    tall = _body_height(sheet.body)
    buttons = [
        button(text, (60, 1450 - 120 * row, 660, 1540 - 120 * row)) for row, text in enumerate(reversed(sheet.labels))
    ]
    title = label(sheet.title, (40, 200, 680, 280))
    return window(title + label(sheet.body, (40, 320, 680, 320 + tall)) + "".join(reversed(buttons)))


def _check(sheet: Sheet) -> str:
    """A page with an agreement box, and one button that goes on."""
    box = node((60, 1300, 110, 1350), name="android.widget.CheckBox", checkable=True, clickable=True)
    line = label(sheet.body, (120, 1295, 660, 1355))
    foot = "".join(button(text, (60, 1420, 660, 1510)) for text in sheet.labels)
    return window(label(sheet.title, (40, 200, 680, 280)) + box + line + foot)


def _list(sheet: Sheet) -> str:
    rows = [
        node(
            (0, 160 + at * 110, 720, 260 + at * 110),
            label(text.strip(), (40, 180 + at * 110, 500, 240 + at * 110)),
            clickable=True,
        )
        for at, text in enumerate(sheet.body.split(" / "))
    ]
    return window(label(sheet.title, (280, 60, 440, 120)) + "".join(rows))


def _chat(sheet: Sheet) -> str:
    rows = [
        label(
            text.strip(),
            (40 if at % 2 else 260, 180 + at * 140, 460 if at % 2 else 680, 260 + at * 140),
            clickable=True,
        )
        for at, text in enumerate(sheet.body.split(" / "))
    ]
    entry = node((40, 1480, 560, 1560), name="android.widget.EditText", clickable=True)
    send = button("发送" if sheet.language.startswith("zh") else "Send", (580, 1480, 700, 1560))
    return window(label(sheet.title, (280, 60, 440, 120)) + "".join(rows) + entry + send)


def _article(sheet: Sheet) -> str:
    tall = _body_height(sheet.body)
    share = 640 // max(1, len(sheet.labels))
    foot = "".join(
        label(text, (40 + at * share, 1450, 20 + (at + 1) * share, 1520), clickable=True)
        for at, text in enumerate(sheet.labels)
    )
    return window(label(sheet.title, (40, 100, 680, 200)) + label(sheet.body, (40, 240, 680, 240 + tall)) + foot)


_LAYOUTS = {
    "card": _card,
    "sheet": lambda sheet: _card(sheet, bottom=True),
    "stack": lambda sheet: _card(sheet, stacked=True),
    "page": _page,
    "check": _check,
    "list": _list,
    "chat": _chat,
    "article": _article,
}
