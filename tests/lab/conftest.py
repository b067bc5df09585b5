"""One private adb server for the run, and a device for each module that wants one."""

import socket
from collections.abc import Iterator

import pytest

from tests.lab.bench import AdbServer, Bench, running_device


@pytest.fixture(scope="session")
def private_adb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AdbServer]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = int(listener.getsockname()[1])
    server = AdbServer(port, tmp_path_factory.mktemp("adb-home"))
    yield server
    server.run("kill-server")


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory, private_adb: AdbServer) -> Iterator[Bench]:
    with running_device(tmp_path_factory.mktemp("device"), private_adb) as running:
        yield running
