"""Screens in words that stood on no list: three sets that the rules were tuned on, and one that only measured them."""

from pathlib import Path

import pytest

from screenshots.handling import handled_sentences, leaning
from screenshots.lexicon import comparable, readable
from screenshots.reading import read_screen
from screenshots.values import Dialog
from tests.screenshots.sheets import Sheet, read_sheets
from tests.screenshots.trees import button, card, feed, hierarchy, label, node, over, window

HERE = Path(__file__).parent
TUNED, MEASURED = HERE / "unseen_dev.toml", HERE / "unseen_held_out.toml"
ORDINARY, FRESH = HERE / "unseen_ordinary.toml", HERE / "unseen_fresh.toml"
FILES = (TUNED, ORDINARY, FRESH, MEASURED)
CONTRARY = {"accept": ("refuse",), "refuse": ("accept",), "basic_mode": ("accept",)}
ASKING = {file: read_sheets(file, "consent") for file in FILES}
ELSEWHERE = {file: read_sheets(file, "elsewhere") for file in FILES}


def dialog_of(sheet: Sheet) -> Dialog | None:
    return read_screen(None, sheet.xml, ocr=()).dialog


def roles_of(sheet: Sheet) -> list[tuple[str, str]]:
    """What each label would do, and as what it was read."""
    dialog = dialog_of(sheet)
    said = {control.text: control.role for control in dialog.controls} if dialog is not None else {}
    return [
        (wanted, said.get(readable(label), "none")) for label, wanted in zip(sheet.labels, sheet.roles, strict=True)
    ]


@pytest.mark.parametrize("sheet", [sheet for file in FILES for sheet in ASKING[file]], ids=lambda sheet: sheet.name)
def test_no_answer_is_taken_for_its_contrary(sheet: Sheet) -> None:
    for wanted, said in roles_of(sheet):
        assert said not in CONTRARY.get(wanted, ())


@pytest.mark.parametrize(("file", "least"), [(TUNED, 0.95), (ORDINARY, 0.95), (FRESH, 0.97), (MEASURED, 0.92)])
def test_consent_is_found_in_words_nobody_has_listed(file: Path, least: float) -> None:
    found = sum((dialog := dialog_of(sheet)) is not None and dialog.asks_consent for sheet in ASKING[file])
    assert found / len(ASKING[file]) >= least


@pytest.mark.parametrize(("file", "least"), [(TUNED, 0.9), (ORDINARY, 0.95), (FRESH, 0.97), (MEASURED, 0.9)])
def test_most_answers_are_understood(file: Path, least: float) -> None:
    answers = [pair for sheet in ASKING[file] for pair in roles_of(sheet)]
    assert sum(wanted == said for wanted, said in answers) / len(answers) >= least


@pytest.mark.parametrize(("file", "most"), [(TUNED, 0), (ORDINARY, 0), (FRESH, 0), (MEASURED, 1)])
def test_near_misses_ask_for_no_consent(file: Path, most: int) -> None:
    alarmed = [
        sheet.name for sheet in ELSEWHERE[file] if (dialog := dialog_of(sheet)) is not None and dialog.asks_consent
    ]
    assert len(alarmed) <= most, alarmed


@pytest.mark.parametrize(
    ("label", "leans"),
    [
        ("不要停,继续冲", 0),
        ("没问题,冲", 1),
        ("先不玩了", -1),
        ("我还没准备好", -1),
        ("青山不改", -1),
        ("歃血为盟", 0),
        ("No worries, go", 1),
        ("Continue without sharing", -1),
        ("Keine Kekse für mich", -1),
        ("Continuer sans accepter", -1),
        ("Prefiero que no", -1),
        ("協力しない", -1),
        ("協力する", 1),
        ("", 0),
    ],
)
def test_stems_tell_which_way_a_label_leans(label: str, leans: int) -> None:
    assert leaning(label) == leans


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("我们会收集您的步数,并上传至云端。", 1),
        ("聊天记录将同步到本机。", 0),
        ("请勿泄露个人信息。", 0),
        ("We share your activity with our partners.", 1),
        ("Send the photo to Anna?", 0),
        ("Wir werten Nutzungsdaten aus. Unsere Partner speichern Ihre Daten.", 2),
    ],
)
def test_data_is_handled_when_a_sentence_names_it_the_act_and_the_party(text: str, count: int) -> None:
    assert handled_sentences(comparable(text)) == count


PREFERENCES = (
    "We use data about you to improve our services and share statistics with our partners. You have the right to opt out "
    "of data collection. By continuing you agree to our Privacy Policy. We collect usage data for personalised ads. "
    "You can change your choices in the settings."
)


def test_a_page_of_toggles_and_a_way_out_asks_for_consent_and_offers_no_acceptance() -> None:
    toggle = node((560, 900, 680, 960), name="android.widget.Switch", checkable=True, checked=True, clickable=True)
    page = window(
        label("Thank you for playing", (40, 100, 680, 180))
        + label(PREFERENCES, (40, 220, 680, 840))
        + label("Ads personalisation", (40, 900, 500, 960))
        + toggle
        + button("Open dashboard", (40, 1100, 680, 1180))
        + button("Close", (40, 1450, 680, 1540))
    )
    dialog = read_screen(None, hierarchy(page), ocr=()).dialog
    assert dialog is not None
    assert dialog.asks_consent
    roles = {control.text: control.role for control in dialog.controls}
    assert roles["Close"] == "close"
    assert not {"accept", "refuse"} & set(roles.values())


def test_lettered_answers_examine_and_do_not_ask() -> None:
    answers = ("A.直接同意隐私政策", "B.不同意并退出", "C.先同意再说", "D.问问朋友")
    rows = "".join(button(text, (60, 700 + 110 * at, 660, 790 + 110 * at)) for at, text in enumerate(answers))
    page = window(
        label("安全知识问答 3/10", (60, 430, 660, 490))
        + label("应用要求您同意收集个人信息,正确的做法是?", (60, 510, 660, 650))
        + rows
    )
    dialog = read_screen(None, hierarchy(page), ocr=()).dialog
    assert dialog is None or not dialog.asks_consent


def test_report_of_a_failure_is_not_the_prompt_for_consent() -> None:
    text = "程序遇到未知错误,是否把错误日志发给开发者?"
    asked = read_screen(
        None, hierarchy(over(feed(), card("不发送", "发送日志", title="出错了", body=text))), ocr=()
    ).dialog
    assert asked is None or not asked.asks_consent
    policy = "我们会收集错误日志,详见《隐私政策》。"
    again = read_screen(None, hierarchy(over(feed(), card(title="出错了", body=policy))), ocr=()).dialog
    assert again is not None
    assert again.asks_consent
