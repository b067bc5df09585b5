"""A running lab as an inspector sees it: serials on an adb server of its own, a proxy that leads to the world."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
APPS = ("lanting_mall", "pianyu_video", "qihe_class")
"""One that collects before consent, one that is innocent, one that leaves no choice."""
PACKAGES = {"lanting_mall": "com.lanting.shop", "pianyu_video": "com.pianyu.video", "qihe_class": "com.qihe.classroom"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspector:
    """Runs the command line against the lab."""

    serials: tuple[str, ...]
    environment: dict[str, str]
    upstream: tuple[str, ...]

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "crawler.cli", *words]

    def run(self, *words: str, seconds: float = 180) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*words), env=self.environment, capture_output=True, text=True, timeout=seconds, check=False
        )

    def start(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command(*words),
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def inspect(self, package: str, out: Path, *more: str) -> list[str]:
        return [
            "inspect",
            package,
            "--device",
            self.serials[0],
            "--out",
            str(out),
            "--pace",
            "quick",
            *self.upstream,
            *more,
        ]


@pytest.fixture(scope="package")
def inspector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inspector]:
    if not Path("/usr/bin/chromium-headless-shell").exists():
        pytest.skip("chromium-headless-shell is not installed: `make setup` installs it")
    base = tmp_path_factory.mktemp("scenarios")
    for name in APPS:
        shutil.copytree(ROOT / "lab" / "apps" / name, base / "apps" / name)
    environment = {**os.environ, "APPWITNESS_HOME": str(base / "home"), "PYTHONPATH": str(ROOT)}
    environment.pop("ANDROID_ADB_SERVER_PORT", None)
    lab = subprocess.Popen(
        [sys.executable, "-m", "crawler.cli", "lab", "start", "--apps", str(base / "apps"), "--devices", "2",
         "--directory", str(base / "lab"), "--json"],
        env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        told = _first_document(lab)
        yield Inspector(
            serials=tuple(told["serials"]),
            environment={**environment, "ANDROID_ADB_SERVER_PORT": str(told["adb_server_port"])},
            upstream=("--upstream-proxy", told["upstream_proxy"], "--upstream-ca", told["upstream_ca"]),
        )
    finally:
        lab.send_signal(signal.SIGTERM)
        lab.wait(30)


def _first_document(process: subprocess.Popen[str]) -> dict[str, object]:
    assert process.stdout is not None
    lines: list[str] = []
    for line in process.stdout:
        lines.append(line)
        if line.rstrip() == "}":
            return json.loads("".join(lines))
    raise AssertionError("".join(lines))
