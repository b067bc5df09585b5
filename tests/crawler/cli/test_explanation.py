"""`explain`, from end to end: what it prints leads a stranger with a shell from the case's files to the value."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from crawler.cli.explanation import explain_command, explanation
from crawler.report.casework.judged import read_judged
from crawler.session.case import judge_again
from tests.crawler.report.made_case import ANDROID_ID, IMEI, KEY, Film, build_case, picture, tree
from tests.crawler.report.made_case import cold_start as cold_start_play

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
DEVICE_OFFSET = 3_600_000_000_000
"""The device's clock is an hour ahead."""


def cold_start(film: Film) -> None:
    cold_start_play(film)
    film.send("api2.amplitude.com", "/2/httpapi", b'{"events":[{"device_id":"a81c77f0e2d4"}]}')


def accept(film: Film) -> None:
    """Collects before consent, sends after it."""
    now = film.clock.now()
    sample = {"host_mono_ns": now.mono_ns, "host_wall_ns": now.wall_ns, "rtt_ns": 4_000_000}
    film.device.append("ClockSampled", {**sample, "device_wall_ns": now.wall_ns + DEVICE_OFFSET})
    film.step("launch", "open")
    film.wait(1)
    film.look(picture(card="用户协议和隐私政策"), tree("consent"))
    collected = (film.clock.now().wall_ns + DEVICE_OFFSET) // 1_000_000
    film.wait(4)
    film.step("tap", "accept", text="同意", bears=True, after=lambda: film.look(picture(title="推荐"), tree("plain")))
    film.wait(1)
    event = {"device_id": "a81c77f0e2d4", "event_type": "start", "time": collected}
    film.send("api2.amplitude.com", "/2/httpapi", json.dumps({"events": [event]}).encode())


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    plays = {"S01-cold-start": cold_start, "S08-explore": accept}
    folder = build_case(tmp_path_factory.mktemp("case") / "xiaoyu", plays=plays)
    judge_again(folder, KEY)
    return folder


def run(command: str, folder: Path) -> bytes:
    command = command.replace("python3 ", f"{sys.executable} ")
    return subprocess.run(["bash", "-c", command], cwd=folder, capture_output=True, timeout=20, check=True).stdout


def names(case: Path, verdict: str) -> list[str]:
    return [finding.id for finding in read_judged(case).findings if finding.verdict.value == verdict]


def test_one_line_leads_from_the_blob_to_the_value(case: Path) -> None:
    told = explanation("M1-05", case)
    (way,) = [way for way in told["ways"] if way["data"] == "android_id"]
    assert way["path"] == ["body", "form:data", "url", "base64", "gzip", "json:device.android_id"]
    assert re.match(r"cat record/blobs/[0-9a-f]{2}/[0-9a-f]{64} \| ", way["one_line"])
    assert run(way["one_line"], case) == ANDROID_ID.encode()
    assert hashlib.sha256(ANDROID_ID.encode()).hexdigest() == way["steps"][-1]["sha256"]
    assert ANDROID_ID in run(way["compare_with"], case).decode()


def test_a_digest_in_the_url_is_found_and_can_be_compared(case: Path) -> None:
    told = explanation("M1-06", case)
    (way,) = told["ways"]
    assert (way["data"], way["form"]) == ("imei", "MD5 of the IMEI, in hexadecimal")
    assert run(way["one_line"], case).decode() == hashlib.md5(IMEI.encode(), usedforsecurity=False).hexdigest()
    assert "md5sum" in way["steps"][-1]["sentence"]


def test_step_by_step_gives_what_is_stated(case: Path, tmp_path: Path) -> None:
    told = explanation("M1-05", case)
    steps = told["ways"][0]["steps"]
    (tmp_path / "record").symlink_to(case / "record")
    for number, step in enumerate(steps[:-1]):
        run(step["command"], tmp_path)
        written = (tmp_path / f"step{number}").read_bytes()
        assert (len(written), hashlib.sha256(written).hexdigest()) == (step["size"], step["sha256"])
    assert hashlib.sha256(run(steps[-1]["command"], tmp_path)).hexdigest() == steps[-1]["sha256"]


def test_every_fact_it_rests_on_has_the_digest_it_states(case: Path) -> None:
    for finding in read_judged(case).findings:
        for fact in explanation(finding.id, case)["rests_on"]:
            assert fact["there"]
            assert run(fact["command"], case).decode().split()[0] == fact["sha256"]
            for blob in fact["blobs"]:
                content = (case / blob["path"]).read_bytes()
                assert hashlib.sha256(content).hexdigest() == Path(blob["path"]).name
                assert len(content) == blob["size"]


def test_a_finding_without_a_request_says_what_it_rests_on(case: Path) -> None:
    (name,) = [finding.id for finding in read_judged(case).findings if finding.rule == "M1-01"]
    told = explanation(name[:12], case)
    assert told["ways"] == []
    assert told["note"] == "it rests on no request"


def test_a_lead_tells_the_vendors_names_and_the_times(case: Path) -> None:
    leads = [explanation(name, case) for name in names(case, "lead")]
    named = next(lead for lead in leads if lead["fields"])
    assert [field["field"] for field in named["fields"]] == ["events.device_id"]
    assert "names of fields" in named["note"]
    later = next(lead for lead in leads if lead["event_times"])
    assert later["event_times"][0]["field"] == "events.time"
    assert later["event_times"][0]["before_consent_ns"] > 3_900_000_000


def test_what_is_printed_for_people_holds_the_commands(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    explain_command("M1-05", case, as_json=False)
    printed = capsys.readouterr().out
    assert explanation("M1-05", case)["ways"][0]["one_line"] in printed
    assert ANDROID_ID not in printed
    assert "\ufffd" not in printed
    for name in names(case, "lead"):
        explain_command(name, case, as_json=False)
    assert "before consent at least" in capsys.readouterr().out


def test_json_is_one_document(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    explain_command("M1-05:1", case, as_json=True)
    document = json.loads(capsys.readouterr().out)
    assert document == json.loads(json.dumps(explanation("M1-05", case)))


@pytest.mark.parametrize("name", ["M9-99", "M1-05:99", "M1-05:0", "abc", "", "zzzzzzzz"])
def test_a_name_that_is_none_lists_what_there_is(case: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as caught:
        explanation(name, case)
    assert caught.value.exit_code == 65
    assert "M1-05" in capsys.readouterr().err


def test_a_case_that_was_changed_explains_nothing(
    case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changed = tmp_path / "changed"
    shutil.copytree(case, changed)
    lane = next(changed.rglob("traffic.jsonl"))
    lane.write_bytes(lane.read_bytes().replace(b"xiaoyu-reader", b"xiaoyu-reedar", 1))
    with pytest.raises(typer.Exit):
        explain_command("M1-05", changed, as_json=False)
    assert "not as it was sealed" in capsys.readouterr().err


def test_the_judgement_states_where_things_went_and_how_the_clocks_stood(case: Path) -> None:
    document = json.loads((case / "findings.json").read_text(encoding="utf-8"))
    cold, later = document["sessions"]
    assert cold["clock"] is None
    assert later["clock"] == {
        "offset_ns": DEVICE_OFFSET,
        "error_ns": 2_000_000,
        "best_round_trip_ns": 4_000_000,
        "samples": 1,
        "steady": True,
    }
    hosts = {row["host"]: row for row in cold["transmissions"]}
    assert hosts["log.umsns.com"]["recipient"]["kind"] == "sdk"
    assert hosts["log.umsns.com"]["destination"]["verdict"] == "uncertain"
    assert "no answer" in hosts["log.umsns.com"]["destination"]["reason_en"]
    assert hosts["api2.amplitude.com"]["fields"][0]["field"] == "events.device_id"
    assert cold["transmissions_left_out"] == 0
