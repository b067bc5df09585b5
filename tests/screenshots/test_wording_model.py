"""The wording model: what it sees, that its weights are those of the corpus, and that it can say why."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import screenshots
from screenshots.candidates import find_candidates
from screenshots.corpus_lines import CorpusError, corpus_digest, read_corpus
from screenshots.elements import Element, make_element
from screenshots.impression import answer_features
from screenshots.ngrams import BESIDE, echo, grouped, label_ngrams, screen_ngrams, text_ngrams
from screenshots.windows import make_layer
from screenshots.wording_model import load_model

CORPUS = Path(screenshots.__file__).parent / "corpus"
LATIN = st.text("abcdefghij klmnopqrstuvwxyzäéñ0123456789.,", max_size=80)
HAN = st.text("同意不用户隐私政策我们收集的信息,。", max_size=40)


def button(text: str, left: int) -> Element:
    return make_element(text, (left, 1200, left + 240, 1280), kind="button", clickable=True)


def test_case_accents_and_figures_do_not_count() -> None:
    assert text_ngrams("Téléphone 0612") == text_ngrams("TELEPHONE 99")


def test_traditional_characters_are_read_as_simplified_ones() -> None:
    assert text_ngrams("隱私權") == text_ngrams("隐私权")


def test_a_label_is_told_from_the_same_words_in_a_text() -> None:
    assert not label_ngrams("Continue") & text_ngrams("Continue")


def test_a_misread_letter_leaves_most_of_a_word_known() -> None:
    right, wrong = text_ngrams("informations"), text_ngrams("informatlons")
    assert len(right & wrong) / len(right) >= 0.4


@given(LATIN, LATIN)
def test_texts_together_hold_what_each_of_them_holds(one: str, other: str) -> None:
    assert text_ngrams(one) <= screen_ngrams((one, other), ())


@given(HAN)
def test_a_label_holds_its_beginning_and_its_end(label: str) -> None:
    found = label_ngrams(label)
    assert any(one.startswith("==") for one in found)


@given(LATIN)
def test_grouping_loses_nothing(label: str) -> None:
    features = label_ngrams(label) | {"#ruled other", "#says accept"}
    groups = grouped(features)
    assert sorted(one for group in groups for one in group) == sorted(features)
    assert groups[-1] == ("#ruled other", "#says accept")


def test_an_answer_takes_up_the_words_of_its_question() -> None:
    question = "May we keep a map of the paths you walk?"
    assert echo("Keep the map", question) > echo("Keep the change", question) > echo("Forget it", question) == 0
    assert echo("上传步数", "我们想把您的步数上传到服务器") > echo("关闭", "我们想把您的步数上传到服务器") == 0


@given(LATIN)
def test_an_echo_is_a_share(label: str) -> None:
    assert 0 <= echo(label, "a question about anything") <= 1


def test_answers_are_seen_beside_one_another() -> None:
    layer = make_layer(
        [button("Keep the map", 100), button("Forget it", 400)],
        (0, 0, 720, 1600),
        (0, 0, 720, 1600),
        over_content=False,
    )
    keep, forget = find_candidates(layer)
    features = answer_features([keep, forget], "privacy_agreement", "May we keep a map?")
    assert label_ngrams("keep the map") <= features[0]
    assert {f"{BESIDE}{one}" for one in label_ngrams("forget it")} <= features[0]
    assert not {f"{BESIDE}{one}" for one in label_ngrams("keep the map")} & features[0]
    assert "#echoes 2" in features[0] or "#echoes 3" in features[0]
    assert "#echoes 0" in features[1]


def test_many_answers_to_one_question_tell_about_labels_alone() -> None:
    lines = read_corpus(CORPUS)
    several = [line for line in lines if line.answers_only]
    assert several
    assert all(line.consent and len(line.answers) >= 4 for line in several)


@pytest.mark.parametrize("name", ["kinds", "roles"])
def test_the_weights_were_trained_on_this_corpus(name: str) -> None:
    assert load_model(name).corpus == corpus_digest(CORPUS), "run python -m screenshots.training"


def test_every_line_of_the_corpus_is_written_as_it_should_be() -> None:
    lines = read_corpus(CORPUS)
    assert len(lines) > 5000
    assert {line.language for line in lines} == {"zh", "zh-TW", "ja", "en", "de", "fr", "es"}


def test_all_faults_of_a_corpus_are_named_with_their_places(tmp_path: Path) -> None:
    (tmp_path / "en_1.txt").write_text("cmp | A | B | accept=OK\nbanner | A | B | yes=OK\ncmp | A\n", "utf-8")
    with pytest.raises(CorpusError) as caught:
        read_corpus(tmp_path)
    assert str(caught.value).count("en_1.txt:2") == 2
    assert "en_1.txt:3: 2 fields" in str(caught.value)


def test_only_consent_is_accepted_or_refused(tmp_path: Path) -> None:
    (tmp_path / "en.txt").write_text("rate | Like it? | | accept=Yes\n", "utf-8")
    with pytest.raises(CorpusError, match="only a screen that asks for consent"):
        read_corpus(tmp_path)


def test_likelihoods_add_up() -> None:
    model = load_model("kinds")
    once = screen_ngrams(("We use cookies and share your data with 80 partners.",), ("Accept all", "Reject all"))
    likely = model.probabilities(once)
    assert sum(likely.values()) == pytest.approx(1)
    assert likely["cmp"] > 3 * model.probabilities(())["cmp"]


def test_nothing_known_leaves_the_shares_of_the_corpus() -> None:
    model = load_model("kinds")
    assert model.probabilities(()) == model.probabilities(("qqqq",))
    assert model.known(("qqqq",)) == 0


def test_what_carried_an_answer_can_be_named() -> None:
    model = load_model("kinds")
    features = screen_ngrams(("Rate us with five stars in the store?",), ("Rate now", "Later"))
    reasons = model.explain(features, "rate")
    assert reasons
    assert all(weight > 0 for _, weight in reasons)
    assert any("rate" in ngram or "star" in ngram for ngram, _ in reasons)
    assert [weight for _, weight in reasons] == sorted((weight for _, weight in reasons), reverse=True)
