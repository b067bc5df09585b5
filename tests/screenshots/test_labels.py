"""What labels say: every example in the data files, and the wordings that trip word lists up."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from screenshots.labels import label_meaning
from screenshots.lexicon import comparable, lexicons, readable

EXAMPLES = [
    pytest.param(example, meaning, id=f"{lexicon.language}:{example}")
    for lexicon in lexicons()
    for meaning, examples in lexicon.examples.items()
    for example in examples
]
ACCEPTANCES = [one.values[0] for one in EXAMPLES if one.values[1] == "accept"]
REFUSALS = [one.values[0] for one in EXAMPLES if one.values[1] == "refuse"]


@pytest.mark.parametrize(("label", "meaning"), EXAMPLES)
def test_examples_of_the_data_files(label: str, meaning: str) -> None:
    said = label_meaning(label)
    if meaning == "other":
        assert not said.clear
    else:
        assert (said.name, said.clear) == (meaning, True)


def test_every_language_has_examples_of_both_answers() -> None:
    for lexicon in lexicons():
        assert lexicon.examples["accept"], lexicon.language
        assert lexicon.examples["refuse"], lexicon.language


@pytest.mark.parametrize(
    ("label", "never"),
    [
        ("不得不同意", ("accept", "refuse")),
        ("同意并退出", ("accept", "refuse")),
        ("取消同意", ("accept", "refuse")),
        ("撤回同意", ("accept", "refuse")),
        ("同意L本", ("accept",)),
        ("同意寸石", ("accept",)),
        ("没有不同意见", ("accept", "refuse")),
        ("暂不退出", ("refuse", "exit")),
        ("Don't leave", ("refuse", "exit")),
    ],
)
def test_a_doubtful_label_is_not_clearly_the_answer(label: str, never: tuple[str, ...]) -> None:
    said = label_meaning(label, exact=False)
    assert not (said.clear and said.name in never)


@pytest.mark.parametrize(
    "label", ["不同意", "不同意 ", "不 同 意", "不同意(5s)", "不同意（3）", "□ 不同意", "不同意>", "「不同意」"]
)
def test_spacing_and_countdowns_change_nothing(label: str) -> None:
    assert label_meaning(label).name == "refuse"


@pytest.mark.parametrize("label", ["IDONOTCONSENT", "I do not c0nsent", "DONOT AGREE AND CLOSE", "nothankyou"])
def test_ocr_that_lost_spaces_or_letters_is_understood(label: str) -> None:
    assert label_meaning(label).name == "refuse"


@pytest.mark.parametrize("label", ["不同意并退出", "Disagree and quit", "拒绝并退出应用"])
def test_a_refusal_may_leave_the_app(label: str) -> None:
    assert label_meaning(label).leaves


@given(st.sampled_from(REFUSALS), st.integers(1, 59))
@settings(max_examples=80, deadline=None)
def test_no_countdown_turns_a_refusal_into_an_acceptance(label: str, seconds: int) -> None:
    assert label_meaning(f"{label} ({seconds}s)").name != "accept"


@given(st.sampled_from(ACCEPTANCES), st.sampled_from(["不", "暂不", "拒绝", "我不", "仍不"]))
@settings(max_examples=80, deadline=None)
def test_a_negation_before_an_acceptance_is_never_an_acceptance(label: str, negation: str) -> None:
    said = label_meaning(negation + label)
    assert not (said.clear and said.name == "accept")


@pytest.mark.parametrize("label", ["Agree 同意", "同意 Accept"])
def test_a_label_in_two_languages_means_what_both_say(label: str) -> None:
    assert label_meaning(label) == label_meaning("同意")


def test_rare_characters_beside_letters_have_a_meaning() -> None:
    assert label_meaning("\u3400abcde").name == "other"


@given(st.text(max_size=60))
@settings(max_examples=200, deadline=None)
def test_any_text_has_a_meaning(text: str) -> None:
    assert label_meaning(text).name
    assert comparable(comparable(text)) == comparable(text)
    assert "\n" not in readable(text)


def test_traditional_characters_read_like_simplified_ones() -> None:
    assert comparable("隱私權政策") == comparable("隐私政策")
    assert label_meaning("繼續").name == label_meaning("继续").name == "proceed"


@pytest.mark.parametrize(
    "label",
    ["Désaccord", "Je suis en désaccord", "Je désapprouve", "Désaccepter", "En desacuerdo", "Disapprove", "Unagree"],
)
def test_prefix_that_undoes_an_agreement_is_no_word_of_its_own(label: str) -> None:
    """ "désaccord" once was the article "des" and an agreement, as if OCR had lost a space between them."""
    assert label_meaning(label).name in ("refuse", "other")


@pytest.mark.parametrize("label", ["Toutaccepter", "Acceptall", "Deacuerdo"])
def test_lost_spaces_are_still_understood(label: str) -> None:
    assert label_meaning(label).name == "accept"


@pytest.mark.parametrize(
    "label",
    [
        *("No objections", "Why not", "I wouldn't mind", "Warum nicht", "Keine Einwände", "Stört mich nicht"),
        *("Ça me dérange pas", "Aucun souci", "Pourquoi pas", "No me importa", "Por qué no", "Sin objeciones"),
        *("不介意", "不反对", "没有异议", "不要緊", "構わない", "気にしない"),
    ],
)
def test_a_denial_that_affirms_is_no_refusal(label: str) -> None:
    assert label_meaning(label).name in ("confirm", "other")


@pytest.mark.parametrize("label", ["Leave it on", "Leave tracking off", "Leave the tag in"])
def test_leaving_something_as_it_is_leaves_nothing_open(label: str) -> None:
    assert label_meaning(label).name == "other"
    assert label_meaning("Leave the app").name == "exit"


@pytest.mark.parametrize(
    "label",
    [
        *("Accept selected", "Allow selection", "Agree to my choices", "Auswahl erlauben", "Ausgewählte akzeptieren"),
        *(
            "Accepter la sélection",
            "Permitir selección",
            "Aceptar lo elegido",
            "選択を許可",
            "同意所选",
            "允许已选",
            "同意所選",
        ),
    ],
)
def test_agreeing_to_what_was_chosen_is_no_acceptance(label: str) -> None:
    assert label_meaning(label, kana_around="許" in label).name == "settings"


@pytest.mark.parametrize("label", ["I accept these terms", "同意并勾选", "Accept all"])
def test_agreeing_to_what_is_shown_stays_an_acceptance(label: str) -> None:
    assert label_meaning(label).name == "accept"


@pytest.mark.parametrize("label", ["Withdraw consent", "撤回同意", "Einwilligung widerrufen", "Retirer mon accord"])
def test_taking_consent_back_is_no_answer(label: str) -> None:
    assert label_meaning(label).name not in ("accept", "refuse")


@pytest.mark.parametrize("label", ["收回拒绝，同意条款", "No, I accept after all", "Non, j'accepte finalement"])
def test_contradicting_clauses_say_nothing(label: str) -> None:
    assert label_meaning(label).name == "other"


@pytest.mark.parametrize("label", ["Wir willigen ein", "可以识别", "允许所有类别", "同意上传识别"])
def test_no_denial_is_found_inside_other_words(label: str) -> None:
    assert label_meaning(label).name not in ("refuse", "deny")


@pytest.mark.parametrize(
    "label", ["同意しかねます", "同意いたしかねます", "同意は控えます", "无法同意", "难以同意", "Dagegen", "En contra"]
)
def test_polite_and_roundabout_refusals_are_no_acceptance(label: str) -> None:
    assert label_meaning(label, kana_around="す" in label).name == "refuse"


@pytest.mark.parametrize(
    "label", ["Consent to all purposes", "Consentir todas las finalidades", "同意全部用途", "全选并保存"]
)
def test_agreeing_to_all_purposes_is_an_acceptance(label: str) -> None:
    assert label_meaning(label).name == "accept"
