"""What the benchmark says of readings whose worth is known beforehand."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from crawler.cli.main import app
from crawler.cli.output import Exit
from screenshots.baseline import VERDICTS, judge_published, read_published
from screenshots.bench import bench_beside, bench_screens
from screenshots.labelled import labelled_screens
from screenshots.reading import read_screen
from screenshots.scoring import Labelled, LabelledControl, Scored, consent_scores, contrast_errors, role_scores
from tests.screenshots.pictures import GREY, consent, needs_font, page, png
from tests.screenshots.trees import card, feed, hierarchy, over, status_bar, window

REFUSE, ACCEPT = (100, 1040, 350, 1130), (370, 1040, 620, 1130)
CARD = (60, 400, 660, 1160)


def label(
    name: str, kind: str, *, consent: bool, controls: tuple[tuple[str, str, Any], ...] = (), lang: str = "zh"
) -> dict[str, Any]:
    return {
        "name": name,
        "kind": kind,
        "lang": lang,
        "consent": consent,
        "controls": [{"role": role, "text": text, "box": box} for role, text, box in controls],
        "card": CARD if consent else None,
    }


ANSWERS = (("refuse", "不同意", REFUSE), ("accept", "同意", ACCEPT))
SWAPPED = (("accept", "不同意", REFUSE), ("refuse", "同意", ACCEPT))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four screens: a dialog, the same with labels that say the contrary, a feed that is called a dialog, a feed."""
    dialog = hierarchy(status_bar(), over(feed(), card()))
    plain = hierarchy(status_bar(), window(feed()))
    labels = [
        label("dialog", "privacy_agreement", consent=True, controls=ANSWERS),
        label("contrary", "retention", consent=True, controls=SWAPPED),
        label("hidden", "notice", consent=True),
        label("feed", "article", consent=False),
        label("lost", "article", consent=False),
    ]
    for name, xml in (("dialog", dialog), ("contrary", dialog), ("hidden", plain), ("feed", plain)):
        (tmp_path / f"{name}.xml").write_text(xml, "utf-8")
    (tmp_path / "all.json").write_text(json.dumps(labels), "utf-8")
    return tmp_path


def test_every_figure_counts_what_it_says(folder: Path) -> None:
    scores = bench_screens(folder, engine="none")
    assert (scores["screens"], scores["left_out"]) == (4, 1)
    assert (scores["consent"]["recall"], scores["consent"]["precision"]) == (0.6667, 1.0)
    assert scores["consent"]["recall_by_kind"] == {"notice": 0.0, "privacy_agreement": 1.0, "retention": 1.0}
    assert scores["consent"]["missed"] == ["hidden"]
    assert scores["consent"]["false_alarm_rate"] == 0.0
    assert scores["roles"]["accept_refuse_swaps"] == 2
    assert scores["roles"]["f1"] == 0.5
    assert scores["cards"] == {"cards": 3, "share_well_placed": 0.6667}
    assert scores["kinds"]["confusion"]["privacy_agreement"] == {"privacy_agreement": 1}
    assert scores["certain"] == {"found": 2, "certain": 2}
    assert json.loads(json.dumps(scores)) == scores


def test_engines_are_measured_one_beside_the_other(folder: Path) -> None:
    scores = bench_beside(folder, ["none"], every=3)
    assert list(scores["beside"]) == ["none"]
    assert scores["beside"]["none"]["consent"]["recall"] == scores["consent"]["recall"]
    assert scores["beside"]["none"]["peak_megabytes"] > 0


def test_an_unknown_engine_is_refused_before_anything_is_read(folder: Path) -> None:
    with pytest.raises(ValueError, match="no engine named 'crystal'"):
        bench_beside(folder, ["none", "crystal"])


def test_alarms_and_swaps_by_language() -> None:
    reading = read_screen(None, hierarchy(status_bar(), over(feed(), card())))
    truth = Labelled(
        name="news",
        kind="article",
        language="de",
        consent=False,
        controls=(),
        card=None,
        ticked=None,
    )
    scored = [Scored(truth=truth, reading=reading, nanoseconds=1)]
    scores: dict[str, Any] = consent_scores(scored)
    assert scores["by_language"]["de"]["false_alarm_rate"] == 1.0
    assert scores["precision"] == 0.0
    assert role_scores(scored)["f1"] is None


@needs_font
def test_contrast_is_held_against_the_label(tmp_path: Path) -> None:
    (tmp_path / "one.png").write_bytes(png(consent()))
    entry = label("one", "privacy_agreement", consent=True)
    paper = "rgb(235, 235, 235)"
    entry["controls"] = [
        {"role": "refuse", "text": "不同意", "box": (150, 1540, 520, 1650), "color": f"rgb{GREY}", "bg": paper}
    ]
    (tmp_path / "all.json").write_text(json.dumps([entry]), "utf-8")
    truth = next(labelled_screens(tmp_path)).truth
    assert truth.controls[0].contrast == pytest.approx(3.69, abs=0.05)
    scores = bench_screens(tmp_path, every=1)
    assert scores["contrast"]["controls"] == 1
    assert scores["contrast"]["median_error"] <= 0.05
    assert contrast_errors([])["median_error"] is None


@needs_font
def test_a_page_of_headlines_is_read_without_an_alarm(tmp_path: Path) -> None:
    (tmp_path / "feed.png").write_bytes(png(page(lines=("科技公司更新隐私政策引发热议", "网友热议同意与不同意之间"))))
    (tmp_path / "all.json").write_text(json.dumps([label("feed", "article", consent=False)]), "utf-8")
    scores = bench_screens(tmp_path, engine="rapidocr")
    assert scores["consent"]["false_alarms"] == 0
    assert scores["consent"]["recall"] is None


PUBLISHED = [
    ("dialog", ["We value your privacy. We use cookies to show personalised ads.", "Accept all", "Reject all"]),
    ("notice", ["By continuing to use this app, you agree to our privacy policy"]),
    ("maybe_dialog", ["personal data", "data processing", "analytics", "Yes"]),
    ("maybe_notice", ["personenbezogen, Analysetools, DSGVO"]),
    ("link", ["Privacy policy", "Cats and dogs"]),
    ("neither", ["Cats and dogs", "Accept"]),
    ("dialog", ["Wir respektieren Ihre Privatsphäre", "Einwilligung und Datenschutz", "Ablehnen", "Zustimmen"]),
]


@pytest.mark.parametrize(("verdict", "texts"), PUBLISHED)
def test_published_verdicts(verdict: str, texts: list[str]) -> None:
    assert verdict in VERDICTS
    assert judge_published(texts).verdict == verdict


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("I agree", "clear_affirmative"),
        ("I don't agree", "clear_negative"),
        ("Ich stimme zu", "clear_affirmative"),
        ("Nicht zustimmen", "clear_negative"),
        ("Got it", "hidden_affirmative"),
        ("Continue with Orbit", None),
        ("Manage cookie settings", "hidden_negative"),
        ("Do you agree that our terms of use are far too long for anybody to read?", None),
    ],
)
def test_published_buttons(text: str, kind: str | None) -> None:
    assert [found for found, _ in judge_published([text]).buttons] == ([kind] if kind else [])


def test_published_rules_are_scored_like_a_reading() -> None:
    reading = read_screen(
        None,
        hierarchy(
            status_bar(),
            over(
                feed(), card("Reject", "Accept all", title="Cookies", body="We use cookies and process personal data.")
            ),
        ),
    )
    published = read_published(reading.texts)
    assert published.dialog is not None
    assert published.dialog.asks_consent
    truth = Labelled(
        name="cookies",
        kind="cmp",
        language="en",
        consent=True,
        controls=(
            LabelledControl(role="refuse", text="Reject", box=REFUSE),
            LabelledControl(role="accept", text="Accept all", box=ACCEPT),
        ),
        card=CARD,
        ticked=None,
    )
    assert role_scores([Scored(truth=truth, reading=published, nanoseconds=1)])["f1"] == 1.0


def test_the_command_line_measures_engines_beside_the_rules(folder: Path) -> None:
    words = ["bench", "screens", "--data", str(folder), "--engine", "none", "--no-pixels", "--baseline", "--json"]
    answer = CliRunner().invoke(app, words)
    assert answer.exit_code == 0, answer.output
    scores = json.loads(answer.output)
    assert scores["consent"]["recall"] == 0.6667
    assert scores["baseline"]["screens"] == 0
    assert CliRunner().invoke(app, [*words, "--engine", "crystal"]).exit_code == Exit.INPUT
