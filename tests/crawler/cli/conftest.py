"""Runs the command line in this process, with a home of its own and an adb server that knows no device."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from crawler.cli.main import main


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """Standard output, which must be one JSON document and nothing else."""
        return json.loads(self.out)


class Command:
    """`appwitness` with these words."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, captured: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._captured = captured

    def __call__(self, *words: str | Path) -> Ended:
        self._monkeypatch.setattr(sys, "argv", ["appwitness", *map(str, words)])
        handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
        self._captured.readouterr()
        code: object = 0
        try:
            main()
        except SystemExit as ended:
            code = ended.code or 0
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
        out, err = self._captured.readouterr()
        assert isinstance(code, int), code
        return Ended(code=code, out=out, err=err)


def free_port() -> int:
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        if not 5555 <= port <= 5585:
            return port


@contextmanager
def adb_that_lists(rows: Sequence[str]) -> Iterator[int]:
    """An adb server, as far as listing devices goes. Each row is "serial state"."""
    text = "".join(f"{row}\n" for row in rows).encode()
    listener = socket.create_server(("127.0.0.1", free_port()))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                if connection.recv(1000):
                    connection.sendall(b"OKAY%04x" % len(text) + text)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


@pytest.fixture
def command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Command]:
    monkeypatch.setenv("APPWITNESS_HOME", str(tmp_path_factory.mktemp("home")))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("ANDROID_SERIAL", raising=False)
    with adb_that_lists([]) as port:
        monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", str(port))
        yield Command(monkeypatch, capsys)


@pytest.fixture
def two_devices(command: Command, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, str]]:
    with adb_that_lists(["one device model:Pixel", "two device model:Mate", "three unauthorized"]) as port:
        monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", str(port))
        yield ("one", "two")


def start(home: Path, *words: str) -> subprocess.Popen[str]:
    """The same as a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "crawler.cli", *words],
        env={**os.environ, "APPWITNESS_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
