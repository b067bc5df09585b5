"""A real inspection, really killed: its case is closed afterwards, and not a moment before."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest

from evidence.record import read_case
from evidence.verify import verify
from tests.scenarios.conftest import PACKAGES, Inspector
from tests.scenarios.test_inspections import only_case, verdicts, wait_for_screens

pytestmark = [pytest.mark.lab, pytest.mark.long, pytest.mark.timeout(280)]


def test_a_killed_inspection_is_sealed_judged_and_reported(inspector: Inspector, tmp_path: Path) -> None:
    process = inspector.start(*inspector.inspect(PACKAGES["lanting_mall"], tmp_path, "--scenario", "S01"))
    wait_for_screens(process, tmp_path, 2)
    os.kill(process.pid, signal.SIGSTOP)  # alive, and it gets no further while we ask
    case = only_case(tmp_path)
    refused = inspector.run("seal", str(case))
    assert refused.returncode == 75, refused.stderr
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=30)
    end = time.monotonic() + 30
    done = inspector.run("seal", str(case), "--as", "Anna", "--json")
    while done.returncode == 75 and time.monotonic() < end:  # the capture is closing its lane
        done = inspector.run("seal", str(case), "--as", "Anna", "--json")
    assert done.returncode == 3, done.stderr
    assert json.loads(done.stdout)["sealed_now"] is True
    assert verify(case).ok
    (session,) = read_case(case).sessions
    assert session.outcome == "incomplete"
    assert set(verdicts(case).values()) <= {"not_testable", "lead", "suspected", "confirmed"}
    assert verdicts(case)["M1-01"] == "not_testable"
    assert (case / "report.html").is_file()
    restored = inspector.run("device", "restore", "--device", inspector.serials[0], "--json")
    assert restored.returncode == 0, restored.stderr
