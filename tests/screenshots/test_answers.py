"""What answers do among their neighbours: rows of purposes, switches above an "OK"."""

from screenshots.reading import read_screen
from screenshots.values import Dialog
from tests.screenshots.trees import button, feed, hierarchy, label, node, over, status_bar

LEFT, RIGHT = 60, 660


def dialog_over_feed(*content: str) -> Dialog:
    card = node((LEFT, 260, RIGHT, 1300), *content, name="android.widget.LinearLayout")
    dialog = read_screen(None, hierarchy(status_bar(), over(feed(), card)), ocr=()).dialog
    assert dialog is not None
    return dialog


def roles_of(dialog: Dialog) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for control in dialog.controls:
        found.setdefault(control.text, []).append(control.role)
    return found


def row(purpose: str, top: int) -> str:
    return (
        label(purpose, (80, top, 360, top + 80))
        + button("Allow", (380, top, 510, top + 80))
        + button("Deny", (520, top, 640, top + 80))
    )


ASKED = (
    label("Your privacy choices", (80, 280, 640, 340)),
    label(
        "We and our 12 partners store cookies and use your data for advertising and analytics. Choose for each purpose.",
        (80, 350, 640, 520),
    ),
)


def test_yes_and_no_in_every_row_answer_their_rows() -> None:
    rows = "".join(row(name, 540 + 110 * at) for at, name in enumerate(("Statistics", "Advertising", "Profiles")))
    save = button("Save my choices", (80, 1150, 640, 1240))
    dialog = dialog_over_feed(*ASKED, rows, save)
    assert dialog.asks_consent
    roles = roles_of(dialog)
    assert len(roles["Allow"]) == 3
    assert "accept" not in roles["Allow"]
    assert "refuse" not in roles["Deny"]


def test_a_yes_in_each_of_three_rows_answers_its_row() -> None:
    rows = "".join(
        label(name, (80, 540 + 110 * at, 360, 620 + 110 * at))
        + button("I agree", (400, 540 + 110 * at, 640, 620 + 110 * at))
        for at, name in enumerate(("Statistics", "Advertising", "Profiles"))
    )
    dialog = dialog_over_feed(*ASKED, rows, button("Continue", (80, 1150, 640, 1240)))
    assert "accept" not in roles_of(dialog)["I agree"]


def test_one_yes_and_one_no_answer_the_question() -> None:
    answers = button("Deny", (80, 1150, 350, 1240)) + button("Allow", (370, 1150, 640, 1240))
    roles = roles_of(dialog_over_feed(*ASKED, answers))
    assert roles == {"Deny": ["refuse"], "Allow": ["accept"]}


def test_ok_under_switches_keeps_what_they_say() -> None:
    switches = "".join(
        label(name, (80, 540 + 110 * at, 500, 620 + 110 * at))
        + node((520, 540 + 110 * at, 640, 620 + 110 * at), name="android.widget.Switch", checkable=True, clickable=True)
        for at, name in enumerate(("Statistics", "Advertising", "Profiles"))
    )
    done = button("OK", (80, 1150, 640, 1240))
    dialog = dialog_over_feed(*ASKED, switches, done)
    assert dialog.asks_consent
    assert roles_of(dialog)["OK"] == ["settings"]


def test_a_long_line_that_alone_agrees_is_the_button() -> None:
    asked = label("利用状況の収集に同意をお願いします。プライバシーポリシーをお読みください。", (80, 280, 640, 520))
    yes = label("利用規約に同意する", (80, 700, 640, 790), clickable=True)
    no = label("同意しない", (80, 820, 640, 910), clickable=True)
    roles = roles_of(dialog_over_feed(asked, yes, no))
    assert roles["利用規約に同意する"] == ["accept"]
    assert roles["同意しない"] == ["refuse"]


def test_a_card_that_wants_agreement_before_the_log_in_asks_for_it() -> None:
    asked = label("请阅读并同意以下条款", (80, 280, 640, 340)) + label(
        "《甜柚租房服务协议》《隐私政策》", (80, 360, 640, 420)
    )
    dialog = dialog_over_feed(asked, button("同意并登录", (80, 700, 640, 790)))
    assert dialog.asks_consent
