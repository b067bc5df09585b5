"""The labelled screens and real dumps outside the project, when they are there: a sample of each."""

from pathlib import Path

import pytest

from screenshots.bench import bench_screens, reading_to_json
from screenshots.hierarchy import HierarchyUnreadable, parse_hierarchy
from screenshots.reading import read_screen

DATA = Path(__file__).resolve().parents[3] / "shared"
SCREENS, GOLDEN = DATA / "screens", DATA / "golden"
needs_screens = pytest.mark.skipif(not SCREENS.is_dir(), reason="the labelled screens are not beside the project")
needs_golden = pytest.mark.skipif(not GOLDEN.is_dir(), reason="the real dumps are not beside the project")


@needs_screens
def test_hierarchies_of_drawn_screens() -> None:
    scores = bench_screens(SCREENS / "synthetic", engine="none", use_pixels=False)
    assert scores["consent"]["recall"] == 1.0
    assert scores["consent"]["precision"] == 1.0
    assert scores["roles"]["accept_refuse_swaps"] == 0
    assert scores["roles"]["f1"] >= 0.98
    assert scores["milliseconds"]["median"] <= 20


@needs_screens
@pytest.mark.parametrize(("part", "every", "recall"), [("synthetic", 9, 1.0), ("real", 12, 0.5)])
def test_pixels_of_a_sample(part: str, every: int, recall: float) -> None:
    scores = bench_screens(SCREENS / part, use_hierarchy=False, every=every)
    assert scores["consent"]["false_alarms"] == 0
    assert scores["consent"]["recall"] >= recall
    assert scores["roles"]["accept_refuse_swaps"] == 0


@needs_screens
def test_boxes_beside_lines() -> None:
    counts = bench_screens(SCREENS / "checkboxes", every=4)["checkboxes"]
    assert counts.get("wrong", 0) == 0
    assert counts["right"] >= 58


@needs_golden
def test_real_dumps_are_parsed_and_none_is_taken_for_a_consent_dialog() -> None:
    seen = 0
    for file in sorted(GOLDEN.glob("*.xml")):
        xml = file.read_text("utf-8")
        try:
            parse_hierarchy(xml)
        except HierarchyUnreadable:
            continue
        seen += 1
        reading = read_screen(None, xml)
        assert reading.dialog is None or not reading.dialog.asks_consent, file.name
        assert reading_to_json(reading)["kinds"] == reading.kinds
    assert seen >= 6


@needs_golden
def test_a_real_anr_dialog() -> None:
    reading = read_screen(None, (GOLDEN / "vivo_system_anr_dialog.xml").read_text("utf-8"))
    assert reading.kinds == ("anr",)
    assert reading.dialog is not None
    assert {control.role for control in reading.dialog.controls} == {"close", "later"}
