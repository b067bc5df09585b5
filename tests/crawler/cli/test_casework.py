"""Reviewing and moving a case from the command line: what is signed, what is refused, what a reader is told."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from crawler.cli import inspection as inspection_module
from crawler.session.case import InspectionSettings, Target
from evidence.decisions import DECISIONS_FILE, read_decisions
from evidence.errors import StorageFull
from evidence.files import digest_file
from evidence.keys import SigningKey, load_key
from evidence.verify import verify
from tests.crawler.cli.conftest import Command, Ended
from tests.crawler.report.casework.making import document, judge_as, judged_case, row

ROWS = [row(), row("M1-05", "suspected"), row("M5-01", "lead")]


@pytest.fixture
def case(tmp_path: Path) -> Path:
    return judged_case(tmp_path / "case", document(ROWS, rules=["M4-01"]))


def key_of(folder: Path, name: str) -> Path:
    """A person's key, made as the mend says."""
    path = folder / f"{name}.pem"
    if not path.exists():
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", str(path)], check=True)
        path.chmod(0o600)
    return path


@pytest.fixture
def anna(tmp_path: Path) -> tuple[str, ...]:
    return ("--as", "Anna", "--key", str(key_of(tmp_path, "anna")))


@pytest.fixture
def bo(tmp_path: Path) -> tuple[str, ...]:
    return ("--as", "Bo", "--key", str(key_of(tmp_path, "bo")))


def settings(text: str) -> None:
    (Path(os.environ["APPWITNESS_HOME"]) / "casework.toml").write_text(text, encoding="utf-8")


def states(command: Command, case: Path) -> dict[str, str]:
    return {at["rule"]: at["state"] for at in command("review", case, "--json").document["findings"]}


def refused(ended: Ended, code: int, *words: str) -> None:
    assert ended.code == code, ended.err
    assert "Traceback" not in ended.err
    for word in words:
        assert word in ended.err, ended.err


# ------------------------------------------------------------------ review


def test_findings_are_listed_with_their_states(command: Command, case: Path) -> None:
    listed = command("review", case, "--json").document
    assert {at["rule"]: at["state"] for at in listed["findings"]} == {"M1-01": "open", "M1-05": "open", "M5-01": "open"}
    assert listed["undecided"] == 3
    everything = command("review", case, "--all", "--json").document
    assert {at["rule"] for at in everything["findings"]} == {"M1-01", "M1-05", "M5-01", "M4-01"}
    text = command("review", case).out
    assert "M1-01 in words" in text
    assert "3 await a decision" in text


def test_a_person_accepts_dismisses_and_asks_for_another_run(
    command: Command, case: Path, anna: tuple[str, ...]
) -> None:
    ended = command("review", case, "accept", "M1-01", *anna, "--json")
    assert ended.code == 0
    assert ended.document["finding"]["state"] == "accepted"
    assert command("review", case, "dismiss", "M1-05", *anna, "--reason", "the SDK of the system").code == 0
    assert command("review", case, "rerun", "M5-01", *anna, "--reason", "cut off").code == 0
    assert states(command, case) == {"M1-01": "accepted", "M1-05": "dismissed", "M5-01": "rerun_asked"}
    assert verify(case).ok
    reading = read_decisions(case / DECISIONS_FILE)
    assert [decision.person.name for decision in reading.decisions] == ["Anna"] * 3
    assert reading.decisions[1].reason == "the SDK of the system"
    assert command("review", case, "--json").document["head"] == {"count": 3, "digest": reading.head.digest}


def test_what_cannot_be_decided(command: Command, case: Path, anna: tuple[str, ...]) -> None:
    refused(command("review", case, "dismiss", "M1-01", *anna), 65, "gives no reason", "--reason")
    refused(command("review", case, "accept", "M5-01", *anna), 65, "'lead' says nothing against the app")
    refused(command("review", case, "accept", "M9-99", *anna), 65, "no finding of this case", "Name one of: ", "M1-01-")
    refused(command("review", case, "accept", "m1-0", *anna), 65, "2 findings")
    refused(command("review", case, "accept", "M1-01", "--as", "Anna"), 2, "--key")
    refused(command("review", case, "forget", "M1-01", *anna), 2)
    refused(command("review", case, "accept", "M1-01", "--as", "Anna", "--key", "none.pem"), 65, "openssl genpkey")
    assert not (case / DECISIONS_FILE).exists()


def test_a_key_that_others_may_read_signs_nothing(command: Command, case: Path, tmp_path: Path) -> None:
    key = key_of(tmp_path, "anna")
    key.chmod(0o644)
    refused(command("review", case, "accept", "M1-01", "--as", "Anna", "--key", key), 77, "chmod 600")


def test_four_eyes(command: Command, case: Path, tmp_path: Path, anna: tuple[str, ...], bo: tuple[str, ...]) -> None:
    settings('second_person = ["high"]\n')
    assert (
        command("review", case, "accept", "M1-01", *anna, "--json").document["finding"]["state"]
        == "needs_second_person"
    )
    refused(command("review", case, "accept", "M1-01", *anna), 65, "Anna accepted it before", "another person must")
    with_another_key = ("--as", "anna", "--key", str(key_of(tmp_path, "anna-2")))
    refused(command("review", case, "accept", "M1-01", *with_another_key), 65, "anna accepted it before (as Anna)")
    assert command("review", case, "accept", "M1-01", *bo, "--json").document["finding"]["state"] == "accepted"
    refused(command("review", case, "accept", "M1-01", *bo), 65, "accepted already, by Anna and Bo")


def test_only_people_of_the_settings_decide(
    command: Command, case: Path, tmp_path: Path, anna: tuple[str, ...], bo: tuple[str, ...]
) -> None:
    key: SigningKey = load_key(key_of(tmp_path, "anna"))
    settings(f'[[people]]\nname = "Anna"\nfingerprint = "{key.fingerprint}"\n')
    refused(command("review", case, "accept", "M1-01", *bo), 65, "not of the people who may decide")
    refused(command("review", case, "accept", "M1-01", "--as", "Bo", *anna[2:]), 65, "this key is Anna's, not Bo's")
    assert command("review", case, "accept", "M1-01", *anna).code == 0
    assert command("review", case, "--json").document["keys_checked"] is True
    settings("people = 1\nwords = 2\n")
    refused(command("review", case), 65, "people", "words", "docs/casework.md")


def test_decisions_on_an_earlier_judgement_are_shown_and_not_counted(
    command: Command, case: Path, anna: tuple[str, ...]
) -> None:
    for rule in ("M1-01", "M1-05"):
        assert command("review", case, "accept", rule, *anna).code == 0
    judge_as(case, document([row(), row("M1-05", "suspected", summary_en="said otherwise")]))
    assert states(command, case) == {"M1-01": "accepted", "M1-05": "open"}
    text = command("review", case).out
    assert "made on an earlier judgement, does not count: FindingAccepted by Anna" in text
    assert command("review", case, "accept", "M1-05", *anna).code == 0
    assert states(command, case) == {"M1-01": "accepted", "M1-05": "accepted"}


@pytest.mark.parametrize("name", ["findings.json", DECISIONS_FILE])
def test_nobody_decides_on_what_was_tampered_with(
    command: Command, case: Path, anna: tuple[str, ...], name: str
) -> None:
    assert command("review", case, "accept", "M1-01", *anna).code == 0
    path = case / name
    path.write_bytes(path.read_bytes().replace(b"M1-01", b"M1-10"))
    for words in (["review", case], ["review", case, "accept", "M1-05", *anna], ["case", "show", case]):
        refused(command(*words), 65, "not as it was sealed", name)


def test_text_of_an_app_plays_no_tricks_on_the_terminal(command: Command, tmp_path: Path) -> None:
    case = judged_case(tmp_path / "hostile", document([row(summary_en="\x1b[2J[red]hello\u202e" + "x" * 5000)]))
    out = command("review", case).out
    assert "\x1b" not in out
    assert "\u202e" not in out
    assert "[red]hello" in out


# ------------------------------------------------------------------ case


def event(command: Command, case: Path, to: str, who: tuple[str, ...], *more: str | Path) -> Ended:
    return command("case", "event", case, to, *who, "--reason", "because", *more)


@pytest.fixture
def reviewed(command: Command, case: Path, anna: tuple[str, ...]) -> Path:
    assert command("review", case, "accept", "M1-01", *anna).code == 0
    for rule in ("M1-05", "M5-01"):
        assert command("review", case, "dismiss", rule, *anna, "--reason", "innocent").code == 0
    assert event(command, case, "reviewed", anna, "--on", "2026-03-01").code == 0
    return case


def test_a_case_goes_from_finding_to_closing(
    command: Command, reviewed: Path, anna: tuple[str, ...], bo: tuple[str, ...], tmp_path: Path
) -> None:
    letter = tmp_path / "notice.pdf"
    letter.write_text("整改通知")
    sent = ("--on", "2026-03-02", "--working-days", "5", "--document", letter)
    assert event(command, reviewed, "noticed", anna, *sent).code == 0
    shown = command("case", "show", reviewed, "--on", "2026-03-09", "--json").document
    assert (shown["state"], shown["deadline"], shown["overdue"], shown["days_left"]) == (
        "noticed",
        "2026-03-09",
        False,
        0,
    )
    assert shown["events"][-1]["data"]["document"]["name"] == "notice.pdf"
    assert command("case", "show", reviewed, "--on", "2026-03-10", "--json").document["overdue"] is True
    retest = judged_case(tmp_path / "retest", document([], rules=["M1-01"], version="2.0"))
    worse = judged_case(tmp_path / "worse", document([row()], version="2.0"))
    other = document([])
    other["case"] = {"package": "com.other.app"}
    assert event(command, reviewed, "fixed_version", bo, "--version", "2.0").code == 0
    foreign = judged_case(tmp_path / "foreign", other)
    refused(event(command, reviewed, "retest", bo, "--retest", foreign, "--outcome", "passed"), 65, "not two rounds")
    doubted = event(command, reviewed, "retest", bo, "--retest", worse, "--outcome", "unclear")
    assert "proposes 'failed', you say 'unclear'" in doubted.err
    passed = event(command, reviewed, "retest", bo, "--retest", retest, "--outcome", "passed")
    assert (passed.code, passed.err) == (0, "")
    assert event(command, reviewed, "closed", anna).code == 0
    shown = command("case", "show", reviewed, "--json").document
    moved = [one["data"]["to"] for one in shown["events"]]
    assert moved == ["reviewed", "noticed", "fixed_version", "retest", "retest", "closed"]
    said = [(one["data"]["outcome"], one["data"]["proposal"]) for one in shown["events"][3:5]]
    assert said == [("unclear", "failed"), ("passed", "passed")]
    assert shown["events"][4]["data"]["case"] == "case-1"
    assert shown["events"][4]["data"]["case_seal"] == digest_file(retest / "record" / "seal.json")[0]
    assert verify(reviewed).ok
    text = command("case", "show", reviewed).out
    assert "closed (已结案)" in text
    assert "may become reviewed" in text


def test_what_a_case_cannot_become(command: Command, case: Path, reviewed: Path, anna: tuple[str, ...]) -> None:
    refused(event(command, reviewed, "closed-ish", anna), 2, "no state")
    refused(event(command, reviewed, "replied", anna), 65, "allowed from here: closed, delisted, noticed")
    refused(event(command, reviewed, "noticed", anna), 65, "`deadline` is no day")
    refused(event(command, reviewed, "delisted", anna), 65, "no deadline was ever set", "evasion, repeat")
    refused(
        event(command, reviewed, "noticed", anna, "--deadline", "2999-01-01", "--on", "2998-01-01"), 65, "not come yet"
    )
    refused(event(command, reviewed, "noticed", anna, "--on", "soon"), 2, "--on")
    refused(command("case", "event", case, "closed", *anna), 65, "gives no reason")
    refused(event(command, reviewed, "noticed", anna, "--working-days", "251"), 2)
    refused(
        event(command, reviewed, "noticed", anna, "--working-days", "5", "--deadline", "2026-12-01"), 2, "one deadline"
    )
    assert command("case", "show", reviewed, "--json").document["state"] == "reviewed"


def test_a_case_is_not_reviewed_while_a_finding_waits(command: Command, case: Path, anna: tuple[str, ...]) -> None:
    refused(event(command, case, "reviewed", anna), 65, "3 findings await a decision")


def test_the_exit_is_a_document_with_json(command: Command, case: Path, anna: tuple[str, ...]) -> None:
    ended = event(command, case, "noticed", anna, "--json")
    assert ended.code == 65
    assert set(ended.document) == {"error", "mend", "exit_code"}


# ------------------------------------------------------------------ retest


def test_two_rounds_side_by_side(command: Command, case: Path, anna: tuple[str, ...], tmp_path: Path) -> None:
    later = [row(verdict="not_observed"), row("M1-05", "suspected"), row("M5-01", "not_testable")]
    new = judged_case(tmp_path / "new", document(later, version="2.0"))
    page = tmp_path / "retest.html"
    told = command("retest", case, new, "--html", page, "--json").document
    assert {at["rule"]: at["outcome"] for at in told["rules"]} == {
        "M1-01": "fixed",
        "M1-05": "still_there",
        "M4-01": "not_tested",
        "M5-01": "not_tested",
    }
    assert told["proposal"] == "failed"
    assert "未再发现" in page.read_text(encoding="utf-8")
    # Once people have decided, only what they accepted was to be corrected.
    assert command("review", case, "accept", "M1-01", *anna).code == 0
    assert command("review", case, "dismiss", "M1-05", *anna, "--reason", "innocent").code == 0
    text = command("retest", case, new)
    assert "proposed outcome: passed" in text.out
    assert "fixed: not seen again" in text.out
    assert "M1-05 (dismissed)" in text.out


def test_rounds_that_cannot_be_compared(command: Command, case: Path, tmp_path: Path) -> None:
    other = document([row()])
    other["case"] = {"package": "com.other.app"}
    new = judged_case(tmp_path / "new", other)
    refused(command("retest", case, new), 65, "not two rounds of one app")
    refused(command("retest", case, tmp_path), 65, "not as it was sealed")
    refused(command("retest", case, case, "--html", tmp_path / "none" / "x.html"), 74, "none")


class _Driver:
    def close(self) -> None:
        pass


def test_a_retest_plays_what_had_failed_and_names_the_earlier_round(
    command: Command, case: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    judge_as(case, document([*ROWS, row("M1-12")]))
    begun: list[tuple[Target, InspectionSettings]] = []

    def inspect(driver: object, app: Target, directory: Path, settings: InspectionSettings, _: object) -> None:
        begun.append((app, settings))
        raise StorageFull("that is enough")

    monkeypatch.setattr(inspection_module, "connect", lambda *_, **__: _Driver())
    monkeypatch.setattr(inspection_module, "_inspect", inspect)
    out = ("--out", tmp_path / "out", "--retest-of", case)
    assert command("inspect", "com.example.app", *out).code == 74
    assert command("inspect", "com.example.app", *out, "--scenario", "S05").code == 74
    (app, settings), (_, chosen) = begun
    assert settings.scenarios == ("S01", "S03")
    assert chosen.scenarios == ("S05",)
    assert app.retest_of is not None
    assert (app.retest_of.case, app.retest_of.round) == ("case-1", 1)
    assert app.retest_of.record_seal == digest_file(case / "record" / "seal.json")[0]
    refused(command("inspect", "com.other.app", *out), 2, "the earlier case is about com.example.app")
    (case / "findings.json").write_text("{}")
    refused(command("inspect", "com.example.app", *out), 65, "not as it was sealed")
    assert len(begun) == 2


def test_a_person_is_told_of_their_own_key(command: Command, case: Path, tmp_path: Path) -> None:
    key = tmp_path / "junk.pem"
    key.write_text("no key")
    key.chmod(0o600)
    ended = command("review", case, "accept", "M1-01", "--as", "Anna", "--key", key)
    assert ended.code == 77
    assert "Sign with your own Ed25519 key" in ended.err
    assert "a new key is made" not in ended.err
