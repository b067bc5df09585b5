"""Rules and wording model together: what the model may add, and what it may not."""

import pytest

from screenshots.dialogs import judge
from screenshots.elements import make_element
from screenshots.reading import read_screen
from screenshots.values import Dialog
from screenshots.windows import make_layer
from tests.screenshots.trees import button, feed, hierarchy, label, node, over, status_bar, window


def shown(title: str, body: str, *labels: str, page: bool = False) -> Dialog | None:
    share = 560 // len(labels)
    buttons = "".join(
        button(text, (80 + at * share, 1040, 60 + (at + 1) * share, 1130)) for at, text in enumerate(labels)
    )
    content = label(title, (80, 430, 640, 490)) + label(body, (80, 510, 640, 950)) + buttons
    card = node((60, 400, 660, 1160), content, name="android.widget.LinearLayout")
    tree = hierarchy(status_bar(), window(content) if page else over(feed(), card))
    return read_screen(None, tree, ocr=()).dialog


ASKING = (
    (
        "Before the first brew",
        "We note which teas you steep, your phone's model and roughly where you are, and send it to our lab in Leeds.",
        ("Not for me", "Fine, brew on"),
    ),
    (
        "开炉之前",
        "为了记住您的口味,我们会把您点过的菜、手机型号和大致位置传到我们的服务器,合作的两家公司也能看到。",
        ("不用了", "好,进厨房"),
    ),
)


@pytest.mark.parametrize(("title", "body", "labels"), ASKING)
def test_consent_in_words_on_no_list_is_found(title: str, body: str, labels: tuple[str, str]) -> None:
    dialog = shown(title, body, *labels)
    assert dialog is not None
    assert dialog.asks_consent


def test_what_the_rules_know_is_not_marked_as_guessed() -> None:
    dialog = shown("用户协议和隐私政策", "请阅读《用户协议》和《隐私政策》,同意后使用。", "不同意", "同意")
    assert dialog is not None
    assert dialog.asks_consent
    assert not dialog.by_wording


@pytest.mark.parametrize(
    ("title", "body", "labels"),
    [
        ("Wi-Fi required", "The film is large. Play it over mobile data?", ("Cancel", "Play")),
        ("Datei gespeichert", "Die Tabelle liegt jetzt in deinem Ordner.", ("OK",)),
        ("维护公告", "今晚两点到四点暂停服务,请提前下线。", ("知道了",)),
        ("Compartir con Ana", "Ana verá dónde estás durante una hora.", ("Ahora no", "Compartir")),
        (
            "House rules",
            "No parties, boots off at the door. Do you agree to the rules of the house?",
            ("No", "I agree"),
        ),
    ],
)
def test_what_asks_for_something_else_stays_something_else(title: str, body: str, labels: tuple[str, ...]) -> None:
    dialog = shown(title, body, *labels)
    assert dialog is None or not dialog.asks_consent


def test_an_answer_the_model_named_is_never_clear() -> None:
    dialog = shown(*ASKING[0][:2], *ASKING[0][2])
    assert dialog is not None
    unknown = next(one for one in dialog.controls if one.text == "Fine, brew on")
    assert not unknown.clear


def test_a_news_page_with_two_buttons_asks_for_nothing() -> None:
    body = (
        "Reporter found that many apps share location with advertisers. Experts say consent is rarely read. By Jo Hall"
    )
    dialog = shown("Who reads the small print?", body, "Previous", "Next story", page=True)
    assert dialog is None or not dialog.asks_consent


@pytest.mark.parametrize(
    ("title", "body", "labels"),
    [
        (
            "广告偏好",
            "为了给您推荐更合适的广告，我们和合作伙伴会使用您的浏览记录和设备标识。您可以随时更改选择。",
            ("全部拒绝", "全部接受"),
        ),
        (
            "広告の設定",
            "当社とパートナーは、お客様に合わせた広告を表示するため閲覧履歴と広告識別子を利用します。",
            ("拒否する", "同意する"),
        ),
    ],
)
def test_consent_to_advertising_is_named_in_any_script(title: str, body: str, labels: tuple[str, ...]) -> None:
    dialog = shown(title, body, *labels)
    assert dialog is not None
    assert dialog.kind == "cookie_consent"
    assert not dialog.by_wording


def test_answers_whose_words_say_the_reverse_of_the_guess_are_no_answers() -> None:
    dialog = shown(
        "Short question",
        "We put a tag in this app that reports which buttons you tap. Is that all right?",
        "Nope, remove it",
        "Sure, keep it in",
    )
    assert dialog is not None
    roles = {one.text: one.role for one in dialog.controls}
    assert roles["Nope, remove it"] != "accept"
    assert roles["Sure, keep it in"] != "refuse"


@pytest.mark.parametrize("top", [0, 120])
def test_a_page_of_words_that_offers_nothing_to_tap_asks_nothing(top: int) -> None:
    words = (
        "How to take your consent back",
        "Open the menu, choose what the app may know of you,",
        "and tap Disagree. If you do not agree to the privacy",
        "policy any more, your personal data is deleted. Those",
        "who agree again later start from an empty page, with",
        "their consent of that day.",
        "Agree",
    )
    lines = [
        make_element(text, (40, 180 + 60 * at, 60 + 12 * len(text), 220 + 60 * at), source="ocr", confidence=990)
        for at, text in enumerate(words)
    ]
    layer = make_layer(lines, (0, top, 720, 1600), (0, 0, 720, 1600), over_content=False, source="ocr")
    assert judge(layer, None).verdict.kind == "plain"


def test_a_page_of_switches_is_no_notice() -> None:
    rows = "".join(
        label(name, (60, 500 + at * 110, 560, 560 + at * 110))
        + node((580, 500 + at * 110, 680, 560 + at * 110), name="android.widget.Switch", checkable=True)
        for at, name in enumerate(("Mopub", "Facebook", "Vungle"))
    )
    text = "We may share your browsing habits with our partners to understand what you might be interested in."
    page = over(
        feed(), node((40, 380, 700, 1100), label(text, (60, 400, 680, 480)) + rows, name="android.widget.LinearLayout")
    )
    dialog = read_screen(None, hierarchy(status_bar(), page), ocr=()).dialog
    assert dialog is None or not dialog.asks_consent
