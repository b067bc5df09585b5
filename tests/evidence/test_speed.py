"""Checking a case costs about what reading it with sha256sum costs."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from evidence.blobs import BlobStore
from evidence.clock import SystemClock
from evidence.lanes import LaneWriter
from evidence.record import blobs_directory, session_directory, write_case
from evidence.seal import seal
from evidence.verify import verify
from tests.evidence.cases import KEY


def build_large(case_dir: Path) -> None:
    """200 MB: 500 screenshots and bodies, 3500 facts."""
    write_case(case_dir, {"case": "large"})
    folder = session_directory(case_dir, "S01")
    folder.mkdir()
    blobs = BlobStore(blobs_directory(case_dir), durable=False)
    with LaneWriter(folder / "ui.jsonl", "ui", SystemClock()) as lane:
        for _ in range(500):
            lane.append("ScreenSeen", {"shot": {"blob": blobs.put(os.urandom(400_000)), "size": 400_000}})
        for flow in range(3000):
            lane.append("RequestStarted", {"flow": str(flow), "headers": [["name", "value" * 6]] * 12})


def best_of_three(run: Callable[[], object]) -> float:
    times = []
    for _ in range(3):
        started = time.perf_counter()
        run()
        times.append(time.perf_counter() - started)
    return min(times)


@pytest.mark.long
@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="needs sha256sum to compare with")
def test_a_large_case_is_checked_about_as_fast_as_sha256sum(tmp_path: Path) -> None:
    build_large(tmp_path)
    seal(tmp_path, KEY)
    files = [str(path) for path in tmp_path.rglob("*") if path.is_file()]
    by_sha256sum = best_of_three(lambda: subprocess.run(["sha256sum", *files], stdout=subprocess.DEVNULL, check=True))
    assert verify(tmp_path).ok
    by_us = best_of_three(lambda: verify(tmp_path))
    assert by_us <= 1.5 * by_sha256sum, f"{by_us:.2f} s against {by_sha256sum:.2f} s"
