"""Without a device: what the real adb server says about nothing, and about several, and what becomes of it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from crawler.device import adb_server as server
from crawler.device.adb import AdbTransport
from crawler.device.driver import connect, list_devices
from crawler.device.errors import (
    AdbUnavailable,
    DeviceLost,
    DeviceNotFound,
    DeviceTimeout,
    DeviceUnusable,
    NoDevice,
    SeveralDevices,
)
from crawler.device.model import AttachedDevice
from tests.crawler.device.conftest import free_port


def attached(serial: str, state: str = "device") -> AttachedDevice:
    return AttachedDevice(serial=serial, state=state, model=None)


@pytest.mark.usefixtures("adb_server")
def test_no_device() -> None:
    if list_devices():
        pytest.skip("another test has left its lab device attached to the private adb server")
    with pytest.raises(NoDevice) as failure:
        connect()
    assert failure.value.exit_code == 69
    assert "USB debugging" in failure.value.mend


@pytest.mark.usefixtures("adb_server")
def test_a_named_device_that_is_not_attached() -> None:
    with pytest.raises(DeviceNotFound, match="nobody is not attached"):
        connect("nobody")


@pytest.mark.usefixtures("adb_server")
def test_a_network_address_is_tried_before_it_is_called_missing() -> None:
    with pytest.raises(DeviceNotFound):
        connect(f"127.0.0.1:{free_port()}")


@pytest.mark.usefixtures("adb_server")
def test_a_device_that_went_away_is_lost() -> None:
    transport = AdbTransport("gone")
    with pytest.raises(DeviceLost, match="gone"):
        transport.state()
    with pytest.raises(DeviceLost):
        transport.open_service("exec:true", 5)


@pytest.mark.parametrize(
    ("rows", "serial", "error", "words"),
    [
        ([attached("one"), attached("two")], None, SeveralDevices, "2 devices are attached: one, two"),
        ([attached("one", "unauthorized")], None, DeviceUnusable, "unauthorized"),
        ([attached("one", "offline"), attached("two")], "one", DeviceUnusable, "offline"),
        ([attached("one")], "three", DeviceNotFound, "three"),
    ],
)
def test_choosing(
    monkeypatch: pytest.MonkeyPatch,
    rows: list[AttachedDevice],
    serial: str | None,
    error: type[Exception],
    words: str,
) -> None:
    monkeypatch.setattr(server, "list_attached", lambda: tuple(rows))
    monkeypatch.delenv("ANDROID_SERIAL", raising=False)
    with pytest.raises(error, match=words) as failure:
        server.choose_device(serial)
    assert getattr(failure.value, "mend", "")


def test_choosing_what_can_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = (attached("one", "unauthorized"), attached("two"), attached("three", "offline"))
    monkeypatch.setattr(server, "list_attached", lambda: rows)
    monkeypatch.delenv("ANDROID_SERIAL", raising=False)
    assert server.choose_device(None) == "two"
    monkeypatch.setenv("ANDROID_SERIAL", "two")
    assert server.choose_device(None) == "two"


def test_a_port_that_is_no_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", "many")
    with pytest.raises(AdbUnavailable, match="many"):
        list_devices()


def test_no_adb_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", str(free_port()))
    monkeypatch.setenv("ADBUTILS_ADB_PATH", "/nowhere/adb")
    with pytest.raises(AdbUnavailable, match="cannot be run"):
        list_devices()


def test_a_program_that_starts_no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", str(free_port()))
    monkeypatch.setenv("ADBUTILS_ADB_PATH", "/bin/false")
    with pytest.raises(AdbUnavailable, match="does not start"):
        list_devices()


@contextmanager
def stranger(answer: bytes | None) -> Iterator[int]:
    """Something that listens, takes one line and answers this (None: nothing, and keeps the line open)."""
    listener = socket.create_server(("127.0.0.1", 0))
    held: list[socket.socket] = []

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            held.append(connection)
            if answer is not None:
                connection.recv(1000)
                connection.sendall(answer)
                connection.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for connection in held:
            connection.close()


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"OKAYzzzz", b"FAIL0004nope"])
def test_a_stranger_on_the_port(monkeypatch: pytest.MonkeyPatch, answer: bytes) -> None:
    with stranger(answer) as port:
        monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", str(port))
        with pytest.raises(AdbUnavailable):
            list_devices()


def test_a_silent_server_is_not_waited_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_LIST_SECONDS", 0.3)
    with stranger(None) as port:
        monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", str(port))
        with pytest.raises(DeviceTimeout):
            list_devices()
