"""`seal` at the command line: what it says about a killed inspection, and when it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evidence.verify import verify
from tests.crawler.cli.conftest import Command
from tests.crawler.session.test_abandoned import CHILD, Start, killed, start
from tests.evidence.cases import build_case, build_sealed

__all__ = ["start"]


def test_a_killed_case_is_closed_and_says_what_is_missing(command: Command, start: Start, tmp_path: Path) -> None:
    case = tmp_path / "case"
    killed(start, case, "session")
    ended = command("seal", case, "--as", "Anna", "--json")
    assert ended.code == 3
    told = ended.document
    assert (told["sealed_now"], told["judged_now"]) == (True, True)
    assert [one["session"] for one in told["incomplete"]] == ["S03-refuse"]
    assert {rule["verdict"] for rule in told["rules"]} <= {"not_testable", "not_observed", "lead"}
    assert "incomplete: S03-refuse: it was cut off" in ended.err
    assert "device restore" in ended.err
    assert verify(case).ok
    assert json.loads((case / "record" / "closing.json").read_text())["closed_by"] == "Anna"
    again = command("seal", case)
    assert again.code == 3
    assert "sealed and judged already" in again.out


def test_a_case_that_is_worked_on_is_refused(command: Command, start: Start, tmp_path: Path) -> None:
    case = tmp_path / "case"
    start(CHILD, case, "session")
    ended = command("seal", case)
    assert ended.code == 75
    assert "another process is working on" in ended.err
    assert "→ Wait until it has ended" in ended.err
    assert not (case / "record" / "seal.json").exists()


def test_a_whole_case_ends_with_zero(command: Command, tmp_path: Path) -> None:
    assert command("seal", build_sealed(tmp_path / "sealed", steps=1)).code == 0
    ended = command("seal", build_case(tmp_path / "unsealed", steps=1), "--json")
    assert ended.code == 0
    assert ended.document["incomplete"] == []


@pytest.mark.parametrize("name", ["absent", "empty", "damaged"])
def test_what_cannot_be_sealed(command: Command, tmp_path: Path, name: str) -> None:
    case = tmp_path / name
    if name == "empty":
        case.mkdir()
    if name == "damaged":
        build_case(case, steps=1)
        next((case / "record" / "blobs").rglob("??*/*")).write_bytes(b"changed")
    ended = command("seal", case)
    assert ended.code == 65
    assert "Traceback" not in ended.err
