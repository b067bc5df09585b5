"""Waiting, personas, APK files, proxy settings: the parts that need no device."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from crawler.device.adb import AdbTransport
from crawler.device.applications import describe, install
from crawler.device.errors import NotAnApk, PackageMissing
from crawler.device.persona import make_persona
from crawler.device.settle import wait_for
from crawler.device.socket_poller import proxy_port_of
from evidence.clock import SystemClock


def test_waiting_ends_with_the_first_answer() -> None:
    answers = iter([None, False, 0])
    assert wait_for(lambda: next(answers), clock=SystemClock(), seconds=5, pause_seconds=0.001) == 0


def test_waiting_asks_at_least_once_and_gives_up() -> None:
    asked = []
    assert wait_for(lambda: asked.append(1), clock=SystemClock(), seconds=0) is None
    assert len(asked) == 1


def test_a_persona_is_the_same_for_the_same_seed_only() -> None:
    assert make_persona("a") == make_persona("a")
    assert make_persona("a").clipboard != make_persona("b").clipboard
    phones = [contact.phone for contact in make_persona("a").contacts]
    assert len(set(phones)) == len(phones) == 3
    assert all(len(phone) == 11 and phone.isdecimal() for phone in phones)


@pytest.mark.parametrize(
    ("setting", "port"),
    [("127.0.0.1:8080\n", 8080), ("host:80", 80), (":0", None), ("null", None), ("", None), ("h:99999", None)],
)
def test_the_port_of_a_proxy_setting(setting: str, port: int | None) -> None:
    assert proxy_port_of(setting) == port


def test_what_is_no_apk_is_told_before_any_device_is_asked(tmp_path: Path) -> None:
    transport = AdbTransport("nobody")
    text = tmp_path / "notes.apk"
    text.write_text("not an apk")
    archive = tmp_path / "archive.apk"
    with zipfile.ZipFile(archive, "w") as stream:
        stream.writestr("readme.txt", "x")
    nothing, disguised = tmp_path / "nothing.xapk", tmp_path / "disguised.apks"
    nothing.write_bytes(archive.read_bytes())
    with zipfile.ZipFile(disguised, "w") as stream:
        stream.writestr("base.apk", "no apk")
    for path, words in (
        (text, "not a zip file"),
        (archive, "without AndroidManifest"),
        (tmp_path / "no.apk", "no file"),
        (nothing, "holds no APK"),
        (disguised, "is not an APK"),
    ):
        with pytest.raises(NotAnApk, match=words) as failure:
            install(transport, path)
        assert failure.value.exit_code == 65
        assert failure.value.mend


@pytest.mark.parametrize("name", ["", "a b", "x;reboot", "$(id)", "9.app", "a" * 300, "a\nb"])
def test_a_package_name_is_never_a_command(name: str) -> None:
    with pytest.raises(PackageMissing, match="not a package name"):
        describe(AdbTransport("nobody"), name)
