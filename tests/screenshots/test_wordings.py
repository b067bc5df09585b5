"""Dialogs in words nobody put on a list: structure has to carry them, and accept and refuse never swap."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from screenshots.reading import ScreenReading, read_screen
from tests.screenshots.trees import button, feed, hierarchy, label, node, over, status_bar

DATA: dict[str, Any] = tomllib.loads((Path(__file__).parent / "wordings.toml").read_text("utf-8"))
CONTRARY = {"accept": "refuse", "refuse": "accept", "basic_mode": "accept"}


def reading_of(title: str, body: str, labels: list[str]) -> ScreenReading:
    share = 520 // len(labels)
    buttons = "".join(
        button(text, (100 + at * share, 1040, 80 + (at + 1) * share, 1130)) for at, text in enumerate(labels)
    )
    card = node(
        (60, 400, 660, 1160),
        label(title, (100, 430, 620, 490)),
        label(body, (100, 510, 620, 950)),
        buttons,
        name="android.widget.LinearLayout",
    )
    return read_screen(None, hierarchy(status_bar(), over(feed(), card)))


@pytest.mark.parametrize("entry", DATA["consent"], ids=lambda entry: entry["title"])
def test_no_answer_is_taken_for_its_contrary(entry: dict[str, Any]) -> None:
    dialog = reading_of(entry["title"], entry["body"], [text for text, _ in entry["buttons"]]).dialog
    assert dialog is not None
    for control, (text, role) in zip(dialog.controls, entry["buttons"], strict=False):
        assert control.role != CONTRARY.get(role), text


def test_hardly_one_is_missed_and_most_answers_are_understood() -> None:
    found = answers = understood = 0
    for entry in DATA["consent"]:
        dialog = reading_of(entry["title"], entry["body"], [text for text, _ in entry["buttons"]]).dialog
        found += dialog is not None and dialog.asks_consent
        roles = [control.role for control in dialog.controls] if dialog is not None else []
        for at, (_, role) in enumerate(entry["buttons"]):
            answers += role != "other"
            understood += role != "other" and at < len(roles) and roles[at] == role
    assert found / len(DATA["consent"]) >= 0.95
    assert understood / answers >= 0.88


@pytest.mark.parametrize("entry", DATA["elsewhere"], ids=lambda entry: entry["title"])
def test_other_dialogs_ask_for_no_consent(entry: dict[str, Any]) -> None:
    dialog = reading_of(entry["title"], entry["body"], entry["buttons"]).dialog
    assert dialog is None or not dialog.asks_consent
