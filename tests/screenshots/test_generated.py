"""Screens the laboratory draws: the plan, the truth about them, and how well the reader understands a sample."""

import asyncio
import dataclasses
import json
from collections import Counter
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from lab.screen.page import Viewport
from lab.screens.draw import draw_screens
from lab.screens.looks import ROOMY
from lab.screens.scenes import CONSENT, KINDS, Scene, plan
from lab.screens.wordings import PARTS, WordingError, load_languages, read_language
from screenshots.bench import bench_screens
from screenshots.hierarchy import parse_hierarchy
from screenshots.scoring import LABEL_KINDS, LABEL_ROLES
from tests.lab.handset import needs_chromium

SEED = 4711


def one_of_each() -> list[Scene]:
    """The first scene of every kind, phones only: they draw fast."""
    found: dict[str, Scene] = {}
    for scene in plan(420, SEED, "default"):
        if scene.tree and scene.viewport.width <= 1080:
            found.setdefault(scene.kind, scene)
    return list(found.values())


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict[str, Any]]]:
    directory = tmp_path_factory.mktemp("drawn")
    return directory, asyncio.run(draw_screens(one_of_each(), directory))


@pytest.mark.parametrize("part", PARTS)
def test_a_plan_follows_from_its_seed_and_holds_every_kind(part: str) -> None:
    scenes = plan(420, SEED, part)
    assert scenes == plan(420, SEED, part)
    assert scenes != plan(420, SEED + 1, part)
    assert {scene.kind for scene in scenes} == set(KINDS)
    assert {scene.language.code for scene in scenes} == {"zh", "zh-TW", "en", "de", "fr", "es", "ja"}
    sizes = {(scene.viewport.width, scene.viewport.height) for scene in scenes}
    assert {(480, 800), (1440, 3200), (1600, 2560), (2400, 1080)} <= sizes
    assert any(scene.layers[1:] == ("login_with_agreement",) and scene.consent for scene in scenes)
    assert 0.6 < sum(scene.tree for scene in scenes) / len(scenes) < 0.95


def test_a_short_plan_is_as_mixed_as_a_long_one() -> None:
    share = Counter(scene.consent for scene in plan(60, SEED, "default"))
    assert 0.25 < share[True] / 60 < 0.55


def test_the_parts_share_no_wording_that_decides() -> None:
    worded = {part: set(deciding(part)) for part in PARTS}
    for one, other in combinations(PARTS, 2):
        assert worded[one] & worded[other] == set()
    assert len(worded["default"]) > 300
    assert len(worded["held_out"]) > 200
    assert len(worded["development"]) > 300


def deciding(part: str) -> Iterator[tuple[str, str]]:
    """Titles, texts and agreement lines of all kinds, and the pairs of answers of consent dialogs."""
    for language in load_languages(part):
        for kind, phrases in language.kinds.items():
            for text in (*phrases.titles, *phrases.bodies, *phrases.boxes):
                if text:
                    yield language.code, text
            if kind in CONSENT:
                for answers in (*phrases.answers, *phrases.saves):
                    yield language.code, " / ".join(answer.label for answer in answers)


def test_every_role_and_kind_of_a_consent_screen_can_be_scored() -> None:
    for part in PARTS:
        for language in load_languages(part):
            for kind in CONSENT:
                phrases = language.kinds.get(kind)
                answers = [one for line in (*phrases.answers, *phrases.saves) for one in line] if phrases else []
                assert {answer.role for answer in answers} <= set(LABEL_ROLES)
    assert set(CONSENT) <= set(LABEL_KINDS)


def test_all_faults_of_a_wording_file_are_named_at_once(tmp_path: Path) -> None:
    file = tmp_path / "xx.toml"
    file.write_text('apps = ["A"]\nheadlines = []\n[notice]\ntitels = ["x"]\nanswers = ["OK", "ack="]\n', "utf-8")
    with pytest.raises(WordingError) as caught:
        read_language(file)
    assert len(str(caught.value).splitlines()) == 3
    assert "titels" in str(caught.value)


@pytest.mark.lab
@needs_chromium
def test_a_label_says_what_the_picture_shows(drawn: tuple[Path, list[dict[str, Any]]]) -> None:
    directory, labels = drawn
    assert json.loads((directory / "all.json").read_text("utf-8"))[0]["name"] == labels[0]["name"]
    for label in labels:
        size = Image.open(directory / f"{label['name']}.png").size
        assert size == (label["w"], label["h"])
        controls = [*label["controls"], *([{"box": label["card"]}] if label["card"] else [])]
        for control in controls:
            left, top, right, bottom = control["box"]
            assert 0 <= left < right <= size[0]
            assert 0 <= top < bottom <= size[1]
        roles = [control["role"] for control in label["controls"]]
        assert not label["consent"] or {"accept", "ack"} & set(roles)


@pytest.mark.lab
@needs_chromium
def test_a_hierarchy_holds_what_the_label_names(drawn: tuple[Path, list[dict[str, Any]]]) -> None:
    directory, labels = drawn
    for label in labels:
        xml = (directory / f"{label['name']}.xml").read_text("utf-8")
        parse_hierarchy(xml)
        texts = {one for node in parse_texts(xml) for one in node}
        for control in label["controls"]:
            if control["role"] in ("accept", "refuse", "ack", "allow", "deny", "title"):
                assert control["text"] in texts, label["name"]


def parse_texts(xml: str) -> Iterator[tuple[str, ...]]:
    from lxml import etree

    for node in etree.fromstring(xml.encode()).iter("node"):
        yield (node.get("text", ""),)


@pytest.mark.lab
@needs_chromium
def test_the_same_seed_draws_the_same_pixels(tmp_path: Path) -> None:
    scenes = one_of_each()[:2]
    for name in ("one", "other"):
        asyncio.run(draw_screens(scenes, tmp_path / name))
    for scene in scenes:
        for ending in ("png", "xml"):
            one, other = ((tmp_path / name / f"{scene.name}.{ending}").read_bytes() for name in ("one", "other"))
            assert one == other


@pytest.mark.lab
@needs_chromium
def test_what_does_not_fit_is_drawn_where_it_fits(tmp_path: Path) -> None:
    scene = next(one for one in one_of_each() if one.kind == "cmp")
    narrow = dataclasses.replace(scene, viewport=Viewport(width=960, height=360, scale=3.0), font_scale=1.5)
    label = asyncio.run(draw_screens([narrow], tmp_path))[0]
    assert (label["w"], label["h"]) == (ROOMY.width, ROOMY.height)
    assert "accept" in {control["role"] for control in label["controls"]}


@pytest.mark.lab
@needs_chromium
def test_the_reader_understands_one_screen_of_each_kind(drawn: tuple[Path, list[dict[str, Any]]]) -> None:
    scores = bench_screens(drawn[0], engine="none", use_pixels=False, baseline=True)
    assert scores["screens"] == len(drawn[1])
    assert scores["consent"]["recall"] == 1.0
    assert scores["consent"]["false_alarms"] == 0
    assert scores["roles"]["accept_refuse_swaps"] == 0
    assert scores["baseline"]["screens"] > 0


@pytest.mark.long
@pytest.mark.lab
@needs_chromium
@pytest.mark.parametrize(("part", "recall", "precision"), [("default", 0.98, 0.99), ("held_out", 0.95, 0.97)])
def test_a_whole_set(tmp_path: Path, part: str, recall: float, precision: float) -> None:
    asyncio.run(draw_screens(plan(420, SEED, part), tmp_path))
    scores = bench_screens(tmp_path, engine="none", use_pixels=False)
    assert scores["consent"]["recall"] >= recall
    assert scores["consent"]["precision"] >= precision
    assert scores["roles"]["accept_refuse_swaps"] == 0
