"""A private adb server for each test run, so that nobody's devices are seen or touched."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import adbutils
import pytest

from crawler.device.adb_server import start_server
from crawler.device.driver import DeviceDriver, connect
from lab.faults import Faults


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture(scope="session")
def adb_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a running adb server of our own; the environment leads there for the whole run."""
    port = free_port()
    home: Path = tmp_path_factory.mktemp("adb-home")
    own = {"ANDROID_ADB_SERVER_PORT": str(port), "ADB_MDNS_OPENSCREEN": "0", "ADB_MDNS": "0", "HOME": str(home)}
    before = {name: os.environ.get(name) for name in (*own, "ANDROID_SERIAL")}
    os.environ.update(own)
    os.environ.pop("ANDROID_SERIAL", None)
    start_server()
    yield port
    adbutils.AdbClient(host="127.0.0.1", port=port).server_kill()
    for name, value in before.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


APP = """\
package = "com.example.plain"
label = "普通应用"
version_name = "1.2.3"
version_code = 123
category = "实用工具"
target_sdk = 33
permissions = ["android.permission.CAMERA", "android.permission.READ_CONTACTS", "android.permission.INTERNET"]
links = ["www.plain.example"]

[[activities]]
name = ".MainActivity"
page = "index.html"
main = true

[truth]
findings = []
note = "It exists."
"""


class Lab:
    """A running lab device in another process, and what can be made of it."""

    def __init__(self, child: subprocess.Popen[str], serial: str) -> None:
        self._child = child
        self.serial = serial

    def order(self, **orders: Any) -> Any:
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._child.stdin.write(json.dumps(orders) + "\n")
        self._child.stdin.flush()
        return json.loads(self._child.stdout.readline())

    def end(self) -> None:
        assert self._child.stdin is not None
        self._child.stdin.close()
        self._child.wait(20)


def write_app(folder: Path, manifest: str = APP) -> Path:
    (folder / "web").mkdir(parents=True)
    (folder / "web" / "index.html").write_text("<h1>hello</h1>", encoding="utf-8")
    (folder / "app.toml").write_text(manifest, encoding="utf-8")
    return folder


@contextmanager
def running_lab(apps: Path, profile: str = "aosp13") -> Iterator[Lab]:
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.crawler.device.lab_child", profile, str(apps)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).resolve().parents[3],
    )
    assert child.stdout is not None
    lab = Lab(child, json.loads(child.stdout.readline())["serial"])
    try:
        yield lab
    finally:
        lab.end()


@pytest.fixture(scope="session")
def apps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("apps")
    write_app(root / "plain")
    return root


@pytest.fixture(scope="session")
def shared_lab(adb_server: int, apps: Path) -> Iterator[Lab]:
    """One device for all tests that leave it as it was."""
    with running_lab(apps) as lab:
        yield lab


@pytest.fixture
def lab(shared_lab: Lab) -> Iterator[Lab]:
    """The shared device, with every fault taken back afterwards."""
    shared_lab.order()
    yield shared_lab
    shared_lab.order(faults=asdict(Faults()), screen={"secure": False, "color": [200, 60, 60]})


@pytest.fixture(scope="session")
def shared_driver(shared_lab: Lab) -> Iterator[DeviceDriver]:
    driver = connect(shared_lab.serial)
    yield driver
    driver.close()


@pytest.fixture
def driver(shared_driver: DeviceDriver, lab: Lab) -> DeviceDriver:
    """A driver of the shared device. Its recoveries are this test's own."""
    shared_driver.take_recoveries()
    return shared_driver
