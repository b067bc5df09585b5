"""Screens somebody wrote freely: what a file has to say about itself, and that the reader finds most of what they ask."""

import asyncio
import json
from pathlib import Path

import pytest

import lab.screens
from lab.screens.draw import draw_free
from lab.screens.free import FreeScreenError, read_free_screens
from screenshots.bench import bench_screens
from tests.lab.handset import needs_chromium

FREE = Path(lab.screens.__file__).parent / "data" / "free"
PAGE = (
    '<!doctype html><html lang="de" data-kind="cmp" data-display="720x1280@2"{more}><meta charset="utf-8">'
    "<body><div data-card><p>Wir und 40 Partner messen, was du liest.</p>"
    '<button data-role="refuse" style="{style}">Nein</button><button data-role="accept">Ja, alle</button></div></body></html>'
)


def written(folder: Path, name: str, *, more: str = "", style: str = "") -> None:
    (folder / name).write_text(PAGE.format(more=more, style=style), "utf-8")


@pytest.mark.parametrize("folder", sorted(FREE.iterdir()), ids=lambda folder: folder.name)
def test_every_screen_of_the_project_says_what_it_is(folder: Path) -> None:
    screens = read_free_screens(folder)
    assert len(screens) >= 40
    asking = sum(screen.consent for screen in screens)
    assert 0.3 <= asking / len(screens) <= 0.6


def test_all_that_is_missing_is_named_with_its_file(tmp_path: Path) -> None:
    written(tmp_path, "good.html")
    (tmp_path / "kind.html").write_text('<html lang="de" data-kind="banner" data-display="720x1280@2">', "utf-8")
    (tmp_path / "none.html").write_text("<p>nothing</p>", "utf-8")
    with pytest.raises(FreeScreenError) as caught:
        read_free_screens(tmp_path)
    assert "kind.html: data-kind 'banner'" in str(caught.value)
    assert "data-display is written as" in str(caught.value)
    assert "good.html" not in str(caught.value)


def test_an_empty_folder_is_no_set_of_screens(tmp_path: Path) -> None:
    with pytest.raises(FreeScreenError, match="html in it"):
        read_free_screens(tmp_path)


@pytest.mark.lab
@needs_chromium
def test_the_truth_is_read_from_the_page_and_what_cannot_be_seen_is_left_out(tmp_path: Path) -> None:
    written(tmp_path, "000.html")
    written(tmp_path, "001.html", more=' data-tree="no"')
    written(tmp_path, "002.html", style="position:absolute;left:-900px")
    labels, faults = asyncio.run(draw_free(read_free_screens(tmp_path), tmp_path / "drawn"))
    assert [label["name"] for label in labels] == ["000_cmp_de", "001_cmp_de"]
    assert len(faults) == 1
    assert faults[0].startswith("002_cmp_de: not to be seen: refuse Nein")
    assert {control["role"] for control in labels[0]["controls"]} == {"refuse", "accept"}
    assert labels[0]["card"] is not None
    assert (tmp_path / "drawn" / "000_cmp_de.xml").is_file()
    assert not (tmp_path / "drawn" / "001_cmp_de.xml").exists()
    assert json.loads((tmp_path / "drawn" / "all.json").read_text("utf-8"))[0]["consent"] is True


@pytest.mark.lab
@needs_chromium
def test_most_freely_written_requests_are_found_and_none_is_answered_the_wrong_way(tmp_path: Path) -> None:
    screens = read_free_screens(FREE / "visible_zh")[::4] + read_free_screens(FREE / "visible_en_de")[::4]
    asyncio.run(draw_free(screens, tmp_path))
    scores = bench_screens(tmp_path, use_pixels=False)
    assert scores["consent"]["recall"] >= 0.85
    assert scores["consent"]["precision"] >= 0.85
    assert scores["roles"]["accept_refuse_swaps"] == 0
