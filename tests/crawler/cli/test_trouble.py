"""Bad input and trouble at the command line: a sentence that says what happened, one that says what to do, the right code."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from crawler.cli import devices as devices_module
from crawler.cli import inspection as inspection_module
from crawler.device.model import DeviceLost
from evidence.errors import StorageFull
from evidence.record import write_case
from evidence.verify import verify
from tests.crawler.cli.conftest import Command, free_port
from tests.crawler.disks import small_disk
from tests.evidence.cases import build_case


def said(err: str, *words: str) -> None:
    """One sentence of what happened, an arrow with what to do; nobody sees a traceback."""
    assert "Traceback" not in err
    assert any(line.startswith("appwitness: ") for line in err.splitlines()), err
    assert "\n  → " in err
    for word in words:
        assert word in err, err


# ------------------------------------------------------------------ devices


def test_no_device(command: Command, tmp_path: Path) -> None:
    for words in (["inspect", "com.a.b", "--out", str(tmp_path)], ["device", "restore"]):
        ended = command(*words)
        assert ended.code == 69
        said(ended.err, "no device is attached", "USB debugging")


def test_two_devices_and_none_named(command: Command, two_devices: tuple[str, str], tmp_path: Path) -> None:
    ended = command("inspect", "com.a.b", "--out", tmp_path)
    assert ended.code == 64
    said(ended.err, "2 devices are attached: one, two", "--device")


def test_a_named_device_that_is_not_there(command: Command, two_devices: tuple[str, str], tmp_path: Path) -> None:
    ended = command("inspect", "com.a.b", "--device", "four", "--out", tmp_path)
    assert ended.code == 69
    said(ended.err, "device four is not attached", "appwitness devices")


def test_a_named_device_that_does_not_trust_us(command: Command, two_devices: tuple[str, str], tmp_path: Path) -> None:
    ended = command("inspect", "com.a.b", "--device", "three", "--out", tmp_path)
    assert ended.code == 77
    said(ended.err, "unauthorized", "Unlock the device")


def test_no_adb(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", str(free_port()))
    monkeypatch.setenv("ADBUTILS_ADB_PATH", "/nowhere/adb")
    ended = command("devices")
    assert ended.code == 69
    said(ended.err, "adb cannot be run")


def test_a_doctor_reports_even_without_adb(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", str(free_port()))
    monkeypatch.setenv("ADBUTILS_ADB_PATH", "/nowhere/adb")
    ended = command("doctor", "--json")
    assert ended.code == 1
    assert any(check["name"] == "adb" and not check["ok"] and check["mend"] for check in ended.document)


def test_devices_are_listed_whether_usable_or_not(command: Command, two_devices: tuple[str, str]) -> None:
    assert command("devices").out.splitlines() == ["one  device  Pixel", "three  unauthorized", "two  device  Mate"]
    listed = command("devices", "--json").document
    assert [(row["serial"], row["state"]) for row in listed] == [
        ("one", "device"),
        ("three", "unauthorized"),
        ("two", "device"),
    ]


# ------------------------------------------------------------------ input


@pytest.mark.parametrize("target", ["com", "com.a; rm -rf /", "com.例.app", "", "x" * 5000, "a\tb.c"])
def test_what_is_neither_a_package_nor_a_file(command: Command, target: str, tmp_path: Path) -> None:
    ended = command("inspect", target, "--out", tmp_path / "out")
    assert ended.code == 2
    assert "neither an APK file nor a package name" in ended.err.replace("\n", " ").replace("│", "").replace("  ", " ")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--pace", "slow"], "standard, brisk, quick"),
        (["--scenario", "S99"], "S01"),
        (["--upstream-ca", "/nowhere.pem"], "no certificate file"),
        (["--package", "not a package"], "package name"),
    ],
)
def test_options_that_are_wrong_are_refused_before_anything_is_done(
    command: Command, words: list[str], expected: str, tmp_path: Path
) -> None:
    ended = command("inspect", "com.a.b", "--out", tmp_path / "out", *words)
    assert ended.code == 2
    assert expected in ended.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, "there is no catalogue"),
        (b"", "needs a header"),
        (b"name\nx\n", "'package' or 'apk'"),
        ("package\n应用\n".encode("gbk"), "not in UTF-8"),
    ],
)
def test_a_catalogue_that_is_none(command: Command, tmp_path: Path, content: bytes | None, expected: str) -> None:
    path = tmp_path / "catalogue.csv"
    if content is not None:
        path.write_bytes(content)
    ended = command("batch", "run", path, "--out", tmp_path / "out")
    assert ended.code == 65
    said(ended.err, expected, "operating.md")
    assert not (tmp_path / "out").exists()


def test_no_batch_to_tell_of(command: Command, tmp_path: Path) -> None:
    ended = command("batch", "status", tmp_path)
    assert ended.code == 65
    said(ended.err, "there is no batch in")
    (tmp_path / "batch.sqlite").write_text("no database")
    ended = command("batch", "status", tmp_path)
    assert ended.code == 65
    said(ended.err, "no batch that can be read")


@pytest.mark.parametrize("name", ["absent", "empty", "file"])
def test_judging_what_is_no_case(command: Command, tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("x")
    ended = command("judge", tmp_path / name)
    assert ended.code == 65
    said(ended.err, "no case folder")
    assert not list((tmp_path / "empty").iterdir())


# ------------------------------------------------------------------ folders and disks


def test_a_read_only_folder_is_said_before_a_device_is_touched(command: Command, tmp_path: Path) -> None:
    with small_disk(tmp_path, "1m") as disk:
        disk.make_read_only()
        for words in (
            ["inspect", "com.a.b", "--out", str(disk.path)],
            ["inspect", "com.a.b", "--out", str(disk.path / "new")],
        ):
            ended = command(*words)
            assert ended.code == 73
            said(ended.err, str(disk.path), "Read-only file system", "an output folder that you may write to")


def test_a_file_where_the_folder_should_be(command: Command, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    ended = command("inspect", "com.a.b", "--out", tmp_path / "out" / "deeper")
    assert ended.code == 73
    said(ended.err, "Not a directory")


def test_a_full_disk_is_said_before_a_device_is_touched(command: Command, tmp_path: Path) -> None:
    with small_disk(tmp_path, "64k") as disk, disk.filled():
        ended = command("inspect", "com.a.b", "--out", disk.path)
        assert ended.code == 74
        said(ended.err, "No space left", "Free some space")


def test_a_read_only_home(command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with small_disk(tmp_path, "1m") as disk:
        disk.make_read_only()
        monkeypatch.setenv("APPWITNESS_HOME", str(disk.path / "home"))
        ended = command("inspect", "com.a.b", "--out", tmp_path / "out")
    assert ended.code == 73
    said(ended.err, "home")


def test_a_batch_on_a_full_or_read_only_disk(command: Command, two_devices: tuple[str, str], tmp_path: Path) -> None:
    path = tmp_path / "catalogue.csv"
    path.write_text("package\ncom.a.b\n")
    with small_disk(tmp_path, "256k") as disk:
        with disk.filled():
            ended = command("batch", "run", path, "--out", disk.path)
            assert ended.code == 74
            said(ended.err, "Free some space")
        disk.make_read_only()
        ended = command("batch", "run", path, "--out", disk.path / "new")
        assert ended.code == 73
        said(ended.err, "Read-only file system")


def test_a_key_that_others_may_read(command: Command, tmp_path: Path) -> None:
    keys = Path(os.environ["APPWITNESS_HOME"]) / "keys"
    assert command("inspect", "com.a.b", "--out", tmp_path).code == 69
    (keys / "signing-key.pem").chmod(0o644)
    ended = command("inspect", "com.a.b", "--out", tmp_path)
    assert ended.code == 77
    said(ended.err, "chmod 600")


# ------------------------------------------------------------------ errors as documents, faults of ours


def test_with_json_an_error_is_a_document_and_nothing_else(command: Command, tmp_path: Path) -> None:
    for words in (
        ["inspect", "com.a.b", "--out", str(tmp_path)],
        ["judge", str(tmp_path)],
        ["batch", "status", str(tmp_path)],
    ):
        ended = command(*words, "--json")
        assert set(ended.document) == {"error", "mend", "exit_code"}
        assert ended.document["exit_code"] == ended.code
        assert ended.err == ""


def test_a_fault_of_ours_says_so(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise KeyError("nobody thought of this")

    monkeypatch.setattr(devices_module, "list_devices", broken)
    ended = command("devices")
    assert ended.code == 70
    assert "nobody thought of this" in ended.err
    assert "fault of ours" in ended.err


def test_ctrl_c_is_130(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(devices_module, "list_devices", interrupted)
    assert command("devices").code == 130


# ------------------------------------------------------------------ an inspection that ends early


class Driver:
    serial = "one"

    def close(self) -> None:
        pass


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (DeviceLost("device one is gone"), 75),
        (StorageFull("cannot write x"), 74),
        (KeyboardInterrupt(), 130),
        (KeyError("?"), 70),
    ],
)
def test_what_was_recorded_is_kept_sealed_and_named(
    command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, error: BaseException, code: int
) -> None:
    def inspect(driver: object, app: object, directory: Path, *_: object) -> None:
        build_case(directory, steps=1)
        raise error

    monkeypatch.setattr(inspection_module, "connect", lambda *_, **__: Driver())
    monkeypatch.setattr(inspection_module, "_inspect", inspect)
    ended = command("inspect", "com.a.b", "--out", tmp_path / "out")
    assert ended.code == code
    (case,) = (tmp_path / "out").iterdir()
    assert str(case) in ended.err
    assert verify(case).ok


def test_a_case_with_nothing_in_it_yet_is_kept_too(
    command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def inspect(driver: object, app: object, directory: Path, *_: object) -> None:
        write_case(directory, {"case": "x", "package": "com.a.b", "opened_wall": 1})
        raise DeviceLost("device one is gone")

    monkeypatch.setattr(inspection_module, "connect", lambda *_, **__: Driver())
    monkeypatch.setattr(inspection_module, "_inspect", inspect)
    assert command("inspect", "com.a.b", "--out", tmp_path / "out").code == 75


# ------------------------------------------------------------------ the real worker process, on devices that are not there


def test_devices_that_do_not_answer_leave_every_app_pending(
    command: Command, two_devices: tuple[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "catalogue.csv"
    path.write_text("package\ncom.a.one\ncom.a.two\n")
    ended = command("batch", "run", path, "--out", tmp_path / "out", "--json")
    assert ended.code == 1
    assert [app["status"] for app in ended.document["apps"]] == ["pending", "pending"]
    assert len(ended.document["troubles"]) == 2
    for serial, trouble in zip(two_devices, sorted(ended.document["troubles"]), strict=True):
        assert trouble.startswith(f"{serial}: ")
        assert "Traceback" not in trouble
