"""Answers of permission prompts, as Android and its vendors word them."""

import tomllib
from pathlib import Path

import pytest

from screenshots.labels import label_meaning
from screenshots.lexicon import has_kana
from screenshots.reading import read_screen
from tests.screenshots.trees import button, feed, hierarchy, label, node, over, status_bar

WORDINGS = tomllib.loads((Path(__file__).parent / "permissions.toml").read_text("utf-8"))
MEANS = {
    "allow": {"allow", "accept"},
    "allow_foreground": {"allow_foreground"},
    "allow_once": {"allow_once"},
    "deny": {"deny", "refuse"},
}


@pytest.mark.parametrize("language", ["en", "de", "fr", "es", "ja", "zh", "zh-TW"])
@pytest.mark.parametrize("role", sorted(MEANS))
def test_every_wording_of_a_permission_answer_is_known(role: str, language: str) -> None:
    labels = WORDINGS[role][language]
    kana = any(has_kana(one) for one in labels)
    said = {one: label_meaning(one, kana_around=kana).name for one in labels}
    assert {one: name for one, name in said.items() if name not in MEANS[role]} == {}


@pytest.mark.parametrize("granting", ["Grant", "Alle zulassen", "Accept"])
def test_agreeing_to_a_permission_is_allowing_it(granting: str) -> None:
    card = node(
        (60, 500, 660, 1000),
        label("Allow Larkspur to record audio?", (80, 520, 640, 640), package=""),
        button("While using the app", (80, 660, 640, 740), package=""),
        button(granting, (80, 760, 640, 840), package=""),
        button("Don't allow", (80, 860, 640, 940), package=""),
        name="android.widget.LinearLayout",
        package="",
    )
    dialog = read_screen(None, hierarchy(status_bar(), over(feed(package=""), card)), ocr=()).dialog
    assert dialog is not None
    assert dialog.kind == "permission"
    assert {one.text: one.role for one in dialog.controls}[granting] == "allow"
