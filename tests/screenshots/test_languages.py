"""Which languages a text is read in: as few as its words allow, never fewer than may be spoken."""

from __future__ import annotations

import pytest

from screenshots.evidence import languages_of
from screenshots.lexicon import comparable


def _languages(text: str) -> set[str]:
    return {lexicon.language for lexicon in languages_of(comparable(text))}


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("We would like to know which of your trips you share, and for that we need your word.", "en"),
        ("Damit wir Ihre Fahrten zeigen können, brauchen wir die Spur, die Ihr Rad hinterlässt.", "de"),
        ("Pour vous montrer les trajets, nous gardons la trace que votre vélo laisse dans la ville.", "fr"),
        ("Para mostrarte los trayectos guardamos el rastro que tu bici deja por la ciudad.", "es"),
    ],
)
def test_a_sentence_is_read_in_its_own_language_only(text: str, language: str) -> None:
    assert _languages(text) == {language}


def test_a_text_in_two_languages_is_read_in_both() -> None:
    text = "We keep the trips you share. Wir speichern die Fahrten, die Sie mit uns teilen."
    assert _languages(text) == {"en", "de"}


def test_a_label_is_read_in_every_language_of_its_script() -> None:
    assert _languages("Cookies & Personalisation") == {"en", "de", "fr", "es"}


def test_words_without_spaces_rule_out_no_language() -> None:
    assert _languages("wirspeicherndiefahrtendiesiemitunsteilenundzwarnurfürdieabrechnung") == {"en", "de", "fr", "es"}


def test_an_english_name_in_a_chinese_text_leaves_the_chinese() -> None:
    assert "zh" in _languages("欢迎使用 Ride With Us and Share the Road With Your Friends,请阅读《隐私政策》")
