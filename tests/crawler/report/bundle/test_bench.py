"""Random changes of sealed bundles are all refused and named, untouched bundles never are."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from crawler.report.bundle.bench import bench_evidence, made_case
from evidence.verify import verify
from tests.crawler.report.bundle.small import build_small
from tests.evidence.cases import KEY


def measured(**how: Any) -> Any:
    return bench_evidence(speed=False, **how)


@pytest.mark.parametrize("seed", [7])
def test_a_sample_of_changes_is_refused_and_named(seed: int) -> None:
    found = measured(changes=28, copies=2, seed=seed)
    assert found["changes"]["passed"] == []
    assert found["changes"]["unnamed"] == []
    assert found["changes"]["still_whole"], "what was damaged was put back"
    assert found["untouched"]["alarms"] == []
    assert found["ok"] is True


def test_a_case_of_ones_own_can_be_measured(tmp_path: Path) -> None:
    found = measured(case=build_small(tmp_path / "case"), changes=8, copies=2)
    assert found["ok"] is True


def test_the_made_case_is_sound(tmp_path: Path) -> None:
    assert verify(made_case(tmp_path / "case", KEY, random.Random(3))).ok


@pytest.mark.long
def test_thousands_of_changes_and_hundreds_of_untouched_bundles() -> None:
    found = measured(changes=2000, copies=200, seed=1)
    assert found["changes"]["refused"] == 2000
    assert found["ok"] is True, found
