"""A developer's self-check as a pipeline runs it: real adb, a real capture, an exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evidence.verify import verify
from tests.scenarios.conftest import PACKAGES, Inspector

pytestmark = [pytest.mark.lab, pytest.mark.timeout(280)]


def test_a_pipeline_learns_what_to_mend(inspector: Inspector, tmp_path: Path) -> None:
    words = ["selfcheck", PACKAGES["lanting_mall"], "--device", inspector.serials[1], "--out", str(tmp_path)]
    more = ["--scenario", "S01", "--pace", "quick", "--format", "sarif", *inspector.upstream]
    done = inspector.run(*words, *more)
    assert done.returncode == 1, done.stderr
    (run,) = json.loads(done.stdout)["runs"]
    assert {"M1-05"} <= {one["ruleId"] for one in run["results"] if one["level"] == "error"}
    assert run["invocations"][0]["executionSuccessful"] is True
    (case,) = tmp_path.iterdir()
    assert verify(case).faults == ()
