"""A private adb server for each test run, so that nobody's devices are seen or touched."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import adbutils
import pytest

from crawler.device.adb_server import start_server


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
