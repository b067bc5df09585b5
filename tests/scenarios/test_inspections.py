"""Whole inspections as their users run them: the command line, real adb, the real client, a real proxy, real pictures."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from evidence.record import read_case
from evidence.verify import verify
from tests.scenarios.conftest import PACKAGES, Inspector

pytestmark = [pytest.mark.lab, pytest.mark.timeout(280)]


def only_case(out: Path) -> Path:
    (case,) = [path for path in out.iterdir() if (path / "record").is_dir()]
    return case


def verdicts(case: Path) -> dict[str, str]:
    document = json.loads((case / "findings.json").read_text(encoding="utf-8"))
    return {rule["rule"]: rule["verdict"] for rule in document["rules"]}


def accusing(case: Path) -> set[str]:
    return {rule for rule, verdict in verdicts(case).items() if verdict in ("confirmed", "suspected")}


@pytest.fixture(scope="module")
def guilty(inspector: Inspector, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("guilty")
    done = inspector.run(*inspector.inspect(PACKAGES["lanting_mall"], out, "--json"))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["rules"]
    return only_case(out)


def test_an_app_that_sends_before_consent_is_found_with_proof(guilty: Path) -> None:
    assert accusing(guilty) == {"M1-05"}
    document = json.loads((guilty / "findings.json").read_text(encoding="utf-8"))
    (rule,) = [rule for rule in document["rules"] if rule["rule"] == "M1-05"]
    first = rule["findings"][0]
    assert first["details"]["data"] == ["android_id"]
    assert {"base64", "gzip"} <= set(first["details"]["hits"][0]["path"])
    record = read_case(guilty)
    lines = {
        (session.name, entry.lane, entry.seq): entry.digest
        for session in record.sessions
        for lane in session.lanes.values()
        for entry in lane.entries
    }
    for citation in first["citations"]:
        assert lines[(citation["session"], citation["lane"], citation["seq"])] == citation["digest"]


def test_the_record_holds_every_scenario_complete_and_verifies(guilty: Path) -> None:
    record = read_case(guilty)
    assert [session.name[:3] for session in record.sessions] == ["S01", "S03", "S05", "S08"]
    assert all(session.outcome == "complete" for session in record.sessions)
    checked = verify(guilty)
    assert checked.ok, checked.faults


def test_judging_again_says_the_same_and_leaves_the_record_alone(inspector: Inspector, guilty: Path) -> None:
    before = verdicts(guilty)
    seal = (guilty / "record" / "seal.json").read_bytes()
    done = inspector.run("judge", str(guilty), "--json")
    assert done.returncode == 0, done.stderr
    assert verdicts(guilty) == before
    assert (guilty / "record" / "seal.json").read_bytes() == seal
    assert inspector.run("verify", str(guilty)).returncode == 0


def test_the_report_needs_nothing_from_anywhere(guilty: Path) -> None:
    page = (guilty / "report.html").read_text(encoding="utf-8")
    assert not re.findall(r"(?:src|href)=[\"'](?!data:|#)", page)
    assert "M1-05" in page
    assert "<mark>" in page


def test_nobody_granted_a_permission_on_the_way(guilty: Path) -> None:
    for session in read_case(guilty).sessions:
        for entry in session.lanes["device"].entries:
            if entry.kind == "PermissionsSampled":
                assert not [row for row in entry.data["permissions"] if row["granted"]]


def test_an_innocent_app_is_not_accused(inspector: Inspector, tmp_path: Path) -> None:
    done = inspector.run(*inspector.inspect(PACKAGES["pianyu_video"], tmp_path))
    assert done.returncode == 0, done.stderr
    assert accusing(only_case(tmp_path)) == set()


def test_a_package_that_does_not_exist_is_said_plainly(inspector: Inspector, tmp_path: Path) -> None:
    done = inspector.run(*inspector.inspect("com.example.absent", tmp_path))
    assert done.returncode == 66
    assert "com.example.absent" in done.stderr
    assert "→" in done.stderr


def test_two_devices_and_none_named(inspector: Inspector, tmp_path: Path) -> None:
    done = inspector.run("inspect", PACKAGES["pianyu_video"], "--out", str(tmp_path))
    assert done.returncode == 64
    assert all(serial in done.stderr for serial in inspector.serials)


def test_a_file_that_is_no_apk_never_reaches_the_device(inspector: Inspector, tmp_path: Path) -> None:
    apk = tmp_path / "no.apk"
    apk.write_bytes(b"not a zip")
    done = inspector.run(*inspector.inspect(str(apk), tmp_path / "out"))
    assert done.returncode == 65
    assert "no.apk" in done.stderr


def children_of(process: subprocess.Popen[str], words: str) -> list[int]:
    found = subprocess.run(["pgrep", "-f", "-P", str(process.pid), words], capture_output=True, text=True, check=False)
    return [int(pid) for pid in found.stdout.split()]


def wait_for_screens(process: subprocess.Popen[str], out: Path, count: int) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        lanes = list(out.glob("*/record/sessions/S01*/ui.jsonl"))
        if lanes and lanes[0].read_text(encoding="utf-8").count('"ScreenSeen"') >= count:
            return
        time.sleep(0.05)
    raise AssertionError("the session did not come so far")


def test_a_killed_capture_ends_the_session_honestly(inspector: Inspector, tmp_path: Path) -> None:
    process = inspector.start(*inspector.inspect(PACKAGES["lanting_mall"], tmp_path, "--scenario", "S01"))
    wait_for_screens(process, tmp_path, 2)
    (capture,) = children_of(process, "traffic.capture")
    os.kill(capture, signal.SIGKILL)
    _, errors = process.communicate(timeout=90)
    assert process.returncode not in (0, None), errors
    assert "incomplete" in errors
    case = only_case(tmp_path)
    (session,) = read_case(case).sessions
    assert session.outcome == "incomplete"
    assert verify(case).ok
    assert verdicts(case)["M1-01"] == "not_testable"


def test_a_killed_inspection_leaves_a_readable_record_and_a_device_to_restore(
    inspector: Inspector, tmp_path: Path
) -> None:
    process = inspector.start(*inspector.inspect(PACKAGES["lanting_mall"], tmp_path, "--scenario", "S01"))
    wait_for_screens(process, tmp_path, 2)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=30)
    (session,) = read_case(only_case(tmp_path)).sessions
    assert session.outcome == "incomplete"
    assert session.lanes["ui"].entries[0].kind == "SessionOpened"
    restored = inspector.run("device", "restore", "--device", inspector.serials[0], "--json")
    assert restored.returncode == 0, restored.stderr
    assert any("proxy" in line for line in json.loads(restored.stdout)["restored"]), restored.stdout


def test_a_batch_goes_on_where_it_was_killed_and_inspects_each_app_once(inspector: Inspector, tmp_path: Path) -> None:
    catalogue = tmp_path / "catalogue.csv"
    rows = [*PACKAGES.values(), "com.example.absent", "no package"]
    catalogue.write_text("package\n" + "\n".join(rows) + "\n", encoding="utf-8")
    out = tmp_path / "batch"
    words = [
        "batch",
        "run",
        str(catalogue),
        "--out",
        str(out),
        "--pace",
        "quick",
        "--scenario",
        "S01",
        *inspector.upstream,
    ]
    process = inspector.start(*words)
    end = time.monotonic() + 90
    while time.monotonic() < end and not list(out.glob("cases/*/record/sessions/S01*/ui.jsonl")):
        time.sleep(0.1)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=30)
    done = inspector.run(*words, "--json", seconds=240)
    told = json.loads(done.stdout)
    assert done.returncode == 1, done.stderr
    states = {row["package"]: row["status"] for row in told["apps"]}
    assert [states[package] for package in PACKAGES.values()] == ["done"] * 3
    assert states["com.example.absent"] == "failed"
    assert states["no package"] == "set_aside"
    sealed = [path for path in (out / "cases").iterdir() if (path / "derived-seal.json").exists()]
    assert len(sealed) == 3
    again = inspector.run(*words, "--json")
    assert json.loads(again.stdout)["apps"] == told["apps"]
    assert (out / "index.html").is_file()
